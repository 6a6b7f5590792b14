import type { Stamp } from '../../src/remote/names/claim.js';
import type { ClaimEffect, ClaimItem } from '../../src/remote/names/claim-protocol.js';
import { ClaimTable } from '../../src/remote/names/claim-table.js';

type Rule = (a: Stamp, b: Stamp) => boolean;

/** What is on its way from one node to another, in order. */
type Transit =
  | { readonly type: 'up'; readonly session: number }
  | { readonly type: 'down' }
  | { readonly type: 'item'; readonly item: ClaimItem };

const NAME = 'singleton';

/** Nodes that claim one name, joined by channels that keep the contract of channels and nothing more. */
export class ClaimNetwork {
  readonly ids: readonly string[];
  readonly #nodes: readonly ClaimTable[];
  /** Of each node with each other: the number of the channel that it has up; 0: none. */
  readonly #up: number[][];
  readonly #transit: Transit[][][];
  readonly #isConnected: boolean[][];
  readonly #outcomes = new Map<string, 'pending' | 'held' | 'refused' | 'released'>();
  /** For each claim that became held: the channels that its node had then. */
  readonly #witnesses = new Map<number, readonly string[]>();
  #sessions = 0;
  /** How many owners met another one, and lost. */
  conflicts = 0;
  /** How many of the claims that were refused. */
  refusals = 0;
  violation: string | undefined;

  constructor(count: number, rule?: Rule) {
    const square = <Value>(value: () => Value): Value[][] =>
      Array.from({ length: count }, () => Array.from({ length: count }, value));
    this.ids = Array.from({ length: count }, (_, at) => `n${at}`);
    this.#nodes = this.ids.map((id) => new ClaimTable(id, rule));
    this.#up = square(() => 0);
    this.#transit = square(() => []);
    this.#isConnected = square(() => false);
  }

  get owners(): number {
    return this.#nodes.filter((node) => node.own(NAME)?.state === 'held').length;
  }

  claim(at: number, wallMs: number): void {
    const node = this.#node(at);
    if (node.claimant(NAME) !== undefined) return;
    const { claim, effects } = node.claim(NAME, `p${wallMs}`, wallMs);
    this.#outcomes.set(keyOf(claim.stamp), 'pending');
    this.#apply(at, effects);
  }

  /** The owner at that node gives the name up: it ended, or its registration took too long. */
  release(at: number): void {
    const claim = this.#node(at).own(NAME);
    if (claim === undefined) return;
    this.#outcomes.set(keyOf(claim.stamp), 'released');
    this.#apply(at, this.#node(at).release(NAME, claim.stamp));
  }

  connect(a: number, b: number): void {
    const isOver = this.#queue(a, b).length === 0 && this.#queue(b, a).length === 0;
    if (this.#isConnected[a]?.[b] || this.#session(a, b) !== 0 || this.#session(b, a) !== 0 || !isOver) return;
    this.#sessions += 1;
    this.#setConnected(a, b, true);
    this.#queue(a, b).push({ type: 'up', session: this.#sessions });
    this.#queue(b, a).push({ type: 'up', session: this.#sessions });
  }

  /** Breaks a channel. Of what is on its way, a first part still arrives; each side learns of the end on its own. */
  sever(a: number, b: number, arrivesAtB: number, arrivesAtA: number): void {
    if (!this.#isConnected[a]?.[b]) return;
    this.#setConnected(a, b, false);
    for (const [queue, kept] of [
      [this.#queue(a, b), arrivesAtB],
      [this.#queue(b, a), arrivesAtA],
    ] as const) {
      queue.length = Math.min(queue.length, kept);
      queue.push({ type: 'down' });
    }
  }

  /** Breaks every channel between the two sides; what is on its way over them is lost. */
  partition(isOnOneSide: (node: number) => boolean): void {
    for (const [a, b] of this.#pairs()) if (isOnOneSide(a) && !isOnOneSide(b)) this.sever(a, b, 0, 0);
  }

  /** Delivers everything that is on its way. */
  settle(pick: (count: number) => number): void {
    for (let step = 0; step < 10_000 && this.violation === undefined; step += 1) {
      const busy = this.#pairs().filter(([a, b]) => this.#queue(a, b).length > 0);
      const [from, to] = busy[pick(busy.length)] ?? [];
      if (from === undefined || to === undefined) return;
      this.deliver(from, to);
    }
  }

  /** Delivers what is first on its way between two nodes; whether there was anything. */
  deliver(from: number, to: number): boolean {
    const next = this.#queue(from, to).shift();
    if (next === undefined) return false;
    const node = this.#node(to);
    const peer = this.ids[from] ?? '';
    if (next.type === 'up') {
      this.#setSession(to, from, next.session);
      this.#apply(to, node.up(peer, peer));
    } else if (next.type === 'down') {
      if (this.#session(to, from) !== 0) {
        this.#setSession(to, from, 0);
        this.#apply(to, node.down(peer));
      }
    } else if (this.#session(to, from) !== 0) this.#apply(to, node.receive(peer, next.item));
    return true;
  }

  /** Connects all nodes, delivers everything, and checks what has to be true then. */
  heal(pick: (count: number) => number, ownersBefore: number): void {
    this.settle(pick);
    while (this.violation === undefined && !this.#pairs().every(([a, b]) => this.#isConnected[a]?.[b])) {
      for (const [a, b] of this.#pairs()) this.connect(a, b);
      this.settle(pick);
    }
    this.#checkQuiet(ownersBefore);
  }

  /** The claims that are held somewhere, and on no way to anywhere without being held any more. */
  get ownersForSure(): number {
    const isStale = this.#pairs().some(([from, to]) => {
      const current = this.#node(from).own(NAME);
      const seen = this.#queue(from, to).some(
        (each) => each.type === 'item' && each.item[0] === 'claim' && each.item[5] === 1,
      );
      const copy = this.#node(to).owner(NAME);
      return (seen || copy?.nodeId === this.ids[from]) && current?.state !== 'held';
    });
    return isStale ? 0 : this.owners;
  }

  #checkQuiet(ownersBefore: number): void {
    const states = this.#nodes.map((node) => node.own(NAME)?.state);
    if (states.includes('pending')) this.#violated('a claim is undecided in a connected, quiet cluster');
    if (this.owners > 1) this.#violated('two owners in a connected, quiet cluster');
    if (ownersBefore > 0 && this.owners === 0) this.#violated('all owners gave up');
    const seen = new Set(this.#nodes.map((node) => node.owner(NAME)?.life));
    if (seen.size > 1) this.#violated('the nodes do not agree on the owner');
    if ([...this.#outcomes.values()].includes('pending')) this.#violated('a registration never settled');
  }

  #apply(at: number, effects: readonly ClaimEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          for (const [to, id] of this.ids.entries()) {
            if (effect.to === undefined ? to !== at && this.#session(at, to) !== 0 : id === effect.to)
              this.#sendItem(at, to, effect.item);
          }
          break;
        case 'held':
          this.#outcomes.set(keyOf(effect.claim.stamp), 'held');
          this.#checkHeld(at);
          break;
        case 'refused':
          this.refusals += 1;
          this.#outcomes.set(keyOf(effect.claim.stamp), 'refused');
          break;
        case 'lost':
          this.conflicts += 1;
          break;
        case 'differed':
          this.#violated('a copy differs from the claims of its node');
      }
    }
  }

  /** A node has become the owner: no other may be one that it is connected with, or that a third node was connected with throughout. */
  #checkHeld(at: number): void {
    for (const [other, node] of this.#nodes.entries()) {
      if (other === at || node.own(NAME)?.state !== 'held') continue;
      if (this.#common(at, other) !== 0)
        this.#violated(`n${at} became the owner while n${other}, connected with it, is`);
      for (const witness of this.ids.keys()) {
        const session = this.#common(witness, other);
        const saw = session !== 0 && this.#witnesses.get(other)?.includes(`${witness}:${session}`);
        if (saw && this.#common(at, witness) !== 0)
          this.#violated(`n${at} became the owner, but n${witness} knew n${other}`);
      }
    }
    const sessions = this.ids.map((_, witness) => `${witness}:${this.#common(witness, at)}`);
    this.#witnesses.set(at, sessions);
  }

  /** The number of the channel that is up at both ends; 0: none. */
  #common(a: number, b: number): number {
    const session = this.#session(a, b);
    return a !== b && session === this.#session(b, a) ? session : 0;
  }

  #violated(what: string): void {
    this.violation ??= what;
  }

  #sendItem(from: number, to: number, item: ClaimItem): void {
    if (this.#isConnected[from]?.[to]) this.#queue(from, to).push({ type: 'item', item });
  }

  #pairs(): readonly (readonly [number, number])[] {
    return this.ids.flatMap((_, a) => this.ids.flatMap((__, b) => (a === b ? [] : [[a, b] as const])));
  }

  #node(at: number): ClaimTable {
    return this.#nodes[at] as ClaimTable;
  }

  #queue(from: number, to: number): Transit[] {
    return this.#transit[from]?.[to] as Transit[];
  }

  #session(at: number, with_: number): number {
    return this.#up[at]?.[with_] ?? 0;
  }

  #setSession(at: number, with_: number, session: number): void {
    const row = this.#up[at];
    if (row !== undefined) row[with_] = session;
  }

  #setConnected(a: number, b: number, isConnected: boolean): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const row = this.#isConnected[from];
      if (row !== undefined) row[to] = isConnected;
    }
  }
}

function keyOf({ at, sequence, life }: Stamp): string {
  return `${at}/${sequence}/${life}`;
}
