import { auditTime, merge, type SchedulerLike, Subject, type Subscription } from 'rxjs';
import type { LogPart, OwnLogEntry } from '../../streams/log-entries.js';
import { ObserverDisabledError } from '../errors.js';
import type { LocalObserver } from './observer.js';
import { LOG, type LogPosition, UNLOG } from './protocol.js';

/** Readers get new entries at most this often, ms. */
const PUSH_MS = 250;

/** The largest part sent at once, in characters of JSON. A character is at most three bytes of a frame. */
const MAX_PART_CHARS = 384 * 1024;

/** The most groups of readers that one push serves, a group having the same position; the others are served by the next. */
const MAX_GROUPS = 16;

interface LogPublisherPorts<Id extends string> {
  readonly scheduler: SchedulerLike;
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** The incarnation of this node; called only while the cluster runs. */
  incarnation(): number;
  handle(method: string, answer: (body: unknown, from: Id) => unknown): void;
  /** Whether that reader has room for more. */
  hasRoom(reader: Id): boolean;
  /** Returns the readers it was sent to: those with room. */
  notify(to: readonly Id[], topic: string, body: unknown): readonly Id[];
}

/** Publishes the log of this node to the nodes that asked for it. Returns a function that forgets a reader that is gone. */
export function createLogPublisher<Id extends string>(ports: LogPublisherPorts<Id>): (reader: Id) => void {
  /** Readers with their position in the log. Nothing else is kept for them, however slow they are. */
  const readers = new Map<Id, number>();
  const behind$ = new Subject<void>();
  let pushing: Subscription | undefined;
  /** Identifies the log: the incarnation in which it was first requested, also after the cluster stops and starts again. */
  let life: number | undefined;

  const observed = (): LocalObserver => {
    if (ports.local === undefined) throw new ObserverDisabledError();
    return ports.local;
  };

  const lifeOf = (): number => {
    life ??= ports.incarnation();
    return life;
  };

  /** The entries after `position`, as many as fit. */
  const partSince = (position: number): LogPart => {
    const { log } = observed();
    const kept = log.since(position);
    const entries: OwnLogEntry[] = [];
    let chars = 0;
    for (const entry of kept) {
      chars += JSON.stringify(entry).length;
      if (chars > MAX_PART_CHARS && entries.length > 0) break;
      entries.push(entry);
    }
    return { incarnation: lifeOf(), position: log.position - kept.length + entries.length, entries };
  };

  const pushAll = (): void => {
    const { log, recordBytes } = observed();
    // Nothing is written for readers without room.
    const ready = [...readers].filter(([reader, position]) => position < log.position && ports.hasRoom(reader));
    const positions = [...new Set(ready.map(([, position]) => position))].slice(0, MAX_GROUPS);
    for (const position of positions) {
      const group = ready.flatMap(([reader, known]) => (known === position ? [reader] : []));
      const part = partSince(position);
      const text = JSON.stringify(part);
      const notified = ports.notify(group, LOG, text);
      // Nearly all of it is ASCII, so that characters are bytes.
      recordBytes(text.length * notified.length);
      for (const reader of notified) {
        // Moved to the end: the next push begins with the readers that have waited longest.
        readers.delete(reader);
        readers.set(reader, part.position);
      }
    }
    for (const position of readers.values()) if (position < log.position) behind$.next();
  };

  const forget = (reader: Id): void => {
    readers.delete(reader);
    if (readers.size > 0) return;
    pushing?.unsubscribe();
    pushing = undefined;
  };

  ports.handle(LOG, (body, from) => {
    const local = observed();
    readers.set(from, readPosition(body, lifeOf(), local.log.position));
    pushing ??= merge(local.logged$, behind$)
      .pipe(auditTime(PUSH_MS, ports.scheduler))
      .subscribe(() => local.measured(pushAll));
    behind$.next();
    return null;
  });
  ports.handle(UNLOG, (_body, from) => forget(from));
  return forget;
}

/** The position that a reader claims, if it belongs to this incarnation and is valid; otherwise 0. */
function readPosition(body: unknown, incarnation: number, end: number): number {
  if (typeof body !== 'object' || body === null) return 0;
  const { incarnation: life, position } = body as Partial<Record<keyof LogPosition, unknown>>;
  if (life !== incarnation || !Number.isSafeInteger(position)) return 0;
  return Math.min(Math.max(0, Number(position)), end);
}
