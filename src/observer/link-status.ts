import type { NodePresence } from '../../streams/merge-nodes.js';
import { messageOf, NodeNotConnectedError, NodeNotFoundError, NodeTimeoutError, RemoteError } from '../errors.js';

/** How a node stands of which the link is up. */
export type LinkStatus = Pick<NodePresence, 'link' | 'error'>;

export const CONNECTED: LinkStatus = { link: 'up' };

/** The link status of a node after a failed request. */
export function linkStatusAfter(thrown: unknown): LinkStatus {
  const error = messageOf(thrown);
  if (thrown instanceof NodeTimeoutError) return { link: 'silent', error };
  if (thrown instanceof NodeNotConnectedError || thrown instanceof NodeNotFoundError) return { link: 'down', error };
  if (thrown instanceof RemoteError) return { link: 'failed', error };
  return { link: 'failed', error: `its answer makes no sense: ${error}` };
}
