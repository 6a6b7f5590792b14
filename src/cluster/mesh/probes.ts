import type { Clock, Timer } from '../../clock.js';
import type { NodeId } from '../node-id.js';
import type { Link } from './link.js';

/**
 * The longest time to wait for the answer to a probe, ms. With a shorter heartbeat interval, the time limit is that
 * interval. The new link with the same id waits until the probe is settled.
 */
const MAX_PROBE_MS = 2000;

interface Probe {
  readonly timer: Timer;
  readonly waiting: ((answered: boolean) => void)[];
}

/**
 * Finds out whether linked peers are still alive. A probe is needed when a new link has the id of a linked peer. If the
 * linked peer answers, the new link is refused.
 */
export class Probes {
  readonly #pending = new Map<NodeId, Probe>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Returns the current link with a peer, or `undefined` if there is none. */
  readonly #linkWith: (id: NodeId) => Link | undefined;

  constructor(clock: Clock, intervalMs: number, linkWith: (id: NodeId) => Link | undefined) {
    this.#clock = clock;
    this.#timeoutMs = Math.min(MAX_PROBE_MS, intervalMs);
    this.#linkWith = linkWith;
  }

  /**
   * Probes a peer, and calls `then` with whether the peer answered in time. If a probe of this peer is pending, waits
   * for the outcome of that probe. Received bytes count as an answer, too, because a peer that is sending a long
   * message cannot answer before the end of that message.
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

  /**
   * Ends the pending probe of a peer, if there is one, and calls back.
   *
   * @param answered whether the peer answered. `false`: the time limit is over, or the link has ended
   */
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
