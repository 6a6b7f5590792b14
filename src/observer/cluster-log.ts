import { Observable, type Subscriber } from 'rxjs';
import { deepFreeze } from '../../streams/deep-freeze.js';
import type { Feed } from '../../streams/feed.js';
import { decodeLogPart, type LogEntry, type LogPart } from '../../streams/log-entries.js';
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

/** How long a node may take to answer, ms. */
const TIMEOUT_MS = 5000;
/** The position is kept for at most this many nodes that are gone: no entry is shown twice when one returns. */
const MAX_GONE = 1000;

interface ClusterLogPorts<Id extends string> {
  now(): number;
  /** `undefined`: this runtime has no log of its own. */
  readonly local: LocalObserver | undefined;
  /** This node, while the cluster runs. */
  localNode(): { readonly id: Id; readonly incarnation: number } | undefined;
  members(): readonly ObservedMember<Id>[];
  readonly changes: Feed<ObservedChange<Id>>;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): () => void;
  onError(error: unknown): void;
}

/** The log of all nodes: of each the entries that it still has, then new ones as they happen. Each entry once. */
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
  readonly #known = new Map<Id, LogPosition>();
  /** The positions of nodes that are gone, in the order in which they went. */
  readonly #gone = new Set<Id>();
  readonly #asked = new Set<Id>();
  readonly #ends: (() => void)[] = [];

  constructor(ports: ClusterLogPorts<Id>, subscriber: Subscriber<LogEntry>) {
    this.#ports = ports;
    this.#subscriber = subscriber;
  }

  start(): void {
    const { changes, local, localNode, members, onNotify } = this.#ports;
    this.#ends.push(onNotify(LOG, (json, from) => this.#receive(from, json)));
    this.#ends.push(changes.subscribe((change) => this.#follow(change)));
    const here = localNode();
    if (local !== undefined && here !== undefined) {
      const read = (): void => {
        const { position } = local.log;
        const since = this.#known.get(here.id)?.position ?? 0;
        this.#take(here.id, { incarnation: here.incarnation, position, entries: local.log.since(since) });
      };
      read();
      const subscription = local.logged$.subscribe(read);
      this.#ends.push(() => subscription.unsubscribe());
    }
    for (const { id, status } of members()) if (status === 'connected') this.#ask(id);
  }

  stop(): void {
    for (const end of this.#ends) end();
    for (const id of this.#asked) {
      this.#ports.request(id, UNLOG, null, TIMEOUT_MS).catch(() => {
        // It is gone or hangs: it forgets this reader when the link ends.
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
      // The row of the node shows what is wrong with it; if it did get the request, entries arrive without an answer.
      if (!SEEN_ELSEWHERE.some((expected) => thrown instanceof expected)) this.#ports.onError(thrown);
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
    const isSameLife = held?.incarnation === incarnation;
    const begin = position - entries.length;
    // For a node that is new here, entries that it no longer has do not count as missed.
    const had = isSameLife ? held.position : begin;
    if (position < had) return;
    this.#known.set(nodeId, { incarnation, position });
    const fresh = entries.slice(Math.max(0, had - begin));
    const missed = begin - had;
    if (missed > 0) {
      const at = fresh[0]?.at ?? this.#ports.now();
      this.#next({ type: 'missed', nodeId, at, count: missed });
    }
    for (const entry of fresh) this.#next({ ...entry, nodeId });
  }

  /** All subscribers get the same object. */
  #next(entry: LogEntry): void {
    this.#subscriber.next(deepFreeze(entry));
  }
}

const SEEN_ELSEWHERE = [
  NodeTimeoutError,
  NodeNotConnectedError,
  NodeNotFoundError,
  RemoteError,
  ClusterNotStartedError,
];
