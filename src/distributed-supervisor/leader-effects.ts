import type { MaxRestartsExceededError } from '../errors.js';
import type { LeaderMessage } from './supervision-protocol.js';

/** The effects of an input to a leader. The caller carries them out in order. */
export type LeaderEffect =
  /** Send a message to a node; {@link LOCAL_NODE} is this node. */
  | { readonly type: 'send'; readonly node: string; readonly message: LeaderMessage }
  /** A child was added at the end of the start order, perhaps in place of one with the same id. */
  | { readonly type: 'added'; readonly childId: string }
  /** What this leader knows of a child has changed: the instances that stand by should know it, too. */
  | { readonly type: 'changed'; readonly childId: string }
  /** A restart was counted: the instances that stand by should know it, too. */
  | { readonly type: 'counted' }
  /** Call `reconcile` at this time, ms of the monotonic clock, or earlier. */
  | { readonly type: 'wake'; readonly at: number }
  /** All initial children run, or wait for a suitable node. */
  | { readonly type: 'all_started' }
  /** An initial child could not be started. All children are being stopped. */
  | { readonly type: 'start_failed'; readonly childId: string; readonly error: Error }
  /** More restarts than allowed were needed. All children are being stopped. */
  | { readonly type: 'gave_up'; readonly childId: string; readonly error: MaxRestartsExceededError }
  /** All children have been stopped. `isRequested`: by a shutdown, and not because of what happened to a child. */
  | { readonly type: 'emptied'; readonly isRequested: boolean };
