import { Text, type TextProps } from 'ink';
import { createElement, Fragment } from 'react';
import { padOrCut } from './text-fitting.js';
import { widthOf } from './text-width.js';

export type Tone = 'plain' | 'dim' | 'strong' | 'good' | 'warn' | 'bad' | 'accent';

/**
 * A piece of a line, with an optional tone. The text must contain no control characters or other invisible characters.
 */
export type Part = string | readonly [tone: Tone, text: string];

const STYLES: Readonly<Record<Tone, TextProps>> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  accent: { color: 'cyan', bold: true },
};

interface LineProps {
  readonly parts: readonly Part[];
  /** Whether the cursor is on the line. */
  readonly isSelected?: boolean;
  /** Whether the line shows old data, because the node is not connected. */
  readonly isStale?: boolean;
}

/** One line of the screen. Text beyond the width of the screen is cut off. */
export function Line({ parts, isSelected = false, isStale = false }: LineProps) {
  const spans = parts.map((part) => {
    const [tone, text] = typeof part === 'string' ? (['plain', part] as const) : part;
    return createElement(Text, STYLES[tone], text);
  });
  const style: TextProps = { wrap: 'truncate-end', inverse: isSelected, dimColor: isStale && !isSelected };
  // The spans are passed as arguments, not as an array, so React identifies them by position and needs no keys.
  return createElement(Text, style, ...(spans.length === 0 ? [' '] : spans));
}

interface SplitLineProps extends Omit<LineProps, 'parts'> {
  readonly left: readonly Part[];
  readonly right: readonly Part[];
  readonly width: number;
}

/** A line with left-aligned and right-aligned parts. If they do not fit together, the left parts are cut. */
export function SplitLine({ left, right, width, ...rest }: SplitLineProps) {
  const room = Math.max(0, width - widthOfParts(right));
  const parts: Part[] = [];
  let taken = 0;
  for (const part of left) {
    const text = textOf(part);
    const fitting = taken + widthOf(text) > room ? padOrCut(text, Math.max(0, room - taken)) : text;
    parts.push(typeof part === 'string' ? fitting : [part[0], fitting]);
    taken += widthOf(fitting);
  }
  return <Line parts={[...parts, ' '.repeat(Math.max(0, room - taken)), ...right]} {...rest} />;
}

/** The first `height` of the lines, padded with blank lines up to `height`. React identifies the lines by position. */
export function Lines({
  lines = [],
  height = lines.length,
}: {
  readonly lines?: readonly (readonly Part[])[];
  readonly height?: number;
}) {
  const all = Array.from({ length: Math.max(0, height) }, (_, index) =>
    createElement(Line, { parts: lines[index] ?? [] }),
  );
  return createElement(Fragment, null, ...all);
}

export function widthOfParts(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + widthOf(textOf(part)), 0);
}

function textOf(part: Part): string {
  return typeof part === 'string' ? part : part[1];
}
