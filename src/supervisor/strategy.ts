import type { SupervisorStrategy } from '../../streams/events.js';
import type { TerminationReason } from '../process/gen-server-types.js';

/**
 * When a child is restarted. `permanent`: always. `transient`: unless it ended with `normal` or `shutdown`.
 * `temporary`: never.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** Whether a child that ended for `reason` is restarted. */
export function isRestarted(restart: RestartType, reason: TerminationReason): boolean {
  if (restart === 'permanent') return true;
  return restart === 'transient' && reason !== 'normal' && reason !== 'shutdown';
}

/**
 * Returns the children that restart when `failed` restarts, in start order. `failed` is one of them. They stop in
 * reverse order. As in OTP, the group includes children that had finished or were terminated: they start again too.
 */
export function restartGroup<Child>(
  strategy: SupervisorStrategy,
  children: Iterable<Child>,
  failed: Child,
): readonly Child[] {
  if (strategy === 'one_for_all') return [...children];
  if (strategy !== 'rest_for_one') return [failed];
  const all = [...children];
  return all.slice(all.indexOf(failed));
}
