import { auditTime, interval, map, merge, type SchedulerLike, type Subscription, skip, timer } from 'rxjs';
import { type Changes, changesSince, pageOf } from '../../streams/model-changes.js';
import type { NodeModel } from '../../streams/node-model.js';
import { encodeReport } from '../../streams/node-report.js';
import type { MemoryStats } from '../../streams/snapshot.js';
import { ObserverDisabledError } from '../errors.js';
import type { LocalObserver } from './observer.js';
import { type HeldVersion, IDLE_PUSH_MS, PAGING_MS, REPORT, UNWATCH, WATCH } from './protocol.js';

/** The minimum interval between two pushes, ms. */
const PUSH_MS = 250;

/**
 * The maximum length of a delta or push, in characters. A character takes at most three bytes of a frame. Longer deltas
 * are not pushed, and not sent as an answer if all rows fill more than one page: the answer is then the first page.
 */
const MAX_DELTA_CHARS = 384 * 1024;

/** The maximum number of texts that are kept for further readers with the same version. */
const MAX_TEXTS = 16;
/** The maximum total length of these texts, in characters. A single longer text is kept nevertheless. */
const MAX_TEXTS_CHARS = 4 * 1024 * 1024;

/**
 * Watchers with the same version form a group, and get the same text. One push writes texts for at most this many
 * groups; the next push serves the others.
 */
const MAX_GROUPS = 16;

/** A memory reading is reused for this long, ms, because measuring memory costs as much as writing a small report. */
const MEMORY_MS = 50;

/** The maximum number of versions that one reader can read in pages at the same time. */
const MAX_PAGED = 4;

/** The maximum number of rows of all models kept for reads in pages. A model that is the only one may be larger. */
const MAX_PAGED_ROWS = 500_000;

/** What the publisher needs from the cluster. `Id` is the type of the ids of readers. */
export interface PublisherPorts<Id extends string> {
  /** Wall-clock time, ms since the epoch. */
  now(): number;
  /** This node's monotonic clock, ms. */
  monotonic(): number;
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

export interface Publisher<Id extends string> {
  /** Removes a reader that is no longer linked. */
  forget(reader: Id): void;
  /** How often a push left out a watcher, for example a slow one. A later push has all changes for that watcher. */
  conflations(): number;
}

/**
 * Publishes the state of this node: on request, and to watchers after each change and at least about every
 * {@link IDLE_PUSH_MS}. Without readers, publishing costs nothing.
 */
export function createPublisher<Id extends string>(ports: PublisherPorts<Id>): Publisher<Id> {
  /**
   * The version last sent to each watcher. Nothing else is kept per watcher, so no reports pile up for a slow watcher.
   */
  const watchers = new Map<Id, number>();
  /** For each reader: the models that the reader reads in pages, in the order in which the reads began. */
  const paging = new Map<Id, readonly NodeModel[]>();
  const encoder = new ChangeEncoder();
  let pagingEnds: Subscription | undefined;
  let pushing: Subscription | undefined;
  let conflations = 0;

  const observed = (): LocalObserver => {
    if (ports.local === undefined) throw new ObserverDisabledError();
    return ports.local;
  };

  /** Records the cost of sending. Characters are counted as bytes, because nearly all of the text is ASCII. */
  const recordSent = (text: string, times: number): void => observed().recordBytes(text.length * times);

  let lastRead: { readonly at: number; readonly memory: Omit<MemoryStats, 'timestamp'> } | undefined;
  const memory = (): Omit<MemoryStats, 'timestamp'> => {
    const at = ports.monotonic();
    if (lastRead === undefined || at - lastRead.at >= MEMORY_MS) {
      const { timestamp: _timestamp, ...memory } = observed().memoryStats();
      lastRead = { at, memory };
    }
    return lastRead.memory;
  };

  const report = ({ version }: NodeModel, changes: string): string => {
    const moment = { timestamp: ports.now(), monotonic: Math.round(ports.monotonic()) };
    const head = {
      incarnation: ports.incarnation(),
      version,
      ...moment,
      memory: memory(),
      vitals: observed().vitals(),
    };
    return encodeReport(head, changes);
  };

  const setPaging = (reader: Id, models: readonly NodeModel[]): void => {
    if (models.length > 0) paging.set(reader, models);
    else paging.delete(reader);
    dropOldReads(paging);
    pagingEnds?.unsubscribe();
    pagingEnds = paging.size === 0 ? undefined : timer(PAGING_MS, ports.scheduler).subscribe(() => paging.clear());
  };

  const answer = (body: unknown, from: Id): { readonly model: NodeModel; readonly text: string } => {
    const known = readKnown(body, ports.incarnation());
    const begun = paging.get(from) ?? [];
    const paged = known?.page === undefined ? undefined : begun.find(({ version }) => version === known.version);
    if (known?.page !== undefined && paged !== undefined) {
      const changes = pageOf(paged, known.page);
      const isLast = changes.type === 'page' && changes.isLast;
      setPaging(from, isLast ? begun.filter((model) => model !== paged) : begun);
      return { model: paged, text: report(paged, JSON.stringify(changes)) };
    }
    const model = observed().currentModel();
    const { text, isWhole } = encoder.since(model, known?.page === undefined ? known?.version : undefined);
    // If the reader has too many reads, the oldest read is dropped, because the reader has probably given up that read.
    if (!isWhole && !begun.includes(model)) setPaging(from, [...begun, model].slice(-MAX_PAGED));
    return { model, text: report(model, text) };
  };

  const pushAll = (): void => {
    const model = observed().currentModel();
    // Watchers without room are left out, so that no text is written for them.
    const ready = [...watchers].filter(([watcher]) => ports.hasRoom(watcher));
    const versions = [...new Set(ready.map(([, version]) => version))].slice(0, MAX_GROUPS);
    let sentCount = 0;
    for (const version of versions) {
      const group = ready.flatMap(([watcher, known]) => (known === version ? [watcher] : []));
      const { text, isWhole } = encoder.since(model, version);
      // Pages and large deltas are never pushed. Instead, a report without changes shows the watcher that its version
      // is old, and the watcher requests the changes.
      const changes = isWhole && text.length <= MAX_DELTA_CHARS ? text : NO_CHANGES;
      const body = report(model, changes);
      const notified = ports.notify(group, REPORT, body);
      recordSent(body, notified.length);
      sentCount += notified.length;
      for (const watcher of notified) {
        // Moved to the end of the map, so that the next push begins with the watchers that have waited longest.
        watchers.delete(watcher);
        watchers.set(watcher, model.version);
      }
    }
    conflations += watchers.size - sentCount;
  };
  const push = (): void => observed().measured(pushAll);

  const unwatch = (watcher: Id): void => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    pushing?.unsubscribe();
    pushing = undefined;
  };

  const answered = (body: unknown, from: Id): ReturnType<typeof answer> => {
    const given = observed().measured(() => answer(body, from));
    recordSent(given.text, 1);
    return given;
  };

  ports.handle(REPORT, (body, from) => answered(body, from).text);
  ports.handle(WATCH, (body, from) => {
    const { model, text } = answered(body, from);
    watchers.set(from, model.version);
    pushing ??= merge(observed().model$.pipe(skip(1)), interval(IDLE_PUSH_MS, ports.scheduler))
      .pipe(
        map(() => undefined),
        auditTime(PUSH_MS, ports.scheduler),
      )
      .subscribe(push);
    return text;
  });
  ports.handle(UNWATCH, (_body, from) => unwatch(from));

  return {
    forget(reader) {
      setPaging(reader, []);
      unwatch(reader);
    },
    conflations: () => conflations,
  };
}

/**
 * Enforces {@link MAX_PAGED_ROWS}: repeatedly drops the oldest read of the reader with the most reads, until the limit
 * holds or one model is left. A reader whose read was dropped starts that read again.
 */
function dropOldReads<Id>(paging: Map<Id, readonly NodeModel[]>): void {
  for (;;) {
    const models = new Set([...paging.values()].flat());
    let rows = 0;
    for (const { servers, supervisors } of models) rows += servers.size + supervisors.size;
    if (rows <= MAX_PAGED_ROWS || models.size <= 1) return;
    const [first] = [...paging].toSorted(([, one], [, other]) => other.length - one.length);
    if (first === undefined) return;
    const [reader, [, ...others]] = first;
    if (others.length > 0) paging.set(reader, others);
    else paging.delete(reader);
  }
}

const NO_CHANGES = JSON.stringify({ type: 'none' } satisfies Changes);

/** Writes changes as JSON text, once for all readers with the same version. */
class ChangeEncoder {
  #model: NodeModel | undefined;
  #chars = 0;
  readonly #texts = new Map<number | undefined, { readonly text: string; readonly isWhole: boolean }>();

  /** The changes since `version`. `isWhole` is false if the text is only the first of several pages. */
  since(model: NodeModel, version: number | undefined): { readonly text: string; readonly isWhole: boolean } {
    if (this.#model !== model) this.#clear();
    this.#model = model;
    let written = this.#texts.get(version);
    if (written === undefined) {
      written = this.#write(model, version);
      // The number of texts is limited, because readers may send any version numbers.
      if (this.#texts.size >= MAX_TEXTS || this.#chars + written.text.length > MAX_TEXTS_CHARS) this.#clear();
      this.#texts.set(version, written);
      this.#chars += written.text.length;
    }
    return written;
  }

  #clear(): void {
    this.#texts.clear();
    this.#chars = 0;
  }

  #write(model: NodeModel, version: number | undefined): { readonly text: string; readonly isWhole: boolean } {
    const changes = changesSince(model, version);
    const text = JSON.stringify(changes);
    if (changes.type === 'delta' && text.length > MAX_DELTA_CHARS) {
      const all = this.since(model, undefined);
      if (!all.isWhole) return all;
    }
    return { text, isWhole: changes.type !== 'page' || changes.isLast };
  }
}

/** Returns the version that a reader sent. Returns `undefined` if it is invalid or of another incarnation. */
function readKnown(body: unknown, incarnation: number): HeldVersion | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { incarnation: life, version, page } = body as Partial<Record<keyof HeldVersion, unknown>>;
  if (life !== incarnation || !isCount(version) || !(page === undefined || isCount(page))) return undefined;
  return { incarnation, version, ...(page !== undefined && { page }) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
