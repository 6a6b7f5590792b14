import { setTimeout as delay } from 'node:timers/promises';
import { GenServer, type GenServerBehavior, Registry, Supervisor, stop } from '../../index.js';

/** All that is ever said in the demo. */
export interface Message {
  readonly type: string;
  readonly order?: number;
}

export type Server = GenServerBehavior<number, 'count', Message, number>;

/** How often customers are on the move, ms. */
const TICK_MS = 50;
/** Business goes up and down once in this time, ms. */
const TIDE_MS = 90_000;

/** Handles each message at once. */
export function quick(): Server {
  return {
    init: () => 0,
    handleCall: (_count, handled) => [handled, handled],
    handleCast: (_message, handled) => handled + 1,
  };
}

/** Awaits `ms` for each message, like a server that waits for another service: its queue grows in busy times. */
export function slow(least: number, most: number): Server {
  return {
    ...quick(),
    async handleCast(_message, handled) {
      await delay(least + Math.random() * (most - least));
      return handled + 1;
    },
  };
}

/** Crashes now and then, every `meanMs` or so. */
export function breaks(meanMs: number): Server {
  let breaksAt = 0;
  return {
    ...quick(),
    init() {
      breaksAt = performance.now() + meanMs * (0.5 + Math.random());
      return 0;
    },
    handleCast({ order }, handled) {
      if (performance.now() >= breaksAt) throw new RangeError(`the score of order ${order} is not a number`);
      return handled + 1;
    },
  };
}

/** Blocks the event loop for `ms` now and then. */
export function reports(ms: number): Server {
  return {
    ...quick(),
    handleCast(_message, handled) {
      if (handled % 60 === 59) {
        const end = performance.now() + ms;
        while (performance.now() < end);
      }
      return handled + 1;
    },
  };
}

/** The peak load: requests to each server per second. */
export function customers(demand: Readonly<Record<string, number>>): GenServerBehavior<() => void, never, 'tick'> {
  const owed = new Map<string, number>();
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
        const due = (owed.get(name) ?? 0) + (most * tide() * (0.5 + Math.random()) * TICK_MS) / 1000;
        owed.set(name, due % 1);
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

/** From a fifth to the whole. */
function tide(): number {
  return 0.6 + 0.4 * Math.sin((2 * Math.PI * Date.now()) / TIDE_MS);
}

/** A visitor who browses for `stayMs`, and leaves. */
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

/** Starts a visit now and then, while there are fewer than `most`. */
export function door(most: number): GenServerBehavior<() => void, never, 'tick'> {
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
