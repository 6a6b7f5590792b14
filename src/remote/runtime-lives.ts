/** What is known of a life of a runtime: the node it had, and whether that node is linked now. */
export interface RuntimeLife<Id extends string> {
  readonly nodeId: Id;
  /** `ended`: the node has left, or is linked with a newer life. */
  readonly state: 'linked' | 'lost' | 'ended';
}

/** So many lives are remembered; the one that changed longest ago is forgotten first. */
const MAX_LIVES = 10_000;

/** The lives of the nodes that this node has been linked with. */
export class RuntimeLives<Id extends string> {
  /** In the order of their last change. */
  readonly #lives = new Map<string, RuntimeLife<Id>>();
  readonly #latest = new Map<Id, string>();

  get(life: string): RuntimeLife<Id> | undefined {
    return this.#lives.get(life);
  }

  /** A node is linked, in this life; its life before has ended. */
  linked(nodeId: Id, life: string): void {
    const before = this.#latest.get(nodeId);
    if (before !== undefined && before !== life) this.#change(nodeId, 'ended');
    this.#latest.set(nodeId, life);
    const known = this.#lives.get(life);
    // The same runtime under a second id: its first link is used until it is lost.
    if (known?.state !== 'linked') this.#set(life, { nodeId, state: 'linked' });
  }

  lost(nodeId: Id): void {
    this.#change(nodeId, 'lost');
  }

  /** The node has left the cluster: the processes of its life are out of reach for good. */
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
