import type { ClusterView, Summary } from '../../view-model/cluster-view.js';
import type { Link } from './connection-state.js';

/** How much what is shown can be relied on. `age`: of the oldest data of a connected node, ms. `retryIn`: s. */
export type Freshness =
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'old'; readonly age: number }
  /** The server is reachable, but gets no data of the cluster. */
  | { readonly kind: 'deaf'; readonly age: number | undefined; readonly problem: string }
  | { readonly kind: 'lost'; readonly age: number | undefined; readonly retryIn: number };

/** Up to this age data is live, ms: nodes push changes every second or so. */
const LIVE_MS = 5000;

/** `receivedAt`, `now`: ms of the browser's monotonic clock; all others are of the server's. */
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
    return { kind: 'lost', age, retryIn: Math.max(0, Math.ceil((link.retryAt - now) / 1000)) };
  }
  if (link.status === 'open' && problem !== undefined) return { kind: 'deaf', age, problem };
  if (age === undefined) return { kind: 'starting' };
  if (link.status === 'connecting') return { kind: 'lost', age, retryIn: 0 };
  // All were forgotten: how old what is not there is would be no news.
  if (summary?.nodes === 0) return { kind: 'deaf', age: undefined, problem: 'no node is left' };
  return age <= LIVE_MS ? { kind: 'live' } : { kind: 'old', age };
}
