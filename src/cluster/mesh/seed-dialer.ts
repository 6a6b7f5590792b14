import type { Timer } from '../../clock.js';
import { asError, NoexError } from '../../errors.js';
import { type BackoffOptions, backoffDelayMs } from '../backoff.js';
import type { MembershipChange } from '../membership.js';
import { NodeId } from '../node-id.js';
import { parseSeeds, type Seed, type SeedSource } from '../parse-seed.js';
import { type Address, formatAddress } from '../transport/transport.js';
import type { DialTarget } from './dialer.js';
import type { LinkEndReason } from './link-end-reason.js';
import { type RetryOptions, RetrySchedule } from './retry-schedule.js';
import { withTimeout } from './with-timeout.js';

export interface SeedDialerOptions extends Omit<RetryOptions<SeedTarget>, 'attempt'> {
  readonly localId: NodeId;
  readonly seeds: readonly (Seed | SeedSource)[];
  /** Returns all addresses of a host name. */
  readonly resolve: (host: string) => readonly string[] | Promise<readonly string[]>;
  /** Returns the linked node with this address in its id; `undefined` if there is none. */
  readonly linkedAt: (address: Address) => NodeId | undefined;
  readonly dial: (target: DialTarget) => void;
  /** Called when the latest dials of all addresses of a seed failed, or the seed has no address. Retries follow. */
  readonly onFailed: (seed: string, end: LinkEndReason) => void;
  /** Called when a seed cannot be resolved, or when a source of seeds fails or returns an invalid seed. */
  readonly onUnresolved: (label: string, problem: { readonly reason: string; readonly wasLinked: boolean }) => void;
  /** Called when a seed is resolved after a failure, and whenever a source of seeds returns only valid seeds. */
  readonly onResolved: (label: string) => void;
}

/**
 * The delay until a seed is resolved again, or a source of seeds is called again: 15 to 30 s. After a seed is resolved,
 * one of its known addresses may be rechecked.
 */
const RECHECK: BackoffOptions = { baseMs: 30_000, maxMs: 30_000 };

/** The time limit for a resolver or a source of seeds, ms. An answer after this time is ignored. */
const MAX_ANSWER_MS = 15_000;

/** One seed, and its addresses. */
interface SeedEntry {
  readonly seed: Seed;
  /** The addresses at the last successful resolution. */
  targets: readonly SeedTarget[];
  /** How many resolutions have failed in a row. */
  failures: number;
  timer: Timer | undefined;
  /** Whether one of the addresses of the seed has led to a node. */
  wasLinked: boolean;
  /** Whether the seed was removed. */
  isOver: boolean;
}

/** One address of a seed. */
interface SeedTarget {
  readonly entry: SeedEntry;
  readonly address: Address;
  readonly label: string;
  /** The node that last answered at this address. Absent: none has answered yet. */
  answering?: NodeId;
}

/** A source of seeds, and its latest seeds. */
interface SeedSourceState {
  readonly read: SeedSource;
  readonly label: string;
  /** The valid seeds of the last answer. */
  latest: readonly Seed[];
  /** How many calls in a row have failed, have timed out, or have returned an invalid seed. */
  failures: number;
  timer: Timer | undefined;
}

/**
 * Dials all addresses of all seeds, until this node is linked with the node at each address. As long as this node runs,
 * resolves host names again, and rechecks addresses at which a different node may answer now. So separate parts of a
 * cluster that have seeds in common find each other again.
 */
export class SeedDialer {
  readonly #options: SeedDialerOptions;
  readonly #attempts: RetrySchedule<SeedTarget>;
  readonly #entries = new Map<string, SeedEntry>();
  readonly #fixed: readonly Seed[];
  readonly #sources: readonly SeedSourceState[];
  #isStopped = false;

  constructor(options: SeedDialerOptions) {
    this.#options = options;
    this.#attempts = new RetrySchedule<SeedTarget>({ ...options, attempt: (target) => this.#dial(target) });
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
    for (const target of this.#targets()) {
      if (target.answering !== id && !isAt(target, id)) continue;
      if (type === 'up') this.#attempts.end(target);
      // Nothing is dialled here after `down`, because the `Dialer` dials members that are down.
      else if (type === 'left' || type === 'forgotten') this.#attempts.begin(target, 'soon');
    }
  }

  /** Starts to dial new seeds, and stops dialling seeds that were removed. */
  #update(): void {
    const seeds = new Map([...this.#fixed, ...this.#sources.flatMap(({ latest }) => latest)].map((s) => [s.text, s]));
    for (const [text, entry] of this.#entries) {
      if (seeds.has(text)) continue;
      this.#entries.delete(text);
      entry.isOver = true;
      this.#clear(entry.timer);
      for (const target of entry.targets) this.#attempts.end(target);
    }
    for (const [text, seed] of seeds) {
      if (this.#entries.has(text) || text === this.#options.localId) continue;
      const entry: SeedEntry = { seed, targets: [], failures: 0, timer: undefined, wasLinked: false, isOver: false };
      this.#entries.set(text, entry);
      this.#resolveSeed(entry);
    }
  }

  #read(source: SeedSourceState): void {
    const accept = (seeds: readonly Seed[], failures: number): void => {
      source.latest = seeds;
      source.failures = failures;
      this.#update();
      source.timer = this.#later(failures, () => this.#read(source));
    };
    const failed = (problem: Error, seeds: readonly Seed[]): void => {
      this.#options.onUnresolved(source.label, { reason: reasonOf(problem), wasLinked: false });
      accept(seeds, source.failures + 1);
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
        accept(seeds, 0);
      },
      failed: (problem) => {
        if (!this.#isStopped) failed(problem, source.latest);
      },
    });
  }

  /** Resolves a seed, dials its new addresses, stops dialling its old ones, and schedules the next resolution. */
  #resolveSeed(entry: SeedEntry): void {
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

  #resolved(entry: SeedEntry, hosts: readonly string[]): void {
    if (this.#isStopped || entry.isOver) return;
    if (hosts.length === 0) {
      this.#unresolved(entry, new Error('it has no addresses'));
      return;
    }
    if (entry.failures > 0) this.#options.onResolved(entry.seed.text);
    entry.failures = 0;
    const known = new Map(entry.targets.map((target) => [target.address.host, target]));
    const targets = [...new Set(hosts)].map((host) => known.get(host) ?? targetOf(entry, host));
    for (const target of entry.targets) if (!targets.includes(target)) this.#attempts.end(target);
    entry.targets = targets;
    for (const target of targets) if (!known.has(target.address.host)) this.#attempts.begin(target, 'now');
    this.#recheck(targets.filter((target) => known.has(target.address.host) && !this.#attempts.has(target)));
    entry.timer = this.#later(0, () => this.#resolveSeed(entry));
  }

  #unresolved(entry: SeedEntry, problem: Error): void {
    if (this.#isStopped || entry.isOver) return;
    const { onFailed, onUnresolved } = this.#options;
    entry.failures += 1;
    // `entry.targets` stays as it is. The addresses that were found before may still be right, and are still dialled.
    const { seed, wasLinked } = entry;
    const reason = reasonOf(problem);
    onUnresolved(seed.text, { reason, wasLinked });
    if (entry.targets.length === 0) onFailed(seed.text, { kind: 'broken', reason });
    entry.timer = this.#later(entry.failures, () => this.#resolveSeed(entry));
  }

  /** Dials one random address that is not in the id of a linked node. A different node may answer there now. */
  #recheck(targets: readonly SeedTarget[]): void {
    const doubtful = targets.filter((target) => this.#linkedAt(target) === undefined && !this.#isLocalNode(target));
    const target = doubtful[Math.floor(this.#options.random() * doubtful.length)];
    if (target !== undefined) this.#attempts.begin(target, 'now');
  }

  #dial(target: SeedTarget): void {
    const { seed } = target.entry;
    if (this.#linkedAt(target) !== undefined || this.#isLocalNode(target)) {
      this.#attempts.end(target);
      return;
    }
    this.#options.dial({
      label: target.label,
      address: target.address,
      expected: { name: seed.name },
      wasLinked: target.entry.wasLinked,
      mayBeSelf: mayBeSelf(target),
      isOneOfMany: target.entry.targets.length > 1,
      reached: (id) => {
        target.answering = id;
        target.entry.wasLinked = true;
        this.#attempts.end(target);
      },
      failed: (end) => this.#failed(target, end),
    });
  }

  #failed(target: SeedTarget, end: LinkEndReason | undefined): void {
    const { entry } = target;
    if (end?.kind === 'refused' && end.reason === 'self' && mayBeSelf(target)) {
      // This address leads to this node itself. It is rechecked later, because the refusal is not authenticated.
      target.answering = this.#options.localId;
      this.#attempts.end(target);
      return;
    }
    this.#attempts.failed(target);
    const hasFailedEverywhere = entry.targets.every((each) => this.#attempts.failures(each) > 0);
    if (end !== undefined && hasFailedEverywhere) this.#options.onFailed(entry.seed.text, end);
  }

  #linkedAt({ entry, address }: SeedTarget): NodeId | undefined {
    const id = this.#options.linkedAt(address);
    const { name } = entry.seed;
    return id === undefined || (name !== undefined && name !== NodeId.parts(id).name) ? undefined : id;
  }

  #isLocalNode(target: SeedTarget): boolean {
    const { localId } = this.#options;
    return (
      isAt(target, localId) && (target.entry.seed.name ?? NodeId.parts(localId).name) === NodeId.parts(localId).name
    );
  }

  #targets(): readonly SeedTarget[] {
    return [...this.#entries.values()].flatMap(({ targets }) => targets);
  }

  /**
   * Schedules the next resolution of a seed, or the next call of a source of seeds. The delay is 15 to 30 s after a
   * success. After a failure, it grows with the number of failures in a row.
   */
  #later(failures: number, then: () => void): Timer {
    const { clock, backoff, random } = this.#options;
    const delayMs = failures === 0 ? backoffDelayMs(0, RECHECK, random) : backoffDelayMs(failures - 1, backoff, random);
    return clock.setTimeout(then, delayMs);
  }

  #clear(timer: Timer | undefined): void {
    if (timer !== undefined) this.#options.clock.clearTimeout(timer);
  }
}

function targetOf(entry: SeedEntry, host: string): SeedTarget {
  const { text, port, isNamed, host: servername } = entry.seed;
  const address = { host, port, ...(isNamed && { servername }) };
  return { entry, address, label: isNamed && host !== servername ? `${text} (${formatAddress(address)})` : text };
}

function mayBeSelf({ entry: { seed, targets } }: SeedTarget): boolean {
  return seed.name === undefined || targets.length > 1;
}

function isAt({ address }: SeedTarget, id: NodeId): boolean {
  const { host, port } = NodeId.parts(id);
  return address.host === host && address.port === port;
}

function reasonOf(problem: Error & { readonly code?: unknown }): string {
  // The code of a noex error is too general; its message names the problem.
  if (problem instanceof NoexError) return problem.message;
  return typeof problem.code === 'string' ? problem.code : problem.message;
}
