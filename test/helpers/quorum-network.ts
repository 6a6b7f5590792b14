import { SimulatedClock } from '../../src/clock.js';
import type { LocalProcesses } from '../../src/process/local-processes.js';
import type { ClaimItem } from '../../src/remote/names/claim-protocol.js';
import type { NameQuorum } from '../../src/remote/names/confirmations.js';
import { GlobalNames } from '../../src/remote/names/global-names.js';
import { Quorum, type QuorumItem } from '../../src/remote/quorum.js';
import { seededRandom } from './seeded-random.js';

/** A rule of the quorum that a test leaves out, to see that it is needed. */
export type Mutant = 'counts_arrivals' | 'reserves_nothing' | 'confirms_everything' | 'counts_after_restart';

type Item = ClaimItem | QuorumItem;

/** What is on its way from one node to another, in order. */
type Transit = { readonly session: number; readonly due: number } & (
  | { readonly type: 'up'; readonly life: string }
  | { readonly type: 'item'; readonly item: Item }
);

interface Node {
  readonly life: string;
  readonly names: GlobalNames;
  readonly quorum: Quorum;
  isRunning: boolean;
  isOwner: boolean;
}

const NAME = 'singleton';
const TICK_MS = 100;
const INTERVAL_MS = 1000;
const WINDOW_MS = 6000;
const HOUR_MS = 3_600_000;

/**
 * Nodes with global names and a quorum, on simulated time. All nodes claim the same name. A link that is cut holds back what
 * is on its way, as TCP does, until it is joined again or one of its ends notices the silence.
 */
export class QuorumNetwork {
  readonly clock = new SimulatedClock();
  readonly #count: number;
  readonly #minNodes: number;
  readonly #mutant: Mutant | undefined;
  readonly #random: () => number;
  readonly #nodes: Node[];
  /** Of each node with each other: the number of the channel that it has up; 0: none. */
  readonly #session: number[][];
  /** The life of the peer in that channel. */
  readonly #peerLife = new Map<string, string>();
  readonly #heardAt: number[][];
  readonly #isCut: boolean[][];
  readonly #dialAt: number[][];
  readonly #queues: Transit[][][];
  #sessions = 0;
  #lives = 0;
  /** How often a node has become the owner. */
  registrations = 0;
  /** How often owners were ended because too few nodes confirmed them. */
  losses = 0;
  violation: string | undefined;

  constructor(count: number, minNodes: number, seed: number, mutant?: Mutant) {
    const square = <Value>(value: () => Value): Value[][] =>
      Array.from({ length: count }, () => Array.from({ length: count }, value));
    this.#count = count;
    this.#minNodes = minNodes;
    this.#mutant = mutant;
    this.#random = seededRandom(seed);
    this.#session = square(() => 0);
    this.#heardAt = square(() => 0);
    this.#isCut = square(() => false);
    this.#dialAt = square(() => 0);
    this.#queues = square(() => []);
    this.#nodes = Array.from({ length: count }, (_, at) => this.#start(at));
  }

  get owners(): number {
    return this.#nodes.filter(({ isOwner }) => isOwner).length;
  }

  /** Lets time pass. Nodes dial each other, and those that see no owner of the name claim it at times. */
  run(ticks: number): void {
    for (let tick = 0; tick < ticks && this.violation === undefined; tick += 1) {
      this.clock.advance(TICK_MS);
      for (const [a, b] of this.#pairs()) {
        this.#deliver(a, b);
        if (this.#sessionOf(a, b) !== 0 && this.#now - this.#at(this.#heardAt, a, b) > WINDOW_MS) this.notice(a, b);
        this.#dial(a, b);
      }
      for (const at of this.#nodes.keys()) if (this.#pick(20) === 0) this.claim(at);
    }
  }

  claim(at: number): void {
    const { names } = this.#node(at);
    if (names.owner(NAME) === undefined) names.register(NAME, `p${at}`, 'kill').catch(() => undefined);
  }

  release(at: number): void {
    this.#node(at).names.release(NAME);
  }

  setCut(a: number, b: number, isCut: boolean): void {
    this.#put(this.#isCut, a, b, isCut);
    this.#put(this.#isCut, b, a, isCut);
  }

  partition(isOnOneSide: (node: number) => boolean): void {
    for (const [a, b] of this.#pairs()) this.#put(this.#isCut, a, b, isOnOneSide(a) !== isOnOneSide(b));
  }

  /** Cuts a node off from all others, which notice it at once. The node itself does not. */
  isolate(at: number): void {
    this.partition((node) => node === at);
    for (const other of this.#nodes.keys()) if (other !== at) this.notice(other, at);
  }

  /** Lets through for a moment what is on its way over a link that is cut. */
  blink(a: number, b: number): void {
    const wasCut = this.#at(this.#isCut, a, b);
    this.setCut(a, b, false);
    this.run(1);
    this.setCut(a, b, wasCut);
  }

  /** One side of a link notices its end. */
  notice(a: number, b: number): void {
    if (this.#sessionOf(a, b) === 0) return;
    this.#put(this.#session, a, b, 0);
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const)
      this.#put(this.#dialAt, x, y, this.#now + 1000 + this.#pick(4000));
    const { life } = this.#node(b);
    const { names, quorum } = this.#node(a);
    names.down(`n${b}`, this.#peerLife.get(`${a}:${b}`) ?? life);
    quorum.down(`n${b}`);
  }

  /** The runtime of a node ends without notice, and another one starts under its node id. */
  restart(at: number): void {
    this.#node(at).isRunning = false;
    for (const other of this.#nodes.keys()) {
      this.#put(this.#session, at, other, 0);
      this.#queue(other, at).length = 0;
      const leaving = this.#queue(at, other);
      leaving.length = this.#pick(leaving.length + 1);
    }
    const node = this.#start(at);
    this.#nodes[at] = node;
    if (this.#mutant === 'counts_after_restart') this.#pretendToSeeAll(node.quorum);
  }

  #start(at: number): Node {
    const { clock } = this;
    this.#lives += 1;
    const life = `life${this.#lives}`;
    const skewMs = this.#pick(2 * HOUR_MS) - HOUR_MS;
    const startMs = this.#pick(HOUR_MS);
    const ports = {
      life,
      now: () => clock.monotonic() + startMs,
      wallClock: () => clock.now() + skewMs,
      after(ms: number, action: () => void) {
        const timer = clock.setTimeout(() => node.isRunning && action(), ms);
        return () => clock.clearTimeout(timer);
      },
      send: (item: Item, to?: string) => this.#send(at, item, to),
      claimTimeoutMs: () => 10_000,
      emit: () => undefined,
      onError: () => {
        this.losses += 1;
      },
    };
    const quorum: Quorum = new Quorum({
      ...ports,
      synchronized: (id) => names.synchronized(id),
      withheldFrom: (id) => (this.#mutant === 'confirms_everything' ? [] : names.withheldFrom(id)),
      confirmed: (peer, time, withheld) => names.confirmed(peer, time, withheld),
    });
    const names: GlobalNames = new GlobalNames({
      ...ports,
      local: PROCESSES,
      quorum: this.#mutant === 'reserves_nothing' ? withoutReserve(quorum) : quorum,
    });
    const node: Node = { life, names, quorum, isRunning: true, isOwner: false };
    quorum.start({ minNodes: this.#minNodes, windowMs: WINDOW_MS, intervalMs: INTERVAL_MS });
    return node;
  }

  /** Makes a node count from its start. */
  #pretendToSeeAll(quorum: Quorum): void {
    const ids = Array.from({ length: 2 * this.#minNodes }, (_, at) => `ghost${at}`);
    for (const id of ids) quorum.up(id, id);
    for (const id of ids) quorum.receive(id, ['quorum_ping', 1, this.#minNodes, WINDOW_MS]);
    for (const id of ids) quorum.down(id);
  }

  #send(from: number, item: Item, to: string | undefined): void {
    const node = this.#nodes[from];
    if (node !== undefined && to === undefined) this.#observe(node, item);
    for (let other = 0; other < this.#count; other += 1) {
      const session = this.#sessionOf(from, other);
      if (session === 0 || (to !== undefined && to !== `n${other}`)) continue;
      this.#push(from, other, { type: 'item', session, item, due: this.#due() });
    }
  }

  /** Follows which nodes own the name. */
  #observe(node: Node, item: Item): void {
    if (item[0] === 'unclaim') node.isOwner = false;
    if (item[0] !== 'claim' || item[5] !== 1) return;
    node.isOwner = true;
    this.registrations += 1;
    const owners = this.#nodes.filter(({ isOwner, isRunning }) => isOwner && isRunning);
    if (owners.length > 1) this.violation ??= `two owners after ${this.#now} ms`;
  }

  #dial(a: number, b: number): void {
    const isLinked = this.#sessionOf(a, b) !== 0 && this.#sessionOf(b, a) !== 0;
    if (a > b || isLinked || this.#at(this.#isCut, a, b) || this.#at(this.#dialAt, a, b) > this.#now) return;
    this.#sessions += 1;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const queue = this.#queue(from, to);
      queue.length = this.#pick(queue.length + 1);
      this.#push(from, to, { type: 'up', session: this.#sessions, life: this.#node(from).life, due: this.#due() });
    }
    this.#put(this.#dialAt, a, b, this.#now + 3000);
  }

  #deliver(to: number, from: number): void {
    const queue = this.#queue(from, to);
    if (this.#at(this.#isCut, from, to)) return;
    for (let next = queue[0]; next !== undefined && next.due <= this.#now; next = queue[0]) {
      queue.shift();
      if (next.type === 'up') this.#up(to, from, next.session, next.life);
      else if (this.#sessionOf(to, from) === next.session) this.#receive(to, from, next.item);
    }
  }

  #up(at: number, peer: number, session: number, life: string): void {
    this.notice(at, peer);
    this.#put(this.#session, at, peer, session);
    this.#put(this.#heardAt, at, peer, this.#now);
    this.#peerLife.set(`${at}:${peer}`, life);
    const { names, quorum } = this.#node(at);
    names.up(`n${peer}`, life);
    quorum.up(`n${peer}`, life);
  }

  #receive(at: number, peer: number, item: Item): void {
    this.#put(this.#heardAt, at, peer, this.#now);
    const { names, quorum } = this.#node(at);
    const id = `n${peer}`;
    if (item[0] === 'quorum_ping') quorum.receive(id, item);
    else if (item[0] !== 'quorum_echo') names.receive(id, item);
    else if (this.#mutant === 'counts_arrivals') quorum.receive(id, [item[0], quorum.lastPing, item[2]]);
    else quorum.receive(id, item);
  }

  #push(from: number, to: number, transit: Transit): void {
    const queue = this.#queue(from, to);
    queue.push({ ...transit, due: Math.max(transit.due, queue.at(-1)?.due ?? 0) });
  }

  /** When something sent now arrives. */
  #due(): number {
    return this.#now + TICK_MS * (1 + this.#pick(6));
  }

  get #now(): number {
    return this.clock.monotonic();
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #pairs(): readonly (readonly [number, number])[] {
    const ids = [...this.#nodes.keys()];
    return ids.flatMap((a) => ids.filter((b) => b !== a).map((b) => [a, b] as const));
  }

  #node(at: number): Node {
    return this.#nodes[at] as Node;
  }

  #queue(from: number, to: number): Transit[] {
    return this.#at(this.#queues, from, to);
  }

  #sessionOf(at: number, peer: number): number {
    return this.#at(this.#session, at, peer);
  }

  #at<Value>(values: Value[][], a: number, b: number): Value {
    return values[a]?.[b] as Value;
  }

  #put<Value>(values: Value[][], a: number, b: number, value: Value): void {
    const row = values[a];
    if (row !== undefined) row[b] = value;
  }
}

/** Processes that never end by themselves. */
const PROCESSES = {
  has: () => true,
  watch: () => () => undefined,
  kill: () => undefined,
} as unknown as LocalProcesses;

function withoutReserve(quorum: Quorum): NameQuorum {
  return {
    hasQuorum: () => quorum.hasQuorum(),
    onChange: (listener) => quorum.onChange(listener),
    count: (times) => quorum.count(times),
    pingSoon: () => quorum.pingSoon(),
    until: (times) => quorum.until(times),
    reserveMsFor: () => 0,
    get isRequired() {
      return quorum.isRequired;
    },
    get nodesSeen() {
      return quorum.nodesSeen;
    },
    get minNodes() {
      return quorum.minNodes;
    },
    get lastPing() {
      return quorum.lastPing;
    },
  };
}
