import type { RemoteCall } from './envelope.js';
import type { DownReason, Link, TerminationReason } from './gen-server-types.js';
import type { ProcessRef } from './process-refs.js';

/**
 * Operations on processes of other nodes. `send`, `call` and `check` throw ForeignRefError if the life of the ref is
 * unknown, ServerNotRunningError if that life has ended, NodeNotConnectedError while the node of the process is not
 * linked, and MessageRefusedError if the version of noex of that node has no messages between processes.
 */
export interface RemoteProcesses {
  readonly globalNames: GlobalNameClaims;
  /** Sends a cast or info. @throws also LinkOverloadedError, NotSerializableError, InvalidArgumentError */
  send(kind: 'cast' | 'info', ref: ProcessRef, message: unknown, sender: string | undefined): void;
  /** Sends a call; the answer settles `call`. Throws as {@link send} does. */
  call(ref: ProcessRef, message: unknown, sender: string | undefined, call: RemoteCall, timeoutMs: number): void;
  /** Removes a call that has not been sent yet. Returns whether it was removed. */
  withdraw(ref: ProcessRef, call: RemoteCall): boolean;
  /**
   * Checks whether a message can be sent, without sending it. Throws as {@link send} does, but never
   * LinkOverloadedError. While the link is lost, checks nothing, because the link may be restored before the message is
   * sent.
   */
  check(ref: ProcessRef, message: unknown): void;
  /**
   * Calls `onDown` once, when the process has ended or its node is lost, and never before this method has returned. If
   * the process has already ended, the reason is `noproc`. Returns a function that ends the monitor.
   *
   * @throws ForeignRefError, MessageRefusedError
   */
  monitor(ref: ProcessRef, onDown: (reason: DownReason) => void): () => void;
  /**
   * Links a local process, by its id, with a process of another node. Calls `onDown` and throws as {@link monitor}
   * does. When the local process ends, the caller must call {@link RemoteLink.exited}.
   */
  link(link: Link, local: string, ref: ProcessRef, onDown: (reason: DownReason, nodeId?: string) => void): RemoteLink;
  /** Stops a process. Resolves when it has ended; at once if its life has ended. Otherwise rejects as `send` throws. */
  stop(ref: ProcessRef, reason: TerminationReason, timeoutMs: number): Promise<void>;
  /** Requests that a process is killed. Does nothing if its life has ended. Otherwise throws as `send` does. */
  kill(ref: ProcessRef): void;
  /**
   * Starts a process of a behavior that is registered on the node. Rejects as `GenServer.startRemote` does. A process
   * whose start is rejected with NodeTimeoutError or NodeNotConnectedError is killed.
   */
  start(nodeId: string, behavior: string, args: unknown, options: RemoteStartOptions): Promise<ProcessRef>;
  /** Whether the node of the process is linked and no exit of the process is known here. Never throws. */
  isRunning(ref: ProcessRef): boolean;
  /** The id of the node that the process runs on, or last ran on. @throws ForeignRefError if it is not known */
  nodeOf(ref: ProcessRef): string | undefined;
}

/** Claims global names, which are unique in the whole cluster, for processes of this runtime. */
export interface GlobalNameClaims {
  /** The ref of the name's owner; `undefined` if this node knows of no owner. */
  whereis(name: string): ProcessRef | undefined;
  /**
   * Claims a name. Resolves when every connected node has accepted the claim. Rejects with AlreadyRegisteredError,
   * GlobalNameTimeoutError or NoQuorumError, or with InvalidArgumentError if this node has too many names.
   *
   * @param onConflict what happens to the process if, after a partition, another owner has the earlier claim
   * @param child identifies a child of a distributed supervisor, whose processes may share the name after a partition
   */
  claim(name: string, processId: string, onConflict: 'kill' | 'notify', child?: string): Promise<void>;
  /** @throws AlreadyRegisteredError or NotRegisteredError unless this process of this runtime has or claims the name */
  checkOwner(name: string, processId: string): void;
  /** Frees the name when the process that claimed it ends, or at once if that process has already ended. */
  watch(name: string, processId: string): void;
}

export interface RemoteStartOptions {
  readonly name?: string | undefined;
  readonly registration?: 'local' | 'global' | undefined;
  readonly initTimeout?: number | undefined;
  /** How long the whole start may take, ms. Infinity: no limit. */
  readonly timeoutMs: number;
}

/** The local end of a link with a process of another node. */
export interface RemoteLink {
  /** Notifies the other process that the local process has ended. */
  exited(reason: TerminationReason): void;
  unlink(): void;
}
