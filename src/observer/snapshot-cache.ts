import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';

/** The maximum age of a cached snapshot, ms. */
const CACHE_MS = 2000;

interface SnapshotCachePorts<Id extends string> {
  monotonic(): number;
  /** Reads the whole cluster within `timeoutMs`. */
  read(timeoutMs: number): Promise<ClusterObserverSnapshot<Id>>;
}

/** Caches the latest snapshot of the cluster. Callers with the same time limit share one read. */
export class SnapshotCache<Id extends string> {
  readonly #ports: SnapshotCachePorts<Id>;
  #cached: ClusterObserverSnapshot<Id> | undefined;
  #inFlight: { readonly timeoutMs: number; readonly snapshot: Promise<ClusterObserverSnapshot<Id>> } | undefined;
  /** The number of invalidations so far. A read that began before the latest invalidation is not cached. */
  #epoch = 0;

  constructor(ports: SnapshotCachePorts<Id>) {
    this.#ports = ports;
  }

  /**
   * Returns the cached snapshot if it is at most {@link CACHE_MS} old. Otherwise joins a pending read with the same
   * time limit, or reads a new snapshot.
   */
  async get(timeoutMs: number): Promise<ClusterObserverSnapshot<Id>> {
    const cached = this.#cached;
    if (cached !== undefined && this.#ports.monotonic() - cached.monotonic <= CACHE_MS) return cached;
    if (this.#inFlight?.timeoutMs === timeoutMs) return this.#inFlight.snapshot;
    const reading = { timeoutMs, snapshot: this.read(timeoutMs) };
    this.#inFlight = reading;
    return reading.snapshot.finally(() => {
      if (this.#inFlight === reading) this.#inFlight = undefined;
    });
  }

  /** Reads a new snapshot, and caches it unless `invalidate` was called meanwhile. */
  async read(timeoutMs: number): Promise<ClusterObserverSnapshot<Id>> {
    const begunIn = this.#epoch;
    const snapshot = await this.#ports.read(timeoutMs);
    if (begunIn === this.#epoch) this.#cached = snapshot;
    return snapshot;
  }

  /** Drops the cached snapshot. A read in progress may lack the latest change, so it is neither shared nor cached. */
  invalidate(): void {
    this.#epoch += 1;
    this.#cached = undefined;
    this.#inFlight = undefined;
  }

  /** The time of the cached snapshot, ms since the epoch, and its age, ms; `null` without a cached snapshot. */
  status(): { readonly timestamp: number; readonly age: number } | null {
    const cached = this.#cached;
    if (cached === undefined) return null;
    return { timestamp: cached.timestamp, age: this.#ports.monotonic() - cached.monotonic };
  }
}
