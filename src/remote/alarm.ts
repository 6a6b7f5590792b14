import { MAX_TIMER_MS } from '../clock.js';

interface AlarmPorts {
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Calls `action` after `ms`. Returns a function that cancels the call. */
  after(ms: number, action: () => void): () => void;
}

/** One timer for the earliest of several times. */
export class Alarm {
  readonly #ports: AlarmPorts;
  readonly #ring: () => void;
  #due = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** @param ring called at the set time, or after {@link MAX_TIMER_MS} if that is earlier; it may set a new time */
  constructor(ports: AlarmPorts, ring: () => void) {
    this.#ports = ports;
    this.#ring = ring;
  }

  /** Makes the alarm ring at `time`, ms of the monotonic clock, if it does not ring earlier. Infinity has no effect. */
  set(time: number): void {
    if (time >= this.#due) return;
    this.cancel();
    this.#due = time;
    const ms = Math.min(Math.max(0, time - this.#ports.now()), MAX_TIMER_MS);
    this.#cancel = this.#ports.after(ms, () => {
      this.#due = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }
}
