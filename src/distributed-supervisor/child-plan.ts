import { asError, ChildNotFoundError, NoSuitableNodeError, ServerNotRunningError } from '../errors.js';
import type { DownReason } from '../process/gen-server-types.js';
import {
  childrenToStop,
  failsOver,
  hasProcesses,
  isOrdered,
  lostChildren,
  markGroup,
  nextStartTime,
  placeMessage,
  restartCause,
  shutsDown,
  waitsForName,
} from './child-order.js';
import type { SupervisorSettings } from './distributed-options.js';
import type { HostNodes, HostNodesOptions } from './host-nodes.js';
import type { LeaderEffect } from './leader-effects.js';
import { isAwaited, type PlacedChild, PlacedChildren, rejectStart } from './placed-children.js';
import { RestartLimit } from './restart-limit.js';
import type { ChildLocation, FailureCause, LeaderMessage, SentChildSpec } from './supervision-protocol.js';

export interface ChildPlanOptions extends HostNodesOptions {
  readonly settings: SupervisorSettings;
  /** The process id of this instance of the supervisor. */
  readonly supervisorId: string;
  readonly hosts: HostNodes;
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Whether the runtime with this life has ended for good. */
  hasEnded(life: string): boolean;
  /** How long a lost node may run children before it notices that it has no quorum, ms; 0 without `minNodes`. */
  reserveMs(node: string): number;
}

/** Which children of a distributed supervisor should run, and the restarts of those that ended. */
export class ChildPlan {
  readonly children = new PlacedChildren();
  readonly restarts: RestartLimit;
  /** Whether some initial children have not started yet: initial children start one after another. */
  isStarting = false;
  /** Whether all children are being stopped, or have been stopped, for good. */
  isEnding = false;
  /** Whether all children have been stopped, for good. */
  isEmptied = false;
  readonly #options: ChildPlanOptions;
  /** Whether restarts and their stops are sequential. */
  readonly #isOrdered: boolean;
  #gaveUp: Error | undefined;
  #isEndRequested = false;
  /** Whether {@link reconcile} must be called again at once, because a child could not be started. */
  #isRepeated = false;
  #placement = 0;
  #effects: LeaderEffect[] = [];

  constructor(options: ChildPlanOptions) {
    this.#options = options;
    this.#isOrdered = isOrdered(options.settings.strategy);
    this.restarts = new RestartLimit({ ...options, ...options.settings });
  }

  add(id: string, spec: SentChildSpec): PlacedChild {
    this.#effects.push({ type: 'added', childId: id });
    const own = this.#options.settings.children.find((each) => each.id === id);
    return this.children.add(id, spec, spec.nodeSelector ?? own?.nodeSelector);
  }

  /** Ends a start that was not completed: the child has no process, and may start again. */
  startInterrupted(child: PlacedChild): void {
    if (child.mustStop) this.stopped(child);
    else this.#setDown(child);
  }

  run(child: PlacedChild, at: ChildLocation): void {
    this.children.setState(child, { type: 'running', at });
    child.lastNode = at.node;
    child.preferredNode = undefined;
    child.isInitial = false;
    child.nameTakenAt = undefined;
    child.unusableNodes.clear();
    child.onStarted?.resolve(at);
    child.onStarted = undefined;
    this.#changed(child);
  }

  sendStop(node: string, processId: string, isDuplicate: boolean): void {
    this.#send(node, { type: 'stop', processId, isDuplicate });
  }

  /** Makes the process of a child end. A lost process counts as stopped, unless its connected node will report it. */
  stop(child: PlacedChild): void {
    const { state } = child;
    if (state.type === 'starting') this.#send(state.node, { type: 'abort', placement: state.placement });
    if (state.type === 'running' || state.type === 'starting' || isAwaited(child)) child.mustStop = true;
    else if (child.state.type !== 'stopping') {
      // The lost process may still run until `dueAt`.
      if (child.state.type === 'lost') child.notBefore = Math.max(child.notBefore, child.state.dueAt);
      this.stopped(child);
    }
    this.#changed(child);
  }

  /** Records that a child has no process any more, without counting a failure. Resolves the requests to stop it. */
  stopped(child: PlacedChild): void {
    this.#setDown(child);
    child.mustStop = false;
    for (const request of child.onStopped.splice(0)) request.resolve();
    if (!child.isWanted) this.#forgetIfDone(child);
    this.#changed(child);
  }

  exited(child: PlacedChild, node: string, reason: DownReason, isHandedOver: boolean): void {
    const { state, spec, mustStop } = child;
    if (state.type === 'stopping' || mustStop || isHandedOver || !child.isWanted) {
      if (isHandedOver && spec.restart === 'temporary') child.isWanted = false;
      this.stopped(child);
      return;
    }
    this.#setDown(child);
    const cause = restartCause(spec.restart, reason);
    if (cause !== undefined) {
      child.preferredNode = node;
      this.#restart([child], cause);
      return;
    }
    child.isWanted = false;
    this.#forgetIfDone(child);
    this.#changed(child);
    if (spec.significant && shutsDown(this.#options.settings.autoShutdown, this.children)) this.end(false);
  }

  startFailed(child: PlacedChild, node: string, error: Error, cause: FailureCause): void {
    this.startInterrupted(child);
    if (!child.isWanted) return;
    if (cause === 'unusable') {
      child.unusableNodes.set(node, error);
      return;
    }
    child.preferredNode = undefined;
    const { now, settings } = this.#options;
    if (cause === 'name_taken' && waitsForName(child, now(), settings.orphanTimeoutMs)) return;
    this.#cannotStart(child, error);
  }

  /** Rejects the pending request that started a child, if any: the child stops before it runs. */
  rejectStart(child: PlacedChild): void {
    const { supervisorId: id } = this.#options;
    const ended = new ServerNotRunningError(id, this.#gaveUp && { cause: this.#gaveUp });
    rejectStart(child, this.isEnding ? ended : new ChildNotFoundError(id, child.id));
  }

  /** Stops all children for good. `isRequested`: by a shutdown, and not because of what happened to a child. */
  end(isRequested: boolean): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.#isEndRequested = isRequested;
    for (const child of [...this.children]) {
      child.isWanted = false;
      this.rejectStart(child);
      this.stop(child);
    }
  }

  /** Decides which processes start and stop now. Returns all effects since the last call, in order. */
  reconcile(): readonly LeaderEffect[] {
    const { hosts } = this.#options;
    const begunAt = this.#options.now();
    if (hosts.haveAllAnswered && !this.isEnding) this.#failOver();
    this.#stopMarked();
    if (!this.isEnding && hosts.haveAllAnswered) this.#startWanted();
    const isEmptied = this.isEnding && hosts.haveAllAnswered && !hasProcesses(this.children);
    if (isEmptied && !this.isEmptied) this.#effects.push({ type: 'emptied', isRequested: this.#isEndRequested });
    this.isEmptied ||= isEmptied;
    this.#planWake(begunAt);
    return this.#effects.splice(0);
  }

  /** @param begunAt before all decisions: what became due meanwhile may not have been considered */
  #planWake(begunAt: number): void {
    const at = this.#isRepeated ? begunAt : nextStartTime(this.isEnding ? [] : this.children, begunAt);
    this.#isRepeated = false;
    if (at !== Number.POSITIVE_INFINITY) this.#effects.push({ type: 'wake', at });
  }

  #send(node: string, message: LeaderMessage): void {
    this.#effects.push({ type: 'send', node, message });
  }

  #setDown(child: PlacedChild): void {
    this.children.setState(child, { type: 'down' });
  }

  #changed({ id }: PlacedChild): void {
    this.#effects.push({ type: 'changed', childId: id });
  }

  /** Counts one restart for children that ended together. Restarts them with their groups, or gives up at the limit. */
  #restart(failed: readonly PlacedChild[], cause: Error): void {
    const error = this.restarts.count(cause);
    this.#effects.push({ type: 'counted' });
    if (error !== undefined) {
      this.#gaveUp = error;
      this.#effects.push({ type: 'gave_up', childId: failed[0]?.id ?? '', error });
      this.end(false);
      return;
    }
    const notBefore = this.restarts.nextRestartAt;
    const { strategy } = this.#options.settings;
    for (const each of failed) {
      each.restarts += 1;
      for (const child of markGroup(strategy, this.children, each)) {
        child.notBefore = notBefore;
        if (!child.isWanted && child.state.type === 'down') this.#forgetIfDone(child);
        this.#changed(child);
      }
    }
  }

  #cannotStart(child: PlacedChild, error: Error): void {
    child.unusableNodes.clear();
    if (child.onStarted !== undefined) {
      rejectStart(child, error);
      child.isWanted = false;
      if (child.lastNode === undefined) this.children.remove(child);
      this.#changed(child);
    } else if (child.isInitial) {
      this.#effects.push({ type: 'start_failed', childId: child.id, error });
      this.end(false);
    } else this.#restart([child], error);
    this.#isRepeated = true;
  }

  /** Removes a child that will not run again, unless it can be restarted on request. */
  #forgetIfDone(child: PlacedChild): void {
    this.rejectStart(child);
    const isForgotten =
      this.isEnding || child.spec.restart === 'temporary' || this.#options.settings.strategy === 'simple_one_for_one';
    if (isForgotten) this.children.remove(child);
  }

  /** Gives up lost processes that are not waited for any more. The loss of a node counts as one restart. */
  #failOver(): void {
    for (const [node, lost] of lostChildren(this.children, this.#options.now())) {
      if (this.isEnding) return;
      const failed = lost.filter(failsOver);
      for (const child of lost) {
        child.isWanted &&= child.mustStop || failed.includes(child);
        this.stopped(child);
      }
      if (failed.length > 0) this.#restart(failed, new Error(`node ${node} was lost`));
    }
  }

  #stopMarked(): void {
    const isTemplate = this.#options.settings.strategy === 'simple_one_for_one';
    for (const child of childrenToStop(this.children, this.#isOrdered || (this.isEnding && !isTemplate))) {
      const { at } = child.state;
      this.children.setState(child, { type: 'stopping', at });
      this.sendStop(at.node, at.processId, false);
    }
  }

  #startWanted(): void {
    const children = [...this.children];
    const isSequential = this.#isOrdered || this.isStarting;
    if (this.#isOrdered && children.some(({ mustStop, state }) => mustStop || state.type === 'stopping')) return;
    const now = this.#options.now();
    for (const child of children) {
      const { state, isWanted, notBefore } = child;
      const isDue = state.type === 'down' && isWanted && notBefore <= now;
      const isWaiting = isDue && !this.#start(child);
      if (this.isEnding) return;
      const isPending = isDue || state.type === 'starting' || state.type === 'down';
      if (isSequential && !isWaiting && isWanted && isPending) return;
    }
    if (this.isStarting) this.#effects.push({ type: 'all_started' });
    this.isStarting = false;
  }

  /** Starts a child. If no node is suitable now, returns `false`, and rejects the request that started the child. */
  #start(child: PlacedChild): boolean {
    const { settings } = this.#options;
    let node: string | undefined;
    try {
      node = this.#options.hosts.choose(child, settings.nodeSelector);
    } catch (thrown) {
      this.#cannotStart(child, asError(thrown));
      return true;
    }
    if (node === undefined) {
      if (child.onStarted !== undefined)
        this.#cannotStart(child, new NoSuitableNodeError(this.#options.supervisorId, child.id));
      return false;
    }
    this.#placement += 1;
    this.children.setState(child, { type: 'starting', node, placement: this.#placement });
    this.#send(node, placeMessage(child, this.#placement, settings.orphanTimeoutMs));
    return true;
  }
}
