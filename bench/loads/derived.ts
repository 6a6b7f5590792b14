import { type Observable, Subject } from 'rxjs';
import * as streams from '../../dist/streams/index.js';
import { inSlices, startCounters, touch } from '../counter.js';
import { alone, duration } from '../measure.js';
import { createRuntime } from '../noex.js';
import type { Row } from '../row.js';

const PROCESSES = 10_000;
const TIMES = 20;

/** What is made of snapshots of 10,000 processes, 1 % of which have changed; as far as this build of noex makes it. */
export async function* run(): AsyncGenerator<Row> {
  const runtime = createRuntime();
  const next = inSlices(await startCounters(runtime, PROCESSES));
  let snapshot = runtime.Observer.getSnapshot();
  const change = async (): Promise<void> => {
    await touch(runtime, next(PROCESSES / 100));
    snapshot = runtime.Observer.getSnapshot();
  };
  const unit = 'ms';

  const latencyOf = made<(of: typeof snapshot) => unknown>('latencyOf');
  if (latencyOf !== undefined) {
    const noex = await alone(duration(TIMES, () => latencyOf(snapshot), change));
    yield { what: 'latency of all, of merged histograms', unit, noex };
  }

  const topN = made<(of$: Observable<typeof snapshot>, n: number, by: string) => Observable<unknown>>('topN');
  for (const by of topN === undefined ? [] : ['queue', 'wait_p99', 'rate']) {
    const snapshot$ = new Subject<typeof snapshot>();
    const subscription = topN?.(snapshot$, 10, by).subscribe();
    const noex = await alone(duration(TIMES, () => snapshot$.next(snapshot), change));
    subscription?.unsubscribe();
    yield { what: `top 10 by ${by}`, unit, noex };
  }
}

/** A function of `noex/streams`, if this build has it. */
function made<Made>(name: string): Made | undefined {
  return Reflect.get(streams, name) as Made | undefined;
}
