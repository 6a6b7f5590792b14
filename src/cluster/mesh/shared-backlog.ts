/** Something that may hold unsent data: a reader, or the connection of a reader that was ended. */
export interface Outlet {
  /** The data that was sent but has not been transmitted yet, bytes. */
  readonly backlog: number;
}

interface SharedBacklogLimits {
  /** The most unsent data for all readers together, bytes. */
  readonly total: number;
  /**
   * The most unsent data for one reader, bytes. A message that is sent while the unsent data is below this limit may
   * exceed the limit.
   */
  readonly each: number;
}

/**
 * If the unsent data of all readers reaches the limit, the slowest readers are ended until the others hold at most this
 * share of the limit. The margin makes such events rare. They are costly: the other readers may get nothing until the
 * ended connections are released.
 */
const KEPT_SHARE = 0.75;

/** The minimum share of one reader, bytes, even if the shares of all readers together then exceed the limit. */
const MIN_SHARE_BYTES = 64 * 1024;

/**
 * Limits the unsent data of several readers together. Each reader has a share of the limit. A reader whose unsent data
 * reaches its share gets nothing more until it has read. If the unsent data of all readers reaches the limit anyway,
 * the slowest readers are ended.
 */
export class SharedBacklog<Reader extends Outlet> {
  readonly #limits: SharedBacklogLimits;
  readonly #now: () => number;
  readonly #onTooSlow: (reader: Reader) => void;
  /** When each reader joined or was last seen without unsent data, ms, monotonic. */
  readonly #caughtUpAt = new Map<Reader, number>();
  /** The connections of removed readers whose unsent data is still in memory. */
  readonly #leaving = new Set<Outlet>();

  /**
   * @param now returns the time, ms, monotonic
   * @param onTooSlow must end the reader and call {@link leave}
   */
  constructor(limits: SharedBacklogLimits, now: () => number, onTooSlow: (reader: Reader) => void) {
    this.#limits = limits;
    this.#now = now;
    this.#onTooSlow = onTooSlow;
  }

  join(reader: Reader): void {
    this.#caughtUpAt.set(reader, this.#now());
  }

  /**
   * Removes a reader.
   *
   * @param outlet the connection of the reader, which may still hold unsent data
   */
  leave(reader: Reader, outlet: Outlet): void {
    if (this.#caughtUpAt.delete(reader)) this.#leaving.add(outlet);
  }

  /** Whether more may be sent to this reader now. May end the slowest readers, this one included. */
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
    // If the readers that remain hold less than the total, it is enough to wait until the connections of the removed
    // readers are released.
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
   * Ends readers until the ended readers had at least `excess` bytes of unsent data together. The readers that have
   * been behind for longest come first. Among readers that have been behind equally long, those with the most unsent
   * data come first.
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
