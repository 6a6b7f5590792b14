import type { MessageTraced, ProcessKind } from '../../streams/events.js';
import { AsyncContext } from '../async-context.js';
import type { Timer } from '../clock.js';
import { Inbox, type OverloadPolicy } from './bounded-mailbox.js';
import { type Entry, Measured, PendingCall, type Receipt, receiptOf, StopRequest } from './envelope.js';
import type { AnyBehavior } from './gen-server-types.js';
import type { StopResult } from './handler-result.js';
import { type HandlerHost, HandlerRunner, isThenable } from './handler-runner.js';
import type { ProcessRef } from './refs.js';
import type { Sampler } from './sampler.js';
import type { Runnable } from './scheduler.js';
import { Timing, type TimingHost } from './timing.js';
import type { Reportable } from './unreported-processes.js';

/** What a message loop needs of the runtime. */
export interface MessageLoopHost extends TimingHost, HandlerHost {
  /** The loop has counts to report at the end of the turn. Called once between two {@link MessageLoop.report}s. */
  dirty(loop: MessageLoop): void;
}

export interface MessageLoopOptions {
  readonly ref: ProcessRef;
  readonly kind: ProcessKind;
  readonly behavior: AnyBehavior;
  readonly mailboxLimit: number;
  readonly overload?: OverloadPolicy;
  /** Where handlers run: in the context of the runtime, or, message by message, of the sender. Default `runtime`. */
  readonly context?: 'runtime' | 'caller';
}

/** init -> handling -> terminating -> gone; from each of them straight to gone when killed. */
type Phase = 'init' | 'handling' | 'terminating' | 'gone';

/** Takes the messages of one process from its mailbox and has them handled, one at a time and in order. */
export abstract class MessageLoop extends HandlerRunner implements Runnable, Reportable {
  readonly id: string;
  readonly kind: ProcessKind;
  nextReady: Runnable | undefined;
  nextToReport: Reportable | undefined;
  readonly #host: MessageLoopHost;
  readonly #sampler: Sampler; // the host's; read for every message
  #timing: Timing | undefined; // only once a message is measured or traced: many processes are idle
  readonly #inbox: Inbox;
  protected readonly inSenderContext: boolean;
  protected phase: Phase = 'init';
  #isTraced = false;
  #isScheduled = false;
  #isDirty = false;
  /** The message whose async handler is under way: no other is handled until it is through. */
  #inFlight: Receipt | undefined;

  constructor(host: MessageLoopHost, options: MessageLoopOptions) {
    super(host, options.ref, options.behavior);
    this.id = options.ref.id;
    this.kind = options.kind;
    this.#host = host;
    this.#sampler = host.sampler;
    this.#inbox = new Inbox(options.mailboxLimit, options.overload ?? 'reject');
    this.inSenderContext = options.context === 'caller';
  }

  abstract setTimer(action: () => void, ms: number): Timer;

  get gone(): boolean {
    return this.phase === 'gone';
  }

  get isInitializing(): boolean {
    return this.phase === 'init';
  }

  get runnable(): boolean {
    const hasWork = this.#inbox.size > 0 || this.continuation !== undefined;
    return hasWork && this.phase === 'handling' && this.#inFlight === undefined;
  }

  /**
   * Puts a message into the mailbox, as far as that has room for it. The caller has checked `gone`.
   *
   * @throws MailboxFullError when the sender has to know, ServerNotRunningError when the process handles nothing more
   */
  send(message: unknown, receipt: Receipt): void {
    if (this.phase === 'terminating') throw this.notRunning();
    if (!this.#inbox.isFull || this.#makesRoom(receipt)) this.enqueue(message, receipt);
  }

  /** As {@link send}, of a call from another node: without a limit of its own, the mailbox holds at most `most` messages. */
  sendFromRemote(message: unknown, receipt: Receipt, most: number): void {
    this.markDirty();
    this.#inbox.checkDefaultLimit(most, this);
    this.send(message, receipt);
  }

  /** Sends a message for a sender that receives no error: what the mailbox does not take is counted as dropped. */
  sendLate(message: unknown, receipt: 'cast' | 'info' = 'cast', most = Number.POSITIVE_INFINITY): void {
    const isFull = this.#inbox.exceeds(most) || (this.#inbox.isFull && this.#inbox.rejects);
    if (this.phase === 'terminating' || isFull) {
      this.#inbox.count('dropped');
      this.markDirty();
    } else this.send(message, receipt);
  }

  /** Casts `message` after `ms`, in the async context of now where the process wants that of its senders. */
  sendAfter(message: unknown, ms: number): Timer {
    const context = this.inSenderContext ? new AsyncContext() : undefined;
    const send = (): void => this.sendLate(message);
    return this.setTimer(context === undefined ? send : () => context.run(send), ms);
  }

  /** Puts something into the mailbox, whatever its limit. */
  enqueue(message: unknown, receipt: Receipt): void {
    const isDue = this.#sampler.due();
    const entry = isDue || this.#isTraced || this.inSenderContext ? this.#arrived(receipt, isDue) : receipt;
    this.#inbox.push(message, entry);
    this.markDirty();
    if (!this.#isScheduled && this.runnable) this.schedule();
  }

  run(limit: number, isWatched: boolean): number {
    let handled = 0;
    while (handled < limit && this.runnable) {
      handled += 1;
      this.#handleNext(isWatched);
    }
    this.#isScheduled = this.runnable;
    return handled;
  }

  heldLoop(ms: number): void {
    if (!this.gone) this.#timed().emitLoopBlocked(ms);
  }

  /** Emits one `message` event per message, until the function that it returns is called, by each caller for itself. */
  trace(): () => void {
    const release = this.#timed().trace();
    this.#isTraced = true;
    return () => {
      this.#isTraced = release();
    };
  }

  /** Emits the counts since the last report. */
  report(): void {
    this.#isDirty = false;
    if (!this.gone) this.#emitCounts();
  }

  protected schedule(): void {
    if (this.#isScheduled || !this.runnable) return;
    this.#isScheduled = true;
    this.#host.scheduler.ready(this);
  }

  protected markDirty(): void {
    // The exit messages of children are internal to a supervisor, and are not counted.
    if (this.#isDirty || this.kind === 'supervisor') return;
    this.#isDirty = true;
    this.#host.dirty(this);
  }

  /** Emits the counts for the last time, if there are any; how long the queue was no longer matters. */
  protected reportLastCounts(): void {
    if (this.#isDirty && (this.calls + this.casts + this.infos > 0 || this.#inbox.hasCounts)) this.#emitCounts();
  }

  /** Rejects the callers whose messages will not be handled; returns how many messages there were. */
  protected emptyMailbox(): number {
    if (this.#inFlight instanceof PendingCall) this.#inFlight.fail(this.notRunning(true));
    this.failPromisedReplies();
    return this.#inbox.drain(() => this.notRunning(), this.kind === 'genserver');
  }

  #timed(): Timing {
    this.#timing ??= new Timing(this.#host, this.id);
    return this.#timing;
  }

  #makesRoom(receipt: Receipt): boolean {
    this.markDirty();
    return this.#inbox.makeRoom(receipt, this);
  }

  #arrived(receipt: Receipt, isDue: boolean): Entry {
    const context = this.inSenderContext ? new AsyncContext() : undefined;
    const from = this.#isTraced ? this.#host.current : undefined;
    // The exit messages of a supervisor are not part of the latency.
    return this.#timed().arrived(receipt, isDue && this.kind === 'genserver', context, from);
  }

  #handleNext(isWatched: boolean): void {
    const { continuation } = this;
    if (continuation !== undefined) {
      this.continuation = undefined;
      this.#handle(continuation.payload, 'continue', isWatched);
      return;
    }
    const { message, receipt } = this.#inbox;
    this.#inbox.drop();
    this.#handle(message, receipt, isWatched);
  }

  #handle(message: unknown, entry: Entry, isWatched: boolean): void {
    // Most receipts are the string 'cast'; comparing with it is faster than an `instanceof` check.
    if (isWatched || this.#isTraced || (typeof entry === 'object' && entry instanceof Measured)) {
      this.#handleTimed(message, entry);
      return;
    }
    try {
      const result = this.dispatch(message, entry);
      if (isThenable(result)) this.#suspend(result, entry);
      else this.stopIfAsked(this.handled(result, entry));
    } catch (thrown) {
      this.crash(thrown, entry);
    }
  }

  /** As {@link #handle}, with the time it took for the sampler and for traces. */
  #handleTimed(message: unknown, entry: Entry): void {
    const receipt = receiptOf(entry);
    if (receipt instanceof StopRequest) {
      this.terminate(receipt.reason);
      return;
    }
    const timing = this.#timed();
    const begun = timing.now();
    let handleMs: number | undefined;
    try {
      const context = entry instanceof Measured ? entry.context : undefined;
      const result =
        context === undefined ? this.dispatch(message, receipt) : context.run(() => this.dispatch(message, receipt));
      handleMs = timing.now() - begun;
      timing.returned(message, handleMs);
      if (isThenable(result)) {
        this.#suspend(result, receipt, (outcome) =>
          timing.through(message, entry, begun, timing.now() - begun, outcome),
        );
      } else {
        const stopped = this.handled(result, receipt);
        timing.through(message, entry, begun, handleMs, 'ok');
        this.stopIfAsked(stopped);
      }
    } catch (thrown) {
      if (handleMs === undefined) {
        handleMs = timing.now() - begun;
        timing.returned(message, handleMs);
      }
      timing.through(message, entry, begun, handleMs, 'crashed');
      this.crash(thrown, receipt);
    }
  }

  /** Handles no other message until the promise of an async handler settles. */
  #suspend(
    result: PromiseLike<unknown>,
    receipt: Receipt,
    through?: (outcome: MessageTraced['outcome']) => void,
  ): void {
    this.#inFlight = receipt;
    const crash = (thrown: unknown): void => {
      through?.('crashed');
      this.crash(thrown, receipt);
    };
    Promise.resolve(result).then(
      (value) => {
        // A killed process has no use for what its handler returns.
        if (this.gone) return;
        this.#inFlight = undefined;
        let stopped: StopResult | undefined;
        try {
          stopped = this.handled(value, receipt);
        } catch (thrown) {
          crash(thrown);
          return;
        }
        through?.('ok');
        this.stopIfAsked(stopped);
        this.schedule();
      },
      (thrown) => {
        if (this.gone) {
          this.failedLate('a handler', thrown);
          return;
        }
        this.#inFlight = undefined;
        crash(thrown);
      },
    );
  }

  #emitCounts(): void {
    const { calls, casts, infos } = this;
    this.calls = this.casts = this.infos = 0;
    const queueSize = this.#inbox.size;
    const activity = { type: 'messages_handled', id: this.id, calls, casts, infos, queueSize } as const;
    const samples = this.#timing?.takeSamples();
    // Most processes have neither, and a spread takes as long as all the rest.
    if (samples === undefined && !this.#inbox.hasCounts) this.#host.emit(activity);
    else this.#host.emit({ ...activity, ...this.#inbox.takeCounts(), ...(samples !== undefined && { samples }) });
  }
}
