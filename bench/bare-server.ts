import { counter } from './counter.js';

/**
 * The limit: a ring buffer, a loop and a microtask. No time-outs, no errors, no budget, no counters, no observer: what
 * is left of a process when everything that makes it one is taken away.
 */
export class BareServer {
  #ring: unknown[] = new Array(2 * 1024).fill(undefined);
  #head = 0;
  #size = 0;
  #count = 0;
  #scheduled = false;

  cast(message: 'increment'): void {
    this.#push(message, undefined);
  }

  call(message: 'get'): Promise<number> {
    const reply = new Promise<number>(capture);
    this.#push(message, captured);
    return reply;
  }

  #push(message: unknown, reply: Reply | undefined): void {
    if (2 * this.#size === this.#ring.length) this.#grow();
    const at = (this.#head + 2 * this.#size) & (this.#ring.length - 1);
    this.#ring[at] = message;
    this.#ring[at + 1] = reply;
    this.#size += 1;
    if (this.#scheduled) return;
    this.#scheduled = true;
    void resolved.then(this.#drain);
  }

  readonly #drain = (): void => {
    while (this.#size > 0) {
      const message = this.#ring[this.#head];
      const reply = this.#ring[this.#head + 1] as Reply | undefined;
      this.#ring[this.#head] = this.#ring[this.#head + 1] = undefined;
      this.#head = (this.#head + 2) & (this.#ring.length - 1);
      this.#size -= 1;
      if (reply === undefined) this.#count = counter.handleCast(message as 'increment', this.#count);
      else reply(counter.handleCall(message as 'get', this.#count)[0]);
    }
    this.#scheduled = false;
  };

  #grow(): void {
    const ring: unknown[] = new Array(2 * this.#ring.length).fill(undefined);
    const mask = this.#ring.length - 1;
    for (let i = 0; i < this.#ring.length; i += 1) ring[i] = this.#ring[(this.#head + i) & mask];
    this.#ring = ring;
    this.#head = 0;
  }
}

type Reply = (count: number) => void;

const resolved = Promise.resolve();
let captured: Reply;
const capture = (resolve: Reply): void => {
  captured = resolve;
};
