import { AsyncLocalStorage } from 'node:async_hooks';
import { BareServer } from '../bare-server.js';
import { counter } from '../counter.js';
import { inTurns, rate } from '../measure.js';
import { createRuntime } from '../noex.js';
import type { Row } from '../row.js';

const CALLS = 10_000;
const CASTS = 10_000;

/**
 * Casts and calls from within an AsyncLocalStorage store, as in a web server that keeps one for each request. Handlers run
 * in the context of the runtime, or each in that of its sender.
 */
export async function* run(): AsyncGenerator<Row> {
  const { GenServer } = createRuntime();
  const runtime = await GenServer.start(counter);
  const caller = await GenServer.start(counter, { context: 'caller' });
  const bare = new BareServer();
  const storage = new AsyncLocalStorage<object>();
  const withinStore = (load: () => Promise<void>) => () => storage.run({}, load);
  const calls = (server: typeof runtime) =>
    withinStore(async () => {
      for (let i = 0; i < CALLS; i += 1) await GenServer.call(server, 'get', { timeout: 5000 });
    });
  const casts = (server: typeof runtime) =>
    withinStore(async () => {
      for (let i = 0; i < CASTS; i += 1) GenServer.cast(server, 'increment');
      await GenServer.call(server, 'get');
    });
  const called = await inTurns({
    runtime: rate(CALLS, calls(runtime)),
    caller: rate(CALLS, calls(caller)),
    limit: rate(
      CALLS,
      withinStore(async () => {
        for (let i = 0; i < CALLS; i += 1) await bare.call('get');
      }),
    ),
  });
  yield rowOf('calls one after another, with a store in use', called);
  const cast = await inTurns({
    runtime: rate(CASTS, casts(runtime)),
    caller: rate(CASTS, casts(caller)),
    limit: rate(
      CASTS,
      withinStore(async () => {
        for (let i = 0; i < CASTS; i += 1) bare.cast('increment');
        await bare.call('get');
      }),
    ),
  });
  yield rowOf('burst of 10,000 casts, with a store in use', cast);
}

type Rates = Readonly<Record<'runtime' | 'caller' | 'limit', readonly number[]>>;

function rowOf(what: string, { runtime, caller, limit }: Rates): Row {
  const peers = [{ name: "context: 'caller'", samples: caller }];
  return { what, unit: 'per second', noex: runtime, peers, limit: { name: 'bare loop', samples: limit } };
}
