import { describe, expect, test } from 'vitest';
import { HostNodes } from '../../src/distributed-supervisor/host-nodes.js';
import {
  type CandidateNode,
  type NodeSelector,
  selectNode,
  selectorProblem,
} from '../../src/distributed-supervisor/node-selection.js';
import { PlacedChildren } from '../../src/distributed-supervisor/placed-children.js';
import { sentSpec } from '../../src/distributed-supervisor/sent-spec.js';
import { BehaviorNotRegisteredError } from '../../src/errors.js';

const node = (id: string, processCount = 0, roles: readonly string[] = []): CandidateNode => ({
  id,
  isLocal: id === 'A',
  roles,
  metadata: {},
  processCount,
});
const child = { id: 'x', behavior: 'worker', args: null };

function select(selector: NodeSelector, candidates: readonly CandidateNode[], turn = 0): string | undefined {
  return selectNode(selector, candidates, child, { turn, random: () => 0.99 })?.id;
}

describe('selectNode', () => {
  const all = [node('B', 3, ['db']), node('A', 5), node('C', 1, ['db'])];

  test.each<readonly [string, NodeSelector, readonly (string | undefined)[]]>([
    ['the node of the leader', 'local_first', ['A', 'A', 'A', 'A']],
    ['all nodes in turn', 'round_robin', ['B', 'A', 'C', 'B']],
    ['the node with the fewest processes', 'least_loaded', ['C', 'C', 'C', 'C']],
    ['any node', 'random', ['C', 'C', 'C', 'C']],
    ['one node', { node: 'B' }, ['B', 'B', 'B', 'B']],
    ['the nodes with a role in turn', { role: 'db' }, ['B', 'C', 'B', 'C']],
    ['the node that a function returns', (nodes) => nodes[0], ['B', 'B', 'B', 'B']],
    ['the node whose id a function returns', () => 'C', ['C', 'C', 'C', 'C']],
    ['no node if a function returns none', () => undefined, [undefined, undefined, undefined, undefined]],
    ['no node if a function returns an unknown id', () => 'D', [undefined, undefined, undefined, undefined]],
    ['no node if it is not connected', { node: 'D' }, [undefined, undefined, undefined, undefined]],
    ['no node if none has the role', { role: 'web' }, [undefined, undefined, undefined, undefined]],
  ])('chooses %s', (_what, selector, expected) => {
    expect([0, 1, 2, 3].map((turn) => select(selector, all, turn))).toEqual(expected);
  });

  test.each<NodeSelector>(['local_first', 'round_robin', 'least_loaded', 'random', { role: 'db' }])(
    'chooses no node of none: %o',
    (selector) => expect(select(selector, [])).toBeUndefined(),
  );

  test('chooses the other nodes in turn if the node of the leader cannot run the child', () => {
    const others = [node('B'), node('C')];
    expect([0, 1, 2].map((turn) => select('local_first', others, turn))).toEqual(['B', 'C', 'B']);
  });

  test.each([['nearest'], [{}], [{ node: '' }], [{ node: 'B', role: 'db' }], [null], [7]])(
    'is not given an invalid selector: %o',
    (selector) => expect(selectorProblem(selector)).toContain('round_robin'),
  );
});

describe('HostNodes', () => {
  function hosts(counts: Readonly<Record<string, number>>) {
    let countedAt = 1;
    const nodes = new HostNodes({
      life: 'A1',
      candidate: (id) => ({ ...node(id === '' ? 'A' : id, counts[id === '' ? 'A' : id]), countedAt }),
      random: () => 0,
    });
    nodes.up('B', 'B1');
    for (const id of ['', 'B']) nodes.obeys(id);
    const placed = new PlacedChildren().add('x', sentSpec({ id: 'x', behavior: 'worker' }), 'least_loaded');
    const choose = (): string => nodes.choose(placed, 'least_loaded') || 'A';
    const recount = (): void => {
      countedAt += 1;
    };
    return { nodes, placed, choose, recount };
  }

  test('adds the children placed since the last count to the load of a node', () => {
    const { choose, recount } = hosts({ A: 0, B: 2 });
    expect([choose(), choose(), choose(), choose(), choose()]).toEqual(['A', 'A', 'A', 'B', 'A']);
    recount();
    expect([choose(), choose()]).toEqual(['A', 'A']);
  });

  test('prefers the node on which a child ran, unless it cannot run it', () => {
    const { placed, choose } = hosts({ A: 0, B: 9 });
    placed.preferredNode = 'B';
    expect(choose()).toBe('B');
    placed.unusableNodes.set('B', new BehaviorNotRegisteredError('worker'));
    expect(choose()).toBe('A');
  });

  test('waits for a node that has not answered, and does not use one that refuses', () => {
    const { nodes, choose } = hosts({ A: 9, B: 0, C: 0 });
    expect(nodes.haveAllAnswered).toBe(true);
    nodes.up('C', 'C1');
    expect(nodes.haveAllAnswered).toBe(false);
    nodes.refuses('C');
    nodes.refuses('B');
    expect(nodes.haveAllAnswered).toBe(true);
    expect(choose()).toBe('A');
  });
});
