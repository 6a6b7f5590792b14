import type { GenServerBehavior, TerminationReason } from '../../src/process/gen-server-types.js';

export type CounterCall = 'get' | 'boom';
export type CounterCast = 'inc' | 'boom';

export const boom = new Error('boom');

/** Counts; crashes at `boom`. */
export const counter: GenServerBehavior<number, CounterCall, CounterCast, number> = {
  init: () => 0,
  handleCall(message, count) {
    if (message === 'boom') throw boom;
    return [count, count];
  },
  handleCast(message, count) {
    if (message === 'boom') throw boom;
    return count + 1;
  },
};

export interface Recorded {
  readonly log: string[];
  readonly behavior: GenServerBehavior<null, string, string, string, string>;
}

/** Writes down all that it is asked to do. */
export function recorder(): Recorded {
  const log: string[] = [];
  return {
    log,
    behavior: {
      init: () => null,
      handleCall(message) {
        log.push(`call ${message}`);
        return [`re: ${message}`, null];
      },
      handleCast(message) {
        log.push(`cast ${message}`);
        return null;
      },
      handleInfo(message) {
        log.push(`info ${message}`);
        return null;
      },
      terminate(reason) {
        log.push(`terminate ${reasonText(reason)}`);
      },
    },
  };
}

export function reasonText(reason: TerminationReason): string {
  return typeof reason === 'string' ? reason : `crash: ${reason.error.message}`;
}

/** A promise that is settled from outside. */
export interface Gate<Value = void> {
  readonly opened: Promise<Value>;
  open(value: Value): void;
  fail(error: unknown): void;
}

export function gate<Value = void>(): Gate<Value> {
  let open: (value: Value) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const opened = new Promise<Value>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Never settles. */
export const never: Promise<never> = new Promise(() => {});
