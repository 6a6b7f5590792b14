import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { agreedOn, askAbout, childSpec } from '../../helpers/fault-distribution.js';
import { FaultLab, linked } from '../../helpers/fault-lab.js';
import { FaultyNetwork } from '../../helpers/faulty-network.js';
import type { FaultNode } from '../../helpers/forked-node.js';
import { NamespaceNetwork, obstacleToNamespaces } from '../../helpers/namespace-network.js';
import type { PartitionableNetwork } from '../../helpers/node-network.js';

/** Any step on a busy machine takes less, ms. */
const BOUND_MS = 30_000;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const QUICK = {
  clusterSecret: 'of nodes on both sides',
  heartbeatIntervalMs: 200,
  heartbeatMissThreshold: 5,
  reconnectBaseDelayMs: 50,
  reconnectMaxDelayMs: 300,
};
/** More than one for each node, with a global name for every second one. */
const CHILDREN = Array.from({ length: 10 }, (_, at) => `child${at}`);
const SUPERVISOR = {
  name: 'jobs',
  nodeSelector: 'round_robin',
  // Each lost node counts as a restart.
  restartIntensity: { maxRestarts: 100, withinMs: 5000 },
  children: CHILDREN.map((id, at) => childSpec(id, at % 2 === 0)),
} as const;

const obstacle = await obstacleToNamespaces();
const means = obstacle === undefined ? 'network namespaces' : `a TCP proxy (${obstacle})`;

let lab: FaultLab<PartitionableNetwork>;

beforeAll(() => process.stdout.write(`Partitions are made with ${means}.\n`));
afterEach(() => lab.end());

type Five = readonly [FaultNode, FaultNode, FaultNode, FaultNode, FaultNode];

/** Five nodes with an instance of the supervisor each, and two children each. */
async function five(): Promise<Five> {
  lab = new FaultLab(QUICK, { isQuiet: true }, obstacle === undefined ? new NamespaceNetwork() : new FaultyNetwork());
  const nodes = await Promise.all(NAMES.map((name) => lab.start(name, NAMES.slice(0, 2))));
  await linked(nodes, BOUND_MS);
  // Now each of them can run the children.
  await Promise.all(nodes.map((node) => askAbout(node, 'view')));
  for (const node of nodes) expect(await askAbout(node, 'supervise', SUPERVISOR)).toBe('started');
  await agreedOn(nodes, CHILDREN, BOUND_MS);
  return nodes as readonly FaultNode[] as Five;
}

/** Cuts all links between two sides, and resolves when both have noticed and run all children. */
async function split(some: readonly FaultNode[], others: readonly FaultNode[]): Promise<void> {
  const ways = some.flatMap((one) => others.flatMap((other) => [[one, other] as const, [other, one] as const]));
  await Promise.all(ways.map(([from, to]) => lab.network.drop(from.name, to.name)));
  for (const [from, to] of ways) await lab.lost([from], to, BOUND_MS);
  for (const side of [some, others]) await agreedOn(side, CHILDREN, BOUND_MS);
}

async function sumOf(nodes: readonly FaultNode[], why: string): Promise<number> {
  const views = await Promise.all(nodes.map((node) => askAbout(node, 'view')));
  return views.reduce((sum, { counts }) => sum + (counts.stopped[why] ?? 0), 0);
}

/** Of these nodes, those that reported that a name had two owners. */
async function reporters(nodes: readonly FaultNode[], name: string): Promise<readonly string[]> {
  const named: string[] = [];
  for (const node of nodes) {
    const errors = await node.ask('errors');
    const isThere = errors.some(
      (error) => error.startsWith('NOEX_GLOBAL_NAME_CONFLICT') && error.includes(`'${name}'`),
    );
    if (isThere) named.push(node.name);
  }
  return named;
}

describe(`five nodes in two parts, by ${means}`, () => {
  test('run each child once again when they are one, end and report what was there twice, and agree on all names', async () => {
    const nodes = await five();
    const [a, b, c, d, e] = nodes;
    await split([a, b], [c, d, e]);
    expect(await askAbout(b, 'register', 'billing')).toBe('held');
    expect(await askAbout(d, 'register', 'billing')).toBe('held');
    expect(await askAbout(a, 'register', 'only left')).toBe('held');
    await lab.network.heal();
    await linked(nodes, BOUND_MS);
    await agreedOn(nodes, CHILDREN, BOUND_MS);

    const views = await Promise.all(nodes.map((node) => askAbout(node, 'view')));
    for (const { names, problems } of views) {
      expect(names['only left']).toBeDefined();
      expect(problems).toEqual([]);
    }
    // The later registration loses the name.
    expect(views.map(({ held }) => held['billing'] !== undefined)).toEqual([false, true, false, false, false]);
    expect(await reporters(nodes, 'billing')).toEqual(['b', 'd']);
    expect(await sumOf(nodes, 'duplicate')).toBe(CHILDREN.length);
    expect(await sumOf(nodes, 'orphaned')).toBe(0);
    expect(await lab.stop(nodes)).toEqual([]);
  });

  test('run each child once after each of several partitions', async () => {
    const nodes = await five();
    const [a, b, c, d, e] = nodes;
    for (const _round of [1, 2]) {
      await split([a, b], [c, d, e]);
      await lab.network.heal();
      await linked(nodes, BOUND_MS);
      await agreedOn(nodes, CHILDREN, BOUND_MS);
    }
    await eventually(BOUND_MS, async () =>
      (await sumOf(nodes, 'duplicate')) === 2 * CHILDREN.length ? undefined : 'not all duplicates were reported',
    );
    expect(await lab.stop(nodes)).toEqual([]);
  });
});
