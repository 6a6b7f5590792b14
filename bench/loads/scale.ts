import { inSlices, startCounters, touch } from '../counter.js';
import { alone, duration, median, type Round } from '../measure.js';
import { createRuntime } from '../noex.js';
import { RealNodes } from '../real-nodes.js';
import type { Row } from '../row.js';

const SIZES = [1000, 10_000, 100_000];
const ROUNDS = 5;

/** What happens before each read: how many processes, of how many there are, handle a message. */
interface Activity {
  readonly name: string;
  count(size: number): number;
}

const ACTIVITIES: readonly Activity[] = [
  { name: 'idle', count: () => 0 },
  { name: '100 changed', count: () => 100 },
  { name: '1 % changed', count: (size) => size / 100 },
];

/** Does a cost grow with what exists, or with what changed? Of one node, read by itself, and polled by another. */
export async function* run(): AsyncGenerator<Row> {
  for (const measure of [snapshotsOf, pollsOf]) {
    const bySize: (readonly Row[])[] = [];
    for (const size of SIZES) bySize.push(await measure(size));
    // By activity, so that the sizes stand below each other.
    for (const at of ACTIVITIES.keys()) yield* bySize.flatMap((rows) => rows[at] ?? []);
  }
}

async function snapshotsOf(size: number): Promise<readonly Row[]> {
  const runtime = createRuntime();
  const next = inSlices(await startCounters(runtime, size));
  const rows = await rowsOf(`getSnapshot() of ${size.toLocaleString('en')}`, (activity) =>
    duration(
      20,
      () => runtime.Observer.getSnapshot(),
      () => touch(runtime, next(activity.count(size))),
    ),
  );
  await runtime.shutdown();
  return rows;
}

async function pollsOf(size: number): Promise<readonly Row[]> {
  const nodes = await RealNodes.start(0, [size]);
  // The first one gets everything.
  await nodes.poll(1)();
  const rows = await rowsOf(
    `poll of ${size.toLocaleString('en')}`,
    (activity) => nodes.poll(10, () => nodes.touch(activity.count(size))),
    () => ({ bytes: median(nodes.takeBytes()) }),
  );
  await nodes.stop();
  return rows;
}

async function rowsOf(
  what: string,
  roundOf: (activity: Activity) => Round,
  more?: () => Pick<Row, 'bytes'>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const activity of ACTIVITIES) {
    const noex = await alone(roundOf(activity), ROUNDS);
    rows.push({ what: `${what}, ${activity.name}`, unit: 'ms', noex, ...more?.() });
  }
  return rows;
}
