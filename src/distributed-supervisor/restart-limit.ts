import { MaxRestartsExceededError } from '../errors.js';
import { type RestartIntensity, RestartWindow, restartDelayMs } from '../supervisor/intensity.js';

interface RestartLimitOptions {
  readonly restartIntensity: RestartIntensity;
  /** The process id of the supervisor. */
  readonly supervisorId: string;
  /** The current time, ms of the monotonic clock. */
  now(): number;
}

/** Counts the restarts of a distributed supervisor, across its leaders. */
export class RestartLimit {
  readonly #options: RestartLimitOptions;
  readonly #window: RestartWindow;

  constructor(options: RestartLimitOptions) {
    this.#options = options;
    this.#window = new RestartWindow(options.restartIntensity);
  }

  /** How long ago the restarts within the time window were, ms, longest first. */
  get ages(): readonly number[] {
    return this.#window.agesAt(this.#options.now());
  }

  /** Adds the restarts of an earlier leader, by their ages, ms. */
  restore(ages: readonly number[]): void {
    const now = this.#options.now();
    for (const age of ages.toSorted((a, b) => b - a)) this.#window.record(now - age);
  }

  /**
   * Counts a restart. Returns an error if the limit is exceeded; otherwise `undefined`.
   *
   * @param cause why the child restarts; becomes the cause of the returned error
   */
  count(cause: Error): MaxRestartsExceededError | undefined {
    const { restartIntensity, supervisorId, now } = this.#options;
    if (this.#window.record(now())) return undefined;
    const { maxRestarts, withinMs } = restartIntensity;
    return new MaxRestartsExceededError(supervisorId, maxRestarts, withinMs, { cause });
  }

  /** The earliest time for the restart that was just counted, ms of the monotonic clock. To be read after `count`. */
  get nextRestartAt(): number {
    const { restartIntensity, now } = this.#options;
    return now() + restartDelayMs(this.#window.size, restartIntensity.backoff);
  }
}
