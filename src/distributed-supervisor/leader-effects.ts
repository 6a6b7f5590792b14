import type { MaxRestartsExceededError } from '../errors.js';
import type { LeaderMessage } from './supervision-protocol.js';

/** What a leader returns from `reconcile`: messages to send, the time of the next call, and what has happened. */
export type LeaderEffect =
  /** Send a message to a node; {@link LOCAL_NODE} is this node. */
  | { readonly type: 'send'; readonly node: string; readonly message: LeaderMessage }
  /** A child was added at the end of the start order. It replaced a child with the same id, if there was one. */
  | { readonly type: 'added'; readonly childId: string }
  /** A child has changed or was removed. The standby instances must update their copies of it. */
  | { readonly type: 'changed'; readonly childId: string }
  /** A restart was counted. The standby instances must receive the ages of the counted restarts. */
  | { readonly type: 'counted' }
  /** Call `reconcile` at this time, ms of the monotonic clock, or earlier. */
  | { readonly type: 'wake'; readonly at: number }
  /** All initial children run, or wait for a suitable node. */
  | { readonly type: 'all_started' }
  /** An initial child could not be started. All children are being stopped. */
  | { readonly type: 'start_failed'; readonly childId: string; readonly error: Error }
  /** More restarts than allowed were needed. All children are being stopped. */
  | { readonly type: 'gave_up'; readonly childId: string; readonly error: MaxRestartsExceededError }
  /**
   * All children have been stopped for good. Nodes that are not connected may still run some. `isRequested`: because of
   * `shutDown`, and not because of what happened to a child.
   */
  | { readonly type: 'emptied'; readonly isRequested: boolean };
