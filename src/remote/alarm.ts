import { MAX_TIMER_MS } from '../clock.js';

interface AlarmPorts {
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Calls `action` after `ms`. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
}

/** One timer for the earliest of several times. */
export class Alarm {
  readonly #ports: AlarmPorts;
  readonly #ring: () => void;
  #due = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** @param ring called at the time, or earlier if the time is very far ahead; it sets the next time */
  constructor(ports: AlarmPorts, ring: () => void) {
    this.#ports = ports;
    this.#ring = ring;
  }

  /** Sets a time, ms of the monotonic clock. Has no effect if the alarm is set for an earlier time, or for Infinity. */
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
