import type { ProcessKind, RuntimeEvent } from '../../streams/events.js';
import type { ProcessRef } from './behavior.js';
import type { LifecycleEvent } from './gen-server.js';

/** The lifecycle event of a runtime event, for subscribers to processes of one kind. */
export function lifecycleEvent(
  event: RuntimeEvent,
  kind: ProcessKind,
  refOf: (id: string) => ProcessRef,
): LifecycleEvent<ProcessRef> | undefined {
  switch (event.type) {
    case 'process_started':
      return event.kind === kind ? { type: 'started', ref: refOf(event.id) } : undefined;
    case 'process_crashed':
      return event.kind === kind ? { type: 'crashed', ref: refOf(event.id), error: event.error } : undefined;
    case 'process_exited':
      return event.kind === kind ? { type: 'terminated', ref: refOf(event.id), reason: event.reason } : undefined;
    case 'child_restarted':
      if (event.kind !== kind) return undefined;
      return { type: 'restarted', ref: refOf(event.newId), oldRef: refOf(event.oldId), attempt: event.attempt };
    default:
      return undefined;
  }
}
