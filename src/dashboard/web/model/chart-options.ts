import type uPlot from 'uplot';
import { formatTime, UNKNOWN } from '../../view-model/format.js';
import type { ChartLine } from './chart-data.js';

interface ChartOptionsInput {
  /** The element that contains the chart. The chart takes its size, font and colours from this element. */
  readonly parent: HTMLElement;
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  /** The possible distances between grid lines, in the unit of the values. Absent: uPlot chooses decimal distances. */
  readonly steps?: readonly number[] | undefined;
}

/** Returns the options of uPlot. Fonts and colours come from the style sheets. */
export function optionsOf({ parent, lines, format, steps }: ChartOptionsInput): uPlot.Options {
  const style = getComputedStyle(parent);
  const colorOf = colorResolver(parent);
  const font = `${style.fontSize} ${style.fontFamily}`;
  const axis = {
    stroke: colorOf('--muted'),
    font,
    grid: { stroke: colorOf('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: parent.clientWidth,
    height: parent.clientHeight,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: 'noex' }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, upperEnd(max)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 80,
        values: (_plot, times) => times.map((time) => formatTime(time * 1000).slice(0, 5)),
      },
      {
        ...axis,
        size: 64,
        space: 32,
        ...(steps !== undefined && { incrs: [...steps] }),
        values: (_plot, values) =>
          values.map((value) =>
            format(value)
              .replace(/([.]\d*?)0+(?=\D|$)/, '$1')
              .replace(/[.](?=\D|$)/, ''),
          ),
      },
    ],
    series: [
      {},
      ...lines.map(({ label }, index) => ({
        label,
        stroke: colorOf(`--line-${index + 1}`),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    plugins: [tooltipPlugin(lines, format)],
  };
}

/**
 * Returns the upper end of the vertical scale: 10 % above the maximum, or 1 if no value is above zero. The lower end is
 * always zero. A scale that starts above zero would make small changes look large.
 */
function upperEnd(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.1;
}

/**
 * Returns a function that resolves a CSS custom property to a colour, because a canvas cannot use custom properties.
 */
function colorResolver(parent: HTMLElement): (property: string) => string {
  return (property) => {
    const probe = document.createElement('i');
    probe.style.color = `var(${property})`;
    parent.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

/** Returns a plugin for uPlot that shows the values at the pointer. */
function tooltipPlugin(lines: readonly ChartLine[], format: (value: number) => string): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'tooltip';
  box.hidden = true;
  const show = (plot: uPlot): void => {
    const { idx, left = -1 } = plot.cursor;
    const time = idx === null || idx === undefined ? undefined : plot.data[0][idx];
    box.hidden = time === undefined || left < 0;
    if (time === undefined || idx === null || idx === undefined) return;
    const title = document.createElement('b');
    title.textContent = formatTime(time * 1000);
    const rows = lines.flatMap(({ label }, index) => {
      if (plot.series[index + 1]?.show === false) return [];
      const value = plot.data[index + 1]?.[idx];
      const row = document.createElement('span');
      row.className = `swatch line-${index + 1}`;
      const figure = document.createElement('span');
      figure.textContent = value === null || value === undefined ? UNKNOWN : format(value);
      row.append(label, figure);
      return [row];
    });
    box.replaceChildren(title, ...rows);
    // The tooltip is shown on the side of the pointer with more room.
    const isLeft = left > plot.over.clientWidth / 2;
    box.style.left = isLeft ? 'auto' : `${left + 12}px`;
    box.style.right = isLeft ? `${plot.over.clientWidth - left + 12}px` : 'auto';
  };
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: show,
    },
  };
}
