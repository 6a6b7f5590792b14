const INITIAL_CAPACITY = 4;
const NO_RING: unknown[] = [];

/**
 * A queue of messages, each with its envelope (what its sender awaits). A ring buffer: taking one costs the same at any
 * depth, and a message with a envelope costs no allocation of its own.
 */
export class Mailbox<Envelope> {
  // Message and envelope of entry i stand at 2i and 2i + 1, modulo the capacity, which is a power of two.
  // There is none before the first message: many processes never get one.
  #ring: unknown[] = NO_RING;
  #mask = -1;
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(message: unknown, envelope: Envelope): void {
    if (2 * this.#size > this.#mask) this.#resize(Math.max(2 * INITIAL_CAPACITY, 2 * this.#ring.length));
    const at = (this.#head + 2 * this.#size) & this.#mask;
    this.#ring[at] = message;
    this.#ring[at + 1] = envelope;
    this.#size += 1;
  }

  /** The message that waits longest. Only valid while `size > 0`. */
  get message(): unknown {
    return this.#ring[this.#head];
  }

  /** The envelope of the message that waits longest. Only valid while `size > 0`. */
  get envelope(): Envelope {
    return this.#ring[this.#head + 1] as Envelope;
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
