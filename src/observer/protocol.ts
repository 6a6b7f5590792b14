// The methods and topics between observers, with the types of their bodies. A node publishes its state and log; readers
// are other nodes and attached observers.

/** The version that a reader holds. With `page`: the reader requests this page of all rows of `version`. */
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

/**
 * As a method: the body is {@link HeldVersion}, or null for the full state; the answer is one report. As a topic: the
 * reports that are pushed to watchers.
 */
export const REPORT = 'observer.report';
/** A method like {@link REPORT}, after which the node also pushes further reports to the caller. */
export const WATCH = 'observer.watch';
/** A method that ends the pushes of {@link WATCH}. The body is null, and the answer has no value. */
export const UNWATCH = 'observer.unwatch';

/**
 * As a method: the body is {@link LogPosition}, or null for the beginning; the answer is null. As a topic: the log
 * entries from that position on. Entries that exist already are pushed too, because an answer after the timeout would
 * be lost.
 */
export const LOG = 'observer.log';
/** A method that ends the pushes of {@link LOG}. The body is null, and the answer has no value. */
export const UNLOG = 'observer.unlog';

/** A method: the body is null, and the answer is the links of the node: a list of `NodeLink`. */
export const LINKS = 'observer.links';

/** A node pushes to each watcher at about this interval, ms, even if nothing has changed. Silence means a problem. */
export const IDLE_PUSH_MS = 1000;

/** A node keeps the versions that readers read in pages until no reader has requested a page for this long, ms. */
export const PAGING_MS = 60_000;
