/**
 * The state of the WebSocket to the dashboard's server. `retryAt`: when the next attempt is made, ms of the browser's
 * monotonic clock.
 */
export type Link =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  | { readonly status: 'waiting'; readonly retryAt: number };
