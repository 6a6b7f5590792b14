import type { NodeObserverStatus } from '../../../streams/index.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import type { NodeRow } from '../view-model/view-rows.js';
import type { Tone } from './styled-line.js';
import { MARK } from './symbols.js';
import { widthOf } from './text-width.js';

export const STATUSES: readonly NodeObserverStatus[] = ['connected', 'timeout', 'error', 'disconnected'];

export function nodeMark(status: NodeObserverStatus): readonly [tone: Tone, mark: string] {
  switch (status) {
    case 'connected':
      return ['good', MARK.server];
    case 'disconnected':
      return ['bad', MARK.lost];
    default:
      return ['warn', MARK.warning];
  }
}

/**
 * Returns the time up to which uptimes on a node are counted, ms of its monotonic clock. It is now or, if the node is
 * not connected, the arrival of its last data.
 */
export function uptimeReference({ status, heardAt, monotonicAheadMs }: NodeRow, now: number): number {
  return (status === 'connected' ? now : (heardAt ?? now)) + monotonicAheadMs;
}

/** Returns the age of data that arrived at `heardAt`, ms. Returns `undefined` if no data has arrived. */
export function ageOf(heardAt: number | undefined, now: number): number | undefined {
  return heardAt === undefined ? undefined : Math.max(0, now - heardAt);
}

/**
 * Returns a function that returns the label of a node. If all node ids fit into `width`, the label is the whole id.
 * Otherwise, it is the part before the `@`, unless that part is the same for two nodes: then all labels are whole ids.
 */
export function nodeLabels({ nodes }: ClusterView, width: number): (nodeId: string) => string {
  const ids = nodes.map(({ node }) => node.nodeId);
  const areShort = ids.every((id) => widthOf(id) <= width);
  const areNamed = new Set(ids.map(shortName)).size === ids.length;
  return areShort || !areNamed ? (nodeId) => nodeId : shortName;
}

function shortName(nodeId: string): string {
  return nodeId.split('@', 1)[0] ?? nodeId;
}
