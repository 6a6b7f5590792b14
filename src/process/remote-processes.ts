import type { RemoteCall } from './envelope.js';
import type { DownReason, Link, TerminationReason } from './gen-server-types.js';
import type { ProcessRef } from './refs.js';

/**
 * Operations on processes of other nodes. Each throws, or rejects with, ForeignRefError for a ref of an unknown life,
 * ServerNotRunningError for one of a life that has ended, and NodeNotConnectedError while its node is not linked.
 */
export interface RemoteProcesses {
  readonly globalNames: GlobalNameClaims;
  /** Sends a cast or info. @throws also LinkOverloadedError, MessageRefusedError, NotSerializableError */
  send(kind: 'cast' | 'info', ref: ProcessRef, message: unknown, sender: string | undefined): void;
  /** Sends a call; the answer settles `call`. Throws as {@link send} does. */
  call(ref: ProcessRef, message: unknown, sender: string | undefined, call: RemoteCall, timeoutMs: number): void;
  /** Removes a call that has not been sent yet. Returns whether it was removed. */
  withdraw(ref: ProcessRef, call: RemoteCall): boolean;
  /** Throws as {@link send} does, except while the link is lost: it may be restored before the message is sent. */
  check(ref: ProcessRef, message: unknown): void;
  /** Calls `onDown` once, after this method has returned. Returns a function that ends the monitor. */
  monitor(ref: ProcessRef, onDown: (reason: DownReason) => void): () => void;
  /**
   * Links a local process, by its id, with a process of another node. Calls `onDown` as {@link monitor} does. The other
   * process is notified when the local one ends.
   */
  link(link: Link, local: string, ref: ProcessRef, onDown: (reason: DownReason, nodeId?: string) => void): RemoteLink;
  stop(ref: ProcessRef, reason: TerminationReason, timeoutMs: number): Promise<void>;
  kill(ref: ProcessRef): void;
  /**
   * Starts a process of a behavior that is registered on the other node.
   *
   * Rejects with BehaviorNotRegisteredError, with RemoteError when `init` failed there, with NodeTimeoutError after
   * `timeoutMs`, or with NodeNotFoundError. No process is left running then.
   */
  start(nodeId: string, behavior: string, args: unknown, options: RemoteStartOptions): Promise<ProcessRef>;
  /** Whether the node of the process is linked and no exit of the process is known here. */
  isRunning(ref: ProcessRef): boolean;
  /** The id of the node that the process runs on, or last ran on; `undefined` while this node is in no cluster. */
  nodeOf(ref: ProcessRef): string | undefined;
}

/** Claims global names, which are unique in the whole cluster, for processes of this runtime. */
export interface GlobalNameClaims {
  /** The ref of the owner of the name, as far as this node knows. */
  whereis(name: string): ProcessRef | undefined;
  /**
   * Claims a name. Resolves when every connected node has accepted the claim. Rejects with AlreadyRegisteredError or
   * GlobalNameTimeoutError.
   */
  claim(name: string, processId: string, onConflict: 'kill' | 'notify'): Promise<void>;
  /** Makes the name free when the process ends, or at once if it has ended. */
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
