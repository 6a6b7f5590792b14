/**
 * The state of the WebSocket to the dashboard's server. `retryAt`: the time of the next connection attempt, ms of the
 * browser's monotonic clock. `reason`: why the server refuses the WebSocket; absent if the server does not refuse it.
 */
export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  | { readonly status: 'waiting'; readonly retryAt: number; readonly reason?: string };
