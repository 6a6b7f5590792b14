import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { GroupMembers, type MemberItem } from '../../../src/remote/groups/group-members.js';

const NODES = ['n0', 'n1', 'n2'];

type Transit =
  | { readonly type: 'up' }
  | { readonly type: 'down' }
  | { readonly type: 'item'; readonly item: MemberItem };

/** Nodes with channels that deliver in order, and lose what is on its way when they break. */
class Network {
  readonly #nodes = new Map(NODES.map((id) => [id, new GroupMembers(id)]));
  readonly #queues = new Map<string, Transit[]>();
  readonly #connected = new Set<string>();
  readonly #up = new Set<string>();

  set(id: string, group: string, process: string, joins: number): void {
    const item = this.#node(id).set(group, process, joins);
    for (const other of NODES) if (this.#up.has(`${id} ${other}`)) this.#send(id, other, item);
  }

  sever(a: string, b: string): void {
    if (a === b || !this.#connected.has(`${a} ${b}`)) return;
    for (const [from, to] of pairOf(a, b)) {
      this.#connected.delete(`${from} ${to}`);
      const queue = this.#queue(from, to);
      queue.length = 0;
      queue.push({ type: 'down' });
    }
  }

  connect(a: string, b: string): void {
    const isFree = pairOf(a, b).every(([x, y]) => this.#queue(x, y).length === 0 && !this.#up.has(`${x} ${y}`));
    if (a === b || this.#connected.has(`${a} ${b}`) || !isFree) return;
    for (const [from, to] of pairOf(a, b)) {
      this.#connected.add(`${from} ${to}`);
      this.#queue(from, to).push({ type: 'up' });
    }
  }

  deliver(from: string, to: string): boolean {
    const next = this.#queue(from, to).shift();
    if (next === undefined) return false;
    const link = `${to} ${from}`;
    if (next.type === 'up') {
      this.#up.add(link);
      for (const item of this.#node(to).up(from, from)) this.#send(to, from, item);
    } else if (next.type === 'item') this.#node(to).receive(from, next.item);
    else if (this.#up.delete(link)) this.#node(to).down(from);
    return true;
  }

  heal(): void {
    for (let round = 0; round < 5; round += 1) {
      for (const a of NODES) for (const b of NODES) this.connect(a, b);
      for (const a of NODES) for (const b of NODES) while (this.deliver(a, b));
    }
  }

  /** The members of a group as a node sees them, in any order. */
  seenBy(id: string, group: string): ReadonlySet<string> {
    return new Set(
      this.#node(id)
        .all(group)
        .map(({ life, processId, joins }) => `${life}/${processId} x${joins}`),
    );
  }

  groupsSeenBy(id: string): ReadonlySet<string> {
    return new Set(this.#node(id).groups());
  }

  #send(from: string, to: string, item: MemberItem): void {
    if (this.#connected.has(`${from} ${to}`)) this.#queue(from, to).push({ type: 'item', item });
  }

  #node(id: string): GroupMembers {
    return this.#nodes.get(id) as GroupMembers;
  }

  #queue(from: string, to: string): Transit[] {
    const key = `${from} ${to}`;
    const queue = this.#queues.get(key) ?? [];
    this.#queues.set(key, queue);
    return queue;
  }
}

function pairOf(a: string, b: string): readonly (readonly [string, string])[] {
  return [
    [a, b],
    [b, a],
  ];
}

const node = fc.constantFrom(...NODES);
const group = fc.constantFrom('g1', 'g2');
const process = fc.constantFrom('p1', 'p2');

const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('set' as const), node, group, process, fc.nat(2)) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('deliver' as const), node, node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('sever' as const), node, node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('connect' as const), node, node) },
);

test.prop([fc.array(step, { maxLength: 120, size: 'max' })])(
  'once all nodes are connected and quiet, each sees the same members: those that each node says it has',
  (steps) => {
    const network = new Network();
    const joined = new Map<string, string>();
    network.heal();
    for (const each of steps) {
      if (each[0] === 'set') {
        network.set(each[1], each[2], each[3], each[4]);
        joined.set(`${each[2]} ${each[1]}/${each[3]}`, each[4] === 0 ? '' : `${each[1]}/${each[3]} x${each[4]}`);
      } else network[each[0]](each[1], each[2]);
    }
    network.heal();
    for (const name of ['g1', 'g2']) {
      const expected = [...joined].flatMap(([key, member]) =>
        key.startsWith(`${name} `) && member !== '' ? [member] : [],
      );
      for (const id of NODES) expect(network.seenBy(id, name)).toEqual(new Set(expected));
      for (const id of NODES) expect(network.groupsSeenBy(id).has(name)).toBe(expected.length > 0);
    }
  },
);
