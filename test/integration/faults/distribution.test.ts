import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { agreedOn, askAbout, type ChildEvent, childSpec, monotonic } from '../../helpers/fault-distribution.js';
import { FaultLab, linked } from '../../helpers/fault-lab.js';
import type { FaultNode } from '../../helpers/forked-node.js';

/** Any step on a busy machine takes less, ms. */
const BOUND_MS = 30_000;
const QUICK = {
  clusterSecret: 'of nodes with names',
  heartbeatIntervalMs: 200,
  heartbeatMissThreshold: 5,
  reconnectBaseDelayMs: 50,
  reconnectMaxDelayMs: 300,
};
const MISSED_MS = QUICK.heartbeatIntervalMs * (QUICK.heartbeatMissThreshold + 1);
const FAILOVER_MS = 1000;
/** A child of a lost node runs elsewhere within this time, ms. */
const MOVED_MS = MISSED_MS + FAILOVER_MS + 1000;

/** One child for each of three nodes, and each is a singleton with a global name. */
const CHILDREN = ['x', 'y', 'z'];
const SUPERVISOR = {
  name: 'jobs',
  nodeSelector: 'round_robin',
  failoverDelay: FAILOVER_MS,
  children: CHILDREN.map((id) => childSpec(id, true)),
} as const;

let lab: FaultLab;

afterEach(() => lab.end());

async function linkedNodes(...names: readonly string[]): Promise<readonly FaultNode[]> {
  lab = new FaultLab(QUICK, { isQuiet: true });
  const nodes = await Promise.all(names.map((name) => lab.start(name, names.slice(0, 2))));
  await linked(nodes, BOUND_MS);
  return nodes;
}

/** Three nodes with an instance of the supervisor each, the first of which leads, and one child each. */
async function three(): Promise<readonly [FaultNode, FaultNode, FaultNode]> {
  const nodes = await linkedNodes('a', 'b', 'c');
  // Now each of them can run the children.
  await Promise.all(nodes.map((node) => askAbout(node, 'view')));
  for (const node of nodes) expect(await askAbout(node, 'supervise', SUPERVISOR)).toBe('started');
  await agreedOn(nodes, CHILDREN, BOUND_MS);
  return nodes as readonly FaultNode[] as readonly [FaultNode, FaultNode, FaultNode];
}

function eventsOf(nodes: readonly FaultNode[], childId: string): readonly ChildEvent[] {
  return nodes
    .flatMap(({ childEvents }) => childEvents)
    .filter((event) => event.childId === childId)
    .sort((one, other) => one.at - other.at);
}

/** The only child that was started on a node. */
function childOn(node: FaultNode): string {
  expect(node.childEvents).toHaveLength(1);
  return node.childEvents[0]?.childId ?? '';
}

/** How long after `since` the child of a lost node was started on another one, ms. */
async function movedAfter(since: number, childId: string, others: readonly FaultNode[]): Promise<number> {
  await agreedOn(others, CHILDREN, BOUND_MS);
  const starts = eventsOf(others, childId).filter(({ type, at }) => type === 'started' && at >= since);
  expect(starts).toHaveLength(1);
  return (starts[0]?.at ?? Number.NaN) - since;
}

describe('kill -9', () => {
  test('of the node of a singleton: it runs on another node in time', async () => {
    const [a, b, c] = await three();
    const singleton = childOn(b);
    const killedAt = monotonic();
    await b.kill();
    expect(await movedAfter(killedAt, singleton, [a, c])).toBeLessThan(MOVED_MS);
    expect(await lab.stop([a, c])).toEqual([]);
  });

  test('of the node of the leader: another instance leads, and its children run on another node in time', async () => {
    const [a, b, c] = await three();
    const singleton = childOn(a);
    const killedAt = monotonic();
    await a.kill();
    expect(await movedAfter(killedAt, singleton, [b, c])).toBeLessThan(MOVED_MS);
    const views = await Promise.all([b, c].map((node) => askAbout(node, 'view')));
    expect(views.map(({ counts }) => counts.led).sort()).toEqual([0, 1]);
    expect(await lab.stop([b, c])).toEqual([]);
  });

  test('of the node of a global name: no other node has it any more, and it can be registered', async () => {
    const [a, b, c] = (await linkedNodes('a', 'b', 'c')) as readonly [FaultNode, FaultNode, FaultNode];
    expect(await askAbout(b, 'register', 'billing')).toBe('held');
    await agreedOn([a, b, c], [], BOUND_MS);
    const killedAt = monotonic();
    await b.kill();
    for (const node of [a, c]) {
      await eventually(BOUND_MS, async () => {
        const { names } = await askAbout(node, 'view');
        return names['billing'] === undefined ? undefined : 'it still has an owner';
      });
    }
    expect(monotonic() - killedAt).toBeLessThan(MISSED_MS + 1000);
    expect(await askAbout(c, 'register', 'billing')).toBe('held');
    await agreedOn([a, c], [], BOUND_MS);
    expect(await lab.stop([a, c])).toEqual([]);
  });
});

test('a node that leaves hands its singleton over: it runs elsewhere at once, and never twice', async () => {
  const [a, b, c] = await three();
  const singleton = childOn(b);
  const askedAt = monotonic();
  b.signal('SIGTERM');
  expect(await movedAfter(askedAt, singleton, [a, c])).toBeLessThan(FAILOVER_MS);
  expect(await b.ended).toBe(0);
  const types = eventsOf([a, b, c], singleton).map(({ type }) => type);
  expect(types).toEqual(['started', 'stopped', 'ended', 'started']);
  expect(b.childEvents.find(({ type }) => type === 'stopped')?.why).toBe('handed_over');
  expect(await lab.stop([a, c])).toEqual([]);
});

test('of 20 starts at the same time on five nodes, one gets the name, one leads, and each child runs once', async () => {
  const nodes = await linkedNodes('a', 'b', 'c', 'd', 'e');
  const starts = Array.from({ length: 20 }, (_, at) => nodes[at % nodes.length] as FaultNode);
  const [names, supervisors] = await Promise.all([
    Promise.all(starts.map((node) => askAbout(node, 'register', 'singleton'))),
    Promise.all(starts.map((node) => askAbout(node, 'supervise', SUPERVISOR))),
  ]);
  expect(names.toSorted()).toEqual([...Array.from({ length: 19 }, () => 'NOEX_ALREADY_REGISTERED'), 'held']);
  // Each node has one instance of the same name.
  expect(supervisors.filter((outcome) => outcome === 'started')).toHaveLength(nodes.length);
  expect(supervisors.filter((outcome) => outcome === 'NOEX_ALREADY_REGISTERED')).toHaveLength(15);
  await agreedOn(nodes, CHILDREN, BOUND_MS);
  const views = await Promise.all(nodes.map((node) => askAbout(node, 'view')));
  expect(views.reduce((sum, { counts }) => sum + counts.led, 0)).toBe(1);
  for (const childId of CHILDREN) expect(eventsOf(nodes, childId).map(({ type }) => type)).toEqual(['started']);
  expect(await lab.stop(nodes)).toEqual([]);
});
