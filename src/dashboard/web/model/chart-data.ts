import { type History, type Series, SPAN_MS, STEP_MS, seriesOf } from '../../view-model/chart-history.js';

/** A line of a chart. The line shows the values of one node or the combined values of several nodes. */
export interface ChartLine {
  readonly label: string;
  readonly nodeIds: readonly string[];
}

/**
 * The maximum distance of two points that a line connects, ms. Without viewers, the server polls the nodes only every
 * 10 s.
 */
export const GAP_MS = 25_000;

/** The maximum number of lines in a chart: the number of line colours. */
export const MAX_LINES = 12;

type Values = readonly (number | null)[];

export interface ChartData {
  /** The times of the values, s since the epoch. */
  readonly times: readonly number[];
  /** For each line, a value for each time. `null`: not known, or a gap. */
  readonly values: readonly Values[];
}

/**
 * Returns the lines of the charts: one for each node. With more nodes than `MAX_LINES`, the last line combines the
 * remaining nodes.
 */
export function linesOf(nodeNames: ReadonlyMap<string, string>): readonly ChartLine[] {
  const nodes = [...nodeNames].map(([nodeId, label]) => ({ label, nodeIds: [nodeId] }));
  if (nodes.length <= MAX_LINES) return nodes;
  const rest = nodes.slice(MAX_LINES - 1);
  return [
    ...nodes.slice(0, MAX_LINES - 1),
    { label: `${rest.length} others`, nodeIds: rest.flatMap(({ nodeIds }) => nodeIds) },
  ];
}

/**
 * Returns the data of one chart. Between points further apart than `GAP_MS`, a `null` is inserted, so that uPlot draws
 * a gap.
 */
export function chartData(history: History, lines: readonly ChartLine[], series: Series): ChartData {
  const columns = lines.map(({ nodeIds }) =>
    combined(
      nodeIds.map((id) => seriesOf(history, id, series)),
      series,
    ),
  );
  const times: number[] = [];
  const values: (number | null)[][] = columns.map(() => []);
  history.times.forEach((time, index) => {
    const before = history.times[index - 1];
    if (before !== undefined && time - before > GAP_MS) {
      times.push((before + STEP_MS) / 1000);
      for (const column of values) column.push(null);
    }
    times.push(time / 1000);
    columns.forEach((column, at) => {
      values[at]?.push(column[index] ?? null);
    });
  });
  return { times, values };
}

/**
 * Returns the start and the end of the ten minutes before `now`, s since the epoch, as uPlot expects. The unit of `now`
 * is ms.
 */
export function spanUntil(now: number): readonly [from: number, to: number] {
  return [(now - SPAN_MS) / 1000, now / 1000];
}

/** Returns one series for several nodes: the maximum for delays, the sum for all other series. */
function combined(columns: readonly Values[], series: Series): Values {
  const [first = [], ...others] = columns;
  if (others.length === 0) return first;
  return first.map((_, index) => {
    const known = columns.flatMap((column) => column[index] ?? []);
    if (known.length === 0) return null;
    return series === 'loopDelayP99' ? Math.max(...known) : known.reduce((sum, value) => sum + value, 0);
  });
}
