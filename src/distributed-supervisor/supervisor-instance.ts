import { asError, ChildStartError, type MaxRestartsExceededError } from '../errors.js';
import { serializeError } from '../process/serialize-error.js';
import type { LeaderClaim } from './child-host.js';
import { CopiedChildren } from './copied-children.js';
import type { SupervisorSettings } from './distributed-options.js';
import type { Leader } from './leader.js';
import { Leadership, type LeadershipPorts } from './leadership.js';
import { type HostMessage, type InstanceMessage, LOCAL_NODE, type SentChild } from './supervision-protocol.js';

export interface InstancePorts extends LeadershipPorts {
  /**
   * Claims the name of the supervisor for its process. Resolves when the process owns the name. Rejects if the name is
   * taken or cannot be claimed now.
   */
  claim(processId: string): Promise<void>;
  release(): void;
  /** The instances that own the name of the supervisor, as far as this node knows. The first one wins. */
  owners(): readonly LeaderClaim[];
}

interface InstanceProcess {
  readonly id: string;
  /** Asks the process to stop. */
  stop(): void;
}

/** A promise with the functions that settle it. */
interface Settling {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** How long to wait before the name of the supervisor is claimed again after a failure, ms. */
const CLAIM_RETRY_MS = 500;

/**
 * One instance of a distributed supervisor. While it owns the name of the supervisor, it leads: it decides where
 * children run. Otherwise it stands by with a copy of the leader's children, and claims the name when it is free.
 */
export class SupervisorInstance {
  readonly settings: SupervisorSettings;
  readonly process: InstanceProcess;
  readonly #ports: InstancePorts;
  readonly #copies = new CopiedChildren();
  /**
   * Settles `start`: resolves when it must not wait any longer, and rejects when an initial child cannot be started.
   */
  readonly #started = settling();
  #leadership: Leadership | undefined;
  /** Pending while the children are being stopped on request; otherwise `undefined`. */
  #emptied: Settling | undefined;
  /** The leader for which this instance stands by; `undefined` if there is none. */
  #followed: LeaderClaim | undefined;
  /** How often this instance has asked a leader for its children. */
  #requests = 0;
  #startError: ChildStartError | undefined;
  /** Whether `start` has not resolved yet. */
  #isFirst = true;
  #isClaiming = false;
  #isDormant: boolean;
  #isEnded = false;
  #cancelRetry: (() => void) | undefined;

  /**
   * @param isDormant whether its node is leaving or has left its cluster, or waits for its first link in a new one.
   * Then the instance does not lead.
   */
  constructor(settings: SupervisorSettings, process: InstanceProcess, ports: InstancePorts, isDormant: boolean) {
    this.settings = settings;
    this.process = process;
    this.#ports = ports;
    this.#isDormant = isDormant;
  }

  /** The leader of the supervisor, if this instance leads; otherwise `undefined`. */
  get leader(): Leader | undefined {
    return this.#leadership?.leader;
  }

  /** Whether this instance leads, and another one stands by to lead when it ends. */
  get hasStandbys(): boolean {
    return this.#leadership?.standbys.areNone === false;
  }

  /**
   * All children as this instance knows them, in start order, with the ids of their nodes. Empty until a leader has
   * sent its children.
   */
  get children(): ReadonlyMap<string, SentChild> {
    return this.#leadership?.children ?? this.#copies.children ?? new Map();
  }

  /**
   * Begins to lead or to stand by. Resolves when the initial children run or wait for a suitable node, when this
   * instance stands by, or when the start is abandoned. Rejects with ChildStartError if an initial child cannot start.
   */
  async start(): Promise<void> {
    this.ownersChanged();
    await this.#started.promise;
    this.#isFirst = false;
  }

  /** Leads, stands by, or claims the name, according to the current owner of the supervisor's name. */
  ownersChanged(): void {
    if (this.#isEnded) return;
    const [owner] = this.#ports.owners();
    if (owner?.node === LOCAL_NODE) {
      if (this.#leadership === undefined && !this.#isDormant) this.#lead(owner);
      return;
    }
    const { name } = this.settings;
    if (owner !== undefined && name !== undefined && this.#leadership !== undefined) {
      const { id } = this.process;
      this.#ports.emit({ type: 'distributed_supervisor_yielded', id, supervisor: name, to: owner.node });
    }
    this.#stepDown();
    if (owner === undefined) {
      this.#followed = undefined;
      this.#claim();
    } else if (!this.#isDormant && (owner.at !== this.#followed?.at || owner.life !== this.#followed.life)) {
      this.#followed = owner;
      this.#requests += 1;
      const token = `${this.process.id}/${this.#requests}`;
      this.#copies.expectAll(token);
      this.#ports.send(owner.node, owner, { type: 'standby', token });
      this.#started.resolve();
    }
  }

  /** Applies a change to the leader. Does nothing if this instance does not lead. */
  change(action: (leader: Leader) => void): void {
    this.#leadership?.change(action);
  }

  receiveFromHost(node: string, message: HostMessage): void {
    this.change((leader) => leader.receive(node, message));
  }

  /** Whether this instance leads by the claim with this stamp. */
  leads(at: number, sequence: number): boolean {
    const term = this.#leadership?.term;
    return term?.at === at && term.sequence === sequence;
  }

  receive({ node, at, sequence }: LeaderClaim, message: InstanceMessage): void {
    if (message.type === 'standby') {
      // While this instance stops its children on request, it accepts no standbys: no child will be left to take over.
      if (this.leads(at, sequence) && this.#emptied === undefined) this.#leadership?.standbys.add(node, message.token);
    } else if (message.type === 'standby_ended') {
      if (this.leads(at, sequence)) this.#leadership?.standbys.remove(node);
    } else if (node === this.#followed?.node && at === this.#followed.at) {
      if (message.type === 'ended') this.process.stop();
      else this.#copies.receive(message, this.#ports.now());
    }
  }

  nodeDown(node: string): void {
    this.#leadership?.standbys.remove(node);
    this.change((leader) => leader.nodeDown(node));
  }

  /**
   * Ends this instance. If it leads and no other instance stands by, its children are stopped first. Otherwise the
   * children keep running.
   */
  async end(): Promise<void> {
    if (!this.hasStandbys) await this.#stopChildren();
    this.dispose();
  }

  /** Makes `start` resolve without waiting for the initial children. */
  abandonStart(): void {
    this.#started.resolve();
  }

  /**
   * Gives up the name of the supervisor, and neither leads nor stands by until {@link resume}. If this instance leads
   * and no other instance stands by, its children are stopped first.
   */
  async leave(): Promise<void> {
    if (!this.hasStandbys) await this.#stopChildren();
    this.#isDormant = true;
    this.#unfollow();
    this.#stepDown();
    this.#ports.release();
  }

  /** Leads or stands by again. */
  resume(): void {
    this.#isDormant = false;
    this.ownersChanged();
  }

  /** Ends this instance at once. Does not stop the children. */
  dispose(): void {
    if (!this.#isDormant) this.#unfollow();
    this.#isEnded = true;
    this.#stepDown();
    this.#cancelRetry?.();
    this.#started.resolve();
  }

  #unfollow(): void {
    const followed = this.#followed;
    if (followed !== undefined) this.#ports.send(followed.node, followed, { type: 'standby_ended' });
    this.#followed = undefined;
  }

  #claim(): void {
    if (this.#isClaiming || this.#isDormant || this.#isEnded) return;
    this.#isClaiming = true;
    this.#cancelRetry?.();
    this.#ports.claim(this.process.id).then(
      () => {
        this.#isClaiming = false;
        // The claim may have been lost already.
        this.ownersChanged();
      },
      () => {
        this.#isClaiming = false;
        // Another instance has the name, or too few nodes have answered. `start` does not wait for the next attempt.
        this.#started.resolve();
        if (this.#isEnded) return;
        this.#cancelRetry = this.#ports.after(CLAIM_RETRY_MS, () => this.ownersChanged());
      },
    );
  }

  #lead(term: LeaderClaim): void {
    const leadership = new Leadership(this.settings, term, this.#ports, {
      onStarted: () => this.#started.resolve(),
      onStartFailed: (childId, error) => {
        this.#startError = new ChildStartError(this.process.id, childId, error);
      },
      onGaveUp: (childId, error) => this.#emitGaveUp(childId, error),
      onEmptied: (isRequested) => this.#onEmptied(isRequested),
    });
    this.#leadership = leadership;
    this.#followed = undefined;
    const { id } = this.process;
    const { name } = this.settings;
    if (name !== undefined) this.#ports.emit({ type: 'distributed_supervisor_led', id, supervisor: name });
    const copies = this.#copies.children;
    if (copies === undefined) leadership.begin(this.#isFirst);
    else leadership.takeOver(copies, this.#copies.agesAt(this.#ports.now()));
  }

  #stepDown(): void {
    const leadership = this.#leadership;
    if (leadership !== undefined) {
      const { leader, children } = leadership;
      this.#copies.replace(leader.isEnding ? undefined : children, leader.restartAges, this.#ports.now());
      leadership.end();
    }
    this.#leadership = undefined;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  async #stopChildren(): Promise<void> {
    if (this.#leadership === undefined || this.#leadership.leader.isEmptied) return;
    this.#emptied ??= settling();
    const { promise } = this.#emptied;
    this.change((leader) => leader.shutDown());
    await promise;
  }

  #onEmptied(isRequested: boolean): void {
    this.#emptied?.resolve();
    this.#emptied = undefined;
    if (isRequested) return;
    // The supervisor gave up, failed to start, or was shut down by a significant child: no instance may continue.
    this.#leadership?.standbys.end();
    if (this.#startError === undefined) this.process.stop();
    else this.#started.reject(this.#startError);
  }

  #emitGaveUp(childId: string, { cause }: MaxRestartsExceededError): void {
    const { maxRestarts, withinMs } = this.settings.restartIntensity;
    const error = serializeError(asError(cause));
    this.#ports.emit({ type: 'supervisor_gave_up', id: this.process.id, maxRestarts, withinMs, childId, error });
  }
}

function settling(): Settling {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
