import { BareServer } from '../bare-server.js';
import { counter } from '../counter.js';
import { inTurns, rate } from '../measure.js';
import { createRuntime } from '../noex.js';
import { moleculerServer } from '../peers/moleculer.js';
import { nactServer } from '../peers/nact.js';
import { atLeast, type Row, ratio } from '../row.js';

const CALLS = 10_000;
/** How many times nact's rate calls one after another must reach. */
const NACT_TIMES = 8;

/** Calls one after another, each with a time-out. */
export async function* run(): AsyncGenerator<Row> {
  const { GenServer } = createRuntime();
  const server = await GenServer.start(counter);
  const query = nactServer();
  const timed = await moleculerServer({ requestTimeout: 5000 });
  const untimed = await moleculerServer({});
  const bare = new BareServer();
  const { noex, nact, moleculer, moleculerUntimed, limit } = await inTurns({
    noex: rate(CALLS, async () => {
      for (let i = 0; i < CALLS; i += 1) await GenServer.call(server, 'get', { timeout: 5000 });
    }),
    nact: rate(CALLS, async () => {
      for (let i = 0; i < CALLS; i += 1) await query();
    }),
    moleculer: rate(CALLS, async () => {
      for (let i = 0; i < CALLS; i += 1) await timed();
    }),
    moleculerUntimed: rate(CALLS, async () => {
      for (let i = 0; i < CALLS; i += 1) await untimed();
    }),
    limit: rate(CALLS, async () => {
      for (let i = 0; i < CALLS; i += 1) await bare.call('get');
    }),
  });
  const row: Row = {
    what: 'calls one after another',
    unit: 'per second',
    noex,
    peers: [
      { name: 'nact', samples: nact },
      { name: 'moleculer', samples: moleculer },
      { name: 'moleculer without time-outs', samples: moleculerUntimed },
    ],
    limit: { name: 'promise and microtask', samples: limit },
  };
  yield { ...row, targets: [atLeast(NACT_TIMES, ratio(row, nact), `${NACT_TIMES} x nact`)] };
}
