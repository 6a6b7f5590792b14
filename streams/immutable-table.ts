interface Identified {
  readonly id: string;
}

interface TableState<Row> {
  /** Rows by slot, in order of insertion; `undefined` where a row was removed. */
  readonly slots: readonly (Row | undefined)[];
  /** The slot of each id at the last rebuild of the map. All versions of the table after that rebuild share the map. */
  readonly base: ReadonlyMap<string, number>;
  /** The ids whose slot differs from that in `base`, each with its new slot or REMOVED. */
  readonly overlay: ReadonlyMap<string, number>;
  readonly size: number;
  /** The sum of the weights of the rows. */
  readonly total: number;
}

type Weigh<Row> = (row: Row) => number;

const weightless: Weigh<unknown> = () => 0;

const REMOVED = -1;

function slotOf(id: string, base: ReadonlyMap<string, number>, overlay: ReadonlyMap<string, number>): number {
  if (overlay.size === 0) return base.get(id) ?? REMOVED;
  return overlay.get(id) ?? base.get(id) ?? REMOVED;
}

/**
 * An immutable collection of rows by id, in order of insertion. A batch of edits copies the array of rows once. The
 * new version shares the rows and most of the index with the previous version.
 */
export class Table<Row extends Identified> {
  readonly #weigh: Weigh<Row>;
  readonly #state: TableState<Row>;
  #rows: readonly Row[] | undefined;

  /** @param weigh returns the weight of a row; {@link total} is the sum of all weights */
  constructor(
    weigh: Weigh<Row> = weightless,
    state: TableState<Row> = { slots: [], base: new Map(), overlay: new Map(), size: 0, total: 0 },
  ) {
    this.#weigh = weigh;
    this.#state = state;
  }

  get size(): number {
    return this.#state.size;
  }

  /** The sum of the weights of the rows. Updated with each edit, so that reading it is cheap. */
  get total(): number {
    return this.#state.total;
  }

  get(id: string): Row | undefined {
    const { slots, base, overlay } = this.#state;
    const slot = slotOf(id, base, overlay);
    return slot === REMOVED ? undefined : slots[slot];
  }

  /** All rows, oldest first. Returns the same frozen array each time. */
  get rows(): readonly Row[] {
    const { slots, size } = this.#state;
    // Freezes a copy and not `slots` itself: each edit copies `slots`, and copying a frozen array is a hundred times
    // slower. If no slot is empty, no filter is needed.
    this.#rows ??= Object.freeze(
      slots.length === size ? (slots.slice() as Row[]) : slots.filter((row) => row !== undefined),
    );
    return this.#rows;
  }

  edit(): TableEdit<Row> {
    return new TableEdit(this, this.#state, this.#weigh);
  }
}

/** A batch of edits to a {@link Table}. The table itself stays unchanged. */
export class TableEdit<Row extends Identified> {
  readonly #from: Table<Row>;
  readonly #before: TableState<Row>;
  /** A copy of the slots of the table, made by the first edit. */
  #slots: (Row | undefined)[] | undefined;
  /** A copy of the overlay of the table, made by the first edit that adds or removes a row. */
  #overlay: Map<string, number> | undefined;
  readonly #weigh: Weigh<Row>;
  #size: number;
  #total: number;
  readonly #changed: string[] = [];
  /** The last id that was looked up. Saves a lookup when a row is read and then replaced. */
  #lastId: string | undefined;
  /** The slot of `#lastId`. */
  #lastSlot = REMOVED;

  constructor(from: Table<Row>, before: TableState<Row>, weigh: Weigh<Row>) {
    this.#from = from;
    this.#before = before;
    this.#weigh = weigh;
    this.#size = before.size;
    this.#total = before.total;
  }

  /**
   * The ids of the rows that were set or deleted, in the order of their first change. The id of a row that was deleted
   * and set again occurs several times.
   */
  get changed(): readonly string[] {
    return this.#changed;
  }

  get size(): number {
    return this.#size;
  }

  get(id: string): Row | undefined {
    const slot = this.#slotOf(id);
    return slot === REMOVED ? undefined : (this.#slots ?? this.#before.slots)[slot];
  }

  /** Replaces the row with the same id, or appends the row. */
  set(row: Row): void {
    this.#slots ??= this.#before.slots.slice();
    const slot = this.#slotOf(row.id);
    this.#total += this.#weigh(row) - this.#weightAt(slot);
    if (slot !== REMOVED) {
      this.#noteChange(row.id, slot);
      this.#slots[slot] = row;
      return;
    }
    this.#changed.push(row.id);
    this.#setSlot(row.id, this.#slots.length);
    this.#slots.push(row);
    this.#size += 1;
  }

  delete(id: string): void {
    const slot = this.#slotOf(id);
    if (slot === REMOVED) return;
    this.#slots ??= this.#before.slots.slice();
    this.#noteChange(id, slot);
    this.#total -= this.#weightAt(slot);
    this.#slots[slot] = undefined;
    this.#setSlot(id, REMOVED);
    this.#size -= 1;
  }

  /** Returns the edited table; the same table if no edit was made. This object must not be used afterwards. */
  done(): Table<Row> {
    if (this.#slots === undefined) return this.#from;
    const slots = this.#slots;
    const { base } = this.#before;
    const overlay = this.#overlay ?? this.#before.overlay;
    // A rebuild costs time in proportion to the size of the table. It happens only after a proportional number of
    // edits, so its amortized cost per edit is constant.
    const sparse = slots.length > 32 && slots.length > 2 * this.#size;
    const overlaid = overlay.size > 32 && overlay.size > base.size / 4;
    const [size, total] = [this.#size, this.#total];
    if (!sparse && !overlaid) return new Table(this.#weigh, { slots, base, overlay, size, total });
    const rows = slots.filter((row) => row !== undefined);
    const index = new Map(rows.map((row, slot) => [row.id, slot]));
    return new Table(this.#weigh, { slots: rows, base: index, overlay: new Map(), size, total });
  }

  #weightAt(slot: number): number {
    const row = slot === REMOVED ? undefined : this.#slots?.[slot];
    return row === undefined ? 0 : this.#weigh(row);
  }

  #slotOf(id: string): number {
    if (id === this.#lastId) return this.#lastSlot;
    this.#lastId = id;
    this.#lastSlot = slotOf(id, this.#before.base, this.#overlay ?? this.#before.overlay);
    return this.#lastSlot;
  }

  /**
   * Records the change of a row once. Must be called before the row is replaced: if the slot still has the row of the
   * previous version, the change is not recorded yet.
   */
  #noteChange(id: string, slot: number): void {
    const before = this.#before.slots[slot];
    if (before !== undefined && before === this.#slots?.[slot]) this.#changed.push(id);
  }

  #setSlot(id: string, slot: number): void {
    this.#overlay ??= new Map(this.#before.overlay);
    this.#overlay.set(id, slot);
    this.#lastId = undefined;
  }
}
