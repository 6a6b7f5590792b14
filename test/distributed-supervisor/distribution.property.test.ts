import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type ClusterAction, DistributedCluster } from '../helpers/distributed-cluster.js';
import { runsOf } from '../helpers/property-runs.js';

const node = fc.nat(5);
const name = fc.constantFrom('billing', 'mail');
const child = fc.constantFrom('x', 'y', 'd');
const ms = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 8000 }));
const action: fc.Arbitrary<ClusterAction> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('partition' as const), side: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('heal' as const, 'heal' as const, 'join' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('kill' as const, 'leave' as const), node }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom('start' as const, 'start' as const, 'stop' as const), node }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('register' as const, 'group' as const), node, name }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('crash' as const, 'start_child' as const, 'terminate_child' as const),
      node,
      child,
    }),
  },
);
const history = fc.array(fc.tuple(action, ms), { maxLength: 14 });

/** Two owners of one name, and two leaders that start all children. */
const conflict: readonly (readonly [ClusterAction, number])[] = [
  [{ type: 'partition', side: 3 }, 8000],
  [{ type: 'register', node: 0, name: 'billing' }, 100],
  [{ type: 'register', node: 2, name: 'billing' }, 100],
  [{ type: 'start', node: 2 }, 5000],
];

async function run(actions: readonly (readonly [ClusterAction, number])[]) {
  const cluster = new DistributedCluster();
  await cluster.start(4);
  await cluster.apply({ type: 'start', node: 0 });
  await cluster.apply({ type: 'start', node: 1 });
  for (const [each, duration] of actions) {
    await cluster.apply(each);
    await cluster.apply({ type: 'wait', ms: duration });
  }
  return { problems: await cluster.settle(), conflicts: cluster.conflicts };
}

describe('names, groups and distributed supervisors of whole runtimes', () => {
  test.prop([history], { numRuns: runsOf(80) })('agree on all nodes after any faults', async (actions) => {
    expect((await run(actions)).problems).toEqual([]);
  });

  test('agree after a partition with two owners of everything', async () => {
    const { problems, conflicts } = await run(conflict);
    expect(problems).toEqual([]);
    expect(conflicts).toBeGreaterThan(1);
  });

  test('agree after a partition during the start of two instances', async () => {
    const { problems } = await run([[{ type: 'partition', side: 1 }, 5000]]);
    expect(problems).toEqual([]);
  });
});
