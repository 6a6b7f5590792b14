import type { Clock, Timer } from '../../clock.js';
import type { NodeId } from '../node-id.js';
import type { Link } from './link.js';

/** The longest time to wait for the answer to a probe, ms. The new link that claims the same id waits as long. */
const MAX_PROBE_MS = 2000;

interface Probe {
  readonly timer: Timer;
  readonly waiting: ((answered: boolean) => void)[];
}

/** When a peer claims the id of a linked peer, probes the existing link to find out whether it is still alive. */
export class Probes {
  readonly #pending = new Map<NodeId, Probe>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Returns the current link with a peer; `undefined` if there is none. */
  readonly #linkWith: (id: NodeId) => Link | undefined;

  constructor(clock: Clock, intervalMs: number, linkWith: (id: NodeId) => Link | undefined) {
    this.#clock = clock;
    this.#timeoutMs = Math.min(MAX_PROBE_MS, intervalMs);
    this.#linkWith = linkWith;
  }

  /**
   * Probes a peer, and calls `then` with whether it answered in time. Received bytes count as an answer, too: a peer
   * that is sending a long message cannot answer before the end of this message.
   */
  ask(id: NodeId, then: (answered: boolean) => void): void {
    const link = this.#linkWith(id);
    const before = link?.traffic.received ?? 0;
    const isReceiving = (): boolean =>
      link !== undefined && link === this.#linkWith(id) && link.traffic.received > before;
    const waiting = (answered: boolean): void => then(answered || isReceiving());
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      pending.waiting.push(waiting);
      return;
    }
    const timer = this.#clock.setTimeout(() => this.settle(id, false), this.#timeoutMs);
    this.#pending.set(id, { timer, waiting: [waiting] });
    link?.send({ type: 'probe' });
  }

  /** Ends the pending probe of a node, if there is one. `answered` is `false` if the node is known to be gone. */
  settle(id: NodeId, answered: boolean): void {
    const probe = this.#pending.get(id);
    if (probe === undefined) return;
    this.#pending.delete(id);
    this.#clock.clearTimeout(probe.timer);
    for (const then of probe.waiting) then(answered);
  }

  /** Ends all pending probes without calling back. */
  stop(): void {
    for (const { timer } of this.#pending.values()) this.#clock.clearTimeout(timer);
    this.#pending.clear();
  }
}
