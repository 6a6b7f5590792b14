import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FaultyNodes, type NodeFault } from './faulty-nodes.js';

const node = fc.integer({ min: 0, max: 2 });
const pair = fc.tuple(node, node).filter(([one, other]) => one !== other);
const fault: fc.Arbitrary<NodeFault> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut' as const, 'sever' as const, 'reset' as const), pair }),
  fc.record({
    kind: fc.constantFrom('restart' as const, 'freeze' as const, 'thaw' as const, 'replace' as const),
    node,
  }),
  fc.record({ kind: fc.constant('heal' as const) }),
);
const ms = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 8000 }));
const history = fc.array(fc.tuple(fault, ms), { maxLength: 10 });

describe('processes of three nodes that send to each other', () => {
  test.prop([history, fc.integer()], { numRuns: 40 })(
    'keep what is promised, whatever happens to nodes and connections',
    async (faults, seed) => {
      const nodes = new FaultyNodes(seed);
      await nodes.start(3);
      for (const [each, duration] of faults) {
        await nodes.apply(each);
        await nodes.run(duration);
      }
      await nodes.settle();
      expect(nodes.violations()).toEqual([]);
      expect(nodes.handledCount).toBeGreaterThan(100);
    },
    120_000,
  );
});
