import { describe, expect, test } from 'vitest';
import { SimulatedCluster } from '../../helpers/simulated-cluster.js';

describe('a link so slow that the handshake takes about as long as it may', () => {
  test.each([{}, { clusterSecret: 'correct horse' }])('is no reason to blame the other side (%j)', async (config) => {
    const ups = new Set<number>();
    for (let latencyMs = 500; latencyMs <= 2500; latencyMs += 100) {
      for (let seed = 1; seed <= 3; seed += 1) {
        const runtime = new SimulatedCluster(seed, { latencyMs });
        const a = await runtime.start('nodeA', 4369, [], config);
        const b = await runtime.start('nodeB', 4370, [a], config);
        runtime.run(29_000);
        expect([...a.errors, ...b.errors]).toEqual([]);
        ups.add(a.events.length);
      }
    }
    // Some of them made it, and some did not.
    expect(ups).toContain(0);
    expect(ups).toContain(1);
  });

  test('that the dialer gives up is not shown by the acceptor as a node that came and went', async () => {
    const runtime = new SimulatedCluster(1, { latencyMs: 1000, random: () => 0.5 });
    const a = await runtime.start('nodeA', 4369, [], { clusterSecret: 'correct horse' });
    const b = await runtime.start('nodeB', 4370, [a], { clusterSecret: 'correct horse' });
    // The proof arrives after five seconds, and so does the end of the dialer's patience.
    runtime.run(120_000);
    expect([a.events, b.events]).toEqual([[], []]);
    expect(a.errors).toEqual([]);
  });
});
