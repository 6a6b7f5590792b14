import type { Clock, Timer } from '../../clock.js';
import type { Closing, Connection, ConnectionHandlers, Seal } from './transport.js';

/** The connection is terminated when the other side does not answer a close within this time, ms. */
const CLOSE_TIMEOUT_MS = 1000;

interface MemoryConnectionEndOptions {
  readonly address: string;
  readonly remote: string;
  readonly isAccepted: boolean;
  readonly clock: Clock;
  /** Returns the latency of the next event, ms. */
  readonly latencyMs: () => number;
  /** Returns whether events must wait, because the process is frozen or the network is cut. */
  readonly isBlocked: () => boolean;
  /** Called when this end of the connection has ended. */
  readonly onOver: () => void;
}

/** One end of a simulated connection. Everything that the other end does arrives as an event, in order. */
export class MemoryConnectionEnd implements Connection {
  readonly address: string;
  readonly remote: string;
  readonly isAccepted: boolean;
  peer: MemoryConnectionEnd | undefined;
  readonly #options: MemoryConnectionEndOptions;
  readonly #inbox: (() => void)[] = [];
  /** The number of events in the inbox that have arrived; the others are still in transit. */
  #arrived = 0;
  /** When the last event of the inbox arrives, ms of the monotonic clock. */
  #lastDue = 0;
  #state: 'connecting' | 'open' | 'closing' | 'over';
  #handlers: ConnectionHandlers | undefined;
  #closeTimer: Timer | undefined;
  #seal: Seal | undefined;
  backlog = 0;
  received = 0;
  sent = 0;

  constructor(options: MemoryConnectionEndOptions) {
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
    this.#notifyPeer({ code, reason });
    this.#closeTimer = this.#options.clock.setTimeout(() => this.finish({ code: 1006, reason }), CLOSE_TIMEOUT_MS);
  }

  terminate(): void {
    if (this.#state === 'over') return;
    this.#notifyPeer({ code: 1006, reason: 'ECONNRESET' });
    const handlers = this.#handlers;
    this.vanish();
    this.#options.clock.setTimeout(() => handlers?.onClose({ code: 1006, reason: '' }), 0);
  }

  /** Queues an event, which arrives after the latency of the network, in order. */
  post(event: () => void): void {
    if (this.#state === 'over') return;
    const { clock, latencyMs } = this.#options;
    const now = clock.monotonic();
    // An event never arrives before an earlier one, so a late event delays all later ones.
    this.#lastDue = Math.max(this.#lastDue, now + latencyMs());
    this.#inbox.push(event);
    clock.setTimeout(() => {
      this.#arrived += 1;
      this.deliver();
    }, this.#lastDue - now);
  }

  /** Runs the events that have arrived, unless this end is blocked. */
  deliver(): void {
    while (this.#arrived > 0 && this.#state !== 'over' && !this.#options.isBlocked()) {
      this.#arrived -= 1;
      this.#inbox.shift()?.();
    }
  }

  /** Opens this end, because the other side accepted the connection that this side dialled. */
  open(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#handlers?.onOpen?.();
  }

  /** Ends this end, as if its process were killed. Notifies the other side, but not the owner of this end. */
  crash(): void {
    const { peer } = this;
    peer?.post(() => peer.finish({ code: 1006, reason: 'ECONNRESET' }));
    this.vanish();
  }

  /** Ends this end because the connection has ended, and notifies its owner. */
  finish(closing: Closing): void {
    if (this.#state === 'over') return;
    const handlers = this.#handlers;
    this.vanish();
    handlers?.onClose(closing);
  }

  /** Ends this end of the connection, without notifying its owner or the other side. */
  vanish(): void {
    if (this.#closeTimer !== undefined) this.#options.clock.clearTimeout(this.#closeTimer);
    this.#state = 'over';
    this.backlog = 0;
    this.#options.onOver();
  }

  /** Ends the other end. The other end then ends this end, unless this end is over already. */
  #notifyPeer(closing: Closing): void {
    const { peer } = this;
    peer?.post(() => {
      peer.finish(closing);
      this.post(() => this.finish(closing));
    });
  }
}
