import { Observable, type Subscriber } from 'rxjs';
import { deepFreeze } from '../../streams/deep-freeze.js';
import type { Feed } from '../../streams/from-feed.js';
import type { LogEntry } from '../../streams/log-entries.js';
import { decodeLogPart, isKnownEntry, type LogPart } from '../../streams/log-part.js';
import {
  asError,
  ClusterNotStartedError,
  NodeNotConnectedError,
  NodeNotFoundError,
  NodeTimeoutError,
  RemoteError,
} from '../errors.js';
import type { ObservedChange, ObservedMember } from './observed-members.js';
import type { LocalObserver } from './observer.js';
import { LOG, type LogPosition, UNLOG } from './protocol.js';

/** The limit for the answer of a node, ms. */
const TIMEOUT_MS = 5000;
/**
 * The maximum number of removed nodes whose log positions are kept, so that no entry appears twice if a node returns.
 */
const MAX_GONE = 1000;

interface ClusterLogPorts<Id extends string> {
  now(): number;
  /** `undefined`: this runtime is not observed, so it has no log of its own. */
  readonly local: LocalObserver | undefined;
  /** This node; `undefined` while the cluster is not running. */
  localNode(): { readonly id: Id; readonly incarnation: number } | undefined;
  members(): readonly ObservedMember<Id>[];
  readonly changes: Feed<ObservedChange<Id>>;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): () => void;
  onError(error: unknown): void;
}

/**
 * Emits the log entries of all nodes, each once: first the entries that each node still has, and after these each new
 * entry. Also emits `node_up` and `node_down` for changes of links, and `missed` for entries that a node dropped before
 * this reader received them.
 */
export function clusterLog<Id extends string>(ports: ClusterLogPorts<Id>): Observable<LogEntry> {
  return new Observable((subscriber) => {
    const reader = new LogReader(ports, subscriber);
    reader.start();
    return () => reader.stop();
  });
}

class LogReader<Id extends string> {
  readonly #ports: ClusterLogPorts<Id>;
  readonly #subscriber: Subscriber<LogEntry>;
  /** The position up to which the log of each node was read. */
  readonly #known = new Map<Id, LogPosition>();
  /** Nodes that are no longer in the membership, in the order in which they were removed. */
  readonly #gone = new Set<Id>();
  /** Nodes that were asked for their log, and push it to this reader. */
  readonly #asked = new Set<Id>();
  readonly #unsubscribers: (() => void)[] = [];

  constructor(ports: ClusterLogPorts<Id>, subscriber: Subscriber<LogEntry>) {
    this.#ports = ports;
    this.#subscriber = subscriber;
  }

  start(): void {
    const { changes, local, localNode, members, onNotify } = this.#ports;
    this.#unsubscribers.push(onNotify(LOG, (json, from) => this.#receive(from, json)));
    this.#unsubscribers.push(changes.subscribe((change) => this.#follow(change)));
    const here = localNode();
    if (local !== undefined && here !== undefined) {
      const read = (): void => {
        const { position } = local.log;
        const since = this.#known.get(here.id)?.position ?? 0;
        this.#take(here.id, { incarnation: here.incarnation, position, entries: local.log.since(since) });
      };
      read();
      const subscription = local.logged$.subscribe(read);
      this.#unsubscribers.push(() => subscription.unsubscribe());
    }
    for (const { id, status } of members()) if (status === 'connected') this.#ask(id);
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribers) unsubscribe();
    for (const id of this.#asked) {
      this.#ports.request(id, UNLOG, null, TIMEOUT_MS).catch(() => {
        // The node left or hangs. When the link ends, the node forgets this reader without a request.
      });
    }
  }

  #follow(change: ObservedChange<Id>): void {
    const { type, id: nodeId } = change;
    const at = this.#ports.now();
    if (type === 'up') {
      this.#gone.delete(nodeId);
      this.#next({ type: 'node_up', nodeId, at });
      this.#ask(nodeId);
    } else if (type === 'relinked') {
      this.#ask(nodeId);
    } else if (type === 'down') {
      this.#asked.delete(nodeId);
      this.#next({ type: 'node_down', nodeId, at, reason: change.reason });
    } else if (type === 'left' || type === 'forgotten') {
      this.#gone.add(nodeId);
      const [longest] = this.#gone;
      if (longest === undefined || this.#gone.size <= MAX_GONE) return;
      this.#gone.delete(longest);
      this.#known.delete(longest);
    }
  }

  #ask(id: Id): void {
    this.#asked.add(id);
    this.#ports.request(id, LOG, this.#known.get(id) ?? null, TIMEOUT_MS).catch((thrown) => {
      // If the node received the request, its entries arrive even though the answer is missing.
      if (!SHOWN_AS_STATUS.some((expected) => thrown instanceof expected)) this.#ports.onError(thrown);
    });
  }

  #receive(id: Id, json: unknown): void {
    if (this.#subscriber.closed) return;
    try {
      this.#take(id, decodeLogPart(json));
    } catch (thrown) {
      this.#ports.onError(asError(thrown));
    }
  }

  #take(nodeId: Id, { incarnation, position, entries }: LogPart): void {
    const held = this.#known.get(nodeId);
    const isSameLog = held?.incarnation === incarnation;
    const begin = position - entries.length;
    // On the first read of a log, the entries that the node no longer has do not count as missed.
    const had = isSameLog ? held.position : begin;
    if (position < had) return;
    this.#known.set(nodeId, { incarnation, position });
    const fresh = entries.slice(Math.max(0, had - begin));
    const missed = begin - had;
    if (missed > 0) {
      const at = fresh[0]?.at ?? this.#ports.now();
      this.#next({ type: 'missed', nodeId, at, count: missed });
    }
    for (const entry of fresh) if (isKnownEntry(entry)) this.#next({ ...entry, nodeId });
  }

  /** Emits an entry, frozen because all subscribers share it. */
  #next(entry: LogEntry): void {
    this.#subscriber.next(deepFreeze(entry));
  }
}

/** Errors that are not reported, because the row of the node in the cluster snapshot shows them as its status. */
const SHOWN_AS_STATUS = [
  NodeTimeoutError,
  NodeNotConnectedError,
  NodeNotFoundError,
  RemoteError,
  ClusterNotStartedError,
];
