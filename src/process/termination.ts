import type { Timer } from '../clock.js';
import { asError } from '../errors.js';
import type { TerminationReason } from './gen-server-types.js';
import { isThenable } from './handler-runner.js';

/**
 * How long `terminate` may take after a crash before the process is gone without it, ms. A supervisor gives its children the
 * time of their specs instead.
 */
export const CRASH_CLEANUP_MS = 5000;

/** What running `terminate` needs of the process. */
interface TerminatingProcess {
  readonly gone: boolean;
  setTimer(action: () => void, ms: number): Timer;
  clearTimer(timer: Timer): boolean;
  /** Ends the process. */
  exit(reason: TerminationReason): void;
  /** `terminate` itself has failed. */
  terminateCrashed(error: Error): void;
}

/** A `terminate` under way after a crash: no `stop` with a time-out limits it, so the process does. */
export class CrashCleanup {
  readonly #process: TerminatingProcess;
  readonly #reason: TerminationReason;
  #timer: Timer | undefined;

  constructor(process: TerminatingProcess, reason: TerminationReason) {
    this.#process = process;
    this.#reason = reason;
  }

  /** Limits `terminate` to `ms` from now; after that, the process ends without waiting for it. */
  limit(ms: number): void {
    const process = this.#process;
    const exit = (): void => process.exit(this.#reason);
    if (this.#timer !== undefined) process.clearTimer(this.#timer);
    if (ms === 0) exit();
    else if (ms !== Number.POSITIVE_INFINITY) this.#timer = process.setTimer(exit, ms);
  }
}

/**
 * Runs `terminate`, then ends the process. Returns what limits a `terminate` that is under way after a crash: a supervisor
 * waits for the exit before it restarts the child.
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
    // The first crash is the reason; a second one, in `terminate`, is only reported.
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

/** Runs `terminate` for a state that `init` has made when the process was gone already. */
export function releaseState(terminate: () => unknown, failed: (thrown: unknown) => void): void {
  try {
    const cleanup = terminate();
    if (isThenable(cleanup)) Promise.resolve(cleanup).then(undefined, failed);
  } catch (thrown) {
    failed(thrown);
  }
}
