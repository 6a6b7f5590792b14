import { type Observable, Subject } from 'rxjs';
import { NodeTimeoutError } from '../errors.js';
import { CONNECTED, type LinkStatus, linkStatusAfter } from './link-status.js';
import { type NodeReplicas, type TimeBudget, timeBudget } from './node-replicas.js';
import type { ObservedChange, ObservedMember } from './observed-members.js';
import { IDLE_PUSH_MS, PAGING_MS, REPORT, UNWATCH, WATCH } from './protocol.js';

/** A watched node without a report for this long is shown as `timeout`, ms: more than two of its idle reports. */
const SILENT_MS = 2.5 * IDLE_PUSH_MS;
const SILENT: LinkStatus = { link: 'timeout', error: `nothing heard from it for more than ${SILENT_MS} ms` };

/** A node that has not sent its full state within this time, ms, is asked again: paging must not go on for ever. */
const MAX_ANSWER_MS = 10 * PAGING_MS;

/** The limit for the answer to the end of a watch, ms. */
const UNWATCH_TIMEOUT_MS = 5000;

interface WatchPorts<Id extends string> {
  monotonic(): number;
  readonly replicas: NodeReplicas<Id>;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): () => void;
}

/**
 * Watches nodes: they push reports as they change. Knows which of them do not; the reports are in the replicas.
 *
 * The limit for an answer is much longer than that of a poll: a node with much state behind a slow link is `timeout` until
 * all of it has arrived; a repeated request would only start it from the beginning.
 */
export class Watch<Id extends string> {
  readonly #ports: WatchPorts<Id>;
  /** When the watch of each node began, ms of the monotonic clock. */
  readonly #watched = new Map<Id, number>();
  /** Nodes with a request under way, and the time left for it. A node that was removed is asked for no further page. */
  readonly #asking = new Map<Id, TimeBudget>();
  /** What nodes answered that was no report. */
  readonly #problems = new Map<Id, LinkStatus>();
  readonly #noticed$ = new Subject<void>();
  readonly #unsubscribe: () => void;

  constructor(ports: WatchPorts<Id>) {
    this.#ports = ports;
    this.#unsubscribe = ports.onNotify(REPORT, (text, id) => this.#receive(id, text));
  }

  /** Emits when a node gets a problem, or recovers from it. */
  get noticed$(): Observable<void> {
    return this.#noticed$;
  }

  begin(id: Id): void {
    const { monotonic, replicas } = this.#ports;
    if (!this.#watched.has(id)) this.#watched.set(id, monotonic());
    const patience = timeBudget(MAX_ANSWER_MS, monotonic, PAGING_MS);
    this.#asking.set(id, patience);
    const isPresent = (): boolean => this.#asking.get(id) === patience;
    const isAnswered = (): boolean => isPresent() && this.#asking.delete(id);
    const left = (): number => (isPresent() ? patience.left() : 0);
    replicas.ask(id, WATCH, { ...patience, left }).then(
      () => isAnswered() && this.#solved(id),
      (thrown) => {
        if (!isAnswered()) return;
        this.#problem(id, thrown);
        // Its answer was lost, or is not to come.
        if (thrown instanceof NodeTimeoutError && this.#watched.has(id)) this.begin(id);
      },
    );
  }

  follow({ type, id }: ObservedChange<Id>): void {
    this.#problems.delete(id);
    // What was asked over another link is answered no more.
    this.#asking.delete(id);
    if (type === 'up' || type === 'relinked') this.begin(id);
    else this.#watched.delete(id);
  }

  /** How a node stands of which the link is up. */
  linkedOf({ id, incarnation }: ObservedMember<Id>): LinkStatus {
    const { monotonic, replicas } = this.#ports;
    const held = replicas.states.get(id);
    // Before it was watched, nothing was expected of it: a state that an earlier poll left here is no sign of silence.
    const heardAt = Math.max(held?.receivedMonotonic ?? 0, this.#watched.get(id) ?? 0);
    const isSilent = held?.incarnation === incarnation && monotonic() - heardAt > SILENT_MS;
    return this.#problems.get(id) ?? (isSilent ? SILENT : CONNECTED);
  }

  stop(): void {
    this.#unsubscribe();
    this.#asking.clear();
    for (const id of this.#watched.keys()) {
      this.#ports.request(id, UNWATCH, null, UNWATCH_TIMEOUT_MS).catch(() => {
        // It is gone or hangs: the watch goes with the link.
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
        // A push that does not build on the state held here: request the full state, but not while an answer, which may take
        // many pages, is under way. Restarted at each push, it would never be complete.
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
