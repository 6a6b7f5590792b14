import { expect, test } from 'vitest';
import { SimulatedCluster, type SimulatedNode } from '../../helpers/simulated-cluster.js';

const NAMES = Array.from({ length: 20 }, (_, at) => `node${at}`);
const PORT = 4369;

function startAll(runtime: SimulatedCluster): Promise<SimulatedNode[]> {
  return Promise.all(
    NAMES.map((name, at) => runtime.start(name, PORT + at, at === 0 ? [] : [`${NAMES[0]}@127.0.0.1:${PORT}`])),
  );
}

function strictlyAlternates(events: readonly string[], name: string): boolean {
  const types = events.filter((event) => event.split(' ')[1] === name).map((event) => event.split(' ')[0]);
  return types.every((type, at) => type === (at % 2 === 0 ? 'up' : 'down'));
}

test('twenty nodes that are killed and start again at the same moment are all linked within ten seconds', async () => {
  const runtime = new SimulatedCluster(7);
  const before = await startAll(runtime);
  runtime.run(10_000);
  expect(before.map(({ cluster }) => cluster.getConnectedNodeCount())).toEqual(NAMES.map(() => 19));
  for (const { address } of before) runtime.network.kill(address);
  const after = await startAll(runtime);
  runtime.run(10_000);
  expect(after.map(({ cluster }) => cluster.getConnectedNodeCount())).toEqual(NAMES.map(() => 19));
  for (const { events, errors } of after) {
    expect(errors).toEqual([]);
    expect(NAMES.every((name) => strictlyAlternates(events, name))).toBe(true);
    expect(events.filter((event) => event.startsWith('down'))).toEqual([]);
  }
  // One link for each pair, and each link has two ends.
  expect(runtime.network.openEnds).toBe(20 * 19);
});
