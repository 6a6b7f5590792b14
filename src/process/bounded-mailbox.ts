import type { ReportedCountName } from '../../streams/server-counts.js';
import { MailboxFullError, type ServerNotRunningError } from '../errors.js';
import { type Envelope, envelopeOf, PendingCall, type QueuedEnvelope, StopRequest } from './envelope.js';
import { Mailbox } from './mailbox.js';

/**
 * What a process does with a message that arrives when its mailbox is full. `reject`: the sender gets MailboxFullError.
 * `drop_newest`: the arriving message is dropped. `drop_oldest`: the message that has waited longest is dropped. A
 * dropped call rejects with MailboxFullError.
 */
export type OverloadPolicy = 'reject' | 'drop_newest' | 'drop_oldest';

/** The counts since the last `takeCounts`. A count of zero is absent. */
type Counts = { [Name in ReportedCountName]?: number };

/** The process that owns a mailbox, for error messages. */
interface Owner {
  readonly id: string;
  readonly registeredName: string | undefined;
}

/**
 * The mailbox of one process: it applies the limit and the overload policy, and counts dropped and rejected messages.
 */
export class BoundedMailbox extends Mailbox<QueuedEnvelope> {
  readonly #limit: number;
  readonly #overload: OverloadPolicy;
  #counts: Counts | undefined;

  constructor(limit: number, overload: OverloadPolicy) {
    super();
    this.#limit = limit;
    this.#overload = overload;
  }

  get isFull(): boolean {
    return this.size >= this.#limit;
  }

  get rejects(): boolean {
    return this.#overload === 'reject';
  }

  get hasCounts(): boolean {
    return this.#counts !== undefined;
  }

  count(name: ReportedCountName): void {
    this.#counts ??= {};
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  /** Returns the counts since the last call, and resets them. `undefined`: all counts are zero. */
  takeCounts(): Counts | undefined {
    const counts = this.#counts;
    this.#counts = undefined;
    return counts;
  }

  /**
   * Applies the overload policy to a message that arrives when the mailbox is full, and counts the dropped or rejected
   * message. Returns whether the arriving message may be enqueued now; if so, the oldest one was dropped.
   *
   * @throws MailboxFullError if the policy is `reject`, or if the arriving message is a call and is dropped
   */
  makeRoom(envelope: Envelope, owner: Owner): boolean {
    if (this.rejects) throw this.#rejection(owner, this.#limit);
    const oldest = envelopeOf(this.envelope);
    // `drop_oldest` never drops a stop request: if one is the oldest entry, the arriving message is dropped instead.
    const hasRoom = this.#overload === 'drop_oldest' && !(oldest instanceof StopRequest);
    this.count('dropped');
    if (!hasRoom && envelope instanceof PendingCall) throw this.#fullError(owner);
    if (!hasRoom) return false;
    this.drop();
    if (oldest instanceof PendingCall) oldest.fail(this.#fullError(owner));
    return true;
  }

  /** Whether a mailbox without a configured limit holds `most` messages or more. */
  reachesDefaultLimit(most: number): boolean {
    return this.#limit === Number.POSITIVE_INFINITY && this.size >= most;
  }

  /**
   * Applies the default limit `most` to a mailbox without a configured limit.
   *
   * @throws MailboxFullError when such a mailbox holds `most` messages or more
   */
  checkDefaultLimit(most: number, owner: Owner): void {
    if (this.reachesDefaultLimit(most)) throw this.#rejection(owner, most);
  }

  /** Counts a rejected message, and returns the error for its sender. */
  #rejection({ id, registeredName }: Owner, limit: number): MailboxFullError {
    this.count('rejected');
    return new MailboxFullError(id, limit, { registeredName });
  }

  /**
   * Empties the mailbox, and rejects the calls in it with `error`. Returns how many messages were removed. Stop
   * requests do not count. With `countsInfos` false, infos do not count either: the infos of a supervisor are its
   * internal messages.
   */
  drain(error: () => ServerNotRunningError, countsInfos: boolean): number {
    let unhandled = 0;
    for (; this.size > 0; this.drop()) {
      const envelope = envelopeOf(this.envelope);
      if (envelope instanceof StopRequest || (envelope === 'info' && !countsInfos)) continue;
      unhandled += 1;
      if (envelope instanceof PendingCall) envelope.fail(error());
    }
    return unhandled;
  }

  #fullError({ id, registeredName }: Owner): MailboxFullError {
    return new MailboxFullError(id, this.#limit, { registeredName });
  }
}
