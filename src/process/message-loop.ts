import type { MessageTraced, ProcessKind } from '../../streams/events.js';
import { AsyncContext } from '../async-context.js';
import type { Timer } from '../clock.js';
import { BoundedMailbox, type OverloadPolicy } from './bounded-mailbox.js';
import { type Envelope, envelopeOf, PendingCall, type QueuedEnvelope, StopRequest, TimedEnvelope } from './envelope.js';
import type { AnyBehavior } from './gen-server-types.js';
import type { StopResult } from './handler-result.js';
import { type HandlerHost, HandlerRunner, isThenable } from './handler-runner.js';
import { MessageTiming, type MessageTimingHost } from './message-timing.js';
import type { ProcessRef } from './process-refs.js';
import type { Sampler } from './sampler.js';
import type { Runnable } from './scheduler.js';
import type { Reportable } from './unreported-processes.js';

/** The parts of the runtime that a MessageLoop uses. */
export interface MessageLoopHost extends MessageTimingHost, HandlerHost {
  /** Queues `loop`, so that its {@link MessageLoop.report} is called later. `loop` must not be queued already. */
  dirty(loop: MessageLoop): void;
}

export interface MessageLoopOptions {
  readonly ref: ProcessRef;
  readonly kind: ProcessKind;
  readonly behavior: AnyBehavior;
  readonly mailboxLimit: number;
  readonly overload?: OverloadPolicy;
  /** The async context of handlers: that of the runtime, or of each message's sender. Default `runtime`. */
  readonly context?: 'runtime' | 'caller';
}

/** The phases, in their order. A process may go from each phase directly to `gone`, for example when it is killed. */
type Phase = 'init' | 'handling' | 'terminating' | 'gone';

/** Takes the messages of one process from its mailbox and runs their handlers, one at a time and in order. */
export abstract class MessageLoop extends HandlerRunner implements Runnable, Reportable {
  readonly kind: ProcessKind;
  nextReady: Runnable | undefined;
  nextToReport: Reportable | undefined;
  declare protected readonly host: MessageLoopHost;
  readonly #sampler: Sampler; // copied from the host, because it is read for every message
  #timing: MessageTiming | undefined; // created on first use, because many processes need none
  readonly #mailbox: BoundedMailbox;
  protected readonly inSenderContext: boolean;
  protected phase: Phase = 'init';
  #isTraced = false;
  #isScheduled = false;
  #isDirty = false;
  /** The envelope of the message whose async handler is running. The next message waits until that handler settles. */
  #inFlight: Envelope | undefined;

  constructor(host: MessageLoopHost, options: MessageLoopOptions) {
    super(host, options.ref, options.behavior);
    this.kind = options.kind;
    this.#sampler = host.sampler;
    this.#mailbox = new BoundedMailbox(options.mailboxLimit, options.overload ?? 'reject');
    this.inSenderContext = options.context === 'caller';
  }

  abstract setTimer(action: () => void, ms: number): Timer;

  get id(): string {
    return this.ref.id;
  }

  get gone(): boolean {
    return this.phase === 'gone';
  }

  get isInitializing(): boolean {
    return this.phase === 'init';
  }

  get runnable(): boolean {
    const hasWork = this.#mailbox.size > 0 || this.continuation !== undefined;
    return hasWork && this.phase === 'handling' && this.#inFlight === undefined;
  }

  /**
   * Puts a message into the mailbox, subject to its limit. The caller has checked that the process is not `gone`.
   *
   * @throws MailboxFullError according to the overload policy, ServerNotRunningError while the process terminates
   */
  send(message: unknown, envelope: Envelope): void {
    if (this.phase === 'terminating') throw this.notRunning();
    if (!this.#mailbox.isFull || this.#makesRoom(envelope)) this.enqueue(message, envelope);
  }

  /** As {@link send}, for a call from another node. `most` is the limit of a mailbox without a configured limit. */
  sendFromRemote(message: unknown, envelope: Envelope, most: number): void {
    this.markDirty();
    this.#mailbox.checkDefaultLimit(most, this);
    this.send(message, envelope);
  }

  /** As {@link send}, for a sender that receives no error: a message that is not taken is counted as dropped. */
  sendOrDrop(message: unknown, envelope: 'cast' | 'info' = 'cast', most = Number.POSITIVE_INFINITY): void {
    const isFull = this.#mailbox.reachesDefaultLimit(most) || (this.#mailbox.isFull && this.#mailbox.rejects);
    if (this.phase === 'terminating' || isFull) {
      this.#mailbox.count('dropped');
      this.markDirty();
    } else this.send(message, envelope);
  }

  /** Casts `message` after `ms`. With `inSenderContext`, its handler runs in the async context of the caller. */
  sendAfter(message: unknown, ms: number): Timer {
    const context = this.inSenderContext ? new AsyncContext() : undefined;
    const send = (): void => this.sendOrDrop(message);
    return this.setTimer(context === undefined ? send : () => context.run(send), ms);
  }

  /** Puts a message into the mailbox regardless of its limit. */
  enqueue(message: unknown, envelope: Envelope): void {
    const isDue = this.#sampler.due();
    const entry = isDue || this.#isTraced || this.inSenderContext ? this.#timedEnvelope(envelope, isDue) : envelope;
    this.#mailbox.push(message, entry);
    this.markDirty();
    if (!this.#isScheduled && this.runnable) this.schedule();
  }

  run(limit: number, isTimed: boolean): number {
    let handled = 0;
    while (handled < limit && this.runnable) {
      handled += 1;
      this.#handleNext(isTimed);
    }
    this.#isScheduled = this.runnable;
    return handled;
  }

  blockedLoop(ms: number): void {
    if (!this.gone) this.#ensureTiming().emitLoopBlocked(ms);
  }

  /** Emits one `message` event per message until the returned function is called. Traces may overlap. */
  trace(): () => void {
    const release = this.#ensureTiming().trace();
    this.#isTraced = true;
    return () => {
      this.#isTraced = release();
    };
  }

  report(): void {
    this.#isDirty = false;
    if (!this.gone) this.#emitCounts();
  }

  protected schedule(): void {
    if (this.#isScheduled || !this.runnable) return;
    this.#isScheduled = true;
    this.host.scheduler.ready(this);
  }

  protected markDirty(): void {
    // Supervisors report no counts: all their messages are internal.
    if (this.#isDirty || this.kind === 'supervisor') return;
    this.#isDirty = true;
    this.host.dirty(this);
  }

  /** Emits the last counts before the process ends. A change of the queue length alone is not reported. */
  protected reportLastCounts(): void {
    if (this.#isDirty && (this.calls + this.casts + this.infos > 0 || this.#mailbox.hasCounts)) this.#emitCounts();
  }

  /** Empties the mailbox and rejects all waiting callers. Returns the number of messages that were not handled. */
  protected emptyMailbox(): number {
    if (this.#inFlight instanceof PendingCall) this.#inFlight.fail(this.notRunning(true));
    this.failPromisedReplies();
    return this.#mailbox.drain(() => this.notRunning(), this.kind === 'genserver');
  }

  #ensureTiming(): MessageTiming {
    this.#timing ??= new MessageTiming(this.host, this.id);
    return this.#timing;
  }

  #makesRoom(envelope: Envelope): boolean {
    this.markDirty();
    return this.#mailbox.makeRoom(envelope, this);
  }

  #timedEnvelope(envelope: Envelope, isDue: boolean): QueuedEnvelope {
    const context = this.inSenderContext ? new AsyncContext() : undefined;
    const from = this.#isTraced ? this.host.current : undefined;
    // The exit messages that a supervisor receives are not part of the latency statistics.
    return this.#ensureTiming().envelopeFor(envelope, isDue && this.kind === 'genserver', context, from);
  }

  #handleNext(isTimed: boolean): void {
    const { continuation } = this;
    if (continuation !== undefined) {
      this.continuation = undefined;
      this.#handle(continuation.payload, 'continue', isTimed);
      return;
    }
    const { message, envelope } = this.#mailbox;
    this.#mailbox.drop();
    this.#handle(message, envelope, isTimed);
  }

  #handle(message: unknown, entry: QueuedEnvelope, isTimed: boolean): void {
    // Most envelopes are the string 'cast'. For a string, the `typeof` check avoids `instanceof`, which is slower.
    if (isTimed || this.#isTraced || (typeof entry === 'object' && entry instanceof TimedEnvelope)) {
      this.#handleTimed(message, entry);
      return;
    }
    try {
      const result = this.dispatch(message, entry);
      if (isThenable(result)) this.#suspend(result, entry);
      else this.stopIfAsked(this.applyResult(result, entry));
    } catch (thrown) {
      this.crash(thrown, entry);
    }
  }

  /** Does the same as {@link #handle} in the async context of the message, if any, and measures times. */
  #handleTimed(message: unknown, entry: QueuedEnvelope): void {
    const envelope = envelopeOf(entry);
    if (envelope instanceof StopRequest) {
      this.terminate(envelope.reason);
      return;
    }
    const timing = this.#ensureTiming();
    const begun = timing.now();
    let handleMs: number | undefined;
    try {
      const context = entry instanceof TimedEnvelope ? entry.context : undefined;
      const result =
        context === undefined ? this.dispatch(message, envelope) : context.run(() => this.dispatch(message, envelope));
      handleMs = timing.now() - begun;
      timing.handlerReturned(message, handleMs);
      if (isThenable(result)) {
        this.#suspend(result, envelope, (outcome) =>
          timing.completed(message, entry, begun, timing.now() - begun, outcome),
        );
      } else {
        const stopped = this.applyResult(result, envelope);
        timing.completed(message, entry, begun, handleMs, 'ok');
        this.stopIfAsked(stopped);
      }
    } catch (thrown) {
      if (handleMs === undefined) {
        handleMs = timing.now() - begun;
        timing.handlerReturned(message, handleMs);
      }
      timing.completed(message, entry, begun, handleMs, 'crashed');
      this.crash(thrown, envelope);
    }
  }

  /** Handles no other message until the promise of an async handler settles. */
  #suspend(
    result: PromiseLike<unknown>,
    envelope: Envelope,
    onCompleted?: (outcome: MessageTraced['outcome']) => void,
  ): void {
    this.#inFlight = envelope;
    const crash = (thrown: unknown): void => {
      onCompleted?.('crashed');
      this.crash(thrown, envelope);
    };
    Promise.resolve(result).then(
      (value) => {
        // The process has ended meanwhile, so the result is dropped.
        if (this.gone) return;
        this.#inFlight = undefined;
        let stopped: StopResult | undefined;
        try {
          stopped = this.applyResult(value, envelope);
        } catch (thrown) {
          crash(thrown);
          return;
        }
        onCompleted?.('ok');
        this.stopIfAsked(stopped);
        this.schedule();
      },
      (thrown) => {
        if (this.gone) {
          this.reportLateFailure('a handler', thrown);
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
    const queueSize = this.#mailbox.size;
    const activity = { type: 'messages_handled', id: this.id, calls, casts, infos, queueSize } as const;
    const samples = this.#timing?.takeSamples();
    // Most reports have neither samples nor counts. Spreading objects would double the cost of such a report.
    if (samples === undefined && !this.#mailbox.hasCounts) this.host.emit(activity);
    else this.host.emit({ ...activity, ...this.#mailbox.takeCounts(), ...(samples !== undefined && { samples }) });
  }
}
