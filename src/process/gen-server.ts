import type { SerializedError, SerializedExitReason } from '../../streams/events.js';
import { MAX_TIMER_MS, type Timer } from '../clock.js';
import { asError, CallAbortedError, CallingSelfError, InvalidArgumentError } from '../errors.js';
import { checkKnown, checkTimeout, isDelay } from '../validate.js';
import type { CallFrom, GenServerBehavior, GenServerRef, ProcessRef, TerminationReason } from './behavior.js';
import type { Deadlines } from './deadlines.js';
import { PendingCall } from './envelope.js';
import { type GenServerOptions, readStartOptions } from './gen-server-options.js';
import { PendingReply } from './pending-reply.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { Scheduler } from './scheduler.js';
import { checkReason } from './termination-reason.js';

export interface StopOptions {
  /** How long it may take, ms; then the process is killed. Default Infinity. */
  readonly timeout?: number | undefined;
}

export interface CallOptions {
  /** How long to wait for the reply, ms. Default 5000; Infinity: for ever. */
  readonly timeout?: number | undefined;
  /** When it is aborted, the call rejects with CallAbortedError. A message that was sent is handled nevertheless. */
  readonly signal?: AbortSignal | undefined;
}

/** What happened to a process. Errors and reasons are plain data. */
export type LifecycleEvent<Ref extends ProcessRef = ProcessRef> =
  | { readonly type: 'started'; readonly ref: Ref }
  | { readonly type: 'crashed'; readonly ref: Ref; readonly error: SerializedError }
  | { readonly type: 'restarted'; readonly ref: Ref; readonly oldRef: Ref; readonly attempt: number }
  | { readonly type: 'terminated'; readonly ref: Ref; readonly reason: SerializedExitReason };

/** A message that `sendAfter` will send. */
export interface ScheduledSend {
  readonly processId: string;
}

export interface GenServerApi {
  /**
   * Starts a process; resolves when its `init` is through.
   *
   * Rejects with InitializationError when `init` throws or takes longer than `initTimeout`, with AlreadyRegisteredError
   * when the name is taken, with InvalidArgumentError when an option is not what it should be, with UnknownOptionError
   * when there is no such option.
   */
  start<State, CallMsg = unknown, CastMsg = unknown, CallReply = unknown, Info = unknown>(
    behavior: GenServerBehavior<State, CallMsg, CastMsg, CallReply, Info>,
    options?: GenServerOptions,
  ): Promise<GenServerRef<State, CallMsg, CastMsg, CallReply>>;

  /**
   * Sends a message and waits for the reply.
   *
   * Rejects with CallTimeoutError, CallAbortedError, ServerNotRunningError, ForeignRefError, MailboxFullError, CallingSelfError when a
   * handler calls its own process, or the error the handler threw.
   */
  call<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CallMsg>,
    options?: CallOptions,
  ): Promise<CallReply>;

  /**
   * Sends a message and goes on.
   *
   * @throws ServerNotRunningError when the process is known to be gone, ForeignRefError when it is not of this runtime,
   * MailboxFullError when its mailbox is full
   */
  cast<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
  ): void;

  /**
   * Sends a message outside the protocol of calls and casts, for `handleInfo`.
   *
   * @throws ServerNotRunningError, ForeignRefError, MailboxFullError
   */
  info(ref: ProcessRef, message: unknown): void;

  /**
   * Casts `message` after `ms`. If the process is gone by then, or its mailbox full, the message is dropped.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  sendAfter<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
    ms: number,
  ): ScheduledSend;

  /** Whether the message had not been sent yet. */
  cancelTimer(timer: ScheduledSend): boolean;

  /**
   * Lets the process handle what is queued, runs `terminate`, and resolves when it is gone. Stopping a process that has ended is
   * fine. With `timeout` it is killed when it takes longer; reason `killed` kills it at once.
   *
   * Rejects with ForeignRefError, with CallingSelfError when a handler stops its own process (return `stop(...)` there),
   * with InvalidArgumentError.
   */
  stop(ref: ProcessRef, reason?: TerminationReason, options?: StopOptions): Promise<void>;

  /**
   * Ends a process now, with its children, whatever it is doing: nothing more is handled, `terminate` does not run, the
   * name is free, `ctx.signal` is aborted. Killing a process that has ended is fine.
   *
   * @throws ForeignRefError
   */
  kill(ref: ProcessRef): void;

  /**
   * Answers a call whose handler returned `noReply(state)`. Once the caller has given up, or has its answer, it does nothing.
   *
   * @throws InvalidArgumentError when `from` is not the `ctx.from` of a call
   */
  reply<CallReply>(from: CallFrom<CallReply>, value: NoInfer<CallReply>): void;

  /** Whether the process is alive in this runtime and has not been asked to stop. */
  isRunning(ref: ProcessRef): boolean;

  /** Receives what happens to every GenServer of this runtime. Returns the unsubscribe function. */
  onLifecycleEvent(handler: (event: LifecycleEvent<GenServerRef>) => void): () => void;
}

interface Parts {
  readonly processes: ProcessTable;
  readonly scheduler: Scheduler;
  readonly deadlines: Deadlines;
  onLifecycleEvent(handler: (event: LifecycleEvent<GenServerRef>) => void): () => void;
}

export function createGenServer({ processes, scheduler, deadlines, onLifecycleEvent }: Parts): GenServerApi {
  const timers = new WeakMap<ScheduledSend, Timer>();
  // One executor for all calls: the one that is being made takes its resolver from here at once.
  let captured!: (reply: unknown) => void;
  const capture = (resolve: (reply: never) => void): void => {
    captured = resolve as (reply: unknown) => void;
  };

  const server = (ref: ProcessRef): Process => {
    const process = processes.running(ref);
    if (process.kind !== 'genserver') throw new InvalidArgumentError('ref', 'the ref of a GenServer', process.kind);
    return process;
  };

  return {
    async start(behavior, options = {}) {
      checkBehavior(behavior);
      const process = await processes.spawn({ kind: 'genserver', behavior, ...readStartOptions(options) });
      return process.ref;
    },

    call<CallReply>(ref: ProcessRef, message: unknown, options?: CallOptions) {
      try {
        const process = server(ref);
        if (process.isCurrent) throw new CallingSelfError(process.id, 'call', process);
        const timeout = options?.timeout ?? 5000;
        checkTimeout('timeout', timeout);
        const signal = options?.signal;
        if (signal?.aborted) throw aborted(process, signal, false);
        const reply = new Promise<CallReply>(capture);
        const pending = new PendingCall(process, captured);
        process.send(message, pending);
        deadlines.add(pending, timeout);
        scheduler.touch();
        return signal === undefined
          ? reply
          : untilAborted(reply, signal, () => pending.fail(aborted(process, signal, true)));
      } catch (error) {
        return Promise.reject(asError(error));
      }
    },

    cast(ref, message) {
      server(ref).send(message, 'cast');
    },

    info(ref, message) {
      server(ref).send(message, 'info');
    },

    sendAfter(ref, message, ms) {
      if (!isDelay(ms)) throw new InvalidArgumentError('ms', `a number from 0 to ${MAX_TIMER_MS}`, ms);
      const process = server(ref);
      const handle: ScheduledSend = { processId: process.id };
      timers.set(handle, process.sendAfter(message, ms));
      return handle;
    },

    cancelTimer(handle) {
      const timer = timers.get(handle);
      return timer !== undefined && (processes.get(handle.processId)?.clearTimer(timer) ?? false);
    },

    async stop(ref, reason = 'normal', options = {}) {
      const { timeout = Number.POSITIVE_INFINITY } = options;
      checkKnown(options, STOP_OPTIONS, 'the options of GenServer.stop');
      checkReason(reason);
      checkTimeout('timeout', timeout);
      const process = processes.find(ref);
      if (process?.isCurrent && reason !== 'killed') throw new CallingSelfError(process.id, 'stop', process);
      await process?.stop(reason, timeout);
    },

    kill(ref) {
      processes.find(ref)?.kill();
    },

    reply: (from, value) => PendingReply.answer(from, value),

    isRunning: (ref) => processes.isRunning(ref),

    onLifecycleEvent,
  };
}

const STOP_OPTIONS = ['timeout'] satisfies (keyof StopOptions)[];

function checkBehavior(behavior: unknown): void {
  if (typeof behavior !== 'object' || behavior === null) {
    throw new InvalidArgumentError('behavior', 'an object with init, handleCall and handleCast', behavior);
  }
  for (const handler of ['init', 'handleCall', 'handleCast'] as const) {
    const value: unknown = Reflect.get(behavior, handler);
    if (typeof value !== 'function') throw new InvalidArgumentError(`behavior.${handler}`, 'a function', value);
  }
  for (const handler of ['handleInfo', 'terminate'] as const) {
    const value: unknown = Reflect.get(behavior, handler);
    if (value === undefined || typeof value === 'function') continue;
    throw new InvalidArgumentError(`behavior.${handler}`, 'a function, where there is one', value);
  }
}

function aborted({ id, registeredName }: Process, signal: AbortSignal, mayHaveBeenHandled: boolean): CallAbortedError {
  return new CallAbortedError(id, { registeredName, mayHaveBeenHandled, cause: signal.reason });
}

/** The reply; `abort` is called when the signal is aborted before. The signal may outlive the call, so nothing stays at it. */
function untilAborted<Reply>(reply: Promise<Reply>, signal: AbortSignal, abort: () => void): Promise<Reply> {
  signal.addEventListener('abort', abort, { once: true });
  return reply.finally(() => signal.removeEventListener('abort', abort));
}
