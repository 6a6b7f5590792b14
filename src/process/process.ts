import type { ProcessCrashed, ProcessKind, ProcessLocation, SupervisorStrategy } from '../../streams/events.js';
import type { Timer } from '../clock.js';
import { asError, EndedProcessError, ServerNotRunningError } from '../errors.js';
import { ChildExit } from './child-exit.js';
import { crashEvent, exitEvent } from './crash-and-exit-events.js';
import { StopRequest } from './envelope.js';
import { ExitListeners } from './exit-listeners.js';
import type { TerminationReason } from './gen-server-types.js';
import { ContinueResult, stateOf } from './handler-result.js';
import { MessageLoop, type MessageLoopHost, type MessageLoopOptions } from './message-loop.js';
import { type DistributedRole, locationOf, type ProcessTexts } from './process-location.js';
import { initialize, killedDuringInit, type StartingProcess } from './run-init.js';
import { CRASH_CLEANUP_MS, type CrashCleanup, releaseState, runTerminate } from './run-terminate.js';
import { serializeError } from './serialize-error.js';
import { TimerSet } from './timer-set.js';

/** The parts of the runtime that a Process uses. */
export interface ProcessHost extends MessageLoopHost {
  /** Runs `code` as if it were called from outside all processes, even while a handler is on the stack. */
  outside(code: () => void): void;
  /** What the process with this id has to do with a distributed supervisor; `undefined`: nothing. */
  roleOf(id: string): DistributedRole | undefined;
  /** Removes `process` from the process table and frees its name. */
  released(process: Process): void;
}

interface ProcessOptions extends MessageLoopOptions {
  /** The restart strategy; for supervisors only. */
  readonly strategy?: SupervisorStrategy;
  readonly trapExit?: boolean;
}

/** One process: its phases from `init` to its exit, its parent and its children. */
export class Process extends MessageLoop implements StartingProcess {
  /** Whether this process receives an info message when a linked process ends, instead of ending too. */
  readonly trapsExit: boolean;
  declare protected readonly host: ProcessHost;
  readonly #strategy: SupervisorStrategy | undefined;
  // The next four fields are created on first use: many processes never need them.
  #children: Set<Process> | undefined;
  #timers: TimerSet | undefined;
  #exitListeners: ExitListeners | undefined;
  #aborter: AbortController | undefined;
  #parent: Process | undefined;
  #childId: string | undefined;
  #onEnding: (() => void) | undefined;
  #onEndDuringInit: (() => void) | undefined;
  /** The time limit of `terminate` after a crash, ms. */
  #cleanupMs: number;
  #cleanup: CrashCleanup | undefined;
  /** How the process ended, and its registered name at that time; `undefined` before. */
  #end: { readonly reason: TerminationReason; readonly name: string | undefined } | undefined;
  #stopRequested = false;

  constructor(host: ProcessHost, options: ProcessOptions) {
    super(host, options);
    const { strategy, trapExit = false } = options;
    this.trapsExit = trapExit;
    this.#strategy = strategy;
    // No limit for a supervisor: each of its children has a shutdown time-out.
    this.#cleanupMs = this.kind === 'genserver' ? CRASH_CLEANUP_MS : Number.POSITIVE_INFINITY;
  }

  /** Whether the process is alive and has not been asked to stop. */
  get running(): boolean {
    return !this.#stopRequested && (this.phase === 'init' || this.phase === 'handling');
  }

  /** The registered name, or the one at its end if the process has ended; `undefined` if it has none. */
  get registeredName(): string | undefined {
    return this.phase === 'gone' ? this.#end?.name : this.host.nameOf(this.id);
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.phase === 'gone') this.#aborter.abort(this.notRunning());
    }
    return this.#aborter.signal;
  }

  /** Why the process ended; `undefined` before its end. */
  get exitReason(): TerminationReason | undefined {
    return this.#end?.reason;
  }

  get parent(): Process | undefined {
    return this.#parent;
  }

  /** The id in the child spec; `undefined` before a supervisor has adopted the process. */
  get childId(): string | undefined {
    return this.#childId;
  }

  /**
   * Emits the start events and runs `init`. Returns a promise only if `init` does.
   *
   * @throws InitializationError, or rejects with it, when `init` fails, exceeds `timeoutMs`, or the process is killed
   * meanwhile
   */
  start(timeoutMs: number, { name, label }: ProcessTexts): Promise<void> | undefined {
    const texts = { ...(label !== undefined && { label }), ...this.host.roleOf(this.id) };
    this.host.emit({ type: 'process_spawned', ...this.#kindFields(), ...texts });
    if (name !== undefined) this.host.emit({ type: 'name_registered', name, id: this.id });
    // A listener of the events above may have killed the process.
    if (this.gone) throw killedDuringInit(this);
    const init = this.inSenderContext ? () => this.callInit() : () => this.host.context.run(() => this.callInit());
    return initialize(this, init, timeoutMs);
  }

  initialized(result: unknown): void {
    this.state = stateOf(result);
    if (result instanceof ContinueResult) this.continuation = result;
    this.phase = 'handling';
    this.host.emit({ type: 'process_started', ...this.#kindFields() });
    this.schedule();
  }

  initCrashed(error: Error): void {
    this.emitCrash(error, 'init');
    this.exit({ error });
  }

  initFailedLate(thrown: unknown): void {
    this.reportLateFailure('init', thrown);
  }

  initializedLate(result: unknown): void {
    const reason = this.#end?.reason ?? 'killed';
    const terminate = (): unknown => this.host.context.run(() => this.callTerminate(reason, stateOf(result)));
    releaseState(terminate, (thrown) => this.reportLateFailure('terminate', thrown));
  }

  onEndDuringInit(listener: (() => void) | undefined): void {
    this.#onEndDuringInit = listener;
  }

  /**
   * Handles the queued messages, then terminates. Kills the process after `timeoutMs`, or at once with reason `killed`.
   * Resolves when it has ended.
   */
  stop(reason: TerminationReason, timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (reason === 'killed') this.kill();
    if (this.phase === 'gone') return Promise.resolve();
    if (timeoutMs !== Number.POSITIVE_INFINITY) this.setTimer(() => this.killOverdue(timeoutMs), timeoutMs);
    const gone = new Promise<void>((resolve) => void this.onExit(() => resolve()));
    this.#markStopping();
    this.enqueue(undefined, new StopRequest(reason));
    return gone;
  }

  /** Ends the process and its children at once, without handling another message or running `terminate`. */
  kill(): void {
    this.exit('killed');
  }

  /** Emits `stop_timed_out` for a process that did not stop within `timeoutMs`, and kills the process. */
  killOverdue(timeoutMs: number): void {
    if (this.phase === 'gone') return;
    const { id, kind } = this;
    this.host.emit({ type: 'stop_timed_out', id, kind, timeoutMs, ...this.location() });
    this.kill();
  }

  /** Calls `listener` once, when this process ends; never if it has ended. Returns a function that removes it. */
  onExit(listener: (reason: TerminationReason) => void): () => void {
    this.#exitListeners ??= new ExitListeners();
    return this.#exitListeners.add(listener);
  }

  /** Calls `listener` once, when this process is asked to stop, crashes or is killed. Replaces an earlier listener. */
  onEnding(listener: () => void): void {
    this.#onEnding = listener;
  }

  /** The position in the supervision tree, for events. */
  location(): ProcessLocation {
    return locationOf(this, this.host.nameOf, this.host.roleOf(this.id));
  }

  /** The error for a message that this process does not answer. Its `cause` is the error of the exit reason, if any. */
  notRunning(mayHaveBeenHandled = false): ServerNotRunningError {
    const reason = this.#end?.reason;
    const cause = typeof reason === 'object' ? { cause: reason.error } : undefined;
    return new ServerNotRunningError(this.id, { registeredName: this.registeredName, mayHaveBeenHandled, ...cause });
  }

  /**
   * Makes `child` a child of this process. The child is killed when this process ends. This process receives a {@link
   * ChildExit} when the child ends, or at once if the child has already ended. `cleanupMs` limits the child's
   * `terminate` after a crash.
   */
  adopt(child: Process, childId: string, cleanupMs: number): void {
    child.#parent = this;
    if (child.#end !== undefined) {
      // The exit is reported here, and the child is not added to the children: an ended process does not report its
      // exit again.
      this.enqueue(new ChildExit(child.id, child.#end.reason), 'info');
      return;
    }
    child.#childId = childId;
    child.#cleanupMs = cleanupMs;
    this.#children ??= new Set();
    this.#children.add(child);
    child.#cleanup?.limit(cleanupMs);
  }

  /** Fields of the `process_spawned` and `process_started` events. */
  #kindFields(): { readonly id: string; readonly kind: ProcessKind; readonly strategy?: SupervisorStrategy } {
    const { id, kind } = this;
    return this.#strategy === undefined ? { id, kind } : { id, kind, strategy: this.#strategy };
  }

  /** Calls `action` after `ms`, unless the process ends or the timer is cleared first. */
  setTimer(action: () => void, ms: number): Timer {
    this.#timers ??= new TimerSet(this.host.clock);
    return this.#timers.set(action, ms);
  }

  /** Cancels a timer. Returns whether it was still pending. */
  clearTimer(timer: Timer): boolean {
    return this.#timers?.clear(timer) ?? false;
  }

  protected emitCrash(error: Error, during?: NonNullable<ProcessCrashed['during']>): void {
    this.host.emit(crashEvent(this, error, this.location(), during));
  }

  protected terminate(reason: TerminationReason): void {
    // A listener of the crash or stop event may have killed the process.
    if (this.gone) return;
    this.phase = 'terminating';
    this.#markStopping();
    if (this.gone) return;
    this.#cleanup = runTerminate(this, () => this.callTerminate(reason, this.state), reason);
    this.#cleanup?.limit(this.#cleanupMs);
  }

  terminateCrashed(error: Error): void {
    this.emitCrash(error, 'terminate');
  }

  exit(reason: TerminationReason): void {
    // `exit` may be called again: for example, a listener of an event that it emits may kill the process.
    if (this.gone) return;
    const name = this.host.nameOf(this.id);
    this.phase = 'gone';
    this.#end = { reason, name };
    this.reportLastCounts();
    this.#ending();
    // Releases the state: this object stays in memory as long as the ref of the process.
    this.state = undefined;
    for (const child of this.#children ?? []) {
      child.#parent = undefined;
      child.kill();
    }
    this.#children?.clear();
    this.#timers?.clearAll();
    const unhandled = this.emptyMailbox();
    this.host.released(this);
    this.host.emit(exitEvent(this, reason, unhandled, name));
    this.#notifyParent(reason);
    this.#onEndDuringInit?.();
    this.#exitListeners?.emit(reason);
    const aborter = this.#aborter;
    if (aborter === undefined) return;
    this.host.context.run(() => this.host.outside(() => aborter.abort(this.notRunning())));
  }

  #notifyParent(reason: TerminationReason): void {
    const parent = this.#parent;
    if (parent === undefined) return;
    parent.#children?.delete(this);
    if (!parent.gone) parent.enqueue(new ChildExit(this.id, reason), 'info');
  }

  protected reportLateFailure(what: string, thrown: unknown): void {
    const error = asError(thrown);
    // Code that is aborted by the signal throws the signal's reason or an AbortError: neither is reported.
    if (error === this.#aborter?.signal.reason || serializeError(error).name === 'AbortError') return;
    const ended = new EndedProcessError(this.id, what, error, { registeredName: this.registeredName });
    this.host.context.run(() => this.host.onError(ended));
  }

  #markStopping(): void {
    if (this.#stopRequested) return;
    this.#stopRequested = true;
    this.host.emit({ type: 'process_stopping', id: this.id });
    this.#ending();
  }

  #ending(): void {
    const listener = this.#onEnding;
    this.#onEnding = undefined;
    listener?.();
  }
}
