import { inSlices, startCounters, touch } from '../counter.js';
import { alone, duration, median } from '../measure.js';
import { createRuntime } from '../noex.js';
import { atMost, type Row } from '../row.js';

const SNAPSHOTS = 50;

/** `getSnapshot()` of one node; counting, reporting and folding since the last one are part of it. */
export async function* run(): AsyncGenerator<Row> {
  const ten = createRuntime();
  const next = inSlices(await startCounters(ten, 10_000));
  const snapshot = (): unknown => ten.Observer.getSnapshot();
  const changed = await alone(duration(SNAPSHOTS, snapshot, () => touch(ten, next(100))));
  const what = '10,000 processes, 1 % changed';
  yield {
    what,
    unit: 'ms',
    noex: changed,
    targets: [atMost(0.3, median(changed), '0.3 ms')],
    ...('vitals' in ten.Observer.getSnapshot() && { note: 'vitals of the node included' }),
  };
  const withTree = await alone(
    duration(
      SNAPSHOTS,
      () => ten.Observer.getSnapshot().tree,
      () => touch(ten, next(100)),
    ),
  );
  yield { what: `${what}, tree read`, unit: 'ms', noex: withTree };

  const hundred = createRuntime();
  await startCounters(hundred, 100_000);
  const idle = await alone(duration(SNAPSHOTS, () => hundred.Observer.getSnapshot()));
  yield {
    what: '100,000 processes, idle',
    unit: 'ms',
    noex: idle,
    targets: [atMost(0.1, median(idle), '0.1 ms')],
  };
}
