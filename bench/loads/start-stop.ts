import { startCounters, stopAll } from '../counter.js';
import { duration, inTurns, median } from '../measure.js';
import { createRuntime, type Runtime } from '../noex.js';
import { atMost, type Row } from '../row.js';

const PROCESSES = 10_000;
const WANTED_MS = 100;

/** 10,000 processes come and go. */
export async function* run(): AsyncGenerator<Row> {
  const lifeIn = (runtime: Runtime) => async (): Promise<void> => {
    await stopAll(runtime, await startCounters(runtime, PROCESSES));
  };
  const { observed, unobserved } = await inTurns({
    observed: duration(4, lifeIn(createRuntime())),
    unobserved: duration(4, lifeIn(createRuntime({ observer: false }))),
  });
  const what = 'start and stop of 10,000 processes';
  yield { what, unit: 'ms', noex: observed, targets: [atMost(WANTED_MS, median(observed), `${WANTED_MS} ms`)] };
  yield { what: 'the same, observer: false', unit: 'ms', noex: unobserved };
}
