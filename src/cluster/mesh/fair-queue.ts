/** Queues items of several owners, and takes them round-robin: the owner that has waited longest is next. */
export class FairQueue<Owner, Item> {
  /** Owners with waiting items, in the order of their turns. */
  readonly #waiting = new Map<Owner, Item[]>();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** The waiting items of an owner, oldest first. */
  of(owner: Owner): readonly Item[] {
    return this.#waiting.get(owner) ?? [];
  }

  add(owner: Owner, item: Item): void {
    const items = this.#waiting.get(owner);
    if (items === undefined) this.#waiting.set(owner, [item]);
    else items.push(item);
  }

  /**
   * Removes and returns the oldest item of the next owner for which `isReady` is true; `undefined` if there is none.
   */
  take(isReady: (owner: Owner) => boolean): { readonly owner: Owner; readonly item: Item } | undefined {
    for (const [owner, [item, ...others]] of this.#waiting) {
      if (item === undefined || !isReady(owner)) continue;
      this.#waiting.delete(owner);
      if (others.length > 0) this.#waiting.set(owner, others);
      return { owner, item };
    }
    return undefined;
  }

  /** Drops all waiting items of an owner. */
  remove(owner: Owner): void {
    this.#waiting.delete(owner);
  }
}
