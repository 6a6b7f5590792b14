import type { StartNode } from '../engine.js';
import type { Transport } from '../transport/transport.js';
import type { LinkEndReason } from './link-end-reason.js';
import { MeshNode } from './mesh-node.js';

interface MeshOptions {
  readonly transport: Transport;
  /** Returns a random number from 0 up to 1, which spreads delays. Default `Math.random`. */
  readonly random?: () => number;
  /** Called when none of the addresses of a seed led to a node. The addresses are dialled again after a delay. */
  readonly onSeedFailed?: (seed: string, end: LinkEndReason) => void;
}

/** The engine in which every node has a link with every other node, over the connections of a transport. */
export function mesh({ transport, random = Math.random, onSeedFailed = () => undefined }: MeshOptions): StartNode {
  return (options) => MeshNode.start({ ...options, transport, random, onSeedFailed });
}
