import type {
  MessageTraced,
  ProcessCrashed,
  ProcessKind,
  ProcessLocation,
  SupervisorStrategy,
} from '../../streams/events.js';
import { AsyncContext } from '../async-context.js';
import type { Timer } from '../clock.js';
import {
  asError,
  EndedProcessError,
  InitializationError,
  InvalidHandlerResultError,
  MailboxFullError,
  messageOf,
  ServerNotRunningError,
} from '../errors.js';
import type { GenServerBehavior, HandlerContext, ProcessRef, TerminationReason } from './behavior.js';
import { type Entry, Measured, PendingCall, type Receipt, receiptOf, StopRequest } from './envelope.js';
import { ProcessHandlerContext } from './handler-context.js';
import { StopResult } from './handler-result.js';
import { Mailbox } from './mailbox.js';
import { locationOf } from './process-location.js';
import type { Sampler } from './sampler.js';
import type { Runnable } from './scheduler.js';
import { serializeError, serializeExitReason } from './serialize.js';
import { Timing, type TimingHost } from './timing.js';

/**
 * How long `terminate` may take after a crash before the process is gone without it, ms. A supervisor gives its children the
 * time of their specs instead.
 */
const CRASH_CLEANUP_MS = 5000;

/**
 * What happens to a message for a full mailbox: `reject` throws to the sender; `drop_newest` drops that message, `drop_oldest`
 * the one that has waited longest. The caller of a dropped call gets MailboxFullError.
 */
export type OverloadPolicy = 'reject' | 'drop_newest' | 'drop_oldest';

/** What a process needs of the runtime it lives in. */
export interface ProcessHost extends TimingHost {
  /** Of the runtime: where handlers run. */
  readonly context: AsyncContext;
  /** The process whose handler is on the stack now. */
  current: Process | undefined;
  /** Calls code that is of no process, though a handler may be on the stack. */
  outside(code: () => void): void;
  /** An error that no caller is there to be rejected with. */
  onError(error: Error): void;
  /** `process` has counters to report at the end of the turn. Called once between two {@link Process.report}s. */
  dirty(process: Process): void;
  /** `process` is about to be gone: its name and its place in the table are free from here on. */
  released(process: Process): void;
}

export interface ProcessOptions {
  readonly ref: ProcessRef;
  readonly kind: ProcessKind;
  /** Supervisors only. */
  readonly strategy?: SupervisorStrategy;
  readonly behavior: GenServerBehavior<unknown, unknown, unknown, unknown, unknown>;
  readonly mailboxLimit: number;
  readonly overload?: OverloadPolicy;
  /** Where handlers run: in the context of the runtime, or, message by message, of the sender. Default `runtime`. */
  readonly context?: 'runtime' | 'caller';
}

/** The info message that a parent receives when a child has ended. */
export class ChildExit {
  readonly id: string;
  readonly reason: TerminationReason;

  constructor(id: string, reason: TerminationReason) {
    this.id = id;
    this.reason = reason;
  }
}

/** init -> handling -> terminating -> gone; from each of them straight to gone when killed. */
type Phase = 'init' | 'handling' | 'terminating' | 'gone';

/** One process: a mailbox, a state, and the loop that takes messages from the one to make the other. */
export class Process implements Runnable {
  readonly id: string;
  readonly kind: ProcessKind;
  readonly ref: ProcessRef;
  readonly #mailboxLimit: number;
  readonly #overload: OverloadPolicy;
  nextReady: Runnable | undefined;

  readonly #host: ProcessHost;
  /** Of the host; asked with every message. */
  readonly #sampler: Sampler;
  readonly #timing: Timing;
  #isTraced = false;
  readonly #behavior: ProcessOptions['behavior'];
  readonly #inSenderContext: boolean;
  readonly #context: HandlerContext = new ProcessHandlerContext(this);
  /** What its start facts say of it. */
  readonly #kindFacts: { readonly id: string; readonly kind: ProcessKind; readonly strategy?: SupervisorStrategy };
  readonly #mailbox = new Mailbox<Entry>();
  // None of these before it is needed: many processes never are parents, nor set timers.
  #children: Set<Process> | undefined;
  #timers: Set<Timer> | undefined;
  #onGone: (() => void)[] | undefined;
  #aborter: AbortController | undefined;
  /** Calls that were answered with a promise which has not settled. */
  #awaitingReply: Set<PendingCall> | undefined;
  /** The name it had when it ended. */
  #lastName: string | undefined;
  #parent: Process | undefined;
  #childId: string | undefined;
  #onEnding: (() => void) | undefined;
  /** How long `terminate` may take after a crash, ms. */
  #cleanupMs: number;
  /** The limit of a `terminate` that is under way after a crash. */
  #cleanup: { readonly crash: TerminationReason; timer?: Timer } | undefined;
  #state: unknown;
  #phase: Phase = 'init';
  #exitReason: TerminationReason | undefined;
  #stopRequested = false;
  /** The message whose async handler is under way: no other is handled until it is through. */
  #inFlight: Receipt | undefined;
  #scheduled = false;
  #dirty = false;
  #calls = 0;
  #casts = 0;
  #infos = 0;
  #dropped = 0;
  #abortInit: ((error: Error) => void) | undefined;

  constructor(host: ProcessHost, options: ProcessOptions) {
    this.#host = host;
    this.#sampler = host.sampler;
    const { kind, strategy, ref } = options;
    const { id } = ref;
    this.#timing = new Timing(host, id);
    this.id = id;
    this.kind = kind;
    this.ref = ref;
    // The children of a supervisor have their own limits.
    this.#cleanupMs = kind === 'genserver' ? CRASH_CLEANUP_MS : Number.POSITIVE_INFINITY;
    this.#mailboxLimit = options.mailboxLimit;
    this.#overload = options.overload ?? 'reject';
    this.#behavior = options.behavior;
    this.#inSenderContext = options.context === 'caller';
    this.#kindFacts = strategy === undefined ? { id, kind } : { id, kind, strategy };
  }

  /** Whether it lives and has not been asked to stop. */
  get running(): boolean {
    return !this.#stopRequested && (this.#phase === 'init' || this.#phase === 'handling');
  }

  get gone(): boolean {
    return this.#phase === 'gone';
  }

  /** Whether its `init` is under way. */
  get isInitializing(): boolean {
    return this.#phase === 'init';
  }

  /** The name under which it is registered, or was when it ended. */
  get registeredName(): string | undefined {
    return this.#phase === 'gone' ? this.#lastName : this.#host.nameOf(this.id);
  }

  /** Whether one of its own handlers is on the stack. */
  get isCurrent(): boolean {
    return this.#host.current === this;
  }

  /** Aborted when the process ends. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.#phase === 'gone') this.#aborter.abort(this.notRunning());
    }
    return this.#aborter.signal;
  }

  get runnable(): boolean {
    return this.#phase === 'handling' && this.#inFlight === undefined && this.#mailbox.size > 0;
  }

  /**
   * Runs `init`; a promise only if that returns one. Rejects with InitializationError when it fails, takes too long, or the
   * process is killed meanwhile.
   *
   * @throws InitializationError
   */
  start(timeoutMs: number, name: string | undefined): Promise<void> | undefined {
    this.#host.emit({ type: 'process_spawned', ...this.#kindFacts });
    if (name !== undefined) this.#host.emit({ type: 'name_registered', name, id: this.id });
    // What hears of these events may kill it.
    if (this.gone) throw this.#killedDuringInit();
    let initial: unknown;
    let pending: Promise<unknown> | undefined;
    try {
      const init = (): unknown => this.#asCurrent(() => this.#behavior.init(this.ref, this.#context));
      initial = this.#inSenderContext ? init() : this.#host.context.run(init);
      if (isThenable(initial)) pending = Promise.resolve(initial);
    } catch (thrown) {
      throw this.#initFailed(asError(thrown));
    }
    if (pending !== undefined) return this.#startedWith(pending, timeoutMs);
    if (this.gone) {
      this.#cleanUpLate(initial);
      throw this.#killedDuringInit();
    }
    this.#started(initial);
    return undefined;
  }

  /** As {@link start}, for an `init` that is async. */
  #startedWith(pending: Promise<unknown>, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.gone) reject(this.#killedDuringInit());
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY || this.gone
          ? undefined
          : this.setTimer(() => {
              this.#abortInit = undefined;
              reject(this.#initFailed(new Error(`init took longer than initTimeout (${timeoutMs} ms)`)));
            }, timeoutMs);
      this.#abortInit = reject;
      const settled = (): boolean => {
        if (this.#phase !== 'init') return false;
        if (timer !== undefined) this.clearTimer(timer);
        this.#abortInit = undefined;
        return true;
      };
      pending.then(
        (state) => {
          if (!settled()) {
            this.#cleanUpLate(state);
            return;
          }
          this.#started(state);
          resolve();
        },
        (thrown) => {
          if (settled()) reject(this.#initFailed(asError(thrown)));
          else this.#failedLate('init', thrown);
        },
      );
    });
  }

  /**
   * Puts a message into the mailbox, as far as that has room for it. The caller has looked at `gone`.
   *
   * @throws MailboxFullError when the sender has to know, ServerNotRunningError when the process handles nothing more
   */
  send(message: unknown, receipt: Receipt): void {
    if (this.#phase === 'terminating') throw this.notRunning();
    if (this.#mailbox.size < this.#mailboxLimit || this.#makesRoom(receipt)) this.enqueue(message, receipt);
  }

  /** Casts `message` after `ms`, in the async context of now where the process wants that of its senders. */
  sendAfter(message: unknown, ms: number): Timer {
    const context = this.#inSenderContext ? new AsyncContext() : undefined;
    const send = (): void => this.#sendLate(message);
    return this.setTimer(context === undefined ? send : () => context.run(send), ms);
  }

  /** As {@link send}, for a sender that is not there any more. */
  #sendLate(message: unknown): void {
    const isFull = this.#mailbox.size >= this.#mailboxLimit && this.#overload === 'reject';
    if (isFull || this.#phase === 'terminating') this.#countDropped();
    else this.send(message, 'cast');
  }

  /** Puts something into the mailbox, whatever its limit. */
  enqueue(message: unknown, receipt: Receipt): void {
    const isDue = this.#sampler.due();
    const entry = isDue || this.#isTraced || this.#inSenderContext ? this.#arrived(receipt, isDue) : receipt;
    this.#mailbox.push(message, entry);
    if (!this.#dirty) this.#markDirty();
    if (!this.#scheduled && this.runnable) this.#schedule();
  }

  /** Whether there is room for a message that found the mailbox full. */
  #makesRoom(receipt: Receipt): boolean {
    if (this.#overload === 'reject') throw this.#fullError();
    const oldest = receiptOf(this.#mailbox.receipt);
    // A request to stop is no message: it keeps its place.
    const isRoom = this.#overload === 'drop_oldest' && !(oldest instanceof StopRequest);
    this.#countDropped();
    if (!isRoom && receipt instanceof PendingCall) throw this.#fullError();
    if (!isRoom) return false;
    this.#mailbox.drop();
    if (oldest instanceof PendingCall) oldest.fail(this.#fullError());
    return true;
  }

  #fullError(): MailboxFullError {
    return new MailboxFullError(this.id, this.#mailboxLimit, { registeredName: this.registeredName });
  }

  #countDropped(): void {
    this.#dropped += 1;
    if (!this.#dirty) this.#markDirty();
  }

  /**
   * Handles what is queued, then terminates, or is killed when that takes longer than `timeoutMs`; `killed` ends it at
   * once. Resolves when gone.
   */
  stop(reason: TerminationReason, timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (reason === 'killed') this.kill();
    if (this.#phase === 'gone') return Promise.resolve();
    if (timeoutMs !== Number.POSITIVE_INFINITY) this.setTimer(() => this.killOverdue(timeoutMs), timeoutMs);
    const gone = new Promise<void>((resolve) => {
      this.#onGone ??= [];
      this.#onGone.push(resolve);
    });
    this.#markStopping();
    this.enqueue(undefined, new StopRequest(reason));
    return gone;
  }

  /** Ends it here and now, with its children: nothing more is handled, `terminate` does not run. */
  kill(): void {
    this.#exit('killed');
  }

  /** Why it ended; `undefined` until then. */
  get exitReason(): TerminationReason | undefined {
    return this.#exitReason;
  }

  /** Where it stands now, for an event. */
  place(): ProcessLocation {
    return locationOf(this, this.#host.nameOf);
  }

  /** As {@link kill}, of a process that did not stop within `timeoutMs`. */
  killOverdue(timeoutMs: number): void {
    if (this.#phase === 'gone') return;
    const { id, kind } = this;
    this.#host.emit({ type: 'stop_timed_out', id, kind, timeoutMs, ...this.place() });
    this.kill();
  }

  /** Calls `listener` once, when this process is asked to stop, crashes or is killed. There is one listener. */
  onEnding(listener: () => void): void {
    this.#onEnding = listener;
  }

  /**
   * Makes `child` end with this process and report to it, by a {@link ChildExit}, when it ends before, or has ended. Its
   * `terminate` may take `cleanupMs` after a crash. `childId` is the id in the child spec.
   */
  adopt(child: Process, childId: string, cleanupMs: number): void {
    if (child.#exitReason !== undefined) {
      // It has had its place: a second one would wait for an exit that is reported only once.
      child.#parent = this;
      this.enqueue(new ChildExit(child.id, child.#exitReason), 'info');
      return;
    }
    child.#parent = this;
    child.#childId = childId;
    child.#cleanupMs = cleanupMs;
    this.#children ??= new Set();
    this.#children.add(child);
    child.#limitCleanup();
  }

  get parent(): Process | undefined {
    return this.#parent;
  }

  /** The id in the child spec; `undefined` for a process without a supervisor. */
  get childId(): string | undefined {
    return this.#childId;
  }

  /** Calls `action` after `ms`, unless the process or the timer is gone by then. */
  setTimer(action: () => void, ms: number): Timer {
    const timer = this.#host.clock.setTimeout(() => {
      this.#timers?.delete(timer);
      action();
    }, ms);
    this.#timers ??= new Set();
    this.#timers.add(timer);
    return timer;
  }

  /** Whether the timer was still pending. */
  clearTimer(timer: Timer): boolean {
    if (this.#timers?.delete(timer) !== true) return false;
    this.#host.clock.clearTimeout(timer);
    return true;
  }

  /** Emits one `message` fact per message, until all who called this have called what it returns. */
  trace(): () => void {
    const release = this.#timing.trace();
    this.#isTraced = true;
    return () => {
      this.#isTraced = release();
    };
  }

  /** Emits the counters since the last report. */
  report(): void {
    this.#dirty = false;
    if (this.#phase === 'gone') return;
    this.#reportCounts();
  }

  run(limit: number, isWatched: boolean): number {
    let handled = 0;
    while (handled < limit && this.runnable) {
      handled += 1;
      this.#handleNext(isWatched);
    }
    this.#scheduled = this.runnable;
    return handled;
  }

  heldLoop(ms: number): void {
    if (this.#phase !== 'gone') this.#timing.tellHeld(ms);
  }

  #arrived(receipt: Receipt, isDue: boolean): Entry {
    // Exits of children that a supervisor handles are in no latency.
    const context = this.#inSenderContext ? new AsyncContext() : undefined;
    return this.#timing.arrived(receipt, isDue && this.kind === 'genserver', context);
  }

  #handleNext(isWatched: boolean): void {
    const { message, receipt: entry } = this.#mailbox;
    this.#mailbox.drop();
    // Most entries are the text 'cast', and are known as such sooner than by their class.
    if (isWatched || this.#isTraced || (typeof entry === 'object' && entry instanceof Measured)) {
      this.#handleTimed(message, entry);
      return;
    }
    try {
      const result = this.#dispatch(message, entry);
      if (isThenable(result)) this.#suspend(result, entry);
      else this.#stopIfAsked(this.#handled(result, entry));
    } catch (thrown) {
      this.#crash(thrown, entry);
    }
  }

  #stopIfAsked(stopped: StopResult<unknown> | undefined): void {
    if (stopped === undefined) return;
    // A process that ends itself with an error has failed as one whose handler throws, and is reported as that.
    if (typeof stopped.reason === 'object') this.#emitCrash(asError(stopped.reason.error));
    this.#terminate(stopped.reason);
  }

  /** As {@link #handleNext}, with the time it took for the sampler and for traces. */
  #handleTimed(message: unknown, entry: Entry): void {
    const receipt = receiptOf(entry);
    if (receipt instanceof StopRequest) {
      this.#terminate(receipt.reason);
      return;
    }
    const timing = this.#timing;
    const begun = timing.now();
    let handleMs: number | undefined;
    try {
      const context = entry instanceof Measured ? entry.context : undefined;
      const result =
        context === undefined ? this.#dispatch(message, receipt) : context.run(() => this.#dispatch(message, receipt));
      handleMs = timing.now() - begun;
      timing.returned(message, handleMs);
      if (isThenable(result)) {
        this.#suspend(result, receipt, (outcome) =>
          timing.through(message, entry, begun, timing.now() - begun, outcome),
        );
      } else {
        const stopped = this.#handled(result, receipt);
        timing.through(message, entry, begun, handleMs, 'ok');
        this.#stopIfAsked(stopped);
      }
    } catch (thrown) {
      if (handleMs === undefined) {
        handleMs = timing.now() - begun;
        timing.returned(message, handleMs);
      }
      timing.through(message, entry, begun, handleMs, 'crashed');
      this.#crash(thrown, receipt);
    }
  }

  #dispatch(message: unknown, receipt: Receipt): unknown {
    const host = this.#host;
    const behavior = this.#behavior;
    const outer = host.current;
    host.current = this;
    try {
      if (receipt === 'cast') return behavior.handleCast(message, this.#state, this.#context);
      if (receipt === 'info') {
        return behavior.handleInfo === undefined
          ? this.#state
          : behavior.handleInfo(message, this.#state, this.#context);
      }
      if (receipt instanceof PendingCall) return behavior.handleCall(message, this.#state, this.#context);
    } finally {
      host.current = outer;
    }
    this.#terminate(receipt.reason);
    return undefined;
  }

  /** Calls code of the process that is no message handler. */
  #asCurrent<Result>(code: () => Result): Result {
    const host = this.#host;
    const outer = host.current;
    host.current = this;
    try {
      return code();
    } finally {
      host.current = outer;
    }
  }

  /**
   * `result` is what the handler returned, awaited. Counts before it replies: a caller that has the reply sees the count.
   * Returns the handler's wish to stop, if that is what it returned.
   */
  #handled(result: unknown, receipt: Receipt): StopResult<unknown> | undefined {
    if (this.#phase === 'gone') {
      // Killed by its own handler.
      if (receipt instanceof PendingCall) receipt.fail(this.notRunning());
      return undefined;
    }
    if (receipt === 'cast') this.#casts += 1;
    else if (receipt === 'info') this.#infos += 1;
    else if (receipt instanceof PendingCall) return this.#answered(result, receipt);
    else return undefined;
    return this.#next(result, receipt);
  }

  /** As {@link #handled}, for calls. */
  #answered(result: unknown, call: PendingCall): StopResult<unknown> | undefined {
    const hasReply = Array.isArray(result);
    if (!hasReply && !(result instanceof StopResult))
      throw this.#invalidResult('handleCall', 'neither [reply, state] nor stop(...)');
    this.#calls += 1;
    const stopped = this.#next(hasReply ? result[1] : result, call);
    if (hasReply) this.#reply(call, result[0]);
    else call.fail(this.notRunning());
    return stopped;
  }

  #next(next: unknown, receipt: Receipt): StopResult<unknown> | undefined {
    const stopped = typeof next === 'object' && next instanceof StopResult ? next : undefined;
    const state = stopped === undefined ? next : stopped.state;
    if (state === undefined && this.#state !== undefined) throw this.#unusableState(receipt, 'no state');
    if (state instanceof Promise) throw this.#unusableState(receipt, 'a promise as the next state');
    this.#state = state;
    if (!this.#dirty) this.#markDirty();
    return stopped;
  }

  /** Answers a call; a promise when it settles, as long as its deadline allows and the process lives. */
  #reply(call: PendingCall, reply: unknown): void {
    if (!isThenable(reply)) {
      call.reply(reply);
      return;
    }
    this.#awaitingReply ??= new Set();
    this.#awaitingReply.add(call);
    Promise.resolve(reply).then(
      (value) => {
        this.#awaitingReply?.delete(call);
        call.reply(value);
      },
      (thrown) => {
        this.#awaitingReply?.delete(call);
        if (call.settled) this.#failedLate('a promised reply', thrown);
        else call.fail(asError(thrown));
      },
    );
  }

  #unusableState(receipt: Receipt, what: string): InvalidHandlerResultError {
    if (receipt instanceof PendingCall) return this.#invalidResult('handleCall', `${what}; return [reply, state]`);
    return this.#invalidResult(receipt === 'cast' ? 'handleCast' : 'handleInfo', `${what}; return the next state`);
  }

  #invalidResult(handler: string, problem: string): InvalidHandlerResultError {
    return new InvalidHandlerResultError(this.id, handler, problem, { registeredName: this.registeredName });
  }

  /** Why nothing can be sent to it any more: with the crash that ended it, if that did. */
  notRunning(): ServerNotRunningError {
    const reason = this.#exitReason;
    const cause = typeof reason === 'object' ? { cause: reason.error } : undefined;
    return new ServerNotRunningError(this.id, { registeredName: this.registeredName, ...cause });
  }

  #suspend(
    result: PromiseLike<unknown>,
    receipt: Receipt,
    through?: (outcome: MessageTraced['outcome']) => void,
  ): void {
    this.#inFlight = receipt;
    const crash = (thrown: unknown): void => {
      through?.('crashed');
      this.#crash(thrown, receipt);
    };
    Promise.resolve(result).then(
      (value) => {
        // A killed process has no use for what its handler returns.
        if (this.#phase === 'gone') return;
        this.#inFlight = undefined;
        let stopped: StopResult<unknown> | undefined;
        try {
          stopped = this.#handled(value, receipt);
        } catch (thrown) {
          crash(thrown);
          return;
        }
        through?.('ok');
        this.#stopIfAsked(stopped);
        this.#schedule();
      },
      (thrown) => {
        if (this.#phase === 'gone') {
          this.#failedLate('a handler', thrown);
          return;
        }
        this.#inFlight = undefined;
        crash(thrown);
      },
    );
  }

  #schedule(): void {
    if (this.#scheduled || !this.runnable) return;
    this.#scheduled = true;
    this.#host.scheduler.ready(this);
  }

  #started(state: unknown): void {
    this.#state = state;
    this.#phase = 'handling';
    this.#host.emit({ type: 'process_started', ...this.#kindFacts });
    this.#schedule();
  }

  #initFailed(error: Error): InitializationError {
    if (this.gone) {
      this.#failedLate('init', error);
      return this.#killedDuringInit();
    }
    this.#emitCrash(error, 'init');
    this.#exit({ error });
    return new InitializationError(this.id, messageOf(error), { registeredName: this.registeredName, cause: error });
  }

  #killedDuringInit(): InitializationError {
    const { registeredName } = this;
    return new InitializationError(this.id, 'it was killed during init', { registeredName });
  }

  #crash(thrown: unknown, receipt: Receipt): void {
    const error = asError(thrown);
    if (receipt instanceof PendingCall) receipt.fail(error);
    // Killed in the middle of its own handler: it has had its end.
    if (this.#phase === 'gone') {
      this.#failedLate('a handler', thrown);
      return;
    }
    this.#emitCrash(error);
    this.#terminate({ error });
  }

  #emitCrash(error: Error, during?: NonNullable<ProcessCrashed['during']>): void {
    const { id, kind } = this;
    this.#host.emit({
      type: 'process_crashed',
      id,
      kind,
      error: serializeError(error),
      ...(during !== undefined && { during }),
      ...this.place(),
    });
  }

  #terminate(reason: TerminationReason): void {
    // What hears that it crashed or stops may kill it.
    if (this.gone) return;
    this.#phase = 'terminating';
    this.#markStopping();
    if (this.gone) return;
    const failed = (thrown: unknown): void => {
      if (this.#phase === 'gone') return;
      const error = asError(thrown);
      this.#emitCrash(error, 'terminate');
      // The first crash is the reason; a second one, in `terminate`, is only reported.
      this.#exit(typeof reason === 'string' ? { error } : reason);
    };
    try {
      const cleanup = this.#asCurrent(() => this.#behavior.terminate?.(reason, this.#state, this.#context));
      if (!isThenable(cleanup)) {
        this.#exit(reason);
        return;
      }
      // No stop with a time-out is under way after a crash, and a supervisor waits for the exit to restart the child.
      if (typeof reason === 'object') this.#cleanup = { crash: reason };
      this.#limitCleanup();
      Promise.resolve(cleanup).then(() => this.#exit(reason), failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** From now on `terminate` has `#cleanupMs` left, if it runs after a crash. */
  #limitCleanup(): void {
    const cleanup = this.#cleanup;
    if (cleanup === undefined) return;
    if (cleanup.timer !== undefined) this.clearTimer(cleanup.timer);
    if (this.#cleanupMs === 0) this.#exit(cleanup.crash);
    else if (this.#cleanupMs !== Number.POSITIVE_INFINITY) {
      cleanup.timer = this.setTimer(() => this.#exit(cleanup.crash), this.#cleanupMs);
    }
  }

  #exit(reason: TerminationReason): void {
    // What hears of its end may kill it once more.
    if (this.gone) return;
    this.#lastName = this.#host.nameOf(this.id);
    this.#phase = 'gone';
    this.#exitReason = reason;
    // How long the queue was is of no interest any more.
    if (this.#dirty && this.#calls + this.#casts + this.#infos + this.#dropped > 0) this.#reportCounts();
    this.#ending();
    // A ref that outlives its process must not keep its state alive.
    this.#state = undefined;
    for (const child of this.#children ?? []) {
      child.#parent = undefined;
      child.kill();
    }
    this.#children?.clear();
    for (const timer of this.#timers ?? []) this.#host.clock.clearTimeout(timer);
    this.#timers?.clear();
    const unhandled = this.#emptyMailbox();
    this.#host.released(this);
    this.#host.emit({
      type: 'process_exited',
      id: this.id,
      kind: this.kind,
      reason: serializeExitReason(reason),
      unhandled,
    });
    const parent = this.#parent;
    if (parent !== undefined) {
      parent.#children?.delete(this);
      if (!parent.gone) parent.enqueue(new ChildExit(this.id, reason), 'info');
    }
    this.#abortInit?.(this.#killedDuringInit());
    for (const gone of this.#onGone ?? []) gone();
    const aborter = this.#aborter;
    if (aborter === undefined) return;
    this.#host.context.run(() => this.#host.outside(() => aborter.abort(this.notRunning())));
  }

  /** `init` has made a state, but the process is gone: what that holds is to be let go. */
  #cleanUpLate(state: unknown): void {
    const reason = this.#exitReason ?? 'killed';
    const failed = (thrown: unknown): void => this.#failedLate('terminate', thrown);
    try {
      const cleanup = this.#host.context.run(() => this.#behavior.terminate?.(reason, state, this.#context));
      if (isThenable(cleanup)) Promise.resolve(cleanup).then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** Code of the process failed when no caller and no supervisor waits for it any more. */
  #failedLate(what: string, thrown: unknown): void {
    const error = asError(thrown);
    // That is how code stops that heeds the signal.
    if (error === this.#aborter?.signal.reason || serializeError(error).name === 'AbortError') return;
    const ended = new EndedProcessError(this.id, what, error, { registeredName: this.registeredName });
    this.#host.context.run(() => this.#host.onError(ended));
  }

  /** Rejects the callers whose messages will not be handled; returns how many messages there were. */
  #emptyMailbox(): number {
    let unhandled = 0;
    if (this.#inFlight instanceof PendingCall) this.#inFlight.fail(this.notRunning());
    for (const call of this.#awaitingReply ?? []) call.fail(this.notRunning());
    this.#awaitingReply?.clear();
    for (; this.#mailbox.size > 0; this.#mailbox.drop()) {
      const receipt = receiptOf(this.#mailbox.receipt);
      // Neither a stop request nor a message of a supervisor to itself was a message from a sender.
      if (receipt instanceof StopRequest || (receipt === 'info' && this.kind === 'supervisor')) continue;
      unhandled += 1;
      if (receipt instanceof PendingCall) receipt.fail(this.notRunning());
    }
    return unhandled;
  }

  #markStopping(): void {
    if (this.#stopRequested) return;
    this.#stopRequested = true;
    this.#host.emit({ type: 'process_stopping', id: this.id });
    this.#ending();
  }

  #ending(): void {
    const listener = this.#onEnding;
    this.#onEnding = undefined;
    listener?.();
  }

  #markDirty(): void {
    // The exit messages of children are internal to a supervisor, and are not counted.
    if (this.kind === 'supervisor') return;
    this.#dirty = true;
    this.#host.dirty(this);
  }

  #reportCounts(): void {
    const [calls, casts, infos] = [this.#calls, this.#casts, this.#infos];
    const dropped = this.#dropped;
    this.#calls = this.#casts = this.#infos = this.#dropped = 0;
    const queueSize = this.#mailbox.size;
    const samples = this.#timing.takeSamples();
    this.#host.emit({
      type: 'messages_handled',
      id: this.id,
      calls,
      casts,
      infos,
      queueSize,
      ...(dropped > 0 && { dropped }),
      ...(samples !== undefined && { samples }),
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
