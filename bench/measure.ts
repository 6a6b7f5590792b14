import { setImmediate as nextTurn } from 'node:timers/promises';

/** One round of a candidate; resolves with the figure of that round. */
export type Round = () => Promise<number>;

/** Figures of one candidate, a round each. */
export type Samples = readonly number[];

const ROUNDS = 7;
const WARM_UPS = 2;

/** How long a round of {@link rate} goes on, ms at least. */
const ROUND_MS = 150;

/**
 * Lets the candidates take turns, round by round, so that whatever else the machine does meanwhile hits all alike. The
 * figures of one round stand at the same index; compare those, and not only the medians.
 */
export async function inTurns<Name extends string>(
  candidates: Readonly<Record<Name, Round>>,
  rounds = ROUNDS,
): Promise<Record<Name, Samples>> {
  const entries = Object.entries(candidates) as [Name, Round][];
  const samples = Object.fromEntries(entries.map(([name]) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -WARM_UPS; round < rounds; round += 1) {
    for (const [name, run] of rotated(entries, round + WARM_UPS)) {
      await settle();
      const figure = await run();
      if (round >= 0) samples[name].push(figure);
    }
  }
  return samples;
}

/** One candidate, alone. */
export async function alone(round: Round, rounds = ROUNDS): Promise<Samples> {
  return (await inTurns({ round }, rounds)).round;
}

/** A round that repeats a load of so many operations; its figure is operations per second. */
export function rate(operations: number, load: () => Promise<void> | void, forMs = ROUND_MS): Round {
  return async () => {
    const begun = performance.now();
    let done = 0;
    let elapsed = 0;
    while (elapsed < forMs) {
      await load();
      done += operations;
      elapsed = performance.now() - begun;
    }
    return (1000 * done) / elapsed;
  };
}

/** A round that does something so many times; its figure is the median duration, ms. `prepare` is not counted. */
export function duration(times: number, act: () => unknown, prepare?: () => Promise<void> | void): Round {
  return async () => {
    const durations: number[] = [];
    for (let i = 0; i < times; i += 1) {
      await prepare?.();
      const begun = performance.now();
      await act();
      durations.push(performance.now() - begun);
    }
    return median(durations);
  };
}

export function median(values: Samples): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/**
 * Where the median of all possible rounds lies, with a probability of about 95 %: between two of the sorted figures, whose
 * ranks follow from the binomial distribution (a sign test, turned round).
 */
export function medianInterval(values: Samples): readonly [from: number, to: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const first = Math.max(0, Math.floor(sorted.length / 2 - half));
  const last = sorted.length - 1 - first;
  return [sorted[first] ?? Number.NaN, sorted[last] ?? Number.NaN];
}

/** `combine` of the figures of each round. */
export function eachRound(a: Samples, b: Samples, combine: (a: number, b: number) => number): Samples {
  return a.map((figure, round) => combine(figure, b[round] ?? Number.NaN));
}

/** No candidate pays for the garbage, or the timers, of the one before. */
async function settle(): Promise<void> {
  await nextTurn();
  globalThis.gc?.();
  await nextTurn();
}

/** Each comes first as often as the others. */
function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const from = by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
