/** The connection to the server of the dashboard. `retryAt`: ms since the epoch. */
export type Link =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  | { readonly status: 'waiting'; readonly retryAt: number };
