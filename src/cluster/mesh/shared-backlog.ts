/** Holds data that was sent and not taken yet; `backlog` in bytes. */
export interface Outlet {
  readonly backlog: number;
}

interface SharedBacklogLimits {
  /** For all together, bytes. */
  readonly total: number;
  /** For one of them, bytes: what comes on top of it at once is one message. */
  readonly each: number;
}

/** How much of the total stays when readers are ended: a connection takes a moment to go, and others wait for that. */
const KEPT_SHARE = 0.75;

/** A share is no smaller than this, bytes. */
const MIN_SHARE_BYTES = 64 * 1024;

/**
 * One bound on the bytes that wait for several readers together. Each has a share of it, beyond which it gets nothing
 * more until it reads; if that is not enough, the slowest is to go.
 */
export class SharedBacklog<Reader extends Outlet> {
  readonly #limits: SharedBacklogLimits;
  readonly #now: () => number;
  readonly #onTooSlow: (reader: Reader) => void;
  /** When each was last seen with nothing waiting for it, ms, monotonic. */
  readonly #caughtUpAt = new Map<Reader, number>();
  /** Outlets that are being closed: their backlog is still in memory. */
  readonly #leaving = new Set<Outlet>();

  /** @param onTooSlow has to end in {@link leave} */
  constructor(limits: SharedBacklogLimits, now: () => number, onTooSlow: (reader: Reader) => void) {
    this.#limits = limits;
    this.#now = now;
    this.#onTooSlow = onTooSlow;
  }

  join(reader: Reader): void {
    this.#caughtUpAt.set(reader, this.#now());
  }

  /** @param outlet what still holds something for it */
  leave(reader: Reader, outlet: Outlet): void {
    if (this.#caughtUpAt.delete(reader)) this.#leaving.add(outlet);
  }

  /** Whether something more may be sent to this reader now. */
  hasRoom(reader: Reader): boolean {
    return reader.backlog < this.#share && this.#hasRoomForAll();
  }

  get #share(): number {
    const { total, each } = this.#limits;
    return Math.max(MIN_SHARE_BYTES, Math.min(each, total / 2 / this.#caughtUpAt.size));
  }

  #hasRoomForAll(): boolean {
    const { total } = this.#limits;
    const staying = this.#staying();
    if (staying + this.#stillLeaving() < total) return true;
    // Otherwise it is enough to wait for those that leave.
    if (staying >= total) this.#endSlowest(staying - KEPT_SHARE * total);
    return false;
  }

  #staying(): number {
    let sum = 0;
    for (const reader of this.#caughtUpAt.keys()) {
      const { backlog } = reader;
      if (backlog === 0) this.#caughtUpAt.set(reader, this.#now());
      sum += backlog;
    }
    return sum;
  }

  #stillLeaving(): number {
    let sum = 0;
    for (const outlet of this.#leaving) {
      const { backlog } = outlet;
      if (backlog <= 0) this.#leaving.delete(outlet);
      sum += backlog;
    }
    return sum;
  }

  /**
   * Ends those for which something has been waiting for longest, and of these the ones for which most waits, until that
   * many bytes are on their way out.
   */
  #endSlowest(excess: number): void {
    const slowestFirst = [...this.#caughtUpAt].toSorted(
      ([one, since], [other, otherSince]) => since - otherSince || other.backlog - one.backlog,
    );
    let ended = 0;
    for (const [reader] of slowestFirst) {
      if (ended >= excess) return;
      ended += reader.backlog;
      this.#onTooSlow(reader);
    }
  }
}
