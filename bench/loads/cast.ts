import { BareServer } from '../bare-server.js';
import { counter } from '../counter.js';
import { eachRound, inTurns, median, rate, type Samples } from '../measure.js';
import { createRuntime } from '../noex.js';
import { nactCounter } from '../peers/nact.js';
import { xstateCounter } from '../peers/xstate.js';
import { atLeast, type Row, ratio } from '../row.js';

/** How many times nact's rate a burst of 200,000 must reach. */
const NACT_TIMES = 12;

/** A burst of casts to one process, until all of it is handled. */
export async function* run(): AsyncGenerator<Row> {
  const short = await burst(10_000);
  yield rowOf('burst of 10,000 casts, drained', short);
  const long = await burst(200_000);
  const row = rowOf('burst of 200,000 casts, drained', long);
  yield { ...row, targets: [atLeast(NACT_TIMES, ratio(row, long.nact), `${NACT_TIMES} x nact`)] };
  const rates = eachRound(long.noex, short.noex, (deep, shallow) => deep / shallow);
  yield {
    what: 'rate of 200,000 / rate of 10,000',
    unit: 'x',
    noex: rates,
    peers: [{ name: 'nact', samples: eachRound(long.nact, short.nact, (deep, shallow) => deep / shallow) }],
    targets: [atLeast(0.8, median(rates), '0.8')],
  };
}

type Candidate = 'noex' | 'nact' | 'xstate' | 'limit';

async function burst(count: number): Promise<Record<Candidate, Samples>> {
  const { GenServer } = createRuntime();
  const server = await GenServer.start(counter);
  const nact = nactCounter();
  const send = xstateCounter();
  const bare = new BareServer();
  return inTurns({
    noex: rate(count, async () => {
      for (let i = 0; i < count; i += 1) GenServer.cast(server, 'increment');
      await GenServer.call(server, 'get');
    }),
    nact: rate(count, async () => {
      for (let i = 0; i < count; i += 1) nact.cast();
      await nact.drained();
    }),
    xstate: rate(count, () => {
      for (let i = 0; i < count; i += 1) send();
    }),
    limit: rate(count, async () => {
      for (let i = 0; i < count; i += 1) bare.cast('increment');
      await bare.call('get');
    }),
  });
}

function rowOf(what: string, { noex, nact, xstate, limit }: Record<Candidate, Samples>): Row {
  const peers = [
    { name: 'nact', samples: nact },
    { name: 'xstate', samples: xstate },
  ];
  return { what, unit: 'per second', noex, peers, limit: { name: 'bare loop', samples: limit } };
}
