import { AlreadyRegisteredError, asError, BehaviorNotRegisteredError } from '../errors.js';
import type { TerminationReason } from '../process/gen-server-types.js';
import type { FailureCause, HostMessage, LeaderMessage, SentChildSpec } from './supervision-protocol.js';

/**
 * The claim of an instance of a supervisor to the name of the supervisor. The instance with the winning claim leads.
 */
export interface LeaderClaim {
  /** LOCAL_NODE, or the id of another node. */
  readonly node: string;
  /** The life of that node. */
  readonly life: string;
  /** The process id of the instance. Empty if the claim was received with a message. */
  readonly processId: string;
  /** When the instance claimed the name, ms since the epoch by the clock of its node. */
  readonly at: number;
  /** The number of the claim among the claims of its life. */
  readonly sequence: number;
}

/**
 * Why a host ends a child for a reason other than a normal stop or restart. `duplicate`: the child also runs on another
 * node. `orphaned`: this node has seen no leader for too long, or the supervisor has ended. `handed_over`: this node
 * leaves its cluster. `no_quorum`: this node sees fewer than `minNodes` nodes.
 */
export type HostStopReason = 'duplicate' | 'orphaned' | 'handed_over' | 'no_quorum';

interface StartedChild {
  /** Resolves with the process id when `init` has completed. Rejects if the process could not be started. */
  readonly started: Promise<string>;
  /** Returns why the process has ended; `undefined` if it has not ended. */
  exitReason(): TerminationReason | undefined;
  /** Kills the process, or prevents its start. */
  abort(): void;
}

export interface HostPorts {
  /**
   * Returns why this node does not accept a child with this behavior from the leader on the node `from`; `undefined` if
   * it accepts the child.
   */
  refusal(from: string, behavior: string): Error | undefined;
  send(leader: LeaderClaim, message: HostMessage): void;
  start(childId: string, spec: SentChildSpec, restarts: number): StartedChild;
  /**
   * Calls `onExit` when the process ends. Returns a function that removes the listener; `undefined` if the process has
   * already ended.
   */
  watch(processId: string, onExit: (reason: TerminationReason) => void): (() => void) | undefined;
  /** Stops the process, and kills it if that takes longer than `timeoutMs`. Resolves when the process has ended. */
  stop(processId: string, timeoutMs: number): Promise<void>;
  kill(processId: string): void;
  /** Calls `action` after `ms`. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
  /** Reports that a child runs on this node, after it ran on the node `lastNode`, which may be this node. */
  onStarted(childId: string, processId: string, lastNode: string): void;
  /** Reports that the host is about to end a child. */
  onStopped(childId: string, processId: string, why: HostStopReason): void;
  /** Discards the host, which has neither children nor a leader. */
  onUnused(): void;
}

type PlaceMessage = Extract<LeaderMessage, { readonly type: 'place' }>;

interface HostedChild {
  readonly childId: string;
  readonly spec: SentChildSpec;
}

/**
 * The children of one distributed supervisor that run on this node. The host obeys the leader: the instance that owns
 * the name of the supervisor, as far as this node knows. Each new leader receives the list of the children.
 */
export class ChildHost {
  readonly #ports: HostPorts;
  readonly #children = new Map<string, HostedChild>();
  /** The starts that are not completed, with the numbers of their placements. */
  readonly #starting = new Map<StartedChild, number>();
  /** The processes that are being stopped. */
  readonly #stopped = new Set<string>();
  /** The claims, by key, of other instances that have received a refusal. */
  readonly #refused = new Set<string>();
  #leader: LeaderClaim | undefined;
  #orphanTimeoutMs = Number.POSITIVE_INFINITY;
  #cancelOrphanTimer: (() => void) | undefined;
  #isClosed: boolean;

  /** @param isClosed whether this node accepts no children now */
  constructor(ports: HostPorts, isClosed: boolean) {
    this.#ports = ports;
    this.#isClosed = isClosed;
  }

  /** Whether no child of the supervisor runs or starts on this node. */
  get isEmpty(): boolean {
    return this.#children.size === 0 && this.#starting.size === 0;
  }

  /**
   * Obeys `leader` from now on, if it has changed. `undefined`: this node knows no leader. A change aborts the starts
   * that are not completed.
   *
   * @param others claims of further instances to the name; each of these instances receives a refusal, once
   * @param isEnded whether the supervisor has ended for good; if so, the children stop at once when they lose their leader
   */
  follow(leader: LeaderClaim | undefined, others: readonly LeaderClaim[], isEnded: boolean): void {
    if (keyOf(leader) !== keyOf(this.#leader)) this.#obey(leader, isEnded);
    for (const other of others) {
      if (this.#refused.has(keyOf(other))) continue;
      this.#refused.add(keyOf(other));
      this.#ports.send(other, { type: 'refused', placement: null });
    }
    const claims = new Set(others.map(keyOf));
    for (const key of this.#refused) if (!claims.has(key)) this.#refused.delete(key);
  }

  receive(from: LeaderClaim, message: LeaderMessage): void {
    const isLeader = keyOf(from) === keyOf(this.#leader);
    if (message.type === 'stop') {
      if (isLeader) this.#stop(message.processId, message.isDuplicate);
    } else if (message.type === 'abort') {
      if (isLeader) this.#abort(from, message.placement);
    } else if (!isLeader || this.#isClosed) {
      this.#ports.send(from, { type: 'refused', placement: message.placement });
    } else this.#place(from, message);
  }

  /**
   * Ends all children and accepts no more. Kills them for `no_quorum`; otherwise stops them. Resolves when they have
   * ended.
   */
  async close(why: 'handed_over' | 'no_quorum'): Promise<void> {
    this.#isClosed = true;
    if (this.#leader !== undefined) this.#ports.send(this.#leader, { type: 'refused', placement: null });
    this.#abortStarts();
    const ends = [...this.#children].map(async ([processId, { childId, spec }]) => {
      this.#ports.onStopped(childId, processId, why);
      if (why === 'no_quorum') this.#ports.kill(processId);
      else await this.#stopProcess(processId, spec);
    });
    await Promise.all(ends);
  }

  /** Accepts children again, and reports the running ones to the leader. Has no effect unless the host is closed. */
  reopen(): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    const leader = this.#leader;
    this.#leader = undefined;
    this.#obey(leader, false);
  }

  #obey(leader: LeaderClaim | undefined, isEnded: boolean): void {
    this.#abortStarts();
    this.#leader = leader;
    this.#cancelOrphanTimer?.();
    this.#cancelOrphanTimer = undefined;
    if (leader === undefined) {
      if (isEnded) this.#stopOrphans();
      else if (!this.isEmpty && this.#orphanTimeoutMs !== Number.POSITIVE_INFINITY) {
        this.#cancelOrphanTimer = this.#ports.after(this.#orphanTimeoutMs, () => this.#stopOrphans());
      }
      return;
    }
    for (const [processId, { childId, spec }] of this.#children) {
      this.#ports.send(leader, { type: 'hosted', childId, processId, spec });
    }
    this.#ports.send(leader, { type: 'obeying' });
    // After this message, the leader knows all children of this node, but starts no more of them here.
    if (this.#isClosed) this.#ports.send(leader, { type: 'refused', placement: null });
  }

  #place(leader: LeaderClaim, message: PlaceMessage): void {
    const { placement, spec } = message;
    const error = this.#ports.refusal(leader.node, spec.behavior);
    if (error === undefined) void this.#start(leader, message);
    else this.#ports.send(leader, { type: 'failed', placement, error, cause: 'unusable' });
  }

  async #start(leader: LeaderClaim, message: PlaceMessage): Promise<void> {
    const { placement, childId, spec, restarts, lastNode, orphanTimeout } = message;
    this.#orphanTimeoutMs = orphanTimeout ?? Number.POSITIVE_INFINITY;
    const start = this.#ports.start(childId, spec, restarts);
    this.#starting.set(start, placement);
    try {
      const processId = await start.started;
      if (!this.#starting.delete(start)) {
        this.#ports.kill(processId);
        return;
      }
      this.#children.set(processId, { childId, spec });
      if (lastNode !== null) this.#ports.onStarted(childId, processId, lastNode);
      this.#ports.send(leader, { type: 'placed', placement, processId });
      const isRunning = this.#ports.watch(processId, (reason) => this.#exited(processId, reason)) !== undefined;
      if (!isRunning) this.#exited(processId, start.exitReason() ?? 'killed');
    } catch (thrown) {
      // An aborted start sends no answer. The leader has already received one, or does not lead any more.
      if (!this.#starting.delete(start)) return;
      const error = asError(thrown);
      this.#ports.send(leader, { type: 'failed', placement, error, cause: causeOf(error, spec) });
    }
  }

  #exited(processId: string, reason: TerminationReason): void {
    this.#children.delete(processId);
    const isStopped = this.#stopped.delete(processId);
    if (this.isEmpty) this.#cancelOrphanTimer?.();
    if (this.#leader === undefined) {
      if (this.isEmpty) this.#ports.onUnused();
      return;
    }
    this.#ports.send(this.#leader, { type: 'exited', processId, reason, isHandedOver: this.#isClosed || isStopped });
  }

  #stop(processId: string, isDuplicate: boolean): void {
    const child = this.#children.get(processId);
    // The process has already ended, and the leader learns that from an earlier message.
    if (child === undefined) return;
    if (isDuplicate) this.#ports.onStopped(child.childId, processId, 'duplicate');
    void this.#stopProcess(processId, child.spec);
  }

  #stopOrphans(): void {
    for (const [processId, { childId, spec }] of this.#children) {
      this.#ports.onStopped(childId, processId, 'orphaned');
      void this.#stopProcess(processId, spec);
    }
  }

  async #stopProcess(processId: string, { shutdownTimeout }: SentChildSpec): Promise<void> {
    this.#stopped.add(processId);
    await this.#ports.stop(processId, shutdownTimeout ?? Number.POSITIVE_INFINITY);
  }

  #abort(leader: LeaderClaim, placement: number): void {
    for (const [start, ofStart] of this.#starting) {
      if (ofStart !== placement) continue;
      this.#starting.delete(start);
      start.abort();
      const error = new Error('its supervisor ended the start');
      this.#ports.send(leader, { type: 'failed', placement, error, cause: 'other' });
    }
  }

  #abortStarts(): void {
    for (const start of this.#starting.keys()) start.abort();
    this.#starting.clear();
  }
}

function keyOf(claim: LeaderClaim | undefined): string {
  return claim === undefined ? '' : `${claim.life}/${claim.at}/${claim.sequence}`;
}

function causeOf(error: Error, { behavior, name }: SentChildSpec): FailureCause {
  if (error instanceof BehaviorNotRegisteredError && error.behaviorName === behavior) return 'unusable';
  return error instanceof AlreadyRegisteredError && error.registeredName === name ? 'name_taken' : 'other';
}
