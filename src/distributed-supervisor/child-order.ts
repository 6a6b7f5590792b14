import type { SupervisorStrategy } from '../../streams/events.js';
import type { DownReason } from '../process/gen-server-types.js';
import type { AutoShutdown } from '../supervisor/child-spec.js';
import { isRestarted, type RestartType, restartGroup } from '../supervisor/strategy.js';
import { isAwaited, type PlacedChild } from './placed-children.js';
import type { LeaderMessage } from './supervision-protocol.js';

/** The delay before another attempt to start a child whose global name was taken, ms. */
const NAME_RETRY_MS = 250;

/** Whether the children of a restart group stop and start one after another. */
export function isOrdered(strategy: SupervisorStrategy): boolean {
  return strategy === 'one_for_all' || strategy === 'rest_for_one';
}

type RunningChild = PlacedChild & { readonly state: { readonly type: 'running' } };

/**
 * Returns the running children whose processes stop now, in reverse start order. If `isSequential`, returns at most the
 * last child that must stop, and none while a child is stopping. A child that is starting, or whose node has not
 * reported it yet, stops once it is known to run.
 */
export function childrenToStop(children: Iterable<PlacedChild>, isSequential: boolean): readonly RunningChild[] {
  const all = [...children];
  const marked = all.filter(({ mustStop, state }) => mustStop && state.type !== 'stopping').toReversed();
  if (isSequential && all.some(({ state }) => state.type === 'stopping')) return [];
  const next = isSequential ? marked.slice(0, 1) : marked;
  return next.filter((child): child is RunningChild => child.state.type === 'running');
}

/** Whether a process of any child may be running on a connected node. */
export function hasProcesses(children: Iterable<PlacedChild>): boolean {
  return [...children].some(
    (child) => isAwaited(child) || (child.state.type !== 'down' && child.state.type !== 'lost'),
  );
}

/**
 * Returns the earliest time after `now` at which a child may start or a lost child is given up, ms of the monotonic
 * clock. Infinity: no child waits for such a time.
 */
export function nextStartTime(children: Iterable<PlacedChild>, now: number): number {
  let at = Number.POSITIVE_INFINITY;
  for (const { state, isWanted, notBefore } of children) {
    if (state.type === 'lost' && state.dueAt > now) at = Math.min(at, state.dueAt);
    else if (state.type === 'down' && isWanted && notBefore > now) at = Math.min(at, notBefore);
  }
  return at;
}

/**
 * Whether the supervisor shuts down now that a significant child has ended. That child must not be wanted any more.
 */
export function shutsDown(autoShutdown: AutoShutdown, children: Iterable<PlacedChild>): boolean {
  const hasOthers = [...children].some(({ spec, isWanted }) => spec.significant && isWanted);
  return autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && !hasOthers);
}

/**
 * Marks the restart group of a failed child: its processes must stop, and all its children should run again, except
 * temporary ones. Returns the group in start order, the failed child included.
 */
export function markGroup(
  strategy: SupervisorStrategy,
  children: Iterable<PlacedChild>,
  failed: PlacedChild,
): readonly PlacedChild[] {
  const group = restartGroup(strategy, children, failed);
  for (const child of group) {
    child.isWanted = child.spec.restart !== 'temporary';
    if (child.state.type === 'running' || child.state.type === 'starting') child.mustStop = true;
  }
  return group;
}

/** Returns the lost children that are not waited for any more at `now`, by the ids of their nodes. */
export function lostChildren(
  children: Iterable<PlacedChild>,
  now: number,
): ReadonlyMap<string, readonly PlacedChild[]> {
  const byNode = new Map<string, PlacedChild[]>();
  for (const child of children) {
    if (child.state.type !== 'lost' || child.state.dueAt > now) continue;
    const { node } = child.state.at;
    const onNode = byNode.get(node);
    if (onNode === undefined) byNode.set(node, [child]);
    else onNode.push(child);
  }
  return byNode;
}

/** Returns why a child that has ended for `reason` restarts; `undefined` if it does not restart. */
export function restartCause(restart: RestartType, reason: DownReason): Error | undefined {
  const ended = reason === 'noproc' || reason === 'noconnection' ? 'killed' : reason;
  if (!isRestarted(restart, ended)) return undefined;
  return typeof reason === 'object' ? reason.error : new Error(`it ended with reason '${reason}'`);
}

/**
 * Whether the loss of a child counts as its failure: the child should run, is not being stopped, and is not temporary.
 */
export function failsOver({ isWanted, mustStop, spec }: PlacedChild): boolean {
  return isWanted && !mustStop && spec.restart !== 'temporary';
}

/** Returns the message that starts a child. `orphanTimeoutMs` may be Infinity. */
export function placeMessage(
  { id: childId, spec, restarts, lastNode }: PlacedChild,
  placement: number,
  orphanTimeoutMs: number,
): LeaderMessage {
  const orphanTimeout = Number.isFinite(orphanTimeoutMs) ? orphanTimeoutMs : null;
  return { type: 'place', placement, childId, spec, restarts, lastNode: lastNode ?? null, orphanTimeout };
}

/**
 * Delays the next start of a child whose global name is taken, because its predecessor on another node may not have
 * ended yet. Returns whether the child waits. An initial child and a child that is started on request do not wait.
 *
 * @param limitMs how long the name may be taken before the child stops waiting, ms
 */
export function waitsForName(child: PlacedChild, now: number, limitMs: number): boolean {
  if (child.onStarted !== undefined || child.isInitial) return false;
  child.nameTakenAt ??= now;
  if (now - child.nameTakenAt > limitMs) return false;
  child.notBefore = now + NAME_RETRY_MS;
  return true;
}
