import { setTimeout as delay } from 'node:timers/promises';
import type { Samples } from './measure.js';

/** The share of one core that this process uses, all its threads together: a figure for each round of so many ms. */
export async function usage(rounds: number, roundMs: number): Promise<Samples> {
  const shares: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    const before = process.cpuUsage();
    await delay(roundMs);
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1000 / (performance.now() - begun));
  }
  return shares;
}
