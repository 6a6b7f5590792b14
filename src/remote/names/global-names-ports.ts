import type { UnstampedEvent } from '../../../streams/events.js';
import type { LocalProcesses } from '../../process/local-processes.js';
import type { ClaimItem } from './claim-protocol.js';
import type { NameQuorum } from './confirmations.js';

/**
 * What happens to a process that loses its global name to an earlier owner after a partition. `kill`: it is killed.
 * `notify`: it receives an info and keeps running.
 */
export type OnConflict = 'kill' | 'notify';

/**
 * As {@link OnConflict}, or `release`: the process keeps running and receives nothing, even when the name is lost with
 * the quorum. For the instances of distributed supervisors, which then stand by.
 */
export type ClaimMode = OnConflict | 'release';

export interface GlobalNamesPorts {
  readonly life: string;
  readonly local: LocalProcesses;
  readonly quorum: NameQuorum;
  /** The current time, ms since the epoch. */
  wallClock(): number;
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Calls `action` after `ms`. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
  /** How long a claim may wait for the answers of all nodes, ms. */
  claimTimeoutMs(): number;
  /** Sends an item to the node `to`, or without `to` to all nodes with a channel. */
  send(item: ClaimItem, to?: string): void;
  emit(event: UnstampedEvent): void;
  onError(error: Error): void;
}
