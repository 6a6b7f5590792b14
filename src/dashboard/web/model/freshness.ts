import type { ClusterView, Summary } from '../../view-model/cluster-view.js';
import type { Link } from './connection-state.js';

/**
 * How current the shown data is. `age`: the age of the oldest data of a connected node, ms. `retryIn`: the time until the
 * next connection attempt, s.
 */
export type Freshness =
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'old'; readonly age: number }
  /** The server is reachable, but receives no data of the cluster. */
  | { readonly kind: 'deaf'; readonly age: number | undefined; readonly problem: string }
  | {
      readonly kind: 'lost';
      readonly age: number | undefined;
      readonly retryIn: number;
      /** Why the server refuses the connection. */
      readonly reason?: string;
    };

/** Data up to this age is live, ms. Nodes push changes about once a second. */
const LIVE_MS = 5000;

/**
 * Computes how current the shown data is. The times in `view` and `summary` are on the server's clocks.
 *
 * @param receivedAt when the view arrived, ms of the browser's monotonic clock
 * @param now current time, ms of the browser's monotonic clock
 */
export function freshness(
  link: Link,
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
  if (link.status === 'open' && problem !== undefined) return { kind: 'deaf', age, problem };
  if (age === undefined) return { kind: 'starting' };
  if (link.status === 'connecting') return { kind: 'lost', age, retryIn: 0 };
  // Without nodes there is no data whose age could be shown.
  if (summary?.nodes === 0) return { kind: 'deaf', age: undefined, problem: 'no node is left' };
  return age <= LIVE_MS ? { kind: 'live' } : { kind: 'old', age };
}
