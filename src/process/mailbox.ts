const INITIAL_CAPACITY = 4;
const NO_RING: unknown[] = [];

/**
 * A queue of messages, each with its receipt (what its sender awaits). A ring buffer: taking one costs the same at any
 * depth, and a message with a receipt costs no allocation of its own.
 */
export class Mailbox<Receipt> {
  // Message and receipt of entry i stand at 2i and 2i + 1, modulo the capacity, which is a power of two.
  // There is none before the first message: many processes never get one.
  #ring: unknown[] = NO_RING;
  #mask = -1;
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(message: unknown, receipt: Receipt): void {
    if (2 * this.#size > this.#mask) this.#resize(Math.max(2 * INITIAL_CAPACITY, 2 * this.#ring.length));
    const at = (this.#head + 2 * this.#size) & this.#mask;
    this.#ring[at] = message;
    this.#ring[at + 1] = receipt;
    this.#size += 1;
  }

  /** The message that waits longest. Only valid while `size > 0`. */
  get message(): unknown {
    return this.#ring[this.#head];
  }

  /** The receipt of the message that waits longest. Only valid while `size > 0`. */
  get receipt(): Receipt {
    return this.#ring[this.#head + 1] as Receipt;
  }

  /** Removes the message that waits longest. */
  drop(): void {
    this.#ring[this.#head] = undefined;
    this.#ring[this.#head + 1] = undefined;
    this.#head = (this.#head + 2) & this.#mask;
    this.#size -= 1;
    // A flood that has passed must not hold its memory for ever.
    if (this.#size === 0 && this.#ring.length > 2048) this.#resize(2 * INITIAL_CAPACITY);
  }

  #resize(length: number): void {
    const ring: unknown[] = new Array(length).fill(undefined);
    for (let i = 0; i < 2 * this.#size; i += 1) ring[i] = this.#ring[(this.#head + i) & this.#mask];
    this.#ring = ring;
    this.#mask = length - 1;
    this.#head = 0;
  }
}
