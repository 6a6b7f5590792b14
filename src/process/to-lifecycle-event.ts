import type { ProcessKind, RuntimeEvent } from '../../streams/events.js';
import { MaxRestartsExceededError } from '../errors.js';
import type { LifecycleEvent } from './gen-server.js';
import type { ProcessRef } from './process-refs.js';

/**
 * Converts a runtime event to the lifecycle event of `GenServer` or `Supervisor`, depending on `kind`. Returns
 * `undefined` for an event that this facade does not report.
 */
export function lifecycleEvent(
  event: RuntimeEvent,
  kind: ProcessKind,
  refOf: (id: string) => ProcessRef,
): LifecycleEvent | undefined {
  switch (event.type) {
    case 'process_started':
      return event.kind === kind ? { type: 'started', ref: refOf(event.id) } : undefined;
    case 'process_crashed':
      return event.kind === kind ? { type: 'crashed', ref: refOf(event.id), error: event.error } : undefined;
    case 'process_exited':
      return event.kind === kind ? { type: 'terminated', ref: refOf(event.id), reason: event.reason } : undefined;
    case 'child_restarted':
      // `Supervisor` reports the restarts of all children; `GenServer` only those of GenServers.
      if (kind === 'genserver' && event.kind !== kind) return undefined;
      return { type: 'restarted', ref: refOf(event.newId), oldRef: refOf(event.oldId), attempt: event.attempt };
    case 'supervisor_gave_up': {
      if (kind !== 'supervisor') return undefined;
      const { name, code, message } = new MaxRestartsExceededError(event.id, event.maxRestarts, event.withinMs);
      return { type: 'crashed', ref: refOf(event.id), error: { name, code, message } };
    }
    default:
      return undefined;
  }
}
