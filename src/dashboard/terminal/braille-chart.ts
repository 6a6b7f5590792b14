/** The values of a chart, one for each column of dots. `null`: the value is not known. */
export type Dots = readonly (number | null)[];

/** The bits of a braille character for its left column of dots, from bottom to top. */
const LEFT = [0x40, 0x04, 0x02, 0x01] as const;
/** The bits for its right column, from bottom to top. */
const RIGHT = [0x80, 0x20, 0x10, 0x08] as const;
const BLANK = 0x2800;

/**
 * Returns one value for each of `count` equal buckets of the time between `from` and `to`. The value is the maximum of
 * its bucket, so that short peaks stay visible. Short gaps are filled.
 *
 * @param times the times of `values`, ms since the epoch, as `from` and `to`
 */
export function bucketed(
  times: readonly number[],
  values: readonly (number | null)[],
  from: number,
  to: number,
  count: number,
): Dots {
  const dots: (number | null)[] = new Array<null>(count).fill(null);
  times.forEach((time, index) => {
    const value = values[index] ?? null;
    if (value === null || time < from || time > to) return;
    const at = Math.min(count - 1, Math.floor(((time - from) / (to - from)) * count));
    const before = dots[at] ?? null;
    dots[at] = before === null ? value : Math.max(before, value);
  });
  return withGapsFilled(dots);
}

/**
 * Fills gaps of up to two columns with the value before the gap. Such short gaps mean only that values arrive at
 * intervals. Gaps at the start and at the end stay.
 */
function withGapsFilled(dots: Dots): Dots {
  const MAX_DISTANCE = 3;
  const filled = [...dots];
  let known = -1;
  dots.forEach((value, index) => {
    if (value === null) return;
    if (known !== -1 && index - known <= MAX_DISTANCE) filled.fill(dots[known] ?? null, known + 1, index);
    known = index;
  });
  return filled;
}

/**
 * Returns a chart as lines of braille characters, top line first. Each character shows two values of `dots`. A value of
 * zero is one dot high, and an unknown value is blank. A value of `max` has the full height.
 */
export function brailleLines(dots: Dots, rows: number, max: number): readonly string[] {
  const levels = rows * 4;
  const heights = dots.map((value) => {
    if (value === null) return 0;
    return max <= 0 ? 1 : 1 + Math.round(Math.min(1, Math.max(0, value) / max) * (levels - 1));
  });
  return Array.from({ length: rows }, (_, row) => {
    const below = (rows - 1 - row) * 4;
    let line = '';
    for (let at = 0; at < heights.length; at += 2) {
      const cell = dotBits(LEFT, (heights[at] ?? 0) - below) | dotBits(RIGHT, (heights[at + 1] ?? 0) - below);
      line += String.fromCharCode(BLANK + cell);
    }
    return line;
  });
}

function dotBits(bits: readonly number[], height: number): number {
  return bits.slice(0, Math.max(0, height)).reduce((cell, bit) => cell | bit, 0);
}
