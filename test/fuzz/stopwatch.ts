import type { Measure } from './target.js';

/** So many of the slowest are run again in the end: what was slow for another reason is not slow twice. */
const KEPT = 5;
const AGAIN = 5;

interface Seen {
  readonly input: string;
  ms: number;
  readonly again: (() => unknown) | undefined;
}

/** How long inputs hold the event loop, in CPU time of this process. */
export class Stopwatch {
  readonly #slowest: Seen[] = [];

  readonly measure: Measure = (input, run, again = false) => {
    const begun = process.cpuUsage();
    try {
      return run();
    } finally {
      this.#note({ input, ms: msSince(begun), again: again ? run : undefined });
    }
  };

  /** The slowest input, and how long it takes when nothing else is in its way. */
  worst(): { readonly ms: number; readonly input: string } | undefined {
    for (const seen of this.#slowest) {
      for (let times = 0; seen.again !== undefined && times < AGAIN; times += 1) {
        const begun = process.cpuUsage();
        try {
          seen.again();
        } catch {
          // A refusal, as the first time.
        }
        seen.ms = Math.min(seen.ms, msSince(begun));
      }
    }
    return this.#slowest.toSorted((a, b) => b.ms - a.ms)[0];
  }

  #note(seen: Seen): void {
    if (this.#slowest.length === KEPT && seen.ms <= (this.#slowest.at(-1)?.ms ?? 0)) return;
    this.#slowest.push(seen);
    this.#slowest.sort((a, b) => b.ms - a.ms);
    this.#slowest.splice(KEPT);
  }
}

function msSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}
