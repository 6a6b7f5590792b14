import type { Runtime } from './noex.js';

/** How often the statistics are asked for, ms. */
const POLL_MS = 250;

/** Switches on all that watches a runtime; returns the switch to turn it off. */
export function observe({ Observer }: Runtime): () => void {
  const snapshots = Observer.snapshot$.subscribe();
  const stopPolling = Observer.startPolling(POLL_MS, () => undefined);
  return () => {
    snapshots.unsubscribe();
    stopPolling();
  };
}
