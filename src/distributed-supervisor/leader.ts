import { ChildPlan, type ChildPlanOptions } from './child-plan.js';
import type { DistributedChildSpec } from './distributed-options.js';
import { HostNodes } from './host-nodes.js';
import type { LeaderEffect } from './leader-effects.js';
import {
  type ChildRequest,
  isAwaited,
  locationOf,
  type PlacedChild,
  type PlacedChildren,
  rejectStart,
} from './placed-children.js';
import type { ChildLocation, HostMessage, SentChild, SentChildSpec } from './supervision-protocol.js';

type ToSent = (spec: DistributedChildSpec) => SentChildSpec;

/** The maximum number of removed child ids that are remembered. The oldest is forgotten first. */
const MAX_REMOVED = 10_000;

export type LeaderOptions = Omit<ChildPlanOptions, 'hosts'>;

/**
 * Decides which child of a distributed supervisor runs on which node. The methods take the messages of nodes, changes
 * of the membership and requests; {@link reconcile} returns the effects. There is no I/O.
 *
 * A child starts only when every connected node has answered: it has reported the children that it runs, or has refused
 * to obey this leader. So a new leader never starts a child that runs on a node that obeys it. If two nodes run the
 * same child after a partition, one of them stops it.
 */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #hosts: HostNodes;
  readonly #plan: ChildPlan;
  /** The ids of children that were removed on request. A node that was not connected then may still run one. */
  readonly #removed = new Set<string>();

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#hosts = new HostNodes(options);
    this.#plan = new ChildPlan({ ...options, hosts: this.#hosts });
  }

  /** Whether all children are being stopped, or have been stopped, for good. */
  get isEnding(): boolean {
    return this.#plan.isEnding;
  }

  /** Whether all children have been stopped. */
  get isEmptied(): boolean {
    return this.#plan.isEmptied;
  }

  get children(): PlacedChildren {
    return this.#plan.children;
  }

  /** How long ago the counted restarts were, ms, longest first. */
  get restartAges(): readonly number[] {
    return this.#plan.restarts.ages;
  }

  /**
   * Decides which processes start and stop now. Returns all effects since the last call. Must be called after calls of
   * the other methods, and at the time of the last `wake` effect.
   */
  reconcile(): readonly LeaderEffect[] {
    return this.#plan.reconcile();
  }

  /**
   * Starts the children of the options. With `isFirst`, they start one after another, and a child that cannot be
   * started ends the supervisor.
   */
  begin(toSent: ToSent, isFirst: boolean): void {
    for (const spec of this.#options.settings.children) this.#plan.add(spec.id, toSent(spec)).isInitial = isFirst;
    this.#plan.isStarting = isFirst;
  }

  /** Continues with the children of an earlier leader. `ages`: how long ago its counted restarts were, ms. */
  takeOver(children: ReadonlyMap<string, SentChild>, ages: readonly number[], toSent: ToSent): void {
    this.#plan.restarts.restore(ages);
    for (const [id, { spec, location, lastNode, isWanted, restarts }] of children) {
      const child = this.#plan.add(id, spec);
      child.isWanted = isWanted;
      child.restarts = restarts;
      child.lastNode = lastNode ?? undefined;
      if (location === null) continue;
      // A connected node will report whether it still runs the child.
      const isAwaited = this.#hosts.lifeOf(location.node) === location.life;
      this.#setLost(child, location, isAwaited ? Number.POSITIVE_INFINITY : this.#failoverTime(location));
    }
    // A child that only the options of this instance have is new. A temporary one may have ended, so it is not added.
    for (const spec of this.#options.settings.children) {
      if (!children.has(spec.id) && spec.restart !== 'temporary') this.#plan.add(spec.id, toSent(spec));
    }
  }

  nodeUp(node: string, life: string): void {
    this.#hosts.up(node, life);
    for (const child of this.children) {
      if (child.state.type !== 'lost' || child.state.at.node !== node) continue;
      const { at } = child.state;
      // In the same life, the node will report whether it still runs the child. In another life, the process has ended.
      this.#setLost(child, at, at.life === life ? Number.POSITIVE_INFINITY : this.#options.now());
    }
  }

  nodeDown(node: string): void {
    const life = this.#hosts.lifeOf(node);
    this.#hosts.down(node);
    if (life !== undefined) this.#lose(node, this.#failoverTime({ node, life }));
  }

  /** Lets lost children start elsewhere at once if the lives that ran them have ended for good. */
  livesEnded(): void {
    for (const child of this.children) {
      if (child.state.type === 'lost' && this.#options.hasEnded(child.state.at.life)) {
        this.#setLost(child, child.state.at, this.#options.now());
      }
    }
  }

  receive(node: string, message: HostMessage): void {
    const life = this.#hosts.lifeOf(node);
    if (life === undefined) return;
    switch (message.type) {
      case 'hosted':
        this.#hosted({ node, life, processId: message.processId }, message.childId, message.spec);
        break;
      case 'obeying':
        this.#obeying(node, life);
        break;
      case 'refused':
        this.#refused(node, message.placement);
        break;
      case 'placed': {
        const { placement, processId } = message;
        const child = this.children.ofPlacement(node, placement);
        if (child === undefined) this.#plan.sendStop(node, processId, true);
        else this.#plan.run(child, { node, life, processId });
        break;
      }
      case 'failed': {
        const child = this.children.ofPlacement(node, message.placement);
        if (child !== undefined) this.#plan.startFailed(child, node, message.error, message.cause);
        break;
      }
      case 'exited': {
        const child = this.children.ofProcess(life, message.processId);
        if (child !== undefined) this.#plan.exited(child, node, message.reason, message.isHandedOver);
      }
    }
  }

  startChild(id: string, spec: SentChildSpec, request: ChildRequest): void {
    this.#removed.delete(id);
    this.#plan.add(id, spec).onStarted = request;
  }

  terminateChild(child: PlacedChild, request: ChildRequest): void {
    child.isWanted = false;
    child.onStopped.push(request);
    const { settings } = this.#options;
    if (child.spec.restart === 'temporary' || settings.strategy === 'simple_one_for_one') this.#remember(child.id);
    this.#plan.stop(child);
  }

  restartChild(child: PlacedChild, request: ChildRequest): void {
    child.isWanted = true;
    this.#plan.rejectStart(child);
    child.onStarted = request;
    this.#plan.stop(child);
  }

  /** Rejects all requests that are not completed. To be called when this leader does not lead any more. */
  abandonRequests(error: Error): void {
    for (const child of this.children) {
      rejectStart(child, error);
      for (const request of child.onStopped.splice(0)) request.reject(error);
    }
  }

  /**
   * Stops all children for good. The effect `emptied` follows when they have ended, if it has not been returned yet.
   */
  shutDown(): void {
    this.#plan.end(true);
  }

  #remember(childId: string): void {
    this.#removed.add(childId);
    if (this.#removed.size <= MAX_REMOVED) return;
    for (const oldest of this.#removed) {
      this.#removed.delete(oldest);
      return;
    }
  }

  /** Returns when a child may start elsewhere if its node is lost now, ms of the monotonic clock. */
  #failoverTime({ node, life }: Pick<ChildLocation, 'node' | 'life'>): number {
    const { now, hasEnded, reserveMs, settings } = this.#options;
    return hasEnded(life) ? now() : now() + Math.max(settings.failoverDelayMs, reserveMs(node));
  }

  #setLost(child: PlacedChild, at: ChildLocation, dueAt: number): void {
    this.children.setState(child, { type: 'lost', at, dueAt });
  }

  /**
   * Handles the loss of a node. The node may still run its children until `dueAt`, ms of the monotonic clock, so they
   * do not start elsewhere before that time. This also applies to children that were starting or stopping.
   */
  #lose(node: string, dueAt: number): void {
    for (const child of this.children) {
      const { state } = child;
      const wasThere = 'at' in state ? state.at.node === node : state.type === 'starting' && state.node === node;
      if (!wasThere || (state.type === 'lost' && !isAwaited(child))) continue;
      if ('at' in state && state.type !== 'stopping' && !child.mustStop) {
        this.#setLost(child, state.at, dueAt);
        continue;
      }
      child.notBefore = Math.max(child.notBefore, dueAt);
      if (state.type === 'starting') this.#plan.startInterrupted(child);
      else this.#plan.stopped(child);
    }
  }

  #hosted(at: ChildLocation, childId: string, spec: SentChildSpec): void {
    this.#hosts.list(at.node, at.processId);
    const child = this.children.get(childId) ?? this.#addUnknown(childId, spec);
    const known = locationOf(child);
    const isKnown = known?.life === at.life && known.processId === at.processId;
    if (isKnown && child.state.type !== 'lost') return;
    const isFree = child.state.type === 'down' || child.state.type === 'lost';
    if (!isFree) this.#plan.sendStop(at.node, at.processId, child.isWanted);
    else if (child.isWanted && !child.mustStop) this.#plan.run(child, at);
    else {
      this.children.setState(child, { type: 'running', at });
      child.mustStop = true;
    }
  }

  #addUnknown(childId: string, spec: SentChildSpec): PlacedChild {
    const child = this.#plan.add(childId, spec);
    child.isWanted = !this.#plan.isEnding && !this.#removed.has(childId);
    return child;
  }

  #obeying(node: string, life: string): void {
    const listed = this.#hosts.obeys(node);
    for (const child of this.children) {
      const { state } = child;
      if (state.type === 'starting' && state.node === node) this.#plan.startInterrupted(child);
      if (!('at' in state) || state.at.life !== life || listed.has(state.at.processId)) continue;
      // The child ended while its node did not obey this leader.
      if (state.type === 'stopping' || child.mustStop) this.#plan.stopped(child);
      else this.#setLost(child, state.at, this.#options.now());
    }
  }

  #refused(node: string, placement: number | null): void {
    this.#hosts.refuses(node);
    for (const child of this.children) {
      const { state } = child;
      if (state.type !== 'starting' || state.node !== node) continue;
      if (placement === null || placement === state.placement) this.#plan.startInterrupted(child);
    }
  }
}
