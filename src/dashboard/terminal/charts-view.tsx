import { Box } from 'ink';
import type { NodeLinks } from '../../../streams/index.js';
import { type History, SERIES, type Series, SPAN_MS, seriesOf } from '../view-model/chart-history.js';
import { formatBytes, formatMs, formatRate, formatShortCount } from '../view-model/format.js';
import { linkFigures } from '../view-model/link-figures.js';
import type { NodeRow } from '../view-model/view-rows.js';
import { visibleText } from '../view-model/visible-text.js';
import { brailleLines, bucketed } from './braille-chart.js';
import { bodyRows, linkRows, nodesViewHeights } from './layout.js';
import { nodeLabels } from './node-display.js';
import type { State } from './state.js';
import { Line, Lines, type Part } from './styled-line.js';
import { padOrCut } from './text-fitting.js';
import { nodeList } from './view-lists.js';

const LABELS: Readonly<Record<Series, string>> = {
  rate: 'messages/s',
  queue: 'queue',
  loopDelayP99: 'p99 delay',
  memory: 'heap',
};

const FORMATS: Readonly<Record<Series, (value: number | undefined) => string>> = {
  rate: formatRate,
  queue: formatShortCount,
  loopDelayP99: formatMs,
  memory: formatBytes,
};

/** If no node id is wider than this, in columns of the terminal, the figures about links show whole node ids. */
const MAX_NAME_WIDTH = 12;

const LABEL_WIDTH = 12;
const VALUE_WIDTH = 14;

/**
 * The charts of the last ten minutes, for one node or, without `node`, for all nodes together. `rows` is the height of
 * each chart, in lines.
 */
export function Charts({
  state,
  node,
  rows,
}: {
  readonly state: State;
  readonly node: NodeRow | undefined;
  readonly rows: number;
}) {
  const { size, shown } = state;
  const perLine = size.columns >= 120 ? 2 : 1;
  const width = Math.floor((size.columns - 1) / perLine);
  const pairs = perLine === 2 ? [SERIES.slice(0, 2), SERIES.slice(2)] : SERIES.map((series) => [series]);
  const list = nodeList(state).items.length;
  const used = 2 + linkRows(size) + nodesViewHeights(size, list).list + pairs.length * rows;
  return (
    <>
      <Line parts={[' ', ['accent', node?.nodeId ?? 'all nodes'], ['dim', '  last 10 minutes']]} />
      <Lines
        lines={linkLines(node?.links, nodeLabels(shown.view, MAX_NAME_WIDTH), linkRows(size))}
        height={linkRows(size)}
      />
      {pairs.map((pair) => (
        <Box key={pair.join()}>
          {pair.map((series) => (
            <Box key={series} flexDirection="column" width={width}>
              <Chart
                history={shown.history}
                nodeId={node?.nodeId}
                series={series}
                rows={rows}
                width={width}
                to={shown.view.timestamp}
              />
            </Box>
          ))}
        </Box>
      ))}
      <Lines height={bodyRows(size) - used} />
    </>
  );
}

/** Returns the figures about the links of a node, in `rows` lines: one or two. No lines if `links` is `undefined`. */
function linkLines(
  links: NodeLinks | undefined,
  nameOf: (nodeId: string) => string,
  rows: number,
): readonly (readonly Part[])[] {
  if (links === undefined) return [];
  const figures = linkFigures(links, nameOf);
  const parts = figures.map(({ label, value, isNotable }): readonly Part[] => [
    ['dim', `  ${label} `],
    [isNotable ? 'warn' : 'plain', visibleText(value)],
  ]);
  // The last two figures are the longest, so they share the second line.
  return rows === 1 ? [parts.flat()] : [parts.slice(0, -2).flat(), parts.slice(-2).flat()];
}

function Chart({
  history,
  nodeId,
  series,
  rows,
  width,
  to,
}: {
  readonly history: History;
  readonly nodeId: string | undefined;
  readonly series: Series;
  readonly rows: number;
  readonly width: number;
  readonly to: number;
}) {
  const across = Math.max(1, width - LABEL_WIDTH - VALUE_WIDTH);
  const values = nodeId === undefined ? combinedSeries(history, series) : seriesOf(history, nodeId, series);
  const dots = bucketed(history.times, values, to - SPAN_MS, to, across * 2);
  const known = values.filter((value) => value !== null);
  const max = known.length === 0 ? undefined : Math.max(...known);
  const format = FORMATS[series];
  const last = values.at(-1) ?? undefined;
  const lines = brailleLines(dots, rows, max ?? 0).map((line, index): readonly Part[] => [
    ['dim', padOrCut(index === 0 ? ` ${LABELS[series]}` : '', LABEL_WIDTH)],
    ['good', line],
    ...textBeside(index, rows, format(last), format(max)),
  ]);
  return <Lines lines={lines} />;
}

/**
 * Returns the text to the right of one line of a chart: the current value for the first line, the maximum for the last
 * line, no text for the other lines. A chart of one line shows no maximum.
 */
function textBeside(index: number, rows: number, now: string, max: string): readonly Part[] {
  if (index === 0) return [['strong', padOrCut(`  ${now}`, VALUE_WIDTH)]];
  return index === rows - 1 ? [['dim', padOrCut(`  max ${max}`, VALUE_WIDTH)]] : [];
}

/** Returns one series for all nodes: the maximum for delays, the sum for all other series. Skips unknown values. */
function combinedSeries(history: History, series: Series): readonly (number | null)[] {
  const all = Object.keys(history.nodes).map((nodeId) => seriesOf(history, nodeId, series));
  return history.times.map((_, index) => {
    const known = all.flatMap((values) => values[index] ?? []);
    if (known.length === 0) return null;
    return series === 'loopDelayP99' ? Math.max(...known) : known.reduce((sum, each) => sum + each, 0);
  });
}
