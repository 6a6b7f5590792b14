import { auditTime, merge, type SchedulerLike, Subject, type Subscription } from 'rxjs';
import type { LocalLogEntry } from '../../streams/log-entries.js';
import type { LogPart } from '../../streams/log-part.js';
import { ObserverDisabledError } from '../errors.js';
import type { LocalObserver } from './observer.js';
import { LOG, type LogPosition, UNLOG } from './protocol.js';

/** The minimum interval between two pushes, ms. */
const PUSH_MS = 250;

/**
 * The maximum length of the entries of one {@link LogPart}, in characters of JSON. A single longer entry is a part of
 * its own. A character takes at most three bytes of a frame.
 */
const MAX_PART_CHARS = 384 * 1024;

/**
 * Readers with the same position form a group, and get the same text. One push writes texts for at most this many
 * groups; the next push serves the others.
 */
const MAX_GROUPS = 16;

interface LogPublisherPorts<Id extends string> {
  readonly scheduler: SchedulerLike;
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** The incarnation of this node; called only while the cluster runs. */
  incarnation(): number;
  handle(method: string, answer: (body: unknown, from: Id) => unknown): void;
  /** Whether the link to this reader has room for another message. */
  hasRoom(reader: Id): boolean;
  /** Sends to each reader with room, and returns these readers. */
  notify(to: readonly Id[], topic: string, body: unknown): readonly Id[];
}

/** Publishes the log of this node to readers that request it. Returns a function that removes a reader. */
export function createLogPublisher<Id extends string>(ports: LogPublisherPorts<Id>): (reader: Id) => void {
  /**
   * The position of each reader in the log. Nothing else is kept per reader, so no entries pile up for a slow reader.
   */
  const readers = new Map<Id, number>();
  const behind$ = new Subject<void>();
  let pushing: Subscription | undefined;
  /**
   * Identifies the log: the incarnation of this node in which a reader first requested the log. The id stays the same
   * when the cluster is stopped and started again, because the log continues.
   */
  let logId: number | undefined;

  const observed = (): LocalObserver => {
    if (ports.local === undefined) throw new ObserverDisabledError();
    return ports.local;
  };

  const logIdOf = (): number => {
    logId ??= ports.incarnation();
    return logId;
  };

  /** The next part of the log: the entries from `position` on, as many as fit into one part. */
  const partSince = (position: number): LogPart => {
    const { log } = observed();
    const kept = log.since(position);
    const entries: LocalLogEntry[] = [];
    let chars = 0;
    for (const entry of kept) {
      chars += JSON.stringify(entry).length;
      if (chars > MAX_PART_CHARS && entries.length > 0) break;
      entries.push(entry);
    }
    return { incarnation: logIdOf(), position: log.position - kept.length + entries.length, entries };
  };

  const pushAll = (): void => {
    const { log, recordBytes } = observed();
    // Readers without room are left out, so that no text is written for them.
    const ready = [...readers].filter(([reader, position]) => position < log.position && ports.hasRoom(reader));
    const positions = [...new Set(ready.map(([, position]) => position))].slice(0, MAX_GROUPS);
    for (const position of positions) {
      const group = ready.flatMap(([reader, known]) => (known === position ? [reader] : []));
      const part = partSince(position);
      const text = JSON.stringify(part);
      const notified = ports.notify(group, LOG, text);
      // Characters are counted as bytes, because nearly all of the text is ASCII.
      recordBytes(text.length * notified.length);
      for (const reader of notified) {
        // Moved to the end of the map, so that the next push begins with the readers that have waited longest.
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
    readers.set(from, readPosition(body, logIdOf(), local.log.position));
    pushing ??= merge(local.logged$, behind$)
      .pipe(auditTime(PUSH_MS, ports.scheduler))
      .subscribe(() => local.measured(pushAll));
    behind$.next();
    return null;
  });
  ports.handle(UNLOG, (_body, from) => forget(from));
  return forget;
}

/**
 * Returns the position that a reader sent, limited to 0 to `end`. Returns 0 if the position is invalid or belongs to
 * another log.
 */
function readPosition(body: unknown, logId: number, end: number): number {
  if (typeof body !== 'object' || body === null) return 0;
  const { incarnation, position } = body as Partial<Record<keyof LogPosition, unknown>>;
  if (incarnation !== logId || !Number.isSafeInteger(position)) return 0;
  return Math.min(Math.max(0, Number(position)), end);
}
