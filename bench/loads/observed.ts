import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CounterRef, inSlices, startCounters } from '../counter.js';
import { eachRound, inTurns, median, medianInterval, type Round, rate, type Samples } from '../measure.js';
import { createRuntime, type GenServerBehavior, type GenServerRef, type Runtime } from '../noex.js';
import { observe } from '../observers.js';
import { moleculerServer } from '../peers/moleculer.js';
import { xstateCounter } from '../peers/xstate.js';
import { atMost, type Row } from '../row.js';

/** Live processes beside the busy ones, each with a state that no part of the observer should have to walk through. */
const PROCESSES = 10_000;
const OBJECTS_EACH = 100;
/** Long enough for a poll at its beginning and one at its end. */
const ROUND_MS = 300;
/** Many: what is looked for is smaller than the noise of one round. */
const ROUNDS = 15;
/** The observer averages its own cost over the last 10 s. */
const BILLED_MS = 10_500;
const WANTED = 0.05;

/** How many processes get a message in a turn of the event loop, where not all of them do. */
const SOME = 500;

const BURST = 200_000;
const CALLS = 10_000;

/**
 * What the full observer costs: one runtime with snapshots subscribed to and statistics polled, beside one made with
 * `observer: false`, and beside another such: what these two seem to lose to each other is noise. All have the same
 * processes, with the very same states: so there is one heap for all.
 */
export async function* run(): AsyncGenerator<Row> {
  const states = Array.from({ length: PROCESSES }, largeState);
  const observed = await Inhabited.start(createRuntime(), states);
  const unobserved = await Inhabited.start(createRuntime({ observer: false }), states);
  const another = await Inhabited.start(createRuntime({ observer: false }), states);

  const lost = async (what: string, load: (inhabited: Inhabited) => Round): Promise<LossRow> => {
    const watched = load(observed);
    const candidates = {
      without: load(unobserved),
      again: load(another),
      with: async () => {
        const stop = observe(observed.runtime);
        const figure = await watched();
        stop();
        return figure;
      },
    };
    const rates = await inTurns(candidates, ROUNDS);
    const plain = eachRound(rates.without, rates.again, (a, b) => (a + b) / 2);
    const noex = eachRound(rates.with, plain, share);
    const noise = eachRound(rates.again, rates.without, share);
    const lost = median(noex) - Math.abs(median(noise));
    return {
      what,
      unit: 'lost',
      noex,
      limit: { name: 'noise', samples: noise },
      targets: [atMost(WANTED, lost, '5 % beyond noise')],
      note: `${what}: ${percent(lost)} beyond noise, the median between ${medianInterval(noex).map(percent).join(' and ')}`,
    };
  };

  const casts = await lost('burst of 200,000 casts', (inhabited) => burstOfCasts(inhabited));
  const percentiles = hasLatency(observed.runtime) ? 'on' : 'not there yet';
  yield {
    ...casts,
    peers: [{ name: 'xstate inspect', samples: await xstateLoss() }],
    note: `${casts.note}; noise is what a second runtime without observer seems to lose to the first; latency percentiles: ${percentiles}`,
  };
  const calls = await lost('calls one after another', callsInTurn);
  yield { ...calls, peers: [{ name: 'moleculer metrics', samples: await moleculerLoss() }] };
  yield await lost('100 processes x 1,000 calls at once', callsAtOnce);
  yield await lost('a cast to each of 500 processes in a turn, others each time', castToSome);
  yield await lost('a cast to each of 10,000 processes', castToEverybody);

  yield* bill(observed);
}

type LossRow = Row & { readonly unit: 'lost' };

/** A runtime with many processes that do nothing, and some that work. */
class Inhabited {
  readonly runtime: Runtime;
  readonly idle: readonly HolderRef[];
  readonly busy: readonly CounterRef[];

  private constructor(runtime: Runtime, idle: readonly HolderRef[], busy: readonly CounterRef[]) {
    this.runtime = runtime;
    this.idle = idle;
    this.busy = busy;
  }

  static async start(runtime: Runtime, states: readonly LargeState[]): Promise<Inhabited> {
    const idle = await Promise.all(states.map((state) => runtime.GenServer.start(holderOf(state))));
    return new Inhabited(runtime, idle, await startCounters(runtime, 100));
  }
}

type LargeState = readonly object[];
type HolderRef = GenServerRef<LargeState, 'get', 'increment', number>;

function largeState(): LargeState {
  return Array.from({ length: OBJECTS_EACH }, (_, at) => ({ at, tags: null }));
}

function holderOf(state: LargeState): GenServerBehavior<LargeState, 'get', 'increment', number> {
  return { init: () => state, handleCall: () => [state.length, state], handleCast: () => state };
}

function burstOfCasts({ runtime: { GenServer }, busy }: Inhabited, forMs = ROUND_MS): Round {
  const server = first(busy);
  return rate(
    BURST,
    async () => {
      for (let i = 0; i < BURST; i += 1) GenServer.cast(server, 'increment');
      await GenServer.call(server, 'get');
    },
    forMs,
  );
}

function callsInTurn({ runtime: { GenServer }, busy }: Inhabited): Round {
  const server = first(busy);
  return rate(
    CALLS,
    async () => {
      for (let i = 0; i < CALLS; i += 1) await GenServer.call(server, 'get');
    },
    ROUND_MS,
  );
}

function callsAtOnce({ runtime: { GenServer }, busy }: Inhabited): Round {
  return rate(
    1000 * busy.length,
    async () => {
      const replies: Promise<number>[] = [];
      for (let i = 0; i < 1000; i += 1) for (const server of busy) replies.push(GenServer.call(server, 'get'));
      await Promise.all(replies);
    },
    ROUND_MS,
  );
}

function castToSome({ runtime: { GenServer }, idle }: Inhabited): Round {
  const slice = inSlices(idle);
  return rate(
    SOME,
    async () => {
      for (const ref of slice(SOME)) GenServer.cast(ref, 'increment');
      await nextTurn();
    },
    ROUND_MS,
  );
}

function castToEverybody({ runtime: { GenServer }, idle }: Inhabited): Round {
  const last = idle.at(-1) ?? first(idle);
  return rate(
    idle.length,
    async () => {
      for (const ref of idle) GenServer.cast(ref, 'increment');
      await GenServer.call(last, 'get');
    },
    ROUND_MS,
  );
}

async function xstateLoss(): Promise<Samples> {
  const load = (send: () => void): Round =>
    rate(BURST, () => {
      for (let i = 0; i < BURST; i += 1) send();
    });
  const rates = await inTurns({ without: load(xstateCounter()), with: load(xstateCounter(true)) });
  return eachRound(rates.with, rates.without, share);
}

async function moleculerLoss(): Promise<Samples> {
  const load = (call: () => Promise<number>): Round =>
    rate(CALLS, async () => {
      for (let i = 0; i < CALLS; i += 1) await call();
    });
  const rates = await inTurns({
    without: load(await moleculerServer({})),
    with: load(await moleculerServer({ metrics: { enabled: true, reporter: [] } })),
  });
  return eachRound(rates.with, rates.without, share);
}

/** What the observer says that it costs, if it says so: of the time it looks back on, all of which is spent at work. */
async function* bill({ runtime, busy }: Inhabited): AsyncGenerator<Row> {
  const cost: unknown = Reflect.get(runtime.Observer, 'cost');
  if (typeof cost !== 'function') return;
  const stop = observe(runtime);
  await burstOfCasts({ runtime, busy, idle: [] }, BILLED_MS)();
  const { msPerSecond } = cost.call(runtime.Observer) as { readonly msPerSecond: number };
  stop();
  const share = msPerSecond / 1000;
  const targets = [atMost(0.02, share, '2 %')];
  yield { what: 'casts: cost by its own account, of one core', unit: 'share', noex: [share], targets };
}

function hasLatency({ Observer }: Runtime): boolean {
  return Observer.getSnapshot().servers.some((row) => 'latency' in row && row.latency !== undefined);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function share(watched: number, plain: number): number {
  return 1 - watched / plain;
}

function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error('there is none');
  return item;
}
