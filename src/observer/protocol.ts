/** Methods and topics between the observers of nodes, with the values they carry. Writers and readers import them from here. */

/** The version that a reader holds; with `page`, the next page it wants of a report in pages. */
export interface HeldVersion {
  readonly incarnation: number;
  readonly version: number;
  readonly page?: number;
}

/** The position of a reader in the log of one incarnation of a node. */
export interface LogPosition {
  readonly incarnation: number;
  readonly position: number;
}

/** Request: {@link HeldVersion} or null, answered with one report. Topic: the reports that are pushed to watchers. */
export const REPORT = 'observer.report';
/** Request: as {@link REPORT}; further reports are pushed. */
export const WATCH = 'observer.watch';
/** Request without an answer: ends the pushes. */
export const UNWATCH = 'observer.unwatch';

/**
 * Request: {@link LogPosition} or null, answered with null. Topic: the log entries after that position, those so far
 * included. A late notification is still useful; a late answer is not.
 */
export const LOG = 'observer.log';
/** Request without an answer: ends the notifications. */
export const UNLOG = 'observer.unlog';

/** A watcher receives a report at least this often, ms: a longer silence means that something is wrong. */
export const IDLE_PUSH_MS = 1000;

/** A reader that requests no further page within this time, ms, has given up; otherwise it starts again. */
export const PAGING_MS = 60_000;
