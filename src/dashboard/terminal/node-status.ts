import type { NodeObserverStatus } from '../../../streams/index.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import type { NodeRow } from '../view-model/rows.js';
import type { Tone } from './styled-line.js';
import { MARK } from './symbols.js';
import { widthOf } from './width.js';

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

/** The time that uptimes of a node refer to, ms of its monotonic clock: now, or its last data if it is not connected. */
export function nodeTime({ status, heardAt, monotonicAheadMs }: NodeRow, now: number): number {
  return (status === 'connected' ? now : (heardAt ?? now)) + monotonicAheadMs;
}

/** The age of data that arrived at `heardAt`, ms. `undefined`: no data has arrived. */
export function heardSince(heardAt: number | undefined, now: number): number | undefined {
  return heardAt === undefined ? undefined : Math.max(0, now - heardAt);
}

/** Returns a function for node labels: ids if all fit into `width` or the names are not unique, else the names. */
export function nodeLabels({ nodes }: ClusterView, width: number): (nodeId: string) => string {
  const ids = nodes.map(({ node }) => node.nodeId);
  const areShort = ids.every((id) => widthOf(id) <= width);
  const areNamed = new Set(ids.map(nameOf)).size === ids.length;
  return areShort || !areNamed ? (nodeId) => nodeId : nameOf;
}

function nameOf(nodeId: string): string {
  return nodeId.split('@', 1)[0] ?? nodeId;
}
