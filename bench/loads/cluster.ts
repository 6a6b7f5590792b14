import { alone, median, type Samples } from '../measure.js';
import { RealNodes } from '../real-nodes.js';
import { atMost, type Row, type Target } from '../row.js';

const EACH = 10_000;
const ROUNDS = 5;

/** `getClusterSnapshot({ useCache: false })`, the reading node being one of three. */
export async function* run(): AsyncGenerator<Row> {
  const nodes = await RealNodes.start(EACH, [EACH, EACH]);
  const rowOf = (what: string, noex: Samples, targets: (ms: number, bytes: number) => readonly Target[]): Row => {
    const bytes = median(nodes.takeBytes());
    return { what, unit: 'ms', noex, bytes, targets: targets(median(noex), bytes) };
  };

  const cold = await nodes.poll(1)();
  const full = await alone(
    nodes.poll(1, () => nodes.replaceReader()),
    ROUNDS,
  );
  const first = rowOf('the first poll, of everything', full, (ms) => [atMost(80, ms, '80 ms')]);
  yield { ...first, note: `the very first of the run, with nothing compiled yet, took ${cold.toFixed(0)} ms` };

  const changed = await alone(
    nodes.poll(20, () => nodes.touch(EACH / 100)),
    ROUNDS,
  );
  yield rowOf('a poll, 1 % changed on each node', changed, (ms, bytes) => [
    atMost(10, ms, '10 ms'),
    atMost(0.05, bytes / (first.bytes ?? 0), '5 % of full'),
  ]);

  await alone(nodes.poll(1), 1);
  nodes.takeBytes();
  const idle = await alone(nodes.poll(100), ROUNDS);
  yield rowOf('a poll, all idle', idle, (ms, bytes) => [atMost(5, ms, '5 ms'), atMost(2000, bytes, '2 kB')]);
  await nodes.stop();
}
