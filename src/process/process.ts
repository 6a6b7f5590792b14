import type { ProcessCrashed, ProcessKind, ProcessLocation, SupervisorStrategy } from '../../streams/events.js';
import type { Timer } from '../clock.js';
import { asError, EndedProcessError, ServerNotRunningError } from '../errors.js';
import { ChildExit } from './child-exit.js';
import { StopRequest } from './envelope.js';
import { ExitListeners } from './exit-listeners.js';
import type { GenServerOptions } from './gen-server-options.js';
import type { TerminationReason } from './gen-server-types.js';
import { ContinueResult, stateOf } from './handler-result.js';
import { initialize, killedDuringInit, type StartingProcess } from './initialization.js';
import { MessageLoop, type MessageLoopHost, type MessageLoopOptions } from './message-loop.js';
import { crashEvent, exitEvent } from './process-events.js';
import { serializeError } from './serialize-error.js';
import { locationOf } from './supervision-path.js';
import { CRASH_CLEANUP_MS, type CrashCleanup, releaseState, runTerminate } from './termination.js';
import { TimerSet } from './timer-set.js';

/** What a process needs of the runtime it lives in. */
export interface ProcessHost extends MessageLoopHost {
  /** Calls code that belongs to no process, though a handler may be on the stack. */
  outside(code: () => void): void;
  /** Called just before `process` is gone: frees its name and its place in the table. */
  released(process: Process): void;
}

/** What people call a process. */
export type ProcessTexts = Pick<GenServerOptions, 'name' | 'label'>;

interface ProcessOptions extends MessageLoopOptions {
  /** Supervisors only. */
  readonly strategy?: SupervisorStrategy;
  readonly trapExit?: boolean;
}

/** One process: its life from `init` to its exit, and its place among its parent and children. */
export class Process extends MessageLoop implements StartingProcess {
  /** Whether it handles a message when a process that it is linked with ends, and lives on. */
  readonly trapsExit: boolean;
  readonly #host: ProcessHost;
  /** Part of its start events. */
  readonly #kindFields: { readonly id: string; readonly kind: ProcessKind; readonly strategy?: SupervisorStrategy };
  // Created on first use: many processes never have children or timers.
  #children: Set<Process> | undefined;
  #timers: TimerSet | undefined;
  #exitListeners: ExitListeners | undefined;
  #aborter: AbortController | undefined;
  /** The name it had when it ended. */
  #lastName: string | undefined;
  #parent: Process | undefined;
  #childId: string | undefined;
  #onEnding: (() => void) | undefined;
  #onEndDuringInit: (() => void) | undefined;
  /** How long `terminate` may take after a crash, ms. */
  #cleanupMs: number;
  #cleanup: CrashCleanup | undefined;
  #exitReason: TerminationReason | undefined;
  #stopRequested = false;

  constructor(host: ProcessHost, options: ProcessOptions) {
    super(host, options);
    this.#host = host;
    const { id, kind } = this;
    const { strategy, trapExit = false } = options;
    this.trapsExit = trapExit;
    // The children of a supervisor have their own limits.
    this.#cleanupMs = kind === 'genserver' ? CRASH_CLEANUP_MS : Number.POSITIVE_INFINITY;
    this.#kindFields = strategy === undefined ? { id, kind } : { id, kind, strategy };
  }

  /** Whether the process is alive and has not been asked to stop. */
  get running(): boolean {
    return !this.#stopRequested && (this.phase === 'init' || this.phase === 'handling');
  }

  /** The name under which it is registered, or was when it ended. */
  get registeredName(): string | undefined {
    return this.phase === 'gone' ? this.#lastName : this.#host.nameOf(this.id);
  }

  /** Aborted when the process ends. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.phase === 'gone') this.#aborter.abort(this.notRunning());
    }
    return this.#aborter.signal;
  }

  /** Why it ended; `undefined` until then. */
  get exitReason(): TerminationReason | undefined {
    return this.#exitReason;
  }

  get parent(): Process | undefined {
    return this.#parent;
  }

  /** The id in the child spec; `undefined` for a process without a supervisor. */
  get childId(): string | undefined {
    return this.#childId;
  }

  /**
   * Runs `init`; a promise only if that returns one.
   *
   * @throws InitializationError, or rejects with it, when `init` fails, takes too long, or the process is killed meanwhile
   */
  start(timeoutMs: number, { name, label }: ProcessTexts): Promise<void> | undefined {
    this.#host.emit({ type: 'process_spawned', ...this.#kindFields, ...(label !== undefined && { label }) });
    if (name !== undefined) this.#host.emit({ type: 'name_registered', name, id: this.id });
    // A listener of these events may kill the process.
    if (this.gone) throw killedDuringInit(this);
    const init = this.inSenderContext ? () => this.callInit() : () => this.#host.context.run(() => this.callInit());
    return initialize(this, init, timeoutMs);
  }

  initialized(result: unknown): void {
    this.state = stateOf(result);
    if (result instanceof ContinueResult) this.continuation = result;
    this.phase = 'handling';
    this.#host.emit({ type: 'process_started', ...this.#kindFields });
    this.schedule();
  }

  initCrashed(error: Error): void {
    this.emitCrash(error, 'init');
    this.exit({ error });
  }

  initFailedLate(thrown: unknown): void {
    this.failedLate('init', thrown);
  }

  initializedLate(result: unknown): void {
    const reason = this.#exitReason ?? 'killed';
    const terminate = (): unknown => this.#host.context.run(() => this.callTerminate(reason, stateOf(result)));
    releaseState(terminate, (thrown) => this.failedLate('terminate', thrown));
  }

  onEndDuringInit(listener: (() => void) | undefined): void {
    this.#onEndDuringInit = listener;
  }

  /**
   * Handles what is queued, then terminates, or is killed when that takes longer than `timeoutMs`; `killed` ends it at
   * once. Resolves when gone.
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

  /** Ends the process at once, with its children: nothing more is handled, `terminate` does not run. */
  kill(): void {
    this.exit('killed');
  }

  /** As {@link kill}, of a process that did not stop within `timeoutMs`. */
  killOverdue(timeoutMs: number): void {
    if (this.phase === 'gone') return;
    const { id, kind } = this;
    this.#host.emit({ type: 'stop_timed_out', id, kind, timeoutMs, ...this.location() });
    this.kill();
  }

  /** Calls `listener` once, when this process has ended. Returns a function that removes it. */
  onExit(listener: (reason: TerminationReason) => void): () => void {
    this.#exitListeners ??= new ExitListeners();
    return this.#exitListeners.add(listener);
  }

  /** Calls `listener` once, when this process is asked to stop, crashes or is killed. There is one listener. */
  onEnding(listener: () => void): void {
    this.#onEnding = listener;
  }

  /** The current position of the process in the supervision tree, for an event. */
  location(): ProcessLocation {
    return locationOf(this, this.#host.nameOf);
  }

  /** The error for sends to a process that has ended; its cause is the crash, if the process crashed. */
  notRunning(mayHaveBeenHandled = false): ServerNotRunningError {
    const reason = this.#exitReason;
    const cause = typeof reason === 'object' ? { cause: reason.error } : undefined;
    return new ServerNotRunningError(this.id, { registeredName: this.registeredName, mayHaveBeenHandled, ...cause });
  }

  /**
   * Makes `child` end with this process and report to it, by a {@link ChildExit}, when it ends before, or has ended. Its
   * `terminate` may take `cleanupMs` after a crash. `childId` is the id in the child spec.
   */
  adopt(child: Process, childId: string, cleanupMs: number): void {
    child.#parent = this;
    if (child.#exitReason !== undefined) {
      // Not added to the children: each exit is reported only once.
      this.enqueue(new ChildExit(child.id, child.#exitReason), 'info');
      return;
    }
    child.#childId = childId;
    child.#cleanupMs = cleanupMs;
    this.#children ??= new Set();
    this.#children.add(child);
    child.#cleanup?.limit(cleanupMs);
  }

  /** Calls `action` after `ms`, unless the process or the timer is gone by then. */
  setTimer(action: () => void, ms: number): Timer {
    this.#timers ??= new TimerSet(this.#host.clock);
    return this.#timers.set(action, ms);
  }

  /** Whether the timer was still pending. */
  clearTimer(timer: Timer): boolean {
    return this.#timers?.clear(timer) ?? false;
  }

  protected emitCrash(error: Error, during?: NonNullable<ProcessCrashed['during']>): void {
    this.#host.emit(crashEvent(this, error, this.location(), during));
  }

  protected terminate(reason: TerminationReason): void {
    // A listener of the crash or stop event may kill the process.
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
    // A listener of the exit event may kill the process again.
    if (this.gone) return;
    this.#lastName = this.#host.nameOf(this.id);
    this.phase = 'gone';
    this.#exitReason = reason;
    this.reportLastCounts();
    this.#ending();
    // A ref that outlives its process must not keep its state alive.
    this.state = undefined;
    for (const child of this.#children ?? []) {
      child.#parent = undefined;
      child.kill();
    }
    this.#children?.clear();
    this.#timers?.clearAll();
    const unhandled = this.emptyMailbox();
    this.#host.released(this);
    this.#host.emit(exitEvent(this, reason, unhandled, this.#lastName));
    this.#notifyParent(reason);
    this.#onEndDuringInit?.();
    this.#exitListeners?.emit(reason);
    const aborter = this.#aborter;
    if (aborter === undefined) return;
    this.#host.context.run(() => this.#host.outside(() => aborter.abort(this.notRunning())));
  }

  #notifyParent(reason: TerminationReason): void {
    const parent = this.#parent;
    if (parent === undefined) return;
    parent.#children?.delete(this);
    if (!parent.gone) parent.enqueue(new ChildExit(this.id, reason), 'info');
  }

  protected failedLate(what: string, thrown: unknown): void {
    const error = asError(thrown);
    // Code that heeds the signal stops by throwing its reason.
    if (error === this.#aborter?.signal.reason || serializeError(error).name === 'AbortError') return;
    const ended = new EndedProcessError(this.id, what, error, { registeredName: this.registeredName });
    this.#host.context.run(() => this.#host.onError(ended));
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
}
