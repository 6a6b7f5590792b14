import type { Timer } from '../clock.js';
import { asError, InitializationError, messageOf } from '../errors.js';
import { isThenable } from './handler-runner.js';

/** The parts of a process that `initialize` uses. */
export interface StartingProcess {
  readonly id: string;
  readonly registeredName: string | undefined;
  readonly gone: boolean;
  readonly isInitializing: boolean;
  setTimer(action: () => void, ms: number): Timer;
  clearTimer(timer: Timer): boolean;
  /** Stores the state that `init` returned. From now on the process handles messages. */
  initialized(state: unknown): void;
  /** Reports that `init` failed, and ends the process. */
  initCrashed(error: Error): void;
  /** Reports an error that `init` threw after the process had ended. */
  initFailedLate(thrown: unknown): void;
  /** Calls `terminate` with the state that `init` returned after the process had ended, to release that state. */
  initializedLate(state: unknown): void;
  /** Sets the listener for an end of the process before `init` settles; `undefined` removes it. */
  onEndDuringInit(listener: (() => void) | undefined): void;
}

/**
 * Runs `init`. Returns a promise only if `init` does, so that a synchronous start stays synchronous.
 *
 * @throws InitializationError, or rejects with it, when `init` fails, exceeds `timeoutMs`, or the process is killed
 * meanwhile
 */
export function initialize(
  process: StartingProcess,
  init: () => unknown,
  timeoutMs: number,
): Promise<void> | undefined {
  let initial: unknown;
  let pending: Promise<unknown> | undefined;
  try {
    initial = init();
    if (isThenable(initial)) pending = Promise.resolve(initial);
  } catch (thrown) {
    throw failed(process, asError(thrown));
  }
  if (pending !== undefined) return awaitInit(process, pending, timeoutMs);
  if (process.gone) {
    process.initializedLate(initial);
    throw killedDuringInit(process);
  }
  process.initialized(initial);
  return undefined;
}

export function killedDuringInit({ id, registeredName }: StartingProcess): InitializationError {
  return new InitializationError(id, 'it was killed during init', { registeredName });
}

function awaitInit(process: StartingProcess, pending: Promise<unknown>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.gone) reject(killedDuringInit(process));
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY || process.gone
        ? undefined
        : process.setTimer(() => {
            process.onEndDuringInit(undefined);
            reject(failed(process, new Error(`init took longer than initTimeout (${timeoutMs} ms)`)));
          }, timeoutMs);
    process.onEndDuringInit(() => reject(killedDuringInit(process)));
    const isInTime = (): boolean => {
      if (!process.isInitializing) return false;
      if (timer !== undefined) process.clearTimer(timer);
      process.onEndDuringInit(undefined);
      return true;
    };
    pending.then(
      (state) => {
        if (!isInTime()) {
          process.initializedLate(state);
          return;
        }
        process.initialized(state);
        resolve();
      },
      (thrown) => {
        if (isInTime()) reject(failed(process, asError(thrown)));
        else process.initFailedLate(thrown);
      },
    );
  });
}

function failed(process: StartingProcess, error: Error): InitializationError {
  if (process.gone) {
    process.initFailedLate(error);
    return killedDuringInit(process);
  }
  const { id, registeredName } = process;
  process.initCrashed(error);
  return new InitializationError(id, messageOf(error), { registeredName, cause: error });
}
