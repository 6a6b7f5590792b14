import { type Clock, MAX_TIMER_MS, type Timer } from '../clock.js';
import { asError, CallAbortedError, CallingSelfError, InvalidArgumentError, NotRegisteredError } from '../errors.js';
import { checkTimeout, isDelay } from '../validate.js';
import type { Deadlines } from './deadlines.js';
import { PendingCall, RemoteCall } from './envelope.js';
import type { CallOptions, ScheduledSend } from './gen-server-types.js';
import type { Process } from './process.js';
import type { GenServerTarget, ProcessName, ProcessRef } from './process-refs.js';
import type { ProcessTable } from './process-table.js';
import type { RemoteProcesses } from './remote-processes.js';
import type { Scheduler } from './scheduler.js';

interface MessengerOptions {
  readonly processes: ProcessTable;
  readonly scheduler: Scheduler;
  readonly deadlines: Deadlines;
  readonly remote: RemoteProcesses;
  readonly clock: Clock;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** Sends messages to processes of this runtime and of other nodes. */
export class Messenger {
  readonly #processes: ProcessTable;
  readonly #scheduler: Scheduler;
  readonly #deadlines: Deadlines;
  readonly #remote: RemoteProcesses;
  readonly #clock: Clock;
  readonly #timers = new WeakMap<ScheduledSend, () => boolean>();
  /**
   * The resolve function of the promise created last. All calls share one executor, which stores it here; `call` reads
   * it immediately afterwards.
   */
  #captured!: (reply: unknown) => void;
  readonly #capture = (resolve: (reply: never) => void): void => {
    this.#captured = resolve as (reply: unknown) => void;
  };

  constructor({ processes, scheduler, deadlines, remote, clock }: MessengerOptions) {
    this.#processes = processes;
    this.#scheduler = scheduler;
    this.#deadlines = deadlines;
    this.#remote = remote;
    this.#clock = clock;
  }

  /**
   * Implements `GenServer.call`. It is an arrow function, so that the facade can use it without a wrapper. A wrapper
   * would cost time, and no other function of the runtime is called as often.
   */
  readonly call = (to: GenServerTarget, message: unknown, options?: CallOptions): Promise<never> => {
    try {
      const target = this.#resolved(to);
      const process = this.#local(target);
      if (process?.isCurrent) throw new CallingSelfError(process.id, 'call', process);
      const timeout = options?.timeout ?? DEFAULT_TIMEOUT_MS;
      checkTimeout('timeout', timeout);
      const signal = options?.signal;
      if (signal?.aborted) throw aborted(process ?? remoteTarget(target), signal, false);
      const reply = new Promise<never>(this.#capture);
      const pending =
        process === undefined ? this.#callRemote(target, message, timeout) : new PendingCall(process, this.#captured);
      process?.send(message, pending);
      this.#deadlines.add(pending, timeout);
      this.#scheduler.touch();
      return signal === undefined
        ? reply
        : untilAborted(reply, signal, () => {
            const isWithdrawn = pending instanceof RemoteCall && this.#remote.withdraw(target as ProcessRef, pending);
            pending.fail(aborted(process ?? remoteTarget(target), signal, !isWithdrawn));
          });
    } catch (error) {
      return Promise.reject(asError(error));
    }
  };

  send(kind: 'cast' | 'info', to: ProcessRef | ProcessName, message: unknown): void {
    const target = this.#resolved(to);
    const process = this.#local(target);
    if (process === undefined) this.#remote.send(kind, target as ProcessRef, message, this.#processes.current?.id);
    else process.send(message, kind);
  }

  sendAfter(ref: ProcessRef, message: unknown, ms: number): ScheduledSend {
    checkDelay(ms, 0);
    const process = this.#local(ref);
    if (process === undefined) return this.#sendRemoteAfter(ref, message, ms);
    const timer = process.sendAfter(message, ms);
    return this.#scheduled(process.id, () => process.clearTimer(timer));
  }

  sendInterval(ref: ProcessRef, message: unknown, ms: number): ScheduledSend {
    checkDelay(ms, 1);
    const process = this.#processes.running(ref);
    let timer: Timer;
    let dueAt = this.#clock.monotonic();
    const arm = (): void => {
      const now = this.#clock.monotonic();
      // If the event loop was blocked, intervals that have passed meanwhile are skipped.
      dueAt = Math.max(dueAt + ms, now);
      timer = process.setTimer(() => {
        arm();
        process.sendOrDrop(message);
      }, dueAt - now);
    };
    arm();
    return this.#scheduled(process.id, () => process.clearTimer(timer));
  }

  cancelTimer(handle: ScheduledSend): boolean {
    const cancel = this.#timers.get(handle);
    this.#timers.delete(handle);
    return cancel?.() ?? false;
  }

  #callRemote(target: GenServerTarget, message: unknown, timeoutMs: number): RemoteCall {
    const call = new RemoteCall(remoteTarget(target), this.#captured);
    this.#remote.call(target as ProcessRef, message, this.#processes.current?.id, call, timeoutMs);
    return call;
  }

  /**
   * Casts to a process of another node after `ms`. The timer belongs to no process and does not keep Node.js running.
   */
  #sendRemoteAfter(ref: ProcessRef, message: unknown, ms: number): ScheduledSend {
    this.#remote.check(ref, message);
    const timer = this.#clock.setTimeout(() => {
      isPending = false;
      try {
        this.#remote.send('cast', ref, message, undefined);
      } catch {
        // The message is dropped, as for a local process that has ended: its sender does not wait for a result.
      }
    }, ms);
    timer.unref();
    let isPending = true;
    return this.#scheduled(ref.id, () => {
      this.#clock.clearTimeout(timer);
      return isPending;
    });
  }

  #scheduled(processId: string, cancel: () => boolean): ScheduledSend {
    const handle = Object.freeze({ processId });
    this.#timers.set(handle, cancel);
    return handle;
  }

  /** Replaces a global name by the ref of its owner. Returns other targets unchanged. @throws NotRegisteredError */
  #resolved(target: GenServerTarget): GenServerTarget {
    if ((target as Partial<ProcessName> | undefined)?.registration !== 'global') return target;
    const { name } = target as ProcessName;
    const ref = this.#remote.globalNames.whereis(name);
    if (ref === undefined) throw new NotRegisteredError(name);
    return ref;
  }

  /**
   * Finds a running GenServer of this runtime by ref or local name. Returns `undefined` for a ref of another life.
   *
   * @throws ServerNotRunningError, NotRegisteredError, InvalidArgumentError
   */
  #local(target: ProcessRef | ProcessName): Process | undefined {
    const process = this.#processes.findLocal(target);
    if (process !== undefined && process.kind !== 'genserver') {
      throw new InvalidArgumentError('ref', 'the ref of a GenServer', process.kind);
    }
    return process;
  }
}

function checkDelay(ms: number, least: number): void {
  if (!isDelay(ms) || ms < least) throw new InvalidArgumentError('ms', `a number from ${least} to ${MAX_TIMER_MS}`, ms);
}

interface CallTarget {
  readonly id: string;
  readonly registeredName: string | undefined;
}

/** Only the id of a process of another node is known here, not its name. */
function remoteTarget(target: GenServerTarget): CallTarget {
  return { id: (target as ProcessRef).id, registeredName: undefined };
}

function aborted(
  { id, registeredName }: CallTarget,
  signal: AbortSignal,
  mayHaveBeenHandled: boolean,
): CallAbortedError {
  return new CallAbortedError(id, { registeredName, mayHaveBeenHandled, cause: signal.reason });
}

/**
 * Calls `abort` if the signal is aborted before the reply settles. Returns a promise that settles as `reply` does. The
 * signal may outlive the call, so the listener is removed afterwards.
 */
function untilAborted<Reply>(reply: Promise<Reply>, signal: AbortSignal, abort: () => void): Promise<Reply> {
  signal.addEventListener('abort', abort, { once: true });
  return reply.finally(() => signal.removeEventListener('abort', abort));
}
