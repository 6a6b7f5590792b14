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

/** The monotonic time of the node when its data was made: now, for a node that is connected. */
export function nodeTime({ status, heardAt, monotonicAheadMs }: NodeRow, now: number): number {
  return (status === 'connected' ? now : (heardAt ?? now)) + monotonicAheadMs;
}

/** How long ago its data arrived, ms; `undefined`: nothing ever did. */
export function heardSince(heardAt: number | undefined, now: number): number | undefined {
  return heardAt === undefined ? undefined : Math.max(0, now - heardAt);
}

/** The labels of nodes for a column of that width: ids, or only names where these are unique. */
export function nodeLabels({ nodes }: ClusterView, width: number): (nodeId: string) => string {
  const ids = nodes.map(({ node }) => node.nodeId);
  const areShort = ids.every((id) => widthOf(id) <= width);
  const areNamed = new Set(ids.map(nameOf)).size === ids.length;
  return areShort || !areNamed ? (nodeId) => nodeId : nameOf;
}

function nameOf(nodeId: string): string {
  return nodeId.split('@', 1)[0] ?? nodeId;
}
