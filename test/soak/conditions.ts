import type { ClusterConfig } from '../../src/cluster/cluster-config.js';

/** Under which a cluster is soaked. */
export interface Conditions {
  /** Of the nodes; what is not here is as it comes. */
  readonly settings: Partial<ClusterConfig>;
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

/** With a secret for nodes, and another one for who looks on: bytes that are changed on the way end a link. */
export function secured({ settings, boundMs }: Conditions): Conditions {
  const secrets = { clusterSecret: 'of nodes, in a soak', observerSecret: 'of observers, in a soak' };
  return { settings: { ...settings, ...secrets }, boundMs };
}
