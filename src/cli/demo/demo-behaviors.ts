import { setTimeout as delay } from 'node:timers/promises';
import { GenServer, type GenServerBehavior, Registry, Supervisor, stop } from '../../index.js';

/** A request of a customer to a server of the demo shop. */
export interface Message {
  readonly type: string;
  readonly order?: number;
}

export type Server = GenServerBehavior<number, 'count', Message, number>;

/** The interval at which customers send their requests, ms. */
const TICK_MS = 50;
/** The period of the load, ms: the load rises and falls once per period. */
const LOAD_PERIOD_MS = 90_000;

/** A server that handles each message at once. */
export function fast(): Server {
  return {
    init: () => 0,
    handleCall: (_count, handled) => [handled, handled],
    handleCast: (_message, handled) => handled + 1,
  };
}

/**
 * A server that takes `least` to `most` ms for each cast, as if it waited for another service. Its queue grows at peak
 * load.
 */
export function slow(least: number, most: number): Server {
  return {
    ...fast(),
    async handleCast(_message, handled) {
      await delay(least + Math.random() * (most - least));
      return handled + 1;
    },
  };
}

/** A server that crashes at the first cast after a random time, `meanMs` on average. */
export function crashing(meanMs: number): Server {
  let crashesAt = 0;
  return {
    ...fast(),
    init() {
      crashesAt = performance.now() + meanMs * (0.5 + Math.random());
      return 0;
    },
    handleCast({ order }, handled) {
      if (performance.now() >= crashesAt) throw new RangeError(`the score of order ${order} is not a number`);
      return handled + 1;
    },
  };
}

/** A server that blocks the event loop for `ms` with every 60th cast. */
export function blocking(ms: number): Server {
  return {
    ...fast(),
    handleCast(_message, handled) {
      if (handled % 60 === 59) {
        const end = performance.now() + ms;
        while (performance.now() < end);
      }
      return handled + 1;
    },
  };
}

/**
 * A GenServer that generates load.
 *
 * @param demand the average number of requests per second at peak load, by server name
 */
export function customers(demand: Readonly<Record<string, number>>): GenServerBehavior<() => void, never, 'tick'> {
  // The fraction of a request that is still due, by server name.
  const unsent = new Map<string, number>();
  let order = 1000;
  return {
    init(self) {
      const tick = () => void GenServer.sendAfter(self, 'tick', TICK_MS);
      tick();
      return tick;
    },
    handleCall: (_message, tick) => [undefined, tick],
    handleCast(_tick, tick) {
      for (const [name, most] of Object.entries(demand)) {
        const due = (unsent.get(name) ?? 0) + (most * loadShare() * (0.5 + Math.random()) * TICK_MS) / 1000;
        unsent.set(name, due % 1);
        const server = Registry.whereis(name);
        for (let sent = 1; sent <= due && server !== undefined; sent += 1) {
          order += 1;
          GenServer.cast(server, { type: `${name}_wanted`, order });
        }
      }
      tick();
      return tick;
    },
  };
}

/** The current load as a share of the peak load, 0.2 to 1. */
function loadShare(): number {
  return 0.6 + 0.4 * Math.sin((2 * Math.PI * Date.now()) / LOAD_PERIOD_MS);
}

/** A GenServer that represents a visitor: it stops normally after `stayMs`. */
export function visit(stayMs: number): GenServerBehavior<null, never, 'leave'> {
  return {
    init(self) {
      GenServer.sendAfter(self, 'leave', stayMs);
      return null;
    },
    handleCall: () => [undefined, null],
    handleCast: (_message, state) => stop('normal', state),
  };
}

/** A GenServer that starts a visit every 1.5 s while fewer than `most` visits are running. */
export function visitStarter(most: number): GenServerBehavior<() => void, never, 'tick'> {
  return {
    init(self) {
      const tick = () => void GenServer.sendAfter(self, 'tick', 1500);
      tick();
      return tick;
    },
    handleCall: (_message, tick) => [undefined, tick],
    async handleCast(_tick, tick) {
      const visitors = Registry.lookup('visitors');
      const stayMs = 20_000 + 60_000 * Math.random();
      if (Supervisor.countChildren(visitors) < most) await Supervisor.startChild(visitors, [stayMs]);
      tick();
      return tick;
    },
  };
}
