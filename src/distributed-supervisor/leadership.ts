import type { UnstampedEvent } from '../../streams/events.js';
import { type MaxRestartsExceededError, NoLeaderError } from '../errors.js';
import { Alarm } from '../remote/alarm.js';
import type { LeaderClaim } from './child-host.js';
import type { DistributedChildSpec, SupervisorSettings } from './distributed-options.js';
import { Leader, type LeaderOptions } from './leader.js';
import type { LeaderEffect } from './leader-effects.js';
import { locationOf, type PlacedChild } from './placed-children.js';
import { Standbys } from './standbys.js';
import {
  type LeaderMessage,
  LOCAL_NODE,
  type SentChild,
  type SentChildSpec,
  type SupervisionMessage,
} from './supervision-protocol.js';

export interface LeadershipPorts
  extends Pick<LeaderOptions, 'life' | 'candidate' | 'random' | 'now' | 'hasEnded' | 'reserveMs'> {
  /** The id of this node; `undefined` while it is in no cluster. */
  nodeId(): string | undefined;
  /** The other connected nodes. */
  peers(): readonly { readonly id: string; readonly life: string }[];
  /** Sends a message to a node; {@link LOCAL_NODE} is this node. `term` is the claim by which the leader leads. */
  send(node: string, term: LeaderClaim, message: SupervisionMessage): void;
  toSent(spec: DistributedChildSpec): SentChildSpec;
  /** Calls `action` after `ms`. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
  emit(event: UnstampedEvent): void;
}

interface LeadershipEvents {
  /** All initial children run, or wait for a suitable node. */
  onStarted(): void;
  /** An initial child could not be started. */
  onStartFailed(childId: string, error: Error): void;
  onGaveUp(childId: string, error: MaxRestartsExceededError): void;
  /** All children have been stopped. `isRequested`: on request, and not because of what happened to a child. */
  onEmptied(isRequested: boolean): void;
}

/** Runs the {@link Leader} of a distributed supervisor while one instance leads, and carries out its effects. */
export class Leadership {
  readonly leader: Leader;
  readonly standbys: Standbys;
  readonly term: LeaderClaim;
  readonly #ports: LeadershipPorts;
  readonly #events: LeadershipEvents;
  /** The name of the supervisor, or the process id of this instance if it has none. */
  readonly #name: string;
  #isPlanned = false;
  #isOver = false;
  readonly #alarm: Alarm;

  constructor(settings: SupervisorSettings, term: LeaderClaim, ports: LeadershipPorts, events: LeadershipEvents) {
    this.term = term;
    this.#ports = ports;
    this.#events = events;
    this.#alarm = new Alarm(ports, () => this.#act());
    this.#name = settings.name ?? term.processId;
    this.leader = new Leader({ ...ports, settings, supervisorId: term.processId });
    for (const { id, life } of ports.peers()) this.leader.nodeUp(id, life);
    this.standbys = new Standbys({
      send: (node, message) => ports.send(node, term, message),
      children: () => this.children,
      child: (id) => this.#child(id),
      restartAges: () => this.leader.restartAges,
    });
  }

  /** All children in start order, with the ids of their nodes. */
  get children(): ReadonlyMap<string, SentChild> {
    return new Map(Array.from(this.leader.children, (child) => [child.id, this.#toSent(child)] as const));
  }

  /** Starts the children of the options. For `isFirst`, see {@link Leader.begin}. */
  begin(isFirst: boolean): void {
    this.change((leader) => leader.begin((spec) => this.#ports.toSent(spec), isFirst));
  }

  /** Continues with the children of an earlier leader. `ages`: how long ago its counted restarts were, ms. */
  takeOver(children: ReadonlyMap<string, SentChild>, ages: readonly number[]): void {
    const own = this.#ports.nodeId();
    const located = Array.from(children, ([id, child]) => {
      const { location } = child;
      const isLocal = location !== null && location.node === own;
      return [id, isLocal ? { ...child, location: { ...location, node: LOCAL_NODE } } : child] as const;
    });
    this.change((leader) => leader.takeOver(new Map(located), ages, (spec) => this.#ports.toSent(spec)));
  }

  /**
   * Applies a change to the leader. Its effects are carried out in a microtask, together for all changes until then.
   */
  change(action: (leader: Leader) => void): void {
    action(this.leader);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#act();
    });
  }

  /** Ends this leadership: no effect is carried out any more, and pending requests reject with NoLeaderError. */
  end(): void {
    this.#isOver = true;
    this.#alarm.cancel();
    this.leader.abandonRequests(new NoLeaderError(this.#name));
  }

  #act(): void {
    if (this.#isOver) return;
    const effects = this.leader.reconcile();
    this.standbys.update(effects);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: LeaderEffect): void {
    switch (effect.type) {
      case 'send':
        this.#ports.send(effect.node, this.term, this.#withNodeIds(effect.message));
        break;
      case 'wake':
        this.#alarm.set(effect.at);
        break;
      case 'all_started':
        this.#events.onStarted();
        break;
      case 'start_failed':
        this.#events.onStartFailed(effect.childId, effect.error);
        break;
      case 'gave_up':
        this.#events.onGaveUp(effect.childId, effect.error);
        break;
      case 'emptied':
        this.#events.onEmptied(effect.isRequested);
    }
  }

  #child(id: string): SentChild | undefined {
    const child = this.leader.children.get(id);
    return child && this.#toSent(child);
  }

  #toSent(child: PlacedChild): SentChild {
    const { spec, isWanted, restarts } = child;
    const at = locationOf(child);
    const location = at === undefined ? null : { ...at, node: this.#idOf(at.node) };
    const lastNode = child.lastNode === undefined ? null : this.#idOf(child.lastNode);
    return { spec, location, lastNode, isWanted, restarts };
  }

  #withNodeIds(message: LeaderMessage): LeaderMessage {
    if (message.type !== 'place' || message.lastNode === null) return message;
    return { ...message, lastNode: this.#idOf(message.lastNode) };
  }

  #idOf(node: string): string {
    return node === LOCAL_NODE ? (this.#ports.nodeId() ?? LOCAL_NODE) : node;
  }
}
