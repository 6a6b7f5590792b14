import { BareServer } from '../bare-server.js';
import { startCounters } from '../counter.js';
import { inTurns, type Round, rate } from '../measure.js';
import { createRuntime } from '../noex.js';
import { atLeast, type Row, ratio } from '../row.js';

const PROCESSES = 100;
const CALLS_EACH = 1000;
/** Of what a bare promise and a microtask reach. */
const WANTED = 0.7;
/** Long enough for the heap to find its size. */
const ROUND_MS = 500;

/** 100,000 calls that are all open at once, each with a time-out. */
export async function* run(): AsyncGenerator<Row> {
  const runtime = createRuntime();
  const { GenServer } = runtime;
  const servers = await startCounters(runtime, PROCESSES);
  const bareServers = Array.from({ length: PROCESSES }, () => new BareServer());
  const { noex, limit } = await inTurns({
    noex: callAll(servers, (server) => GenServer.call(server, 'get')),
    limit: callAll(bareServers, (server) => server.call('get')),
  });
  yield {
    what: '100 processes x 1,000 calls at once',
    unit: 'per second',
    noex,
    limit: { name: 'promise and microtask', samples: limit },
    targets: [atLeast(WANTED, ratio({ unit: 'per second', noex }, limit), '70 % of the limit')],
  };
}

function callAll<Server>(servers: readonly Server[], call: (server: Server) => Promise<number>): Round {
  const load = async (): Promise<void> => {
    const replies: Promise<number>[] = [];
    for (let i = 0; i < CALLS_EACH; i += 1) for (const server of servers) replies.push(call(server));
    await Promise.all(replies);
  };
  return rate(CALLS_EACH * servers.length, load, ROUND_MS);
}
