import type { ProcessKind, RuntimeEvent } from '../../streams/events.js';
import type { ProcessRef } from './behavior.js';
import type { LifecycleEvent } from './gen-server.js';

/** The lifecycle event that a fact is, for those who watch processes of one kind. */
export function lifecycleEvent(event: RuntimeEvent, kind: ProcessKind): LifecycleEvent<ProcessRef> | undefined {
  switch (event.type) {
    case 'process_started':
      return event.kind === kind ? { type: 'started', ref: { id: event.id } } : undefined;
    case 'process_crashed':
      return event.kind === kind ? { type: 'crashed', ref: { id: event.id }, error: event.error } : undefined;
    case 'process_exited':
      return event.kind === kind ? { type: 'terminated', ref: { id: event.id }, reason: event.reason } : undefined;
    case 'child_restarted':
      if (event.kind !== kind) return undefined;
      return { type: 'restarted', ref: { id: event.newId }, oldRef: { id: event.oldId }, attempt: event.attempt };
    default:
      return undefined;
  }
}
