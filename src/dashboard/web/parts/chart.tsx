import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Series } from '../../view-model/chart-history.js';
import { UNKNOWN } from '../../view-model/format.js';
import { type ChartData, type ChartLine, chartData, spanUntil } from '../model/chart-data.js';
import { optionsOf } from '../model/chart-options.js';
import { useDashboard } from '../model/dashboard-context.js';

export interface ChartProps {
  readonly series: Series;
  readonly title: string;
  readonly hint: string;
  readonly format: (value: number) => string;
  /** The possible distances between grid lines, in the unit of the values. Absent: uPlot chooses decimal distances. */
  readonly steps?: readonly number[];
  readonly lines: readonly ChartLine[];
  /** Whether each of `lines` is shown, in the same order. */
  readonly shown: readonly boolean[];
}

export function Chart({ series, title, hint, format, steps, lines, shown }: ChartProps) {
  const { live, serverNow } = useDashboard();
  const data = chartData(live.history.value, lines, series);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);

  useEffect(() => {
    const parent = box.current;
    if (parent === null) return;
    const made = new uPlot(optionsOf({ parent, lines, format, steps }), [[], ...lines.map(() => [])], parent);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: parent.clientHeight }));
    resized.observe(parent);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [lines, format, steps]);

  const [from, to] = spanUntil(serverNow.value);
  useEffect(() => {
    shown.forEach((isShown, index) => {
      if (plot.current?.series[index + 1]?.show !== isShown) plot.current?.setSeries(index + 1, { show: isShown });
    });
    plot.current?.setData([[...data.times], ...data.values.map((values) => [...values])], false);
    plot.current?.setScale('x', { min: from, max: to });
  });

  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="hint">{hint}</span>
        <ul class="now" aria-label={`${title} now`}>
          {lastValues(data).map((value, index) =>
            shown[index] ? (
              <li key={lines[index]?.label} class={`swatch line-${index + 1}`}>
                <span class="visually-hidden">{lines[index]?.label} </span>
                {value === null ? UNKNOWN : format(value)}
              </li>
            ) : null,
          )}
        </ul>
      </figcaption>
      <div class="plot" ref={box} role="img" aria-label={`${title} of each node over the last ten minutes`} />
    </figure>
  );
}

function lastValues({ values }: ChartData): readonly (number | null)[] {
  return values.map((column) => column.at(-1) ?? null);
}
