import type { StartNode } from '../engine.js';
import type { Transport } from '../transport/transport.js';
import type { LinkEndReason } from './link-end-reason.js';
import { MeshNode } from './mesh-node.js';

interface MeshOptions {
  readonly transport: Transport;
  /** Returns a random number from 0 up to 1, which spreads delays. Default `Math.random`. */
  readonly random?: () => number;
  /** Called when the latest dials of all addresses of a seed failed, or the seed has no address. Retries follow. */
  readonly onSeedFailed?: (seed: string, end: LinkEndReason) => void;
}

/**
 * Returns the start function of the engine in which every node has a link with every other node. The links use the
 * connections of the transport.
 */
export function mesh({ transport, random = Math.random, onSeedFailed = () => undefined }: MeshOptions): StartNode {
  return (options) => MeshNode.start({ ...options, transport, random, onSeedFailed });
}
