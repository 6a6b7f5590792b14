/** What several owners wait for, taken in turn: the next item is one of the owner whose last turn is longest ago. */
export class FairQueue<Owner, Item> {
  /** In the order of their turns; only owners that wait for something. */
  readonly #waiting = new Map<Owner, Item[]>();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** What an owner waits for, oldest first. */
  of(owner: Owner): readonly Item[] {
    return this.#waiting.get(owner) ?? [];
  }

  add(owner: Owner, item: Item): void {
    const items = this.#waiting.get(owner);
    if (items === undefined) this.#waiting.set(owner, [item]);
    else items.push(item);
  }

  /** Takes the oldest item of the next owner that is ready for it. */
  take(isReady: (owner: Owner) => boolean): { readonly owner: Owner; readonly item: Item } | undefined {
    for (const [owner, [item, ...others]] of this.#waiting) {
      if (item === undefined || !isReady(owner)) continue;
      this.#waiting.delete(owner);
      if (others.length > 0) this.#waiting.set(owner, others);
      return { owner, item };
    }
    return undefined;
  }

  /** Drops all that an owner waits for. */
  remove(owner: Owner): void {
    this.#waiting.delete(owner);
  }
}
