/** What this node knows about one life of a runtime: its node id, and whether that node is linked. */
export interface RuntimeLife<Id extends string> {
  readonly nodeId: Id;
  /** `lost`: the link is down and may return. `ended`: the node has left, or is linked with a newer life. */
  readonly state: 'linked' | 'lost' | 'ended';
}

/** How many lives are remembered. The one that changed longest ago is forgotten first. */
const MAX_LIVES = 10_000;

/** The lives of all nodes that this node has been linked with, up to {@link MAX_LIVES}. */
export class RuntimeLives<Id extends string> {
  /** By life, in the order of their last change. */
  readonly #lives = new Map<string, RuntimeLife<Id>>();
  /** The latest life of each node id. */
  readonly #latest = new Map<Id, string>();

  get(life: string): RuntimeLife<Id> | undefined {
    return this.#lives.get(life);
  }

  /** Records that a node is linked in this life. An earlier life of the node has ended. */
  linked(nodeId: Id, life: string): void {
    const before = this.#latest.get(nodeId);
    if (before !== undefined && before !== life) this.#change(nodeId, 'ended');
    this.#latest.set(nodeId, life);
    const known = this.#lives.get(life);
    // A runtime may be linked under a second node id. Its first link is used until that link is lost.
    if (known?.state !== 'linked') this.#set(life, { nodeId, state: 'linked' });
  }

  /** Records that the link with a node was lost. */
  lost(nodeId: Id): void {
    this.#change(nodeId, 'lost');
  }

  /** Records that a node has left the cluster: its life has ended, unless it is linked in the same life again. */
  left(nodeId: Id): void {
    this.#change(nodeId, 'ended');
    this.#latest.delete(nodeId);
  }

  #change(nodeId: Id, state: 'lost' | 'ended'): void {
    const life = this.#latest.get(nodeId);
    if (life !== undefined && this.#lives.get(life)?.nodeId === nodeId) this.#set(life, { nodeId, state });
  }

  #set(life: string, known: RuntimeLife<Id>): void {
    this.#lives.delete(life);
    this.#lives.set(life, known);
    if (this.#lives.size <= MAX_LIVES) return;
    for (const [oldest, { nodeId }] of this.#lives) {
      this.#lives.delete(oldest);
      if (this.#latest.get(nodeId) === oldest) this.#latest.delete(nodeId);
      return;
    }
  }
}
