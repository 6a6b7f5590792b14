/** What is on its way from one node to another, in order. */
type Transit<Item> =
  | { readonly type: 'up'; readonly life: string }
  | { readonly type: 'down'; readonly hasLeft: boolean }
  | { readonly type: 'item'; readonly item: Item };

/** What arrives at a node. `life`: the one of the sender; for `up`, `before` is the one that it had until then. */
export type Arrival<Item> =
  | { readonly type: 'up'; readonly life: string; readonly before: string | undefined }
  | { readonly type: 'down'; readonly life: string; readonly hasLeft: boolean }
  | { readonly type: 'item'; readonly life: string; readonly item: Item };

interface Peer {
  readonly id: string;
  readonly life: string;
}

/** Channels between nodes, which keep the contract of channels and nothing more. */
export class SimulatedChannels<Item> {
  readonly ids: readonly string[];
  /** By the ids of two nodes: the first one has a channel up with the second one. */
  readonly #up = new Set<string>();
  readonly #peers = new Map<string, Peer>();
  readonly #transit = new Map<string, Transit<Item>[]>();
  readonly #connected = new Set<string>();

  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  /** The nodes with which a node has a channel up. */
  peersOf(id: string): readonly Peer[] {
    return this.ids.flatMap((other) => {
      const peer = this.#peers.get(`${id} ${other}`);
      return peer !== undefined && this.#up.has(`${id} ${other}`) ? [peer] : [];
    });
  }

  /** The pairs of nodes between which something is on its way. */
  get busy(): readonly (readonly [from: string, to: string])[] {
    return this.ids
      .flatMap((from) => this.ids.map((to) => [from, to] as const))
      .filter(([from, to]) => this.#queue(from, to).length > 0);
  }

  /** Whether a node has no channel, and the end of its last ones has arrived everywhere. */
  isApart(id: string): boolean {
    return this.ids.every(
      (other) => !this.#up.has(`${id} ${other}`) && this.#queue(id, other).length + this.#queue(other, id).length === 0,
    );
  }

  connect(one: Peer, other: Peer): void {
    const ways = [
      [one, other],
      [other, one],
    ] as const;
    const isFree = ways.every(([from, to]) => {
      const way = `${from.id} ${to.id}`;
      return !this.#connected.has(way) && !this.#up.has(way) && this.#queue(from.id, to.id).length === 0;
    });
    if (!isFree) return;
    for (const [from, to] of ways) {
      this.#connected.add(`${from.id} ${to.id}`);
      this.#queue(from.id, to.id).push({ type: 'up', life: from.life });
    }
  }

  /** Breaks a channel. Of what is on its way, a first part still arrives. Returns whether there was one. */
  sever(a: string, b: string, arrivesAtB: number, arrivesAtA: number, hasLeft = false): boolean {
    if (!this.#connected.has(`${a} ${b}`)) return false;
    for (const [from, to, kept] of [
      [a, b, arrivesAtB],
      [b, a, arrivesAtA],
    ] as const) {
      this.#connected.delete(`${from} ${to}`);
      const queue = this.#queue(from, to);
      queue.length = Math.min(queue.length, kept);
      queue.push({ type: 'down', hasLeft: hasLeft && from === a });
    }
    return true;
  }

  /** Ends all channels of a node that leaves. All that is on its way arrives. */
  leave(id: string): void {
    for (const other of this.ids) this.sever(id, other, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true);
  }

  /** Ends all channels of a node that was killed. What it has sent still arrives. */
  kill(id: string): void {
    for (const other of this.ids) {
      this.sever(id, other, Number.POSITIVE_INFINITY, 0);
      this.#up.delete(`${id} ${other}`);
      this.#queue(other, id).length = 0;
    }
  }

  /** Sends an item to a node, or without `to` to all. */
  send(from: string, to: string | undefined, item: Item): void {
    for (const peer of to === undefined ? this.ids : [to]) {
      const isUp = this.#up.has(`${from} ${peer}`) && this.#connected.has(`${from} ${peer}`);
      if (isUp) this.#queue(from, peer).push({ type: 'item', item });
    }
  }

  /** Whether something is on its way between two nodes. */
  isBusy(from: string, to: string): boolean {
    return this.#queue(from, to).length > 0;
  }

  /** Takes what arrives next; `undefined` if the channel has ended before it was up. */
  take(from: string, to: string): Arrival<Item> | undefined {
    const next = this.#queue(from, to).shift();
    const way = `${to} ${from}`;
    const life = this.#peers.get(way)?.life;
    if (next?.type === 'up') {
      this.#up.add(way);
      this.#peers.set(way, { id: from, life: next.life });
      return { ...next, before: life };
    }
    if (next === undefined || life === undefined || !this.#up.has(way)) return undefined;
    if (next.type === 'down') this.#up.delete(way);
    return { ...next, life };
  }

  #queue(from: string, to: string): Transit<Item>[] {
    const way = `${from} ${to}`;
    const queue = this.#transit.get(way) ?? [];
    this.#transit.set(way, queue);
    return queue;
  }
}
