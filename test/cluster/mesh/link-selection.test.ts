import { describe, expect, test } from 'vitest';
import type { Peer } from '../../../src/cluster/frames.js';
import type { Link } from '../../../src/cluster/mesh/link.js';
import { LinkSelection } from '../../../src/cluster/mesh/link-selection.js';
import { LinkTable } from '../../../src/cluster/mesh/link-table.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import { SimulatedCluster, viewOf } from '../../helpers/simulated-cluster.js';

const smaller: Peer = { id: NodeId.parse('nodeA@127.0.0.1:4369'), incarnation: 1 };
const larger = NodeId.parse('nodeB@127.0.0.1:4370');

/** A link with the smaller node that records what becomes of it. */
function fakeLink(name: string, log: string[]): Link {
  const link = {
    peer: smaller,
    isUndecided: true,
    traffic: { received: 0, sent: 0 },
    welcome: () => log.push(`welcome ${name}`),
    open: () => log.push(`open ${name}`),
    close: (reason: string) => log.push(`close ${name} ${reason}`),
    refuse: ({ reason }: { readonly reason: string }) => log.push(`refuse ${name} ${reason}`),
    terminate: () => log.push(`terminate ${name}`),
  };
  return link as unknown as Link;
}

/** The link selection of the larger of two nodes. */
function createLinkSelection(): { readonly selection: LinkSelection; readonly linked: LinkTable } {
  const linked = new LinkTable();
  const selection = new LinkSelection({
    localId: larger,
    role: 'member',
    linked,
    probe: () => undefined,
    lose: () => undefined,
    dialled: () => undefined,
    established: (link, peer) => linked.put(link, peer, 0)?.terminate(),
  });
  return { selection, linked };
}

describe('the node with the larger id', () => {
  test('ends a link that the other one opened before the link in use: it arrives late', () => {
    const log: string[] = [];
    const { selection, linked } = createLinkSelection();
    const [first, second] = [fakeLink('first', log), fakeLink('second', log)];
    selection.verified(first, smaller);
    selection.verified(second, smaller);
    selection.opened(second, smaller);
    expect(log).toEqual(['welcome first', 'welcome second', 'refuse first duplicate_link']);
    expect(linked.get(smaller.id)?.link).toBe(second);
  });

  test('uses a link that the other one opens after the one in use was offered', () => {
    const log: string[] = [];
    const { selection, linked } = createLinkSelection();
    const [first, second] = [fakeLink('first', log), fakeLink('second', log)];
    selection.verified(first, smaller);
    selection.opened(first, smaller);
    selection.verified(second, smaller);
    selection.opened(second, smaller);
    expect(log).toEqual(['welcome first', 'welcome second', 'terminate first']);
    expect(linked.get(smaller.id)?.link).toBe(second);
  });
});

test('a node that takes over an id in the moment in which its holder leaves is a member', async () => {
  const cluster = new SimulatedCluster();
  const dialling = { reconnectBaseDelayMs: 50, reconnectMaxDelayMs: 50 };
  const larger = await cluster.start('nodeZ', 4369, ['nodeX@127.0.0.1:4371'], dialling);
  const holder = await cluster.start('nodeX', 4370, [larger]);
  cluster.run(1000);
  cluster.network.cut(larger.address, holder.address);
  const stopped = holder.cluster.stop();
  const successor = await cluster.start('nodeX', 4371, [], { advertise: { port: 4370 } });
  // The leave of the holder arrives while the larger node, which has dialled the successor, waits for its answer to a probe.
  cluster.run(100);
  cluster.network.heal();
  cluster.run(2000);
  await stopped;
  expect(larger.events).toEqual(['up nodeX', 'down nodeX graceful_shutdown', 'up nodeX']);
  expect(viewOf(larger)).toBe('nodeX connected');
  expect(viewOf(successor)).toBe('nodeZ connected');
});
