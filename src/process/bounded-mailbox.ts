import type { ReportedCountName } from '../../streams/server-counts.js';
import { MailboxFullError, type ServerNotRunningError } from '../errors.js';
import { type Envelope, envelopeOf, PendingCall, type QueuedEnvelope, StopRequest } from './envelope.js';
import { Mailbox } from './mailbox.js';

/**
 * What happens to a message for a full mailbox: `reject` throws to the sender; `drop_newest` drops that message, `drop_oldest`
 * the one that has waited longest. The caller of a dropped call gets MailboxFullError.
 */
export type OverloadPolicy = 'reject' | 'drop_newest' | 'drop_oldest';

/** What was counted since the counts were reported. */
type Counts = { [Name in ReportedCountName]?: number };

/** The process that a mailbox belongs to, for its errors. */
interface Owner {
  readonly id: string;
  readonly registeredName: string | undefined;
}

/** The mailbox of a process, with its limit. */
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

  /** Whether there are counts to report. */
  get hasCounts(): boolean {
    return this.#counts !== undefined;
  }

  count(name: ReportedCountName): void {
    this.#counts ??= {};
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  /** The counts since the last time, for an event. */
  takeCounts(): Counts | undefined {
    const counts = this.#counts;
    this.#counts = undefined;
    return counts;
  }

  /**
   * Makes room for a message that found the mailbox full, where the overload policy does; whether there is room now.
   *
   * @throws MailboxFullError when the sender has to know
   */
  makeRoom(envelope: Envelope, owner: Owner): boolean {
    if (this.rejects) throw this.#refusal(owner, this.#limit);
    const oldest = envelopeOf(this.envelope);
    // A request to stop is no message: it keeps its place.
    const hasRoom = this.#overload === 'drop_oldest' && !(oldest instanceof StopRequest);
    this.count('dropped');
    if (!hasRoom && envelope instanceof PendingCall) throw this.#fullError(owner);
    if (!hasRoom) return false;
    this.drop();
    if (oldest instanceof PendingCall) oldest.fail(this.#fullError(owner));
    return true;
  }

  /** Whether a mailbox without a limit of its own holds `most` messages. */
  exceeds(most: number): boolean {
    return this.#limit === Number.POSITIVE_INFINITY && this.size >= most;
  }

  /** @throws MailboxFullError when it {@link exceeds} `most` */
  checkDefaultLimit(most: number, owner: Owner): void {
    if (this.exceeds(most)) throw this.#refusal(owner, most);
  }

  /** Counts a message that is not taken; the error for its sender. */
  #refusal({ id, registeredName }: Owner, limit: number): MailboxFullError {
    this.count('rejected');
    return new MailboxFullError(id, limit, { registeredName });
  }

  /**
   * Empties the mailbox and fails the calls in it; returns how many messages of senders it held. Infos do not count where
   * they are internal to the process.
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
