import { auditTime, type SchedulerLike, type Subscription } from 'rxjs';
import type { LogPart } from '../../streams/log.js';
import { ObserverDisabledError } from '../errors.js';
import type { LocalObserver } from './observer.js';

/** A request, answered with what was logged so far; and the topic under which more is notified. */
export const LOG = 'observer.log';
/** A request, answered with nothing: no more. */
export const UNLOG = 'observer.unlog';

/** Readers hear of new entries at most this often, ms. */
const PUSH_MS = 250;

/** How much of a log a reader has. */
export interface LogKnown {
  readonly incarnation: number;
  readonly position: number;
}

interface LogPublisherPorts<Id extends string> {
  readonly scheduler: SchedulerLike;
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** Which life of this node it is; only asked while the cluster runs. */
  incarnation(): number;
  handle(method: string, answer: (body: unknown, from: Id) => unknown): void;
  /** To which it was sent: not to those that do not take what was sent before. */
  notify(to: readonly Id[], topic: string, body: unknown): readonly Id[];
}

/** Tells other nodes what happens on this one, while they want to know. Returns what forgets a reader that is gone. */
export function createLogPublisher<Id extends string>(ports: LogPublisherPorts<Id>): (reader: Id) => void {
  /** Readers, with how much each was told: all that is kept of them, however slow they are. */
  const readers = new Map<Id, number>();
  let pushing: Subscription | undefined;

  const observed = (): LocalObserver => {
    if (ports.local === undefined) throw new ObserverDisabledError();
    return ports.local;
  };

  /** Nearly all of it is ASCII, so that characters are bytes. */
  const partSince = (position: number): string => {
    const { log } = observed();
    const part: LogPart = {
      incarnation: ports.incarnation(),
      position: log.position,
      entries: log.since(position),
    };
    return JSON.stringify(part);
  };

  const pushAll = (): void => {
    const { log, recordBytes } = observed();
    for (const position of new Set(readers.values())) {
      if (position === log.position) continue;
      const group = [...readers.keys()].filter((reader) => readers.get(reader) === position);
      const part = partSince(position);
      const told = ports.notify(group, LOG, part);
      recordBytes(part.length * told.length);
      for (const reader of told) readers.set(reader, log.position);
    }
  };

  const forget = (reader: Id): void => {
    readers.delete(reader);
    if (readers.size > 0) return;
    pushing?.unsubscribe();
    pushing = undefined;
  };

  ports.handle(LOG, (body, from) => {
    const local = observed();
    return local.measured(() => {
      const part = partSince(readPosition(body, ports.incarnation(), local.log.position));
      local.recordBytes(part.length);
      readers.set(from, local.log.position);
      pushing ??= local.logged$.pipe(auditTime(PUSH_MS, ports.scheduler)).subscribe(() => local.measured(pushAll));
      return part;
    });
  });
  ports.handle(UNLOG, (_body, from) => forget(from));
  return forget;
}

/** How much a reader says it has, if that is of this life of the node, and makes sense. */
function readPosition(body: unknown, incarnation: number, end: number): number {
  if (typeof body !== 'object' || body === null) return 0;
  const { incarnation: life, position } = body as Partial<Record<keyof LogKnown, unknown>>;
  if (life !== incarnation || !Number.isSafeInteger(position)) return 0;
  return Math.min(Math.max(0, Number(position)), end);
}
