import { setImmediate as turn } from 'node:timers/promises';
import { counter } from '../counter.js';
import { alone, median, type Round } from '../measure.js';
import { createRuntime, type OverloadPolicy } from '../noex.js';
import { atMost, type Row } from '../row.js';

const CASTS = 10_000_000;
const LIMIT = 10_000;
const WANTED_MB = 10;
const ROUNDS = 3;

/** How much memory a flood of casts takes that comes before the process has its turn: observed, without what is garbage. */
export async function* run(): AsyncGenerator<Row> {
  const unlimited = { name: 'no limit', samples: await alone(floodOf(), ROUNDS) };
  for (const overload of ['drop_oldest', 'drop_newest'] as const) {
    const noex = await alone(floodOf(overload), ROUNDS);
    yield {
      what: `10 M casts, of which ${LIMIT.toLocaleString('en')} are kept (${overload})`,
      unit: 'MB',
      noex,
      peers: [unlimited],
      targets: [atMost(WANTED_MB, median(noex), `${WANTED_MB} MB`)],
    };
  }
}

function floodOf(overload?: OverloadPolicy): Round {
  return async () => {
    const runtime = createRuntime();
    const watching = runtime.Observer.snapshot$.subscribe();
    const ref = await runtime.GenServer.start(counter, overload && { mailboxLimit: LIMIT, overload });
    const before = held();
    for (let sent = 0; sent < CASTS; sent += 1) runtime.GenServer.cast(ref, 'increment');
    const after = held();
    while ((runtime.Observer.getServerStats()[0]?.queueSize ?? 0) > 0) await turn();
    watching.unsubscribe();
    await runtime.shutdown();
    return after - before;
  };
}

/** MB */
function held(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}
