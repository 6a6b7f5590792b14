import type { SupervisorStrategy } from '../../streams/events.js';
import type { AutoShutdown } from '../supervisor/child-spec.js';
import { restartGroup } from '../supervisor/strategy.js';
import type { PlacedChild } from './placed-children.js';

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
  return [...children].some(({ state }) => state.type !== 'down' && state.type !== 'lost');
}

/** When the next child may start, ms of the monotonic clock; Infinity if nothing waits for a time after `now`. */
export function nextStartTime(children: Iterable<PlacedChild>, now: number): number {
  let at = Number.POSITIVE_INFINITY;
  for (const { state, isWanted, notBefore } of children) {
    if (state.type === 'lost') at = Math.min(at, state.dueAt);
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

/** The children whose node was lost, and that start elsewhere now. */
export function lostChildren(children: Iterable<PlacedChild>, now: number): readonly PlacedChild[] {
  return [...children].filter(({ state }) => state.type === 'lost' && state.dueAt <= now);
}

/**
 * Whether a child whose global name is taken waits a moment and tries again: its predecessor on another node may not
 * have ended yet.
 *
 * @param limitMs how long that may take
 */
export function waitsForName(child: PlacedChild, now: number, limitMs: number): boolean {
  child.nameTakenAt ??= now;
  if (now - child.nameTakenAt > limitMs) return false;
  child.notBefore = now + NAME_RETRY_MS;
  return true;
}
