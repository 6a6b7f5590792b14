import type { ProcessCrashed, ProcessKind, ProcessLocation, UnstampedEvent } from '../../streams/events.js';
import type { TerminationReason } from './gen-server-types.js';
import { serializeError, serializeExitReason } from './serialize-error.js';

/** What the events of a process say of it. */
interface Subject {
  readonly id: string;
  readonly kind: ProcessKind;
}

/** @param during what threw, unless it was a handler */
export function crashEvent(
  { id, kind }: Subject,
  error: Error,
  location: ProcessLocation,
  during: ProcessCrashed['during'],
): UnstampedEvent {
  const place = during === undefined ? location : { during, ...location };
  return { type: 'process_crashed', id, kind, error: serializeError(error), ...place };
}

/** @param name that it had when it ended */
export function exitEvent(
  { id, kind }: Subject,
  reason: TerminationReason,
  unhandled: number,
  name: string | undefined,
): UnstampedEvent {
  const known = name === undefined ? { id, kind } : { id, kind, name };
  return { type: 'process_exited', ...known, reason: serializeExitReason(reason), unhandled };
}
