/** The ids of the rows that changed in the versions after that of the previous batch, up to and including `version`. */
interface Batch {
  readonly version: number;
  readonly ids: readonly string[];
  /** `append` adds batches of rank 0. Two batches of rank n are merged to one batch of rank n + 1. */
  readonly rank: number;
}

/** The maximum number of batches with the same rank. If a rank has more batches, its two oldest batches are merged. */
const PER_RANK = 4;

/**
 * A log holds at most twice as many ids as there are rows, but it may always hold this many. If it has more ids, it
 * drops its oldest batches. A reader that still needs those batches gets a full state instead.
 */
const MIN_ID_LIMIT = 4096;

/**
 * Records which rows changed after which version. Immutable. Recent changes are kept batch by batch, older ones in ever
 * larger batches (an exponential histogram, after Datar, Gionis, Indyk and Motwani). A long history therefore takes
 * little memory. If the version of a reader is within a merged batch, the reader also receives rows of that batch that
 * last changed before its version. While changes are spread evenly over time and rows, the reader receives at most
 * about twice as many rows as have changed.
 */
export class ChangeLog {
  /** The oldest version that {@link since} can answer for. */
  readonly floor: number;
  /** Oldest first; ranks never rise from older to newer. */
  readonly #batches: readonly Batch[];

  private constructor(floor: number, batches: readonly Batch[]) {
    this.floor = floor;
    this.#batches = batches;
  }

  /** An empty log that begins at `version`. */
  static from(version: number): ChangeLog {
    return new ChangeLog(version, []);
  }

  /**
   * Returns a log that also has the changes that lead to `version`. `rowCount` is the number of rows at that version.
   */
  append(version: number, ids: readonly string[], rowCount: number): ChangeLog {
    const batches = [...this.#batches, { version, ids, rank: 0 }];
    mergeOld(batches);
    let { floor } = this;
    let total = batches.reduce((sum, batch) => sum + batch.ids.length, 0);
    while (total > Math.max(MIN_ID_LIMIT, 2 * rowCount)) {
      const oldest = batches.shift();
      if (oldest === undefined) break;
      total -= oldest.ids.length;
      floor = oldest.version;
    }
    return new ChangeLog(floor, batches);
  }

  /**
   * The ids of the rows that changed after `version`, earliest changes first. Because older batches are merged, ids of
   * rows that last changed before `version` may be among them. Returns `undefined` if the history since that version
   * was dropped.
   */
  since(version: number): ReadonlySet<string> | undefined {
    if (version < this.floor) return undefined;
    const ids = new Set<string>();
    for (const batch of this.#batches) {
      if (batch.version <= version) continue;
      for (const id of batch.ids) ids.add(id);
    }
    return ids;
  }
}

/** For each rank that has too many batches, from rank 0 up, merges its two oldest batches. */
function mergeOld(batches: Batch[]): void {
  let end = batches.length;
  for (let rank = 0; end > 0; rank += 1) {
    let begin = end;
    while (begin > 0 && batches[begin - 1]?.rank === rank) begin -= 1;
    const [older, newer] = [batches[begin], batches[begin + 1]];
    if (end - begin <= PER_RANK || older === undefined || newer === undefined) return;
    const ids = [...new Set([...older.ids, ...newer.ids])];
    batches.splice(begin, 2, { version: newer.version, ids, rank: rank + 1 });
    end = begin + 1;
  }
}
