import { eachRound, median, type Samples } from './measure.js';

export type Unit = 'per second' | 'ms' | 'lost' | 'share' | 'x' | 'MB';

/** Whom noex is beside in a row. */
export interface Beside {
  readonly name: string;
  readonly samples: Samples;
}

export interface Target {
  readonly text: string;
  readonly isMet: boolean;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** A figure for each round. */
  readonly noex: Samples;
  readonly peers?: readonly Beside[];
  /** The same work with nothing around it: what this machine and this language would allow. */
  readonly limit?: Beside;
  readonly targets?: readonly Target[];
  /** Received for one of what is measured. */
  readonly bytes?: number;
  /** What else a reader should know. */
  readonly note?: string;
}

/** How many times as fast as `other`: the median over the rounds, in each of which both took part. */
export function ratio({ unit, noex }: Pick<Row, 'unit' | 'noex'>, other: Samples): number {
  const isCost = unit !== 'per second';
  return median(eachRound(noex, other, (ours, theirs) => (isCost ? theirs / ours : ours / theirs)));
}

export function atLeast(wanted: number, value: number, text: string): Target {
  return { text: `>= ${text}`, isMet: value >= wanted };
}

export function atMost(wanted: number, value: number, text: string): Target {
  return { text: `<= ${text}`, isMet: value <= wanted };
}
