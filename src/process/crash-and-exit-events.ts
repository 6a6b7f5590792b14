import type { ProcessCrashed, ProcessKind, ProcessLocation, UnstampedEvent } from '../../streams/events.js';
import type { TerminationReason } from './gen-server-types.js';
import { serializeError, serializeExitReason } from './serialize-error.js';

/** The fields that identify the process in its events. */
interface Subject {
  readonly id: string;
  readonly kind: ProcessKind;
}

/**
 * Creates the `process_crashed` event.
 *
 * @param during the callback that threw; `undefined` for a message handler
 */
export function crashEvent(
  { id, kind }: Subject,
  error: Error,
  location: ProcessLocation,
  during: ProcessCrashed['during'],
): UnstampedEvent {
  const place = during === undefined ? location : { during, ...location };
  return { type: 'process_crashed', id, kind, error: serializeError(error), ...place };
}

/**
 * Creates the `process_exited` event.
 *
 * @param unhandled how many messages were still in the mailbox
 * @param name the registered name when the process ended
 */
export function exitEvent(
  { id, kind }: Subject,
  reason: TerminationReason,
  unhandled: number,
  name: string | undefined,
): UnstampedEvent {
  const known = name === undefined ? { id, kind } : { id, kind, name };
  return { type: 'process_exited', ...known, reason: serializeExitReason(reason), unhandled };
}
