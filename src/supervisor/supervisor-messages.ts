import type { TerminationReason } from '../process/gen-server-types.js';
import type { ProcessRef } from '../process/refs.js';
import type { ChildSpec } from './child-spec.js';
import type { Child } from './child-table.js';

/** A child, by the id of its spec or by the ref of its process. */
export type ChildTarget = string | ProcessRef;

/** The calls of a supervisor, handled one after another. */
export type SupervisorCall =
  | { readonly type: 'start_child'; readonly spec: ChildSpec }
  | { readonly type: 'terminate_child' | 'restart_child' | 'delete_child'; readonly target: ChildTarget };

/** A failure is a reply, not a crash of the supervisor. */
export type SupervisorReply = { readonly ref?: ProcessRef } | { readonly error: Error };

/** The supervisor's message to itself: the start of `child` has failed, try again after what else is in the mailbox. */
export class RetryRestart {
  readonly child: Child;
  readonly cause: Error;

  constructor(child: Child, cause: Error) {
    this.child = child;
    this.cause = cause;
  }
}

/** The supervisor's message to itself: the child that a group waited for was terminated, start the others. */
export class ResumeGroup {}

/** The name of the child in error messages. */
export function targetName(target: ChildTarget): string {
  return typeof target === 'string' ? target : target.id;
}

/** The error behind a restart, whether the child crashed or not. */
export function restartCause(child: Child, reason: TerminationReason, gaveUp: Error | undefined): Error {
  if (typeof reason === 'object') return reason.error;
  return gaveUp ?? new Error(`child '${child.id}' ended with reason '${reason}'`);
}
