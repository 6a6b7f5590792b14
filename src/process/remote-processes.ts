import type { RemoteCall } from './envelope.js';
import type { DownReason, Link, TerminationReason } from './gen-server-types.js';
import type { ProcessRef } from './process-refs.js';

/**
 * Operations on processes of other nodes. Unless stated otherwise, each operation on a ref throws, or rejects with:
 * ForeignRefError if the life of the ref is unknown, ServerNotRunningError if that life has ended, and
 * NodeNotConnectedError while the node of the process is not linked.
 */
export interface RemoteProcesses {
  readonly globalNames: GlobalNameClaims;
  /** Sends a cast or info. @throws also LinkOverloadedError, MessageRefusedError, NotSerializableError */
  send(kind: 'cast' | 'info', ref: ProcessRef, message: unknown, sender: string | undefined): void;
  /** Sends a call; the answer settles `call`. Throws as {@link send} does. */
  call(ref: ProcessRef, message: unknown, sender: string | undefined, call: RemoteCall, timeoutMs: number): void;
  /** Removes a call that has not been sent yet. Returns whether it was removed. */
  withdraw(ref: ProcessRef, call: RemoteCall): boolean;
  /**
   * Checks whether a message can be sent, without sending it. Throws as {@link send} does. While the link is lost,
   * checks nothing: the link may be restored before the message is sent.
   */
  check(ref: ProcessRef, message: unknown): void;
  /**
   * Calls `onDown` once, when the process has ended or its node is lost, and never before this method has returned.
   * Returns a function that ends the monitor.
   */
  monitor(ref: ProcessRef, onDown: (reason: DownReason) => void): () => void;
  /**
   * Links a local process, by its id, with a process of another node. Calls `onDown` as {@link monitor} does. The
   * remote process is notified when the local process ends.
   */
  link(link: Link, local: string, ref: ProcessRef, onDown: (reason: DownReason, nodeId?: string) => void): RemoteLink;
  stop(ref: ProcessRef, reason: TerminationReason, timeoutMs: number): Promise<void>;
  kill(ref: ProcessRef): void;
  /**
   * Starts a process of a behavior that is registered on the other node.
   *
   * Rejects with BehaviorNotRegisteredError, with RemoteError when `init` failed on that node, with NodeTimeoutError
   * after `timeoutMs`, or with NodeNotFoundError. After a rejection, no process is left running.
   */
  start(nodeId: string, behavior: string, args: unknown, options: RemoteStartOptions): Promise<ProcessRef>;
  /** Whether the node of the process is linked and no exit of the process is known here. */
  isRunning(ref: ProcessRef): boolean;
  /** The id of the node that the process runs on, or last ran on; `undefined` while this node is in no cluster. */
  nodeOf(ref: ProcessRef): string | undefined;
}

/** Claims global names, which are unique in the whole cluster, for processes of this runtime. */
export interface GlobalNameClaims {
  /** The ref of the name's owner; `undefined` if this node knows of no owner. */
  whereis(name: string): ProcessRef | undefined;
  /**
   * Claims a name. Resolves when every connected node has accepted the claim. Rejects with AlreadyRegisteredError,
   * GlobalNameTimeoutError or NoQuorumError.
   *
   * @param child identifies a child of a distributed supervisor, whose processes may share the name after a partition
   */
  claim(name: string, processId: string, onConflict: 'kill' | 'notify', child?: string): Promise<void>;
  /** @throws AlreadyRegisteredError, NotRegisteredError unless this process of this runtime has the name */
  checkOwner(name: string, processId: string): void;
  /** Frees the name when the process that claimed it ends, or at once if that process has already ended. */
  watch(name: string, processId: string): void;
}

export interface RemoteStartOptions {
  readonly name?: string | undefined;
  readonly registration?: 'local' | 'global' | undefined;
  readonly initTimeout?: number | undefined;
  readonly timeoutMs: number;
}

/** The local end of a link with a process of another node. */
export interface RemoteLink {
  /** Notifies the other process that the local process has ended. */
  exited(reason: TerminationReason): void;
  unlink(): void;
}
