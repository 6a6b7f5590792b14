/** The connection to the server of the dashboard. `retryAt`: ms of the browser's monotonic clock. */
export type Link =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  | { readonly status: 'waiting'; readonly retryAt: number };
