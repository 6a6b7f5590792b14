import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FaultLab, linked } from '../../helpers/fault-lab.js';
import { FaultyNetwork } from '../../helpers/faulty-network.js';
import { eventsAbout, type FaultNode } from '../../helpers/forked-node.js';
import { NamespaceNetwork, obstacleToNamespaces } from '../../helpers/namespace-network.js';
import type { PartitionableNetwork } from '../../helpers/node-network.js';
import { MessageLoad } from '../../soak/message-load.js';

type Three = readonly [FaultNode, FaultNode, FaultNode];

/** A node is missed after a second, and each other step takes less than this, ms, also on a busy machine. */
const BOUND_MS = 30_000;
/** All calls are answered again within this time after the network is healed: two attempts to connect, ms. */
const HEALED_MS = 12_000;
/** A long partition: attempts to connect, of 5 s each, have failed in it, ms. */
const LONG_MS = 6000;
/** Calls time out after 2 s, and settle within this time on a busy machine, ms. */
const SETTLED_MS = 4000;
/** Between two messages of each node to each other. */
const ROUND_MS = 10;
/** How calls may fail, and whether they may have been handled. */
const FAILURES = ['NOEX_NODE_NOT_CONNECTED true', 'NOEX_NODE_NOT_CONNECTED false', 'NOEX_CALL_TIMEOUT true'];
const NAMES = ['a', 'b', 'c'];
const QUICK = {
  clusterSecret: 'of nodes that are cut off',
  heartbeatIntervalMs: 200,
  heartbeatMissThreshold: 5,
  reconnectBaseDelayMs: 50,
  reconnectMaxDelayMs: 300,
};

const obstacle = await obstacleToNamespaces();
const means =
  obstacle === undefined
    ? 'network namespaces'
    : `a TCP proxy, because network namespaces are not possible here (${obstacle})`;

let lab: FaultLab<PartitionableNetwork>;
let load: MessageLoad;

beforeAll(() => process.stdout.write(`Partitions are made with ${means}.\n`));
afterEach(() => lab.end());

/** Three nodes that send to each other, and monitor each other. */
async function three(config: ConstructorParameters<typeof FaultLab>[0] = QUICK): Promise<Three> {
  lab = new FaultLab(config, { isQuiet: true }, obstacle === undefined ? new NamespaceNetwork() : new FaultyNetwork());
  const nodes = await Promise.all(NAMES.map((name) => lab.start(name, NAMES.slice(0, 2))));
  await linked(nodes, BOUND_MS);
  load = new MessageLoad(ROUND_MS);
  await load.sendToAll(nodes);
  await load.replied(nodes, 50, BOUND_MS);
  return nodes as unknown as Three;
}

/** Resolves when a node has lost the other, all its monitors there had their notice, and its calls fail at once. */
async function without(node: FaultNode, lost: FaultNode): Promise<void> {
  await lab.lost([node], lost, BOUND_MS);
  await eventually(BOUND_MS, async () => {
    const [peer] = await load.between(node, [lost]);
    if (peer?.openMonitors !== 0) return `${peer?.openMonitors} monitors of ${node.name} on ${lost.name} had no notice`;
    return peer.failures['NOEX_NODE_NOT_CONNECTED false'] === undefined ? 'no call was refused' : undefined;
  });
  const [peer] = await load.between(node, [lost]);
  expect(Object.keys(peer?.notices ?? {})).toEqual(['noconnection']);
}

async function apart(one: FaultNode, other: FaultNode): Promise<void> {
  await without(one, other);
  await without(other, one);
}

/** These have not lost each other. */
async function together(...nodes: readonly FaultNode[]): Promise<void> {
  await load.replied(nodes, 50, BOUND_MS);
  for (const node of nodes) {
    const others = nodes.filter((other) => other !== node);
    for (const other of others) expect(eventsAbout(node, other)).toEqual(['up']);
    for (const { notices } of await load.between(node, others)) expect(notices).toEqual({});
  }
}

/** How many calls of a node to the other were lost with the link, so that they may have been handled. */
async function lostCalls(node: FaultNode, other: FaultNode): Promise<number> {
  const [peer] = await load.between(node, [other]);
  return peer?.failures['NOEX_NODE_NOT_CONNECTED true'] ?? 0;
}

/** Ends the fault. Calls are answered again within the bound, and all that is promised of messages was kept. */
async function healed(nodes: Three): Promise<void> {
  await lab.network.heal();
  await load.replied(nodes, 20, HEALED_MS);
  await load.stop(nodes, BOUND_MS);
  for (const node of nodes) {
    expect((await node.ask('messages')).longestCallMs).toBeLessThan(SETTLED_MS);
    for (const { failures } of await load.between(node, nodes)) {
      const others = Object.keys(failures).filter((failure) => !FAILURES.includes(failure));
      expect(others).toEqual([]);
    }
  }
  expect(await lab.stop(nodes)).toEqual([]);
}

describe(`a partition, made with ${means}`, () => {
  test('between two nodes that both reach the third: they lose each other, and the third loses none', async () => {
    const [a, b, c] = await three();
    await Promise.all([lab.network.drop('a', 'c'), lab.network.drop('c', 'a')]);
    await apart(a, c);
    await together(a, b);
    await together(b, c);
    for (const events of [eventsAbout(a, c), eventsAbout(c, a)])
      expect(events).toEqual(['up', 'down heartbeat_timeout']);
    await healed([a, b, c]);
  });

  test('of one direction: both sides lose each other, and the third loses none', async () => {
    const [a, b, c] = await three();
    await lab.network.drop('a', 'c');
    await apart(a, c);
    await together(a, b);
    await together(b, c);
    expect(eventsAbout(c, a)).toEqual(['up', 'down heartbeat_timeout']);
    await healed([a, b, c]);
  });

  test('that cuts two nodes off from one, for a long time: they stay together, and it is alone', async () => {
    const [a, b, c] = await three();
    await lab.network.isolate('a');
    await apart(a, b);
    await apart(a, c);
    const lost = await lostCalls(a, b);
    expect(lost).toBeGreaterThan(0);
    await sleep(LONG_MS);
    await together(b, c);
    expect(await lostCalls(a, b)).toBe(lost);
    await healed([a, b, c]);
  });

  test('that is over before a node is missed: nothing is lost, and every call is answered', async () => {
    const nodes = await three({ ...QUICK, heartbeatIntervalMs: 2000 });
    const [a] = nodes;
    await Promise.all([lab.network.drop('a', 'c'), lab.network.drop('c', 'a')]);
    // Nothing is answered any more.
    await eventually(BOUND_MS, async () => {
      const { openCalls } = await a.ask('messages');
      return openCalls >= 30 ? undefined : `${openCalls} calls are open`;
    });
    await lab.network.heal();
    await load.replied(nodes, 20, HEALED_MS);
    await together(...nodes);
    for (const node of nodes) for (const { failures } of await load.between(node, nodes)) expect(failures).toEqual({});
    await healed(nodes);
    expect(load.counts.handled).toBe(load.counts.sent);
  });
});
