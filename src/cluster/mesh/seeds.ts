import type { Timer } from '../../clock.js';
import { asError, NoexError } from '../../errors.js';
import { type BackoffOptions, backoffDelayMs } from '../backoff.js';
import type { MembershipChange } from '../membership.js';
import { NodeId } from '../node-id.js';
import { parseSeeds, type Seed, type SeedSource } from '../seed.js';
import { type Address, formatAddress } from '../transport/transport.js';
import type { DialTarget } from './dialer.js';
import type { LinkEnd } from './link-end.js';
import { type RetryOptions, RetrySchedule } from './retry-schedule.js';
import { withTimeout } from './with-timeout.js';

export interface SeedsOptions extends Omit<RetryOptions<Place>, 'attempt'> {
  readonly localId: NodeId;
  readonly seeds: readonly (Seed | SeedSource)[];
  /** All addresses of a host name. */
  readonly resolve: (host: string) => readonly string[] | Promise<readonly string[]>;
  /** The node linked of which the id has this address. */
  readonly linkedAt: (address: Address) => NodeId | undefined;
  readonly dial: (target: DialTarget) => void;
  /** None of the addresses that a seed has now led to a node. There will be further attempts. */
  readonly onFailed: (seed: string, end: LinkEnd) => void;
  /** A seed has no addresses, or a source of seeds failed. */
  readonly onUnresolved: (label: string, problem: { readonly reason: string; readonly wasLinked: boolean }) => void;
  readonly onResolved: (label: string) => void;
}

/** How often a seed is resolved again, and dialled where another node may answer by now: each 15 to 30 s. */
const CALM: BackoffOptions = { baseMs: 30_000, maxMs: 30_000 };

/** A resolver, or a source of seeds, that takes longer has failed in this round, ms; a later answer is ignored. */
const MAX_ANSWER_MS = 15_000;

/** One seed, and the addresses it has. */
interface Entry {
  readonly seed: Seed;
  places: readonly Place[];
  failures: number;
  timer: Timer | undefined;
  /** A node was reached by it. */
  wasLinked: boolean;
  isOver: boolean;
}

interface Place {
  readonly entry: Entry;
  readonly address: Address;
  readonly label: string;
  /** The node that answered there when it was dialled last. */
  answering?: NodeId;
}

/** A source of seeds, and its last answer. */
interface Source {
  readonly read: SeedSource;
  readonly label: string;
  latest: readonly Seed[];
  failures: number;
  timer: Timer | undefined;
}

/**
 * Dials seeds, at all addresses of each, until there is a link with the node at every one of them. Goes on for as long as
 * the node runs: host names are resolved from time to time, and what may lead to another node by now is dialled again. So
 * pieces of a cluster that have seeds in common find each other, whatever each of them found first.
 */
export class Seeds {
  readonly #options: SeedsOptions;
  readonly #attempts: RetrySchedule<Place>;
  readonly #entries = new Map<string, Entry>();
  readonly #fixed: readonly Seed[];
  readonly #sources: readonly Source[];
  #isStopped = false;

  constructor(options: SeedsOptions) {
    this.#options = options;
    this.#attempts = new RetrySchedule<Place>({ ...options, attempt: (place) => this.#dial(place) });
    this.#fixed = options.seeds.filter((seed) => typeof seed !== 'function');
    this.#sources = options.seeds
      .filter((seed) => typeof seed === 'function')
      .map((read, at) => ({ read, label: `seeds (function ${at + 1})`, latest: [], failures: 0, timer: undefined }));
  }

  start(): void {
    this.#update();
    for (const source of this.#sources) this.#read(source);
  }

  stop(): void {
    this.#isStopped = true;
    this.#attempts.stop();
    for (const { timer } of [...this.#sources, ...this.#entries.values()]) this.#clear(timer);
  }

  follow({ type, id }: MembershipChange): void {
    for (const place of this.#places()) {
      if (place.answering !== id && !isAt(place, id)) continue;
      if (type === 'up') this.#attempts.end(place);
      // While it is a member that is down, it is dialled as such.
      else if (type === 'left' || type === 'forgotten') this.#attempts.begin(place, 'soon');
    }
  }

  /** Takes up the seeds that are new, and gives up those that are no seeds any more. */
  #update(): void {
    const seeds = new Map([...this.#fixed, ...this.#sources.flatMap(({ latest }) => latest)].map((s) => [s.text, s]));
    for (const [text, entry] of this.#entries) {
      if (seeds.has(text)) continue;
      this.#entries.delete(text);
      entry.isOver = true;
      this.#clear(entry.timer);
      for (const place of entry.places) this.#attempts.end(place);
    }
    for (const [text, seed] of seeds) {
      if (this.#entries.has(text) || text === this.#options.localId) continue;
      const entry: Entry = { seed, places: [], failures: 0, timer: undefined, wasLinked: false, isOver: false };
      this.#entries.set(text, entry);
      this.#round(entry);
    }
  }

  #read(source: Source): void {
    const took = (seeds: readonly Seed[], failures: number): void => {
      source.latest = seeds;
      source.failures = failures;
      this.#update();
      source.timer = this.#later(failures, () => this.#read(source));
    };
    const failed = (problem: Error, seeds: readonly Seed[]): void => {
      this.#options.onUnresolved(source.label, { reason: reasonOf(problem), wasLinked: false });
      took(seeds, source.failures + 1);
    };
    const answer = Promise.resolve().then(source.read).then(parseSeeds);
    source.timer = withTimeout(this.#options.clock, MAX_ANSWER_MS, answer, {
      answered: ({ seeds, problem }) => {
        if (this.#isStopped) return;
        if (problem !== undefined) {
          failed(problem, seeds);
          return;
        }
        this.#options.onResolved(source.label);
        took(seeds, 0);
      },
      failed: (problem) => {
        if (!this.#isStopped) failed(problem, source.latest);
      },
    });
  }

  /** Resolves a seed, and sees to it that it is done again. */
  #round(entry: Entry): void {
    const { host, isNamed } = entry.seed;
    let answer: readonly string[] | Promise<readonly string[]>;
    try {
      answer = isNamed ? this.#options.resolve(host) : [host];
    } catch (thrown) {
      this.#unresolved(entry, asError(thrown));
      return;
    }
    if (!(answer instanceof Promise)) this.#resolved(entry, answer);
    else
      entry.timer = withTimeout(this.#options.clock, MAX_ANSWER_MS, answer, {
        answered: (hosts) => this.#resolved(entry, hosts),
        failed: (problem) => this.#unresolved(entry, problem),
      });
  }

  #resolved(entry: Entry, hosts: readonly string[]): void {
    if (this.#isStopped || entry.isOver) return;
    if (hosts.length === 0) {
      this.#unresolved(entry, new Error('it has no addresses'));
      return;
    }
    if (entry.failures > 0) this.#options.onResolved(entry.seed.text);
    entry.failures = 0;
    const known = new Map(entry.places.map((place) => [place.address.host, place]));
    const places = [...new Set(hosts)].map((host) => known.get(host) ?? placeOf(entry, host));
    for (const place of entry.places) if (!places.includes(place)) this.#attempts.end(place);
    entry.places = places;
    for (const place of places) if (!known.has(place.address.host)) this.#attempts.begin(place, 'now');
    this.#recheck(places.filter((place) => known.has(place.address.host) && !this.#attempts.has(place)));
    entry.timer = this.#later(0, () => this.#round(entry));
  }

  #unresolved(entry: Entry, problem: Error): void {
    if (this.#isStopped || entry.isOver) return;
    const { onFailed, onUnresolved } = this.#options;
    entry.failures += 1;
    // What it had before may still be right, and is dialled on.
    const { seed, wasLinked } = entry;
    const reason = reasonOf(problem);
    onUnresolved(seed.text, { reason, wasLinked });
    if (entry.places.length === 0) onFailed(seed.text, { kind: 'broken', reason });
    entry.timer = this.#later(entry.failures, () => this.#round(entry));
  }

  /** Dials one of those where all is well, but another node may answer by now. */
  #recheck(places: readonly Place[]): void {
    const doubtful = places.filter((place) => this.#linkedAt(place) === undefined && !this.#isHere(place));
    const place = doubtful[Math.floor(this.#options.random() * doubtful.length)];
    if (place !== undefined) this.#attempts.begin(place, 'now');
  }

  #dial(place: Place): void {
    const { seed } = place.entry;
    if (this.#linkedAt(place) !== undefined || this.#isHere(place)) {
      this.#attempts.end(place);
      return;
    }
    this.#options.dial({
      label: place.label,
      address: place.address,
      expected: { name: seed.name },
      wasLinked: place.entry.wasLinked,
      mayBeSelf: mayBeSelf(place),
      isOneOfMany: place.entry.places.length > 1,
      reached: (id) => {
        place.answering = id;
        place.entry.wasLinked = true;
        this.#attempts.end(place);
      },
      failed: (end) => this.#failed(place, end),
    });
  }

  #failed(place: Place, end: LinkEnd | undefined): void {
    const { entry } = place;
    if (end?.kind === 'refused' && end.reason === 'self' && mayBeSelf(place)) {
      // The other addresses are those of interest. This one is dialled again later: the answer is not authenticated.
      place.answering = this.#options.localId;
      this.#attempts.end(place);
      return;
    }
    this.#attempts.failed(place);
    const isHopeless = entry.places.every((each) => this.#attempts.failures(each) > 0);
    if (end !== undefined && isHopeless) this.#options.onFailed(entry.seed.text, end);
  }

  #linkedAt({ entry, address }: Place): NodeId | undefined {
    const id = this.#options.linkedAt(address);
    const { name } = entry.seed;
    return id === undefined || (name !== undefined && name !== NodeId.parts(id).name) ? undefined : id;
  }

  #isHere(place: Place): boolean {
    const { localId } = this.#options;
    return isAt(place, localId) && (place.entry.seed.name ?? NodeId.parts(localId).name) === NodeId.parts(localId).name;
  }

  #places(): readonly Place[] {
    return [...this.#entries.values()].flatMap(({ places }) => places);
  }

  /** @param failures 0: all is well, and there is no hurry */
  #later(failures: number, then: () => void): Timer {
    const { clock, backoff, random } = this.#options;
    const delayMs = failures === 0 ? backoffDelayMs(0, CALM, random) : backoffDelayMs(failures - 1, backoff, random);
    return clock.setTimeout(then, delayMs);
  }

  #clear(timer: Timer | undefined): void {
    if (timer !== undefined) this.#options.clock.clearTimeout(timer);
  }
}

function placeOf(entry: Entry, host: string): Place {
  const { text, port, isNamed, host: servername } = entry.seed;
  const address = { host, port, ...(isNamed && { servername }) };
  return { entry, address, label: isNamed && host !== servername ? `${text} (${formatAddress(address)})` : text };
}

function mayBeSelf({ entry: { seed, places } }: Place): boolean {
  return seed.name === undefined || places.length > 1;
}

function isAt({ address }: Place, id: NodeId): boolean {
  const { host, port } = NodeId.parts(id);
  return address.host === host && address.port === port;
}

function reasonOf(problem: Error & { readonly code?: unknown }): string {
  // The code of an error of noex does not name the problem.
  if (problem instanceof NoexError) return problem.message;
  return typeof problem.code === 'string' ? problem.code : problem.message;
}
