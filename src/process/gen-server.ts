import type { SerializedError, SerializedExitReason } from '../../streams/events.js';
import { CallingSelfError, InvalidArgumentError } from '../errors.js';
import { checkKnown, checkShortText, checkTimeout } from '../validate.js';
import { checkBehavior, type GenServerOptions } from './gen-server-options.js';
import type { Start } from './gen-server-signatures.js';
import type {
  AnyBehavior,
  Call,
  CallFrom,
  DownReason,
  Link,
  Monitor,
  ScheduledSend,
  TerminationReason,
} from './gen-server-types.js';
import type { Messenger } from './messenger.js';
import type { Monitors } from './monitors.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { GenServerRef, GenServerTarget, ProcessName, ProcessRef } from './refs.js';
import type { RemoteProcesses } from './remote-processes.js';
import { type RemoteStartSettings, readRemoteStart } from './remote-start-options.js';
import { ReplyHandle } from './reply-handle.js';
import { spawnServer } from './spawn-server.js';
import { checkReason } from './termination-reason.js';

export interface StopOptions {
  /** How long it may take, ms; then the process is killed. Default Infinity. */
  readonly timeout?: number | undefined;
}

/** What happened to a process. Errors and reasons are plain data. */
export type LifecycleEvent<Ref extends ProcessRef = ProcessRef> =
  | { readonly type: 'started'; readonly ref: Ref }
  | { readonly type: 'crashed'; readonly ref: Ref; readonly error: SerializedError }
  | { readonly type: 'restarted'; readonly ref: Ref; readonly oldRef: Ref; readonly attempt: number }
  | { readonly type: 'terminated'; readonly ref: Ref; readonly reason: SerializedExitReason };

export interface GenServerApi {
  /**
   * Starts a process; resolves when its `init` has completed.
   *
   * Rejects with InitializationError when `init` throws or takes longer than `initTimeout`, with AlreadyRegisteredError
   * when the name is taken, with GlobalNameTimeoutError when a global name is not accepted in time, with InvalidArgumentError when an option is not what it should be, with UnknownOptionError
   * when there is no such option.
   */
  readonly start: Start;

  /**
   * Starts a process on another node, of a behavior that is registered there with `BehaviorRegistry`; resolves with its ref when
   * its `init` has completed. When the start is not confirmed, because it takes longer than `spawnTimeout` or the link is lost,
   * nothing is left running.
   *
   * Rejects with BehaviorNotRegisteredError, RemoteError when `init` or the factory failed there, NodeTimeoutError,
   * NodeNotFoundError, NodeNotConnectedError, ClusterNotStartedError, MessageRefusedError, NotSerializableError for `args`, InvalidArgumentError,
   * UnknownOptionError.
   *
   * @example
   * const cart = await GenServer.startRemote<CartRef>('cart', { targetNode: 'shop@10.0.0.2:4369', args: { owner: 'ada' } });
   */
  startRemote<Ref extends ProcessRef = GenServerRef>(behaviorName: string, options: RemoteStartSettings): Promise<Ref>;

  /**
   * Sends a message and waits for the reply.
   *
   * Rejects with CallTimeoutError, CallAbortedError, ServerNotRunningError, ForeignRefError, NotRegisteredError when the target is a
   * name, MailboxFullError, UnhandledMessageError, CallingSelfError when a handler calls its own process, or the error the handler
   * threw.
   */
  readonly call: Call;

  /**
   * Sends a message and goes on.
   *
   * @throws ServerNotRunningError when the process is known to be gone, ForeignRefError when it is not of this runtime,
   * NotRegisteredError when the target is a name, MailboxFullError when its mailbox is full
   */
  cast<State, CallMsg, CastMsg, CallReply>(
    target: GenServerTarget<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
  ): void;

  /**
   * Sends a message outside the protocol of calls and casts, for `handleInfo`.
   *
   * @throws ServerNotRunningError, ForeignRefError, NotRegisteredError, MailboxFullError
   */
  info(target: ProcessRef | ProcessName, message: unknown): void;

  /**
   * Casts `message` after `ms`. If the process is gone by then, or its mailbox full, the message is dropped; to another node also when
   * that is not linked then.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  sendAfter<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
    ms: number,
  ): ScheduledSend;

  /**
   * Casts `message` every `ms`, to a process of this runtime: the first time after `ms`, until the process ends or the timer is
   * cancelled. Rounds that the event loop was too late for are left out.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  sendInterval<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
    ms: number,
  ): ScheduledSend;

  /** Cancels a `sendAfter` or `sendInterval`; whether there was something left to send. */
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

  /**
   * Resolves with how the process ended, once it has: with `noproc` when it had ended before and nothing is known of it any more,
   * with `noconnection` when its node is lost.
   *
   * Rejects with ForeignRefError.
   */
  exited(ref: ProcessRef): Promise<DownReason>;

  /**
   * Watches a process for another: when `target` ends, or its node is lost, `watcher` gets an info
   * `{ type: 'process_down', monitor, ref, reason }`, exactly once. A target that has ended already is down with `noproc`. From a
   * handler, use `ctx.monitor(target)`.
   *
   * @throws ServerNotRunningError and ForeignRefError for the watcher, which must be a GenServer of this runtime;
   * ForeignRefError for a target of an unknown life
   */
  monitor(watcher: ProcessRef, target: ProcessRef): Monitor;

  /** Ends a monitor; whether its notice had not been sent yet. */
  demonitor(monitor: Monitor): boolean;

  /**
   * Links two processes: when one ends for a reason other than `normal`, so does the other, at once and for the same reason. With
   * `trapExit` it gets an info `{ type: 'exit', link, ref, reason }` instead, for every reason. Of a process that has ended, or
   * whose node is lost, the reason is `noproc` or `noconnection`; a process that does not trap ends with an error that says so.
   *
   * @throws as {@link GenServerApi.monitor}
   */
  link(process: ProcessRef, other: ProcessRef): Link;

  /** Ends a link; whether there was one. */
  unlink(link: Link): boolean;

  /** The id of the node that the process runs on, or last ran on; `undefined` while this node is in no cluster. @throws ForeignRefError */
  nodeOf(ref: ProcessRef): string | undefined;

  /**
   * Whether the process is alive in this runtime and has not been asked to stop. Of another node: whether that is linked, and no end of
   * the process has been heard of, by a monitor, a link or `exited`.
   */
  isRunning(ref: ProcessRef): boolean;

  /** Receives what happens to every GenServer of this runtime. Returns the unsubscribe function. */
  onLifecycleEvent(handler: (event: LifecycleEvent<GenServerRef>) => void): () => void;
}

interface GenServerParts {
  readonly processes: ProcessTable;
  readonly messenger: Messenger;
  readonly monitors: Monitors;
  readonly remote: RemoteProcesses;
  /** The id of this node, while its cluster runs. */
  localNode(): string | undefined;
  onLifecycleEvent(handler: (event: LifecycleEvent<GenServerRef>) => void): () => void;
}

export function createGenServer(parts: GenServerParts): GenServerApi {
  const { processes, messenger, monitors, remote, localNode, onLifecycleEvent } = parts;
  processes.setActions({
    call: messenger.call,
    cast: (target, message) => messenger.send('cast', target, message),
    monitor: (self, target) => monitors.monitor(watcher(self), target),
    link: (self, other) => monitors.link(watcher(self), other),
    sendAfter: (self, message, ms) => messenger.sendAfter(self, message, ms),
    sendInterval: (self, message, ms) => messenger.sendInterval(self, message, ms),
    cancelTimer: (timer) => messenger.cancelTimer(timer),
  });

  const watcher = (ref: ProcessRef): Process => {
    const process = processes.running(ref);
    if (process.kind !== 'genserver') throw new InvalidArgumentError('ref', 'the ref of a GenServer', process.kind);
    return process;
  };
  const isForeign = (ref: ProcessRef): boolean => processes.resolve(ref) === 'foreign';

  const api: GenServerApi = {
    async start(behavior: AnyBehavior, options: GenServerOptions = {}) {
      checkBehavior(behavior);
      const process = await spawnServer({ processes, globalNames: () => remote.globalNames }, behavior, options);
      return process.ref;
    },
    async startRemote<Ref extends ProcessRef>(behaviorName: string, options: RemoteStartSettings) {
      const { targetNode, args, spawnTimeout: timeoutMs, ...settings } = readRemoteStart(options);
      const { name, registration, initTimeout } = settings;
      checkShortText('behaviorName', behaviorName);
      const ref = await remote.start(targetNode, behaviorName, args, { name, registration, initTimeout, timeoutMs });
      return ref as Ref;
    },
    call: messenger.call,
    cast: (target, message) => messenger.send('cast', target, message),
    info: (target, message) => messenger.send('info', target, message),
    sendAfter: (ref, message, ms) => messenger.sendAfter(ref, message, ms),
    sendInterval: (ref, message, ms) => messenger.sendInterval(ref, message, ms),
    cancelTimer: (timer) => messenger.cancelTimer(timer),

    async stop(ref, reason = 'normal', options = {}) {
      const { timeout = Number.POSITIVE_INFINITY } = options;
      checkKnown(options, STOP_OPTIONS, 'the options of GenServer.stop');
      checkReason(reason);
      checkTimeout('timeout', timeout);
      if (isForeign(ref)) {
        await remote.stop(ref, reason, timeout);
        return;
      }
      const process = processes.find(ref);
      if (process?.isCurrent && reason !== 'killed') throw new CallingSelfError(process.id, 'stop', process);
      await process?.stop(reason, timeout);
    },

    kill(ref) {
      if (isForeign(ref)) remote.kill(ref);
      else processes.find(ref)?.kill();
    },

    reply: (from, value) => ReplyHandle.answer(from, value),

    async exited(ref) {
      if (isForeign(ref)) return new Promise((resolve) => void remote.monitor(ref, resolve));
      const process = processes.behind(ref);
      if (process === undefined) return 'noproc';
      return process.exitReason ?? new Promise((resolve) => void process.onExit(resolve));
    },

    monitor: (ref, target) => monitors.monitor(watcher(ref), target),
    demonitor: (monitor) => monitors.end(monitor),
    link: (ref, other) => monitors.link(watcher(ref), other),
    unlink: (link) => monitors.end(link),
    nodeOf: (ref) => (isForeign(ref) ? remote.nodeOf(ref) : localNode()),
    isRunning: (ref) => (isForeign(ref) ? remote.isRunning(ref) : processes.isRunning(ref)),
    onLifecycleEvent,
  };
  return api;
}

const STOP_OPTIONS = ['timeout'] satisfies (keyof StopOptions)[];
