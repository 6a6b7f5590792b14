import type { ClusterView } from './cluster-view.js';

/** The series that charts show. */
export const SERIES = ['rate', 'queue', 'loopDelayP99', 'memory'] as const;

export type Series = (typeof SERIES)[number];

/** The minimum interval between two points, ms. */
export const STEP_MS = 2000;
/** The time that a history covers, ms: ten minutes. */
export const SPAN_MS = 600_000;

/**
 * The values of one node at one time of the history. Each value is the highest of the views within `STEP_MS`. An absent
 * value was not known. `rate`: messages handled per second. `queue`: messages waiting. `loopDelayP99`: ms. `memory`:
 * heap in use, bytes.
 */
export type Point = { readonly [S in Series]?: number };

/** The points of all nodes in the last ten minutes. Plain data. */
export interface History {
  /** The times of the points, ms since the epoch on the dashboard's wall clock, oldest first. */
  readonly times: readonly number[];
  /** How far the dashboard's wall clock is ahead of its monotonic clock, ms. `times` assume this difference. */
  readonly clockMs: number;
  /** The points of each node, by node id, one for each time. `null`: the node was not connected. */
  readonly nodes: Readonly<Record<string, readonly (Point | null)[]>>;
}

export const emptyHistory: History = { times: [], clockMs: 0, nodes: {} };

/**
 * Returns the history with a view added, and without points older than `SPAN_MS`. A view within `STEP_MS` after the
 * last point adds no point. Instead, each value of the last point is raised to the value of the view if that is higher.
 * So a short peak, for example of the event loop delay, stays visible.
 */
export function addToHistory(before: History, view: ClusterView): History {
  const history = onCurrentClock(before, view);
  const last = history.times.at(-1);
  if (last !== undefined && view.timestamp - last < STEP_MS) return withMaxima(history, view);
  const firstKept = history.times.findIndex((time) => time > view.timestamp - SPAN_MS);
  const kept = firstKept === -1 ? [] : history.times.slice(firstKept);
  const blank = kept.map(() => null);
  const nodes: Record<string, readonly (Point | null)[]> = {};
  for (const [nodeId, points] of Object.entries(history.nodes)) {
    const rest = firstKept === -1 ? [] : points.slice(firstKept);
    if (rest.some((point) => point !== null)) nodes[nodeId] = [...rest, null];
  }
  for (const [nodeId, point] of pointsOf(view)) {
    nodes[nodeId] = [...(nodes[nodeId]?.slice(0, -1) ?? blank), point];
  }
  return { times: [...kept, view.timestamp], clockMs: history.clockMs, nodes };
}

/** Returns the node id and the point of each connected node. */
function pointsOf(view: ClusterView): readonly (readonly [nodeId: string, point: Point])[] {
  return view.nodes.flatMap(({ node }) => {
    if (node.status !== 'connected') return [];
    const { rate, queueSize, vitals, memory } = node;
    const point: Point = {
      ...(rate !== undefined && { rate }),
      queue: queueSize,
      ...(vitals !== undefined && { loopDelayP99: vitals.loopDelayP99 }),
      ...(memory !== undefined && { memory: memory.heapUsed }),
    };
    return [[node.nodeId, point] as const];
  });
}

/** Returns the history with each value of the last points raised to the value in the view, if that is higher. */
function withMaxima(history: History, view: ClusterView): History {
  const blank = history.times.map(() => null);
  const nodes = { ...history.nodes };
  for (const [nodeId, point] of pointsOf(view)) {
    const points = nodes[nodeId] ?? blank;
    nodes[nodeId] = [...points.slice(0, -1), maximum(points.at(-1) ?? {}, point)];
  }
  return { ...history, nodes };
}

function maximum(a: Point, b: Point): Point {
  const values = SERIES.flatMap((series) => {
    const known = [a[series], b[series]].filter((value) => value !== undefined);
    return known.length === 0 ? [] : [[series, Math.max(...known)] as const];
  });
  return Object.fromEntries(values);
}

/** The maximum correction of the wall clock that is ignored, ms. A larger one counts as a change of its setting. */
export const CLOCK_STEP_MS = 1000;

/** Returns the history with its times shifted to the current wall clock, if the setting of that clock has changed. */
function onCurrentClock(history: History, { timestamp, monotonic }: ClusterView): History {
  const clockMs = timestamp - monotonic;
  const step = clockMs - history.clockMs;
  if (Math.abs(step) <= CLOCK_STEP_MS) return history;
  return { ...history, times: history.times.map((time) => time + step), clockMs };
}

/**
 * Returns the values of one series of one node: one value for each of `times`. `null`: the value is not known. Returns
 * an empty array if the history has no points of the node.
 */
export function seriesOf({ nodes }: History, nodeId: string, series: Series): readonly (number | null)[] {
  return (nodes[nodeId] ?? []).map((point) => point?.[series] ?? null);
}
