import type { Timer } from '../clock.js';
import { asError } from '../errors.js';
import type { TerminationReason } from './gen-server-types.js';
import { isThenable } from './handler-runner.js';

/**
 * The time limit for `terminate` after the crash of a GenServer without a supervisor, ms. For the children of a
 * supervisor, their shutdown time-outs replace this limit.
 */
export const CRASH_CLEANUP_MS = 5000;

/** The parts of a process that `runTerminate` uses. */
interface TerminatingProcess {
  readonly gone: boolean;
  setTimer(action: () => void, ms: number): Timer;
  clearTimer(timer: Timer): boolean;
  /** Ends the process without waiting for `terminate`. */
  exit(reason: TerminationReason): void;
  /** Reports that `terminate` failed. */
  terminateCrashed(error: Error): void;
}

/**
 * Limits the time of an asynchronous `terminate` after a crash. After a stop, the time-out of `stop` limits it instead.
 */
export class CrashCleanup {
  readonly #process: TerminatingProcess;
  readonly #reason: TerminationReason;
  #timer: Timer | undefined;

  constructor(process: TerminatingProcess, reason: TerminationReason) {
    this.#process = process;
    this.#reason = reason;
  }

  /**
   * Limits `terminate` to `ms` from now, and replaces the previous limit. When the time is over, the process ends
   * without waiting for `terminate`. With 0, it ends at once. Infinity: no limit.
   */
  limit(ms: number): void {
    const process = this.#process;
    const exit = (): void => process.exit(this.#reason);
    if (this.#timer !== undefined) process.clearTimer(this.#timer);
    if (ms === 0) exit();
    else if (ms !== Number.POSITIVE_INFINITY) this.#timer = process.setTimer(exit, ms);
  }
}

/**
 * Runs `terminate`, then ends the process. If `terminate` is asynchronous and `reason` is an error, returns an object
 * to limit its time: a supervisor must not wait for ever before it restarts the child. Otherwise returns `undefined`.
 */
export function runTerminate(
  process: TerminatingProcess,
  terminate: () => unknown,
  reason: TerminationReason,
): CrashCleanup | undefined {
  const failed = (thrown: unknown): void => {
    if (process.gone) return;
    const error = asError(thrown);
    process.terminateCrashed(error);
    // After a crash, the first error stays the exit reason. After a stop, the error of `terminate` is the reason.
    process.exit(typeof reason === 'string' ? { error } : reason);
  };
  try {
    const cleanup = terminate();
    if (!isThenable(cleanup)) {
      process.exit(reason);
      return undefined;
    }
    Promise.resolve(cleanup).then(() => process.exit(reason), failed);
    return typeof reason === 'object' ? new CrashCleanup(process, reason) : undefined;
  } catch (thrown) {
    failed(thrown);
    return undefined;
  }
}

/** Runs `terminate` for a state that `init` returned after the process had ended. Passes its error to `failed`. */
export function releaseState(terminate: () => unknown, failed: (thrown: unknown) => void): void {
  try {
    const cleanup = terminate();
    if (isThenable(cleanup)) Promise.resolve(cleanup).then(undefined, failed);
  } catch (thrown) {
    failed(thrown);
  }
}
