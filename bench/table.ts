import { median, type Samples } from './measure.js';
import { type Beside, type Row, ratio, type Unit } from './row.js';

/** The rows of one load. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Why there are no more rows. */
  readonly failure?: string;
}

const HEAD = ['what', 'noex (min..max)', 'peer', 'ratio', 'limit', 'share of it', 'target'];

/** All sections as one table, in Markdown. */
export function table(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ title, rows, failure }) => [
    [`**${title}**`],
    ...rows.flatMap(linesOf),
    ...(failure === undefined ? [] : [[`FAILED: ${failure}`]]),
  ]);
  const widths = HEAD.map((_head, column) => Math.max(...[HEAD, ...lines].map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  const notes = sections.flatMap(({ rows }) =>
    rows.flatMap(({ what, note }) => (note === undefined ? [] : `- ${what}: ${note}`)),
  );
  return [HEAD, rule, ...lines].map(format).concat('', notes).join('\n');
}

/** The line of a row; each peer but the first has another one below. */
function linesOf(row: Row): readonly (readonly string[])[] {
  const { what, unit, noex, peers = [], limit, targets = [], bytes } = row;
  const isRate = unit === 'per second';
  const beside = ({ name, samples }: Beside): string => `${name} ${figure(median(samples), unit)}`;
  const [first = ['', ''], ...others] = peers.map((peer) => [
    beside(peer),
    isRate ? `${short(ratio(row, peer.samples))} x` : '',
  ]);
  const line = [
    what,
    `${figure(median(noex), unit)}${spread(noex, unit)}${bytes === undefined ? '' : `, ${size(bytes)}`}`,
    ...first,
    limit === undefined ? '' : beside(limit),
    limit === undefined || !isRate ? '' : `${(100 * ratio(row, limit.samples)).toFixed(0)} %`,
    targets.map(({ text, isMet }) => `${text} ${isMet ? 'met' : 'MISSED'}`).join(', '),
  ];
  return [line, ...others.map((other) => ['', '', ...other])];
}

/** A row for programs: plain numbers, in the unit named, and every round of them. */
export function asJson(load: string, row: Row): object {
  const { peers = [], limit, noex, ...rest } = row;
  const beside = ({ name, samples }: Beside): object => ({
    name,
    ...summary(samples),
    ratio: ratio(row, samples),
  });
  return {
    load,
    ...rest,
    noex: summary(noex),
    peers: peers.map(beside),
    ...(limit !== undefined && { limit: beside(limit) }),
  };
}

function summary(samples: Samples): object {
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples };
}

function spread(samples: Samples, unit: Unit): string {
  if (samples.length === 1) return '';
  const { factor } = scaleOf(median(samples), unit);
  return ` (${short(Math.min(...samples) * factor)}..${short(Math.max(...samples) * factor)})`;
}

function figure(value: number, unit: Unit): string {
  const { factor, suffix } = scaleOf(value, unit);
  return `${short(value * factor)}${suffix}`;
}

/** How a figure of about that size is best read. */
function scaleOf(value: number, unit: Unit): { readonly factor: number; readonly suffix: string } {
  switch (unit) {
    case 'per second':
      return value < 1e6 ? { factor: 1e-3, suffix: ' k/s' } : { factor: 1e-6, suffix: ' M/s' };
    case 'ms':
      return { factor: 1, suffix: ' ms' };
    case 'x':
      return { factor: 1, suffix: ' x' };
    case 'MB':
      return { factor: 1, suffix: ' MB' };
    default:
      return { factor: 100, suffix: ' %' };
  }
}

/** Three digits that count; what is below a thousandth is noise in every unit here. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 1 ? 2 : 3);
}

function size(bytes: number): string {
  if (bytes < 10_000) return `${Math.round(bytes)} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
