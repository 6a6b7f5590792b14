import { type Observable, Subject } from 'rxjs';
import { NodeTimeoutError } from '../errors.js';
import { CONNECTED, type LinkStatus, linkStatusAfter } from './link-status.js';
import { type NodeReplicas, type TimeBudget, timeBudget } from './node-replicas.js';
import type { ObservedChange, ObservedMember } from './observed-members.js';
import { IDLE_PUSH_MS, PAGING_MS, REPORT, UNWATCH, WATCH } from './protocol.js';

/**
 * A watched node that has not reported for this long, ms, is shown as `timeout`. By then, two of its idle reports are
 * missing.
 */
const SILENT_MS = 2.5 * IDLE_PUSH_MS;
const SILENT: LinkStatus = { link: 'timeout', error: `nothing heard from it for more than ${SILENT_MS} ms` };

/**
 * A node that has not sent all pages of its state within this time, ms, is asked again, so that no request stays
 * pending for ever.
 */
const MAX_ANSWER_MS = 10 * PAGING_MS;

/** The limit for the answer to {@link UNWATCH}, ms. */
const UNWATCH_TIMEOUT_MS = 5000;

interface WatchPorts<Id extends string> {
  monotonic(): number;
  readonly replicas: NodeReplicas<Id>;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): () => void;
}

/**
 * Asks nodes to push reports of their changes. Applies the reports to the replicas, and keeps the link status of each
 * watched node.
 *
 * The time limit for an answer is much longer than that of a poll, because a repeated request would start from the
 * beginning. Over a slow link, the full state of a large node takes long, and the node is `timeout` until its full
 * state has arrived.
 */
export class Watch<Id extends string> {
  readonly #ports: WatchPorts<Id>;
  /** When the watch of each node began, ms of the monotonic clock. */
  readonly #watched = new Map<Id, number>();
  /**
   * The time budget of the pending request to each node. If an entry is removed, its request reads no further pages.
   */
  readonly #asking = new Map<Id, TimeBudget>();
  /** The status of nodes with a failed request or an invalid report, until their next valid report. */
  readonly #problems = new Map<Id, LinkStatus>();
  readonly #noticed$ = new Subject<void>();
  readonly #unsubscribe: () => void;

  constructor(ports: WatchPorts<Id>) {
    this.#ports = ports;
    this.#unsubscribe = ports.onNotify(REPORT, (text, id) => this.#receive(id, text));
  }

  /** Emits when a node gets a problem, or when its problem ends. */
  get noticed$(): Observable<void> {
    return this.#noticed$;
  }

  /** Asks a node for its state, and for a push of each later change. */
  begin(id: Id): void {
    const { monotonic, replicas } = this.#ports;
    if (!this.#watched.has(id)) this.#watched.set(id, monotonic());
    const budget = timeBudget(MAX_ANSWER_MS, monotonic, PAGING_MS);
    this.#asking.set(id, budget);
    const isCurrent = (): boolean => this.#asking.get(id) === budget;
    /** Ends this request if it is the current request of the node. Returns whether it was. */
    const endRequest = (): boolean => isCurrent() && this.#asking.delete(id);
    const left = (): number => (isCurrent() ? budget.left() : 0);
    replicas.ask(id, WATCH, { ...budget, left }).then(
      () => endRequest() && this.#solved(id),
      (thrown) => {
        if (!endRequest()) return;
        this.#problem(id, thrown);
        // The answer was lost, or the node did not answer. A node that is still watched is asked again.
        if (thrown instanceof NodeTimeoutError && this.#watched.has(id)) this.begin(id);
      },
    );
  }

  /** Begins or ends the watch of a node when its link changes. */
  follow({ type, id }: ObservedChange<Id>): void {
    this.#problems.delete(id);
    // A request that was sent over the previous link gets no answer.
    this.#asking.delete(id);
    if (type === 'up' || type === 'relinked') this.begin(id);
    else this.#watched.delete(id);
  }

  /** The link status of a node with an open link. */
  linkedOf({ id, incarnation }: ObservedMember<Id>): LinkStatus {
    const { monotonic, replicas } = this.#ports;
    const held = replicas.states.get(id);
    // Silence before the watch began does not count: the held state may come from an earlier poll, after which the node
    // pushed nothing.
    const heardAt = Math.max(held?.receivedMonotonic ?? 0, this.#watched.get(id) ?? 0);
    const isSilent = held?.incarnation === incarnation && monotonic() - heardAt > SILENT_MS;
    return this.#problems.get(id) ?? (isSilent ? SILENT : CONNECTED);
  }

  stop(): void {
    this.#unsubscribe();
    this.#asking.clear();
    for (const id of this.#watched.keys()) {
      this.#ports.request(id, UNWATCH, null, UNWATCH_TIMEOUT_MS).catch(() => {
        // The node left or hangs. When the link ends, the node ends the watch without a request.
      });
    }
    this.#watched.clear();
  }

  #receive(id: Id, text: unknown): void {
    const { replicas } = this.#ports;
    try {
      if (replicas.accept(id, text)) {
        this.#solved(id);
      } else if (!this.#asking.has(id)) {
        // The push does not fit the held state, so the changes since the held version are requested. A request in
        // progress is not restarted: if each push restarted it, an answer of many pages would never be complete.
        replicas.countResync(id);
        this.begin(id);
      }
    } catch (thrown) {
      this.#problem(id, thrown);
    }
  }

  #problem(id: Id, thrown: unknown): void {
    this.#problems.set(id, linkStatusAfter(thrown));
    this.#noticed$.next();
  }

  #solved(id: Id): void {
    if (this.#problems.delete(id)) this.#noticed$.next();
  }
}
