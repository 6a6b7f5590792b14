import { auditTime, interval, map, merge, type SchedulerLike, type Subscription, skip } from 'rxjs';
import { changesSince } from '../../streams/changes.js';
import { encodeReport, type NodeReport } from '../../streams/frames.js';
import { ObserverDisabledError } from '../errors.js';
import type { LocalObserver } from './observer.js';

/** What a node that asks knows already. */
export interface Known {
  readonly incarnation: number;
  readonly version: number;
}

/** A request, answered with one report; and the topic under which watchers are notified of more. */
export const REPORT = 'observer.report';
/** A request, answered with one report; more follow. */
export const WATCH = 'observer.watch';
/** A notification: no more. */
export const UNWATCH = 'observer.unwatch';

/** Watchers hear of changes at most this often, ms. */
const PUSH_MS = 250;
/** Watchers hear something at least this often, ms: silence means trouble. */
export const IDLE_PUSH_MS = 1000;

/** How this node talks to others; `Id` is what it calls them by. */
export interface PublisherPorts<Id extends string> {
  now(): number;
  readonly scheduler: SchedulerLike;
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** Which life of this node it is; only asked while the cluster runs. */
  incarnation(): number;
  handle(method: string, answer: (body: unknown, from: Id) => unknown): void;
  notify(to: Id, topic: string, body: unknown): void;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): void;
}

export interface Publisher<Id extends string> {
  /** Forgets a watcher that is gone. */
  forget(watcher: Id): void;
}

/** Tells other nodes about this one: when they ask, and while they watch. Costs nothing while nobody does. */
export function createPublisher<Id extends string>(ports: PublisherPorts<Id>): Publisher<Id> {
  /** Watchers, with the version each was told last. */
  const watchers = new Map<Id, number>();
  let pushing: Subscription | undefined;

  const observed = (): LocalObserver => {
    if (ports.local === undefined) throw new ObserverDisabledError();
    return ports.local;
  };

  const report = (known: number | undefined): NodeReport => {
    const local = observed();
    const model = local.currentModel();
    const { timestamp, ...memory } = local.memoryStats();
    const changes = changesSince(model, known);
    return { incarnation: ports.incarnation(), version: model.version, timestamp, memory, changes };
  };

  const push = (): void => {
    // Most watchers know the same version, so most reports are the same text.
    const texts = new Map<number, string>();
    for (const [watcher, known] of watchers) {
      const { version } = observed().currentModel();
      const text = texts.get(known) ?? encodeReport(report(known));
      texts.set(known, text);
      watchers.set(watcher, version);
      ports.notify(watcher, REPORT, text);
    }
  };

  const knownVersion = (body: unknown): number | undefined => {
    const known = body as Partial<Known> | null | undefined;
    return known?.incarnation === ports.incarnation() ? known.version : undefined;
  };

  const answer = (body: unknown): NodeReport => report(knownVersion(body));

  const forget = (watcher: Id): void => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    pushing?.unsubscribe();
    pushing = undefined;
  };

  ports.handle(REPORT, (body) => encodeReport(answer(body)));
  ports.handle(WATCH, (body, from) => {
    const first = answer(body);
    watchers.set(from, first.version);
    pushing ??= merge(observed().model$.pipe(skip(1)), interval(IDLE_PUSH_MS, ports.scheduler))
      .pipe(
        map(() => undefined),
        auditTime(PUSH_MS, ports.scheduler),
      )
      .subscribe(push);
    return encodeReport(first);
  });
  ports.onNotify(UNWATCH, (_body, from) => forget(from));

  return { forget };
}
