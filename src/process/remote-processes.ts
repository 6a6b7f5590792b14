import type { RemoteCall } from './envelope.js';
import type { DownReason, Link, TerminationReason } from './gen-server-types.js';
import type { ProcessRef } from './refs.js';

/**
 * The processes of other nodes, as those of this runtime use them. Each method throws, or rejects with, ForeignRefError for a
 * ref of a life that no known node has had, ServerNotRunningError for one of a life that has ended, and NodeNotConnectedError
 * while there is no link to its node.
 */
export interface RemoteProcesses {
  readonly globalNames: GlobalNameClaims;
  /** Sends a message. @throws LinkOverloadedError, MessageRefusedError, NotSerializableError, too */
  send(kind: 'cast' | 'info', ref: ProcessRef, message: unknown, sender: string | undefined): void;
  /** Sends a call, which is settled with its answer. Throws as {@link send} does. */
  call(ref: ProcessRef, message: unknown, sender: string | undefined, call: RemoteCall, timeoutMs: number): void;
  /** Takes back a call that has not been sent yet; whether it was so. */
  withdraw(ref: ProcessRef, call: RemoteCall): boolean;
  /** Throws as {@link send} does, except while the link is lost: it may be there again when the message is sent. */
  check(ref: ProcessRef, message: unknown): void;
  /** Calls `onDown` once, never before it returns. Returns a function that ends that. */
  monitor(ref: ProcessRef, onDown: (reason: DownReason) => void): () => void;
  /** As {@link monitor}, for a link with a process of this runtime: the other one learns of its end, too. */
  link(link: Link, local: string, ref: ProcessRef, onDown: (reason: DownReason, nodeId?: string) => void): RemoteLink;
  stop(ref: ProcessRef, reason: TerminationReason, timeoutMs: number): Promise<void>;
  kill(ref: ProcessRef): void;
  /**
   * Starts a process of a behavior that is registered on the other node. Rejects with BehaviorNotRegisteredError,
   * InitializationError as RemoteError, NodeTimeoutError after `timeoutMs`, NodeNotFoundError; nothing is left running then.
   */
  start(nodeId: string, behavior: string, args: unknown, options: RemoteStartOptions): Promise<ProcessRef>;
  /** Whether its node is linked, and no exit of the process is known here. */
  isRunning(ref: ProcessRef): boolean;
  /** The node of the process. */
  nodeOf(ref: ProcessRef): string | undefined;
}

/** The names that are unique in the whole cluster, for processes of this runtime. */
export interface GlobalNameClaims {
  /** The process that has the name, as far as is known here. */
  whereis(name: string): ProcessRef | undefined;
  /** Resolves when every connected node has accepted the name. Rejects with AlreadyRegisteredError, GlobalNameTimeoutError. */
  claim(name: string, processId: string, onConflict: 'kill' | 'notify'): Promise<void>;
  /** Frees the name when the process ends; at once if it has ended. */
  watch(name: string, processId: string): void;
}

export interface RemoteStartOptions {
  readonly name?: string | undefined;
  readonly registration?: 'local' | 'global' | undefined;
  readonly initTimeout?: number | undefined;
  readonly timeoutMs: number;
}

/** One end of a link across nodes. */
export interface RemoteLink {
  /** The local process has ended. */
  exited(reason: TerminationReason): void;
  unlink(): void;
}
