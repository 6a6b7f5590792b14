import type { ClusterView, Summary } from '../../view-model/cluster-view.js';
import type { ConnectionState } from './connection-state.js';

/**
 * How current the data on the page is. `age` is the age of the oldest data of a connected node, ms. If no node is
 * connected, it is the age of the newest data. `undefined`: there is no data.
 */
export type Freshness =
  /** No data has arrived yet, while the page is connecting or connected to the server. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'old'; readonly age: number }
  /**
   * The page is connected to the server, but the server receives no data of the cluster, or the cluster has no nodes.
   */
  | { readonly kind: 'no-data'; readonly age: number | undefined; readonly problem: string }
  /** The page is not connected to the server. */
  | {
      readonly kind: 'lost';
      readonly age: number | undefined;
      /** The time until the next connection attempt, s. 0: the page is connecting. */
      readonly retryIn: number;
      /** Why the server refuses the connection, as text for the user. Absent: not known. */
      readonly reason?: string;
    };

/** The maximum age of live data, ms. Nodes push changes about once a second. */
const LIVE_MS = 5000;

/**
 * Computes how current the shown data is. The times in `view` and `summary` are on the server's clocks.
 *
 * @param receivedAt when the view arrived, ms of the browser's monotonic clock
 * @param now current time, ms of the browser's monotonic clock
 */
export function freshness(
  link: ConnectionState,
  problem: string | undefined,
  view: ClusterView | undefined,
  summary: Summary | undefined,
  receivedAt: number,
  now: number,
): Freshness {
  const ageThen = view === undefined ? 0 : view.monotonic - (summary?.oldestHeardAt ?? view.monotonic);
  const age = view === undefined ? undefined : Math.max(0, now - receivedAt) + Math.max(0, ageThen);
  if (link.status === 'waiting') {
    const retryIn = Math.max(0, Math.ceil((link.retryAt - now) / 1000));
    return { kind: 'lost', age, retryIn, ...(link.reason !== undefined && { reason: link.reason }) };
  }
  if (link.status === 'open' && problem !== undefined) return { kind: 'no-data', age, problem };
  if (age === undefined) return { kind: 'starting' };
  if (link.status === 'connecting') return { kind: 'lost', age, retryIn: 0 };
  // Without nodes, there is no data, so no age can be shown.
  if (summary?.nodes === 0) return { kind: 'no-data', age: undefined, problem: 'no node is left' };
  return age <= LIVE_MS ? { kind: 'live' } : { kind: 'old', age };
}
