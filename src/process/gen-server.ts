import type { SerializedError, SerializedExitReason } from '../../streams/events.js';
import { CallingSelfError, InvalidArgumentError } from '../errors.js';
import { checkKnown, checkShortText, checkTimeout } from '../validate.js';
import { checkBehavior, type GenServerOptions } from './gen-server-options.js';
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
import type { GenServerRef, GenServerTarget, ProcessName, ProcessRef } from './process-refs.js';
import type { ProcessTable } from './process-table.js';
import type { RemoteProcesses } from './remote-processes.js';
import { type RemoteStartSettings, readRemoteStart } from './remote-start-options.js';
import { ReplyHandle } from './reply-handle.js';
import { spawnGenServer } from './spawn-gen-server.js';
import type { Start } from './start-overloads.js';
import { checkReason } from './termination-reason.js';

export interface StopOptions {
  /** How long stopping may take, ms. A process that takes longer is killed. Default Infinity. */
  readonly timeout?: number | undefined;
}

/** The start, crash, restart or end of a process. Errors and exit reasons are plain data. */
export type LifecycleEvent<Ref extends ProcessRef = ProcessRef> =
  | { readonly type: 'started'; readonly ref: Ref }
  | { readonly type: 'crashed'; readonly ref: Ref; readonly error: SerializedError }
  | { readonly type: 'restarted'; readonly ref: Ref; readonly oldRef: Ref; readonly attempt: number }
  | { readonly type: 'terminated'; readonly ref: Ref; readonly reason: SerializedExitReason };

export interface GenServerApi {
  /**
   * Starts a process. Resolves with its ref when its `init` has completed.
   *
   * Rejects with InitializationError when `init` throws or takes longer than `initTimeout`, or the process is killed
   * meanwhile; AlreadyRegisteredError when the name is taken; RuntimeShutdownError after a shutdown of the runtime;
   * InvalidArgumentError when the behavior or an option is invalid; UnknownOptionError for an option that does not
   * exist. For a global name, also rejects with GlobalNameTimeoutError when a connected node does not accept the name
   * in time, and with NoQuorumError when the name needs more nodes (`minNodes`).
   */
  readonly start: Start;

  /**
   * Starts a process on the node `targetNode`. The behavior must be registered on that node with `BehaviorRegistry`.
   * Resolves with the ref when `init` has completed. If the start exceeds `spawnTimeout`, or the link is lost before
   * the start has completed, the process is killed.
   *
   * Rejects with BehaviorNotRegisteredError, with RemoteError when `init` or the behavior factory failed on another
   * node, with AlreadyRegisteredError or GlobalNameTimeoutError for a global name, NodeTimeoutError, NodeNotFoundError,
   * NodeNotConnectedError, ClusterNotStartedError, LinkOverloadedError, MessageRefusedError, NotSerializableError for
   * `args`, InvalidArgumentError, or UnknownOptionError. If `targetNode` is this node, the errors of `start` and of the
   * factory take the place of RemoteError.
   *
   * @example
   * const options = { targetNode: 'shop@10.0.0.2:4369', args: { owner: 'ada' } };
   * const cart = await GenServer.startRemote<CartRef>('cart', options);
   */
  startRemote<Ref extends ProcessRef = GenServerRef>(behaviorName: string, options: RemoteStartSettings): Promise<Ref>;

  /**
   * Sends a message and waits for the reply.
   *
   * Rejects with the error that the handler threw, or with CallTimeoutError, CallAbortedError, ServerNotRunningError,
   * ForeignRefError, MailboxFullError, UnhandledMessageError or InvalidArgumentError. Rejects with NotRegisteredError
   * when no process has the target name, and with CallingSelfError when a handler calls its own process. A call to a
   * process of another node also rejects with NodeNotConnectedError, LinkOverloadedError, MessageRefusedError,
   * NotSerializableError, and RemoteError in place of an error that the handler threw.
   */
  readonly call: Call;

  /**
   * Sends a message without waiting for a reply. A message to another node is dropped there if the process has ended or
   * its mailbox is full.
   *
   * @throws ServerNotRunningError when a process of this runtime has ended or runs `terminate`, or the life of `target`
   * has ended; ForeignRefError for an unknown life; NotRegisteredError when no process has the target name;
   * MailboxFullError when a mailbox of this runtime is full and its `overload` is `reject`; InvalidArgumentError; for
   * another node also NodeNotConnectedError, LinkOverloadedError, MessageRefusedError and NotSerializableError
   */
  cast<State, CallMsg, CastMsg, CallReply>(
    target: GenServerTarget<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
  ): void;

  /**
   * Sends a message that is neither a call nor a cast, for `handleInfo`.
   *
   * @throws the same errors as {@link GenServerApi.cast}
   */
  info(target: ProcessRef | ProcessName, message: unknown): void;

  /**
   * Casts `message` after `ms`. The message is dropped if the process has ended by then, or if a `cast` at that time
   * would throw.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError; for another node also MessageRefusedError and
   * NotSerializableError
   */
  sendAfter<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
    ms: number,
  ): ScheduledSend;

  /**
   * Casts `message` to a process of this runtime every `ms`, first after `ms`, until the process ends or the timer is
   * cancelled. Intervals that pass while the event loop is blocked are skipped. A full mailbox drops the message.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  sendInterval<State, CallMsg, CastMsg, CallReply>(
    ref: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CastMsg>,
    ms: number,
  ): ScheduledSend;

  /** Cancels a `sendAfter` or `sendInterval`. Returns whether a message was still scheduled. */
  cancelTimer(timer: ScheduledSend): boolean;

  /**
   * Stops a process: it handles the messages already queued and runs `terminate`. Resolves when the process has ended.
   * Stopping a process that has ended does nothing. A process that takes longer than `timeout` is killed. With reason
   * `killed` it is killed at once.
   *
   * Rejects with ForeignRefError, InvalidArgumentError, UnknownOptionError, or CallingSelfError when a handler stops
   * its own process (the handler can return `stop(...)` instead). For another node, also rejects with
   * NodeNotConnectedError, LinkOverloadedError or MessageRefusedError.
   */
  stop(ref: ProcessRef, reason?: TerminationReason, options?: StopOptions): Promise<void>;

  /**
   * Ends a process and its children at once. No further message is handled and `terminate` does not run. The name
   * becomes free and `ctx.signal` is aborted. Killing a process that has ended does nothing. For a process of another
   * node, only sends a request to that node, which may refuse it without an answer.
   *
   * @throws ForeignRefError, InvalidArgumentError; for another node also NodeNotConnectedError and MessageRefusedError
   */
  kill(ref: ProcessRef): void;

  /**
   * Answers a call whose handler returned `noReply(state)`. Does nothing if the call was already answered or its caller
   * has stopped waiting.
   *
   * @throws InvalidArgumentError when `from` is not the `ctx.from` of a call
   */
  reply<CallReply>(from: CallFrom<CallReply>, value: NoInfer<CallReply>): void;

  /**
   * Resolves with the exit reason when the process has ended. Resolves with `noconnection` if its node is lost. For a
   * process that ended before the call of `exited`, resolves with its exit reason if it was a process of this runtime
   * without a supervisor and `ref` is the object that `start` returned. Otherwise resolves with `noproc`.
   *
   * Rejects with ForeignRefError, InvalidArgumentError, or MessageRefusedError.
   */
  exited(ref: ProcessRef): Promise<DownReason>;

  /**
   * Monitors `target` for `watcher`. When `target` ends or its node is lost, `watcher` receives exactly one info
   * message `{ type: 'process_down', monitor, ref, reason }`. If `target` has already ended, the reason is `noproc`. In
   * a handler, use `ctx.monitor(target)`.
   *
   * @throws ServerNotRunningError, ForeignRefError or InvalidArgumentError if `watcher` is not a running GenServer of
   * this runtime; ForeignRefError if `target` belongs to an unknown life; MessageRefusedError
   */
  monitor(watcher: ProcessRef, target: ProcessRef): Monitor;

  /** Ends a monitor. Returns whether it was open: not ended before, and its info message not delivered. */
  demonitor(monitor: Monitor): boolean;

  /**
   * Links two GenServers. When one ends for a reason other than `normal`, the other ends at once with the same reason,
   * without running `terminate`. A process with `trapExit` does not end: for every reason, it receives an info message
   * `{ type: 'exit', link, ref, reason }`. Linking a process with itself has no effect.
   *
   * The reason is `noproc` if `other` has already ended, and `noconnection` if its node is lost. Without `trapExit`,
   * `noproc` ends `process` with ServerNotRunningError, and `noconnection` with NodeNotConnectedError.
   *
   * @throws as {@link GenServerApi.monitor}; InvalidArgumentError also if `other` is a supervisor of this runtime
   */
  link(process: ProcessRef, other: ProcessRef): Link;

  /** Ends a link. Returns whether it was still open. */
  unlink(link: Link): boolean;

  /**
   * The id of the node that the process runs on or last ran on. `undefined` for a process of this runtime while this
   * node is in no cluster.
   *
   * @throws ForeignRefError for an unknown life
   */
  nodeOf(ref: ProcessRef): string | undefined;

  /**
   * Whether a process of this runtime is alive and has not been asked to stop. For a process of another node: whether
   * that node is linked, and no monitor, link or `exited` of this node has reported that the process ended.
   */
  isRunning(ref: ProcessRef): boolean;

  /** Subscribes to the lifecycle events of all GenServers of this runtime. Returns the unsubscribe function. */
  onLifecycleEvent(handler: (event: LifecycleEvent<GenServerRef>) => void): () => void;
}

interface GenServerParts {
  readonly processes: ProcessTable;
  readonly messenger: Messenger;
  readonly monitors: Monitors;
  readonly remote: RemoteProcesses;
  /** The id of this node; `undefined` while no cluster runs. */
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
      const process = await spawnGenServer({ processes, globalNames: () => remote.globalNames }, behavior, options);
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
      const process = processes.findEvenIfEnded(ref);
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
