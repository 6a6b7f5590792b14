import { useComputed, useSignal } from '@preact/signals';
import { SERIES, type Series } from '../../view-model/chart-history.js';
import { formatBytes, formatMs, formatRate, formatShortCount } from '../../view-model/format.js';
import { linesOf } from '../model/chart-data.js';
import { useDashboard } from '../model/dashboard-context.js';
import { Chart, type ChartProps } from './chart.js';
import { Filters } from './filters.js';
import { NodeLinks } from './node-links.js';

/** The distances between grid lines for counts: 1, 2, 5, 10, 20 ... A count of messages cannot be fractional. */
const WHOLE_STEPS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** The distances between grid lines for sizes in bytes: powers of two from 1 kB. */
const BINARY_STEPS = Array.from({ length: 35 }, (_, power) => 1024 * 2 ** power);

type ChartLook = Pick<ChartProps, 'title' | 'hint' | 'format' | 'steps'>;

const CHARTS: Record<Series, ChartLook> = {
  rate: { title: 'Messages/s', hint: 'handled', format: formatRate },
  queue: { title: 'Queue', hint: 'messages waiting', format: formatShortCount, steps: WHOLE_STEPS },
  loopDelayP99: { title: 'Event loop p99', hint: 'how late timers fire', format: formatMs },
  memory: { title: 'Heap', hint: 'in use', format: formatBytes, steps: BINARY_STEPS },
};

/** The charts view: the charts of the last ten minutes, and the links of the selected node. */
export function Charts() {
  const { nodeNames, router, themes } = useDashboard();
  const { nodeId } = router.address.value;
  const all = useComputed(() => linesOf(nodeNames.value)).value;
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const isShown = (line: (typeof all)[number]): boolean =>
    !hidden.value.has(line.label) && (nodeId === undefined || line.nodeIds.includes(nodeId));
  const toggle = (label: string): void => {
    const next = new Set(hidden.value);
    if (!next.delete(label)) next.add(label);
    hidden.value = next;
  };
  return (
    <div class="view">
      <Filters label="Nodes">
        <ul class="legend" aria-label="Lines">
          {all.map((line, index) => (
            <li key={line.label}>
              <button
                type="button"
                class={`swatch line-${index + 1}`}
                aria-pressed={isShown(line)}
                onClick={() => toggle(line.label)}
              >
                {line.label}
              </button>
            </li>
          ))}
        </ul>
        <span class="note">last 10 minutes</span>
      </Filters>
      <div class="charts scroller" tabIndex={0} role="group" aria-label="Charts of the last ten minutes">
        {nodeId !== undefined && <NodeLinks key={nodeId} nodeId={nodeId} />}
        {SERIES.map((series) => (
          <Chart
            key={`${series} ${themes.theme.value}`}
            series={series}
            {...CHARTS[series]}
            lines={all}
            shown={all.map(isShown)}
          />
        ))}
      </div>
    </div>
  );
}
