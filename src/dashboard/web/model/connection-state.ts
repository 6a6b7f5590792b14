/**
 * The state of the WebSocket to the dashboard's server. `retryAt`: when the next attempt is made, ms of the browser's
 * monotonic clock. `reason`: why the server refuses the WebSocket, if it does.
 */
export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  | { readonly status: 'waiting'; readonly retryAt: number; readonly reason?: string };
