import { SPAN_MS } from '../../view-model/chart-history.js';
import { GAP_MS } from '../model/chart-data.js';

interface SparklineProps {
  /** The times of the values, ms since the epoch; oldest first. */
  readonly times: readonly number[];
  /** One value for each time. `null`: not known. */
  readonly values: readonly (number | null)[];
  /** The time at the right edge, ms since the epoch. */
  readonly now: number;
  /** The value at the upper edge. */
  readonly max: number;
}

const WIDTH = 240;
const HEIGHT = 24;

/** A line chart of the last ten minutes, without axes. Missing values are drawn as gaps. */
export function Sparkline({ times, values, now, max }: SparklineProps) {
  let line = '';
  let area = '';
  let x = 0;
  let isDrawing = false;
  const endLine = (): void => {
    if (isDrawing) area += `V${HEIGHT}Z`;
    isDrawing = false;
  };
  times.forEach((time, index) => {
    const value = values[index] ?? null;
    if (value === null || time - (times[index - 1] ?? time) > GAP_MS) endLine();
    if (value === null) return;
    x = Math.round(WIDTH * 10 * (1 - (now - time) / SPAN_MS)) / 10;
    const y = (HEIGHT - 1 - (value / max) * (HEIGHT - 2)).toFixed(1);
    line += `${isDrawing ? 'L' : 'M'}${x} ${y}`;
    area += `${isDrawing ? '' : `M${x} ${HEIGHT}`}L${x} ${y}`;
    isDrawing = true;
  });
  endLine();
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={area} />
      <path d={line} />
    </svg>
  );
}
