import type { SupervisorStrategy } from '../../streams/events.js';
import type { TerminationReason } from '../process/behavior.js';

/** `permanent`: always restarted. `transient`: only after a crash. `temporary`: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** Whether a child that ended for this reason is started again. */
export function isRestarted(restart: RestartType, reason: TerminationReason): boolean {
  if (restart === 'permanent') return true;
  return restart === 'transient' && reason !== 'normal' && reason !== 'shutdown';
}

/**
 * The children that go down and up with the one at `failed`, itself included, in the order they are started; they are
 * stopped in reverse.
 */
export function restartGroup<Child>(
  strategy: SupervisorStrategy,
  children: readonly Child[],
  failed: number,
): readonly Child[] {
  switch (strategy) {
    case 'one_for_all':
      return children.slice();
    case 'rest_for_one':
      return children.slice(failed);
    default:
      return children.slice(failed, failed + 1);
  }
}
