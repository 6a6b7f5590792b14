import type { Clock, Timer } from '../../clock.js';
import type { Closing, Connection, ConnectionHandlers, Seal } from './transport.js';

/** The connection is terminated when the other side does not answer a close within this time, ms. */
const CLOSE_TIMEOUT_MS = 1000;

interface MemoryEndOptions {
  readonly address: string;
  readonly remote: string;
  readonly isAccepted: boolean;
  readonly clock: Clock;
  readonly latencyMs: () => number;
  readonly isBlocked: () => boolean;
  readonly onOver: () => void;
}

/** One end of a connection. What happens to it comes in as events, strictly in order. */
export class MemoryConnectionEnd implements Connection {
  readonly address: string;
  readonly remote: string;
  readonly isAccepted: boolean;
  peer: MemoryConnectionEnd | undefined;
  readonly #options: MemoryEndOptions;
  readonly #inbox: (() => void)[] = [];
  /** How many events of the inbox have arrived; the rest is still under way. */
  #arrived = 0;
  /** When the last event of the inbox arrives, ms. */
  #lastDue = 0;
  #state: 'connecting' | 'open' | 'closing' | 'over';
  #handlers: ConnectionHandlers | undefined;
  #closeTimer: Timer | undefined;
  #seal: Seal | undefined;
  backlog = 0;
  received = 0;
  sent = 0;

  constructor(options: MemoryEndOptions) {
    this.#options = options;
    this.address = options.address;
    this.remote = options.remote;
    this.isAccepted = options.isAccepted;
    this.#state = options.isAccepted ? 'open' : 'connecting';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  send(text: string): void {
    const { peer } = this;
    if (this.#state !== 'open') return;
    this.backlog += text.length;
    const sealed = this.#seal?.seal(text) ?? text;
    peer?.post(() => {
      if (!this.isOver) this.backlog -= text.length;
      this.sent += sealed.length;
      peer.#receive(sealed);
    });
  }

  sendNow(text: string): void {
    this.send(text);
  }

  trust(seal?: Seal): void {
    this.#seal = seal;
  }

  #receive(sealed: string): void {
    this.received += sealed.length;
    const text = this.#seal === undefined ? sealed : this.#seal.open(sealed);
    if (text === undefined) this.#handlers?.onViolation('forged');
    else this.#handlers?.onMessage(text);
  }

  close(code: number, reason: string): void {
    if (this.#state === 'connecting') {
      this.terminate();
      return;
    }
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#bye({ code, reason });
    this.#closeTimer = this.#options.clock.setTimeout(() => this.finish({ code: 1006, reason }), CLOSE_TIMEOUT_MS);
  }

  terminate(): void {
    if (this.#state === 'over') return;
    this.#bye({ code: 1006, reason: 'ECONNRESET' });
    const handlers = this.#handlers;
    this.vanish();
    this.#options.clock.setTimeout(() => handlers?.onClose({ code: 1006, reason: '' }), 0);
  }

  /** Queues an event, which arrives after the latency of the network, in order. */
  post(event: () => void): void {
    if (this.#state === 'over') return;
    const { clock, latencyMs } = this.#options;
    const now = clock.monotonic();
    // What is late makes late what comes behind it.
    this.#lastDue = Math.max(this.#lastDue, now + latencyMs());
    this.#inbox.push(event);
    clock.setTimeout(() => {
      this.#arrived += 1;
      this.deliver();
    }, this.#lastDue - now);
  }

  deliver(): void {
    while (this.#arrived > 0 && this.#state !== 'over' && !this.#options.isBlocked()) {
      this.#arrived -= 1;
      this.#inbox.shift()?.();
    }
  }

  open(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#handlers?.onOpen?.();
  }

  /** The owner died: only the other side is notified. */
  crash(): void {
    const { peer } = this;
    peer?.post(() => peer.finish({ code: 1006, reason: 'ECONNRESET' }));
    this.vanish();
  }

  /** The connection has ended: notifies its owner. */
  finish(closing: Closing): void {
    if (this.#state === 'over') return;
    const handlers = this.#handlers;
    this.vanish();
    handlers?.onClose(closing);
  }

  /** The connection is over, and its owner does not hear of it. */
  vanish(): void {
    if (this.#closeTimer !== undefined) this.#options.clock.clearTimeout(this.#closeTimer);
    this.#state = 'over';
    this.backlog = 0;
    this.#options.onOver();
  }

  #bye(closing: Closing): void {
    const { peer } = this;
    peer?.post(() => {
      peer.finish(closing);
      this.post(() => this.finish(closing));
    });
  }
}
