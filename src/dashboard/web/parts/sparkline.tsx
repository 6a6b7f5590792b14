interface SparklineProps {
  /** Oldest first; `null`: not known. */
  readonly values: readonly (number | null)[];
  /** What reaches the upper edge. */
  readonly top: number;
}

/** So many points are ten minutes. */
const WIDTH = 300;
const HEIGHT = 24;

/** A line for those who know what it is about: the figures are beside it. What is not known is a gap. */
export function Sparkline({ values, top }: SparklineProps) {
  const left = WIDTH - values.length;
  const y = (value: number): string => (HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1);
  let line = '';
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value !== null) line += `${isDrawing ? 'L' : 'M'}${left + index} ${y(value)}`;
    isDrawing = value !== null;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={line} />
    </svg>
  );
}
