import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FaultLab, linked } from '../../helpers/fault-lab.js';
import type { FaultNode } from '../../helpers/forked-node.js';

/** All views agree again within this time, ms, with a wide margin for a busy machine. */
const BOUND_MS = 40_000;
const NAMES = Array.from({ length: 20 }, (_, at) => `node${at}`);
const SEEDS = NAMES.slice(0, 2);

let lab: FaultLab;

afterEach(() => lab.end());

/** Starts them all at the same moment, and resolves when each shows what each has counted. */
async function startAll(): Promise<readonly FaultNode[]> {
  const nodes = await Promise.all(NAMES.map((name) => lab.start(name, SEEDS)));
  await linked(nodes, BOUND_MS);
  await Promise.all(nodes.map((node) => node.ask('watch')));
  await Promise.all(nodes.map((node) => node.ask('cast', 2)));
  await lab.agree(nodes, BOUND_MS);
  // One link for each pair.
  for (const node of nodes) {
    await eventually(BOUND_MS, async () => {
      const sockets = (await node.ask('resources')).filter((type) => type === 'TCPSocketWrap').length;
      return sockets === NAMES.length - 1 ? undefined : `${node.name} has ${sockets} sockets`;
    });
  }
  return nodes;
}

test('twenty nodes that are killed and started again at once find each other', async () => {
  lab = new FaultLab(
    { heartbeatIntervalMs: 500, reconnectBaseDelayMs: 100, reconnectMaxDelayMs: 500 },
    { isQuiet: true },
  );
  const first = await startAll();
  await Promise.all(first.map((node) => node.kill()));
  expect(await lab.stop(await startAll())).toEqual([]);
});
