import type { ClusterView } from './cluster-view.js';

/** What charts show. */
export const SERIES = ['rate', 'queue', 'loopDelayP99', 'memory'] as const;

export type Series = (typeof SERIES)[number];

/** The interval of the points, and the time they cover: ten minutes, ms. */
export const STEP_MS = 2000;
export const SPAN_MS = 600_000;

/** One moment of one node; what is absent was not known then. `memory`: heap in use, bytes. */
export type Point = { readonly [S in Series]?: number };

/** The last ten minutes of each node. Plain data. */
export interface History {
  /** When, ms since the epoch on the reader's clock; oldest first. */
  readonly times: readonly number[];
  /** How far the reader's wall clock was ahead of its monotonic clock when `times` were last set by it, ms. */
  readonly clockMs: number;
  /** By node, a point for each time; `null`: the node was not connected. */
  readonly nodes: Readonly<Record<string, readonly (Point | null)[]>>;
}

export const emptyHistory: History = { times: [], clockMs: 0, nodes: {} };

/** The history with one more view; the same one when the last point is too fresh yet. */
export function remember(before: History, view: ClusterView): History {
  const history = byPresentClock(before, view);
  const last = history.times.at(-1);
  if (last !== undefined && view.timestamp - last < STEP_MS) return history;
  const begin = history.times.findIndex((time) => time > view.timestamp - SPAN_MS);
  const kept = begin === -1 ? [] : history.times.slice(begin);
  const blank = kept.map(() => null);
  const nodes: Record<string, readonly (Point | null)[]> = {};
  for (const [nodeId, points] of Object.entries(history.nodes)) {
    const rest = begin === -1 ? [] : points.slice(begin);
    if (rest.some((point) => point !== null)) nodes[nodeId] = [...rest, null];
  }
  for (const { node } of view.nodes) {
    if (node.status !== 'connected') continue;
    const { rate, queueSize: queue, vitals, memory } = node;
    const point: Point = {
      ...(rate !== undefined && { rate }),
      queue,
      ...(vitals !== undefined && { loopDelayP99: vitals.loopDelayP99 }),
      ...(memory !== undefined && { memory: memory.heapUsed }),
    };
    nodes[node.nodeId] = [...(nodes[node.nodeId]?.slice(0, -1) ?? blank), point];
  }
  return { times: [...kept, view.timestamp], clockMs: history.clockMs, nodes };
}

/** The wall clock is corrected a little all the time; it was set when it is off by more than this, ms. */
export const CLOCK_STEP_MS = 1000;

/** The history with its times as the wall clock would have said them, had it always stood as it does now. */
function byPresentClock(history: History, { timestamp, monotonic }: ClusterView): History {
  const clockMs = timestamp - monotonic;
  const step = clockMs - history.clockMs;
  if (Math.abs(step) <= CLOCK_STEP_MS) return history;
  return { ...history, times: history.times.map((time) => time + step), clockMs };
}

/** One series of one node: the x and y of a chart; `null` where nothing is known. */
export function seriesOf({ nodes }: History, nodeId: string, series: Series): readonly (number | null)[] {
  return (nodes[nodeId] ?? []).map((point) => point?.[series] ?? null);
}
