import type { SupervisorStrategy } from '../../streams/events.js';
import type { TerminationReason } from '../process/gen-server-types.js';

/** `permanent`: always restarted. `transient`: only after a crash. `temporary`: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** Whether a child that ended for this reason is started again. */
export function isRestarted(restart: RestartType, reason: TerminationReason): boolean {
  if (restart === 'permanent') return true;
  return restart === 'transient' && reason !== 'normal' && reason !== 'shutdown';
}

/**
 * The children that go down and up with `failed`, itself included, in the order they are started; they are stopped in
 * reverse. Children that had finished or were terminated are among them, as in OTP: the whole group starts again.
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
