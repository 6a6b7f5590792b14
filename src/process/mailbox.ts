const INITIAL_CAPACITY = 4;
const NO_RING: unknown[] = [];

/**
 * A FIFO queue of messages, each with an envelope. It is a ring buffer: removing a message takes constant time at any
 * length, and queuing a message with its envelope allocates no object.
 */
export class Mailbox<Envelope> {
  // Message i is stored at index 2i after the head and its envelope at 2i + 1, modulo the capacity, which is a power of
  // two. The buffer is allocated with the first message, because many processes never receive one.
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

  /** The oldest message. Only valid while `size > 0`. */
  get message(): unknown {
    return this.#ring[this.#head];
  }

  /** The envelope of the oldest message. Only valid while `size > 0`. */
  get envelope(): Envelope {
    return this.#ring[this.#head + 1] as Envelope;
  }

  /** Removes the oldest message with its envelope. Only valid while `size > 0`. */
  drop(): void {
    this.#ring[this.#head] = undefined;
    this.#ring[this.#head + 1] = undefined;
    this.#head = (this.#head + 2) & this.#mask;
    this.#size -= 1;
    // Releases the memory of a large buffer once the mailbox is empty.
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
