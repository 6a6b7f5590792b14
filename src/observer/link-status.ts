import type { NodePresence } from '../../streams/merge-nodes.js';
import { messageOf, NodeNotConnectedError, NodeNotFoundError, NodeTimeoutError, RemoteError } from '../errors.js';
import type { ObservedMember } from './observed-members.js';

/** The status of the link with a node, in the words of {@link NodePresence}, which all views use. */
export type LinkStatus = Pick<NodePresence, 'link' | 'error'>;

export const CONNECTED: LinkStatus = { link: 'connected' };

/** Maps the status of a member to a link status. The observer knows the status of a connected member more exactly. */
export const LINK_OF_MEMBER = {
  connecting: 'disconnected',
  connected: 'connected',
  disconnected: 'disconnected',
} as const satisfies Record<ObservedMember<string>['status'], LinkStatus['link']>;

/** The link status of a node after a request to it failed with `thrown`. */
export function linkStatusAfter(thrown: unknown): LinkStatus {
  const error = messageOf(thrown);
  if (thrown instanceof NodeTimeoutError) return { link: 'timeout', error };
  if (thrown instanceof NodeNotConnectedError || thrown instanceof NodeNotFoundError)
    return { link: 'disconnected', error };
  if (thrown instanceof RemoteError) return { link: 'error', error };
  return { link: 'error', error: `its answer makes no sense: ${error}` };
}
