import type { DistributedChildSpec } from './distributed-options.js';
import type { SentChildSpec } from './supervision-protocol.js';

const DEFAULT_TIMEOUT_MS = 5000;

/** Fills in the defaults of a child spec. A selector function is left out, because it cannot be sent. */
export function sentSpec(spec: DistributedChildSpec): SentChildSpec {
  const { behavior, args = null, name, restart = 'permanent', significant = false, nodeSelector } = spec;
  const { shutdownTimeout = DEFAULT_TIMEOUT_MS, initTimeout = DEFAULT_TIMEOUT_MS } = spec;
  return {
    behavior,
    args,
    ...(name !== undefined && { name }),
    restart,
    significant,
    shutdownTimeout: finiteOrNull(shutdownTimeout),
    initTimeout: finiteOrNull(initTimeout),
    ...(nodeSelector !== undefined && typeof nodeSelector !== 'function' && { nodeSelector }),
  };
}

/** Returns `null` for Infinity, which JSON cannot represent. */
function finiteOrNull(ms: number): number | null {
  return ms === Number.POSITIVE_INFINITY ? null : ms;
}
