/** Rows that changed together, up to and including `version`. */
interface Batch {
  readonly version: number;
  readonly ids: readonly string[];
  /** How many batches became this one, as a power of two. */
  readonly rank: number;
}

/** How many batches of a rank are kept before the two oldest of them become one of the next. */
const PER_RANK = 4;

/** Beyond this many ids, and twice the number of rows, the oldest history is dropped: a full state is cheaper then. */
const MIN_IDS = 4096;

/**
 * Which rows changed since when. Immutable. The recent past is kept batch by batch, the distant past ever more coarsely
 * (an exponential histogram, after Datar, Gionis, Indyk and Motwani), so that a long history takes little, and a reader
 * receives at most about twice what it has missed.
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

  /** Nothing has changed since `version`. */
  static from(version: number): ChangeLog {
    return new ChangeLog(version, []);
  }

  /** With the changes that lead to `version`. `rowCount` is how many rows there are then. */
  append(version: number, ids: readonly string[], rowCount: number): ChangeLog {
    const batches = [...this.#batches, { version, ids, rank: 0 }];
    mergeOld(batches);
    let { floor } = this;
    let total = batches.reduce((sum, batch) => sum + batch.ids.length, 0);
    while (total > Math.max(MIN_IDS, 2 * rowCount)) {
      const oldest = batches.shift();
      if (oldest === undefined) break;
      total -= oldest.ids.length;
      floor = oldest.version;
    }
    return new ChangeLog(floor, batches);
  }

  /**
   * The ids of the rows that changed after `version`, in the order of their first change, and perhaps of some that
   * changed shortly before. `undefined`: that version is too old, and its history was dropped.
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

/** Merges, from the newest rank up, the two oldest batches of a rank that has too many. */
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
