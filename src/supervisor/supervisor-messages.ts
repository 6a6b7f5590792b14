import type { TerminationReason } from '../process/gen-server-types.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { ChildSpec } from './child-spec.js';
import type { Child } from './child-table.js';

/** A child id, or the ref of the process of a child. */
export type ChildTarget = string | ProcessRef;

/** The requests to a supervisor. It handles them one at a time. */
export type SupervisorCall =
  | { readonly type: 'start_child'; readonly spec: ChildSpec }
  | { readonly type: 'terminate_child' | 'restart_child' | 'delete_child'; readonly target: ChildTarget };

/**
 * The result of a request. `ref`: the child's process after a start. `error`: the request failed; a handler that throws
 * would crash the supervisor.
 */
export type SupervisorReply = { readonly ref?: ProcessRef } | { readonly error: Error };

/**
 * A message of a supervisor to itself: the start of `child` failed. The start is retried after the messages already
 * queued.
 */
export class RetryRestart {
  readonly child: Child;
  readonly cause: Error;

  constructor(child: Child, cause: Error) {
    this.child = child;
    this.cause = cause;
  }
}

/**
 * A message of a supervisor to itself: start the waiting children of a restart group. Sent when the child they waited
 * for was terminated, or when the restart back-off is over.
 */
export class ResumeGroup {}

/** Names a child in error messages. */
export function targetName(target: ChildTarget): string {
  return typeof target === 'string' ? target : target.id;
}

/** The error that explains a restart, even if the child did not crash. */
export function restartCause(child: Child, reason: TerminationReason, gaveUp: Error | undefined): Error {
  if (typeof reason === 'object') return reason.error;
  return gaveUp ?? new Error(`child '${child.id}' ended with reason '${reason}'`);
}
