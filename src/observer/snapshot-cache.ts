import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';

/** How old a cached snapshot may be, ms. */
const CACHE_MS = 2000;

interface SnapshotCachePorts<Id extends string> {
  monotonic(): number;
  /** Reads the whole cluster within `timeoutMs`. */
  read(timeoutMs: number): Promise<ClusterObserverSnapshot<Id>>;
}

/** The last snapshot of the cluster that was read, and the read under way, which callers at the same time share. */
export class SnapshotCache<Id extends string> {
  readonly #ports: SnapshotCachePorts<Id>;
  #cached: ClusterObserverSnapshot<Id> | undefined;
  #inFlight: { readonly timeoutMs: number; readonly snapshot: Promise<ClusterObserverSnapshot<Id>> } | undefined;
  /** Counts the invalidations. */
  #epoch = 0;

  constructor(ports: SnapshotCachePorts<Id>) {
    this.#ports = ports;
  }

  /** A snapshot that is not older than the cache allows. */
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

  /** A new snapshot. */
  async read(timeoutMs: number): Promise<ClusterObserverSnapshot<Id>> {
    const begunIn = this.#epoch;
    const snapshot = await this.#ports.read(timeoutMs);
    if (begunIn === this.#epoch) this.#cached = snapshot;
    return snapshot;
  }

  /** A snapshot that is being read may miss what has just changed: it is neither shared nor cached. */
  invalidate(): void {
    this.#epoch += 1;
    this.#cached = undefined;
    this.#inFlight = undefined;
  }

  /** `timestamp` in ms since the epoch, `age` in ms; `null` without a cached snapshot. */
  status(): { readonly timestamp: number; readonly age: number } | null {
    const cached = this.#cached;
    if (cached === undefined) return null;
    return { timestamp: cached.timestamp, age: this.#ports.monotonic() - cached.monotonic };
  }
}
