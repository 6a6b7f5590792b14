import { Subject } from 'rxjs';
import { latencyOf, topN } from '../../dist/streams/index.js';
import { inSlices, startCounters, touch } from '../counter.js';
import { alone, duration } from '../measure.js';
import { createRuntime } from '../noex.js';
import type { Row } from '../row.js';

const PROCESSES = 10_000;
const TIMES = 20;

/** What is made of snapshots of 10,000 processes, 1 % of which have changed. */
export async function* run(): AsyncGenerator<Row> {
  const runtime = createRuntime();
  const next = inSlices(await startCounters(runtime, PROCESSES));
  let snapshot = runtime.Observer.getSnapshot();
  const change = async (): Promise<void> => {
    await touch(runtime, next(PROCESSES / 100));
    snapshot = runtime.Observer.getSnapshot();
  };
  const unit = 'ms';

  const latency = await alone(duration(TIMES, () => latencyOf(snapshot), change));
  yield { what: 'latency of all, of merged histograms', unit, noex: latency };
  for (const by of ['queue', 'wait_p99', 'rate'] as const) {
    const snapshot$ = new Subject<typeof snapshot>();
    const subscription = snapshot$.pipe(topN(10, by)).subscribe();
    const noex = await alone(duration(TIMES, () => snapshot$.next(snapshot), change));
    subscription.unsubscribe();
    yield { what: `top 10 by ${by}`, unit, noex };
  }
}
