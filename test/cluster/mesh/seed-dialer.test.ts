import { describe, expect, test } from 'vitest';
import { turn } from '../../helpers/event-loop.js';
import { never } from '../../helpers/servers.js';
import { SimulatedCluster, viewOf } from '../../helpers/simulated-cluster.js';

/** Moves time on in steps, between which promises settle. */
async function pass(cluster: SimulatedCluster, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 250) {
    cluster.run(250);
    await turn();
  }
}

/** A network on which `svc` is resolved by `answer`. */
function networkWith(answer: (attempt: number) => readonly string[] | Promise<readonly string[]>): SimulatedCluster {
  let attempts = 0;
  return new SimulatedCluster(1, {
    resolve(host) {
      if (host !== 'svc') return [host];
      attempts += 1;
      return answer(attempts);
    },
  });
}

describe('a seed', () => {
  test('is resolved again when a resolver does not answer', async () => {
    const cluster = networkWith((attempt) => (attempt === 1 ? never : ['127.0.0.1']));
    await cluster.start('nodeA', 4001);
    const b = await cluster.start('nodeB', 4002, ['dns:svc:4001']);
    await pass(cluster, 20_000);
    expect(viewOf(b)).toBe('nodeA connected');
  });

  test('whose resolver never answers is reported, and given up when the node stops', async () => {
    const cluster = networkWith(() => never);
    const b = await cluster.start('nodeB', 4002, ['dns:svc:4001']);
    await pass(cluster, 60_000);
    expect(b.errors).toMatchObject([
      { name: 'NodeUnreachableError', message: expect.stringContaining('dns:svc:4001: no answer within 15 s') },
    ]);
    await cluster.stop(b);
    await pass(cluster, 60_000);
    expect(b.errors).toHaveLength(1);
  });

  test('is resolved again when a resolver throws instead of rejecting', async () => {
    const cluster = networkWith((attempt) => {
      if (attempt === 1) throw new Error('no resolver');
      return ['127.0.0.1'];
    });
    await cluster.start('nodeA', 4001);
    const b = await cluster.start('nodeB', 4002, ['dns:svc:4001']);
    await pass(cluster, 5000);
    expect(viewOf(b)).toBe('nodeA connected');
  });
});

describe('a function that says what the seeds are', () => {
  test('is called again when it does not answer', async () => {
    const cluster = new SimulatedCluster();
    await cluster.start('nodeA', 4001);
    let calls = 0;
    const seeds = () => {
      calls += 1;
      return calls === 1 ? never : ['127.0.0.1:4001'];
    };
    const b = await cluster.start('nodeB', 4002, [], { seeds });
    await pass(cluster, 20_000);
    expect(viewOf(b)).toBe('nodeA connected');
  });

  test('may have a wrong text among right ones: it is reported with its text, and the others are dialled', async () => {
    const cluster = new SimulatedCluster();
    await cluster.start('nodeA', 4001);
    const b = await cluster.start('nodeB', 4002, [], { seeds: () => ['no seed', '127.0.0.1:4001'] });
    await pass(cluster, 15_000);
    expect(viewOf(b)).toBe('nodeA connected');
    expect(b.errors).toMatchObject([{ name: 'NodeUnreachableError', message: expect.stringContaining("'no seed'") }]);
  });
});
