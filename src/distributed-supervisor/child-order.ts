import type { SupervisorStrategy } from '../../streams/events.js';
import type { DownReason } from '../process/gen-server-types.js';
import type { AutoShutdown } from '../supervisor/child-spec.js';
import { isRestarted, type RestartType, restartGroup } from '../supervisor/strategy.js';
import { isAwaited, type PlacedChild } from './placed-children.js';
import type { LeaderMessage } from './supervision-protocol.js';

/** How long to wait before a child is started again whose global name was taken, ms. */
const NAME_RETRY_MS = 250;

/** Whether the children of a restart group stop and start one after another. */
export function isOrdered(strategy: SupervisorStrategy): boolean {
  return strategy === 'one_for_all' || strategy === 'rest_for_one';
}

type RunningChild = PlacedChild & { readonly state: { readonly type: 'running' } };

/**
 * Returns the children whose processes stop now. Sequential: the last one that must stop, when no other is stopping. A
 * child that is just starting stops once it runs.
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

/** When the next child may start, ms of the monotonic clock; Infinity if nothing waits for a time after `now`. */
export function nextStartTime(children: Iterable<PlacedChild>, now: number): number {
  let at = Number.POSITIVE_INFINITY;
  for (const { state, isWanted, notBefore } of children) {
    if (state.type === 'lost' && state.dueAt > now) at = Math.min(at, state.dueAt);
    else if (state.type === 'down' && isWanted && notBefore > now) at = Math.min(at, notBefore);
  }
  return at;
}

/** Whether the end of a significant child shuts its supervisor down now. */
export function shutsDown(autoShutdown: AutoShutdown, children: Iterable<PlacedChild>): boolean {
  const hasOthers = [...children].some(({ spec, isWanted }) => spec.significant && isWanted);
  return autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && !hasOthers);
}

/** Marks the children that restart with a failed child. Returns them, the failed one included. */
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

/** The children whose node was lost, and that start elsewhere now, by the ids of their nodes. */
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

/** Why a child restarts that has ended for `reason`; `undefined` if it does not. */
export function restartCause(restart: RestartType, reason: DownReason): Error | undefined {
  const ended = reason === 'noproc' || reason === 'noconnection' ? 'killed' : reason;
  if (!isRestarted(restart, ended)) return undefined;
  return typeof reason === 'object' ? reason.error : new Error(`it ended with reason '${reason}'`);
}

/** Whether a lost child starts elsewhere: it should run, and was neither stopped on request nor temporary. */
export function failsOver({ isWanted, mustStop, spec }: PlacedChild): boolean {
  return isWanted && !mustStop && spec.restart !== 'temporary';
}

/** The message that starts a child. */
export function placeMessage(
  { id: childId, spec, restarts, lastNode }: PlacedChild,
  placement: number,
  orphanTimeoutMs: number,
): LeaderMessage {
  const orphanTimeout = Number.isFinite(orphanTimeoutMs) ? orphanTimeoutMs : null;
  return { type: 'place', placement, childId, spec, restarts, lastNode: lastNode ?? null, orphanTimeout };
}

/**
 * Whether a child whose global name is taken waits a moment and tries again: its predecessor on another node may not
 * have ended yet. A child that is started for the first time, or on request, does not wait.
 *
 * @param limitMs how long that may take
 */
export function waitsForName(child: PlacedChild, now: number, limitMs: number): boolean {
  if (child.onStarted !== undefined || child.isInitial) return false;
  child.nameTakenAt ??= now;
  if (now - child.nameTakenAt > limitMs) return false;
  child.notBefore = now + NAME_RETRY_MS;
  return true;
}
