/** The state of the WebSocket to the dashboard's server. */
export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  /** The connection is lost, or an attempt has failed. */
  | {
      readonly status: 'waiting';
      /** The time of the next connection attempt, ms of the browser's monotonic clock. */
      readonly retryAt: number;
      /**
       * Why the server refuses the WebSocket. Absent: the server does not refuse it, or the reason is not known yet.
       */
      readonly reason?: string;
    };
