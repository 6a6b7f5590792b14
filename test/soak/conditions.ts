/** Under which a cluster is soaked. */
export interface Conditions {
  /** Of the nodes; what is not here is as it comes. */
  readonly settings: Readonly<Record<string, number>>;
  /** Views agree, and what nodes have open is as before, within this time after the end of a fault, ms. */
  readonly boundMs: number;
}

/** Quicker than settings come, so that much can happen in little time. */
export const QUICK: Conditions = {
  settings: {
    heartbeatIntervalMs: 500,
    heartbeatMissThreshold: 5,
    reconnectBaseDelayMs: 100,
    reconnectMaxDelayMs: 1000,
  },
  boundMs: 30_000,
};
/** Attempts to reconnect are up to 30 s apart. */
export const AS_THEY_COME: Conditions = { settings: {}, boundMs: 60_000 };
