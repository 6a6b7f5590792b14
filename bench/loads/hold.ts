import { type CounterRef, counter, startCounters } from '../counter.js';
import { alone, inTurns, median, type Round } from '../measure.js';
import { createRuntime, type GenServerBehavior, type GenServerRef, type Runtime } from '../noex.js';
import { observe } from '../observers.js';
import { atMost, type Row } from '../row.js';

/** How long a flood lasts, ms. */
const FLOOD_MS = 500;
const WANTED_MS = 10;
const CASTS_A_MS = 10_000;
/** A late sender catches up, but not on more than this, ms. */
const MOST_MS = 10;
const BURST = 2_000_000;

/** The longest time for which a flood keeps timers and sockets waiting. */
export async function* run(): AsyncGenerator<Row> {
  const runtime = createRuntime();
  const timerFlood = new TimerFlood(runtime);
  const { quiet, byTimer, toItself } = await inTurns({
    quiet: longestHold(() => () => undefined),
    byTimer: longestHold(await timerFlood.prepare()),
    toItself: longestHold(() => floodToItself(runtime)),
  });
  const limit = { name: 'an idle loop', samples: quiet };
  const targets = (samples: readonly number[]) => [atMost(WANTED_MS, median(samples), `${WANTED_MS} ms`)];
  yield {
    what: '10 M casts/s from a timer',
    unit: 'ms',
    noex: byTimer,
    limit,
    targets: targets(byTimer),
    note: `${(timerFlood.rate / 1e6).toFixed(1)} M/s came about`,
  };
  yield {
    what: 'a process that casts to itself for ever',
    unit: 'ms',
    noex: toItself,
    limit,
    targets: targets(toItself),
  };
  const draining = await alone(() => holdOfBurst(runtime), 5);
  yield { what: 'a burst of 2 M casts, while it drains', unit: 'ms', noex: draining, targets: targets(draining) };
  const inhabited = createRuntime();
  const refs = await startCounters(inhabited, 10_000);
  observe(inhabited);
  const toAll = await alone(longestHold(() => floodToAll(inhabited, refs)));
  yield { what: 'casts to all of 10,000, observed', unit: 'ms', noex: toAll, targets: targets(toAll) };
}

/** Begins a flood; returns what ends it. */
type Flood = () => () => void;

function longestHold(flood: Flood): Round {
  return async () => {
    const watch = new LoopWatch();
    const end = flood();
    await new Promise((resolve) => setTimeout(resolve, FLOOD_MS));
    end();
    return watch.stop();
  };
}

/** Casts at a steady rate, and counts how many came of it. */
class TimerFlood {
  readonly #runtime: Runtime;
  #sent = 0;
  #ms = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Casts a second, all floods so far together. */
  get rate(): number {
    return (1000 * this.#sent) / this.#ms;
  }

  async prepare(): Promise<Flood> {
    const { GenServer } = this.#runtime;
    const server = await GenServer.start(counter);
    return () => {
      const begun = performance.now();
      let last = begun;
      const timer = setInterval(() => {
        const now = performance.now();
        const due = Math.round(CASTS_A_MS * Math.min(MOST_MS, now - last));
        for (let i = 0; i < due; i += 1) GenServer.cast(server, 'increment');
        this.#sent += due;
        last = now;
      }, 1);
      return () => {
        clearInterval(timer);
        this.#ms += performance.now() - begun;
      };
    };
  }
}

/** Each message sends the next, so there is always one. */
function floodToItself({ GenServer }: Runtime): () => void {
  type Self = GenServerRef<Self, never, 'again', never>;
  let isOver = false;
  const restless: GenServerBehavior<Self, never, 'again', never> = {
    init: (self) => {
      GenServer.cast(self, 'again');
      return self;
    },
    handleCall: (_never, self) => [_never, self],
    handleCast: (again, self) => {
      if (!isOver) GenServer.cast(self, again);
      return self;
    },
  };
  const started = GenServer.start(restless);
  return () => {
    isOver = true;
    void started.then((ref) => GenServer.stop(ref));
  };
}

/** Every process has counters to report in each turn. */
function floodToAll({ GenServer }: Runtime, refs: readonly CounterRef[]): () => void {
  const timer = setInterval(() => {
    for (const ref of refs) GenServer.cast(ref, 'increment');
  }, 1);
  return () => clearInterval(timer);
}

/** Sending takes its time in the sender's own turn; what counts is how those behind it are kept waiting. */
async function holdOfBurst({ GenServer }: Runtime): Promise<number> {
  const server = await GenServer.start(counter);
  for (let i = 0; i < BURST; i += 1) GenServer.cast(server, 'increment');
  const watch = new LoopWatch();
  await GenServer.call(server, 'get');
  const hold = watch.stop();
  await GenServer.stop(server);
  return hold;
}

/**
 * Goes round with the event loop, and remembers the longest round. What the machine takes away from this process to give
 * it to others is not counted: a round is no longer than the processor time spent in it.
 */
class LoopWatch {
  #last = performance.now();
  #lastCpu = process.cpuUsage();
  #longest = 0;
  #next: NodeJS.Immediate | undefined;

  constructor() {
    this.#round();
  }

  /** ms */
  stop(): number {
    clearImmediate(this.#next);
    this.#note();
    return this.#longest;
  }

  readonly #round = (): void => {
    this.#note();
    this.#next = setImmediate(this.#round);
  };

  #note(): void {
    const now = performance.now();
    const cpu = process.cpuUsage();
    // All threads of the process: with those of the garbage collector it may be more than the time that passed.
    const cpuMs = (cpu.user + cpu.system - this.#lastCpu.user - this.#lastCpu.system) / 1000;
    this.#longest = Math.max(this.#longest, Math.min(now - this.#last, cpuMs));
    this.#last = now;
    this.#lastCpu = cpu;
  }
}
