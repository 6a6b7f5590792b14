import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Fault, FaultyMesh } from './faulty-mesh.js';

const SIZE = 3;
const TIMEOUT_MS = 120_000;

const node = fc.integer({ min: 0, max: SIZE - 1 });
const pair = fc.tuple(node, node).filter(([one, other]) => one !== other);
const ms = fc.oneof(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: 0, max: 3000 }),
  fc.integer({ min: 0, max: 20_000 }),
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  // Both sides dial again at the same moment.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reset' as const), pair }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'sever' as const), pair }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('kill', 'unplug', 'freeze', 'thaw', 'leave', 'restart', 'rival'),
      node,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('heal' as const) }) },
);
const history = fc.array(fc.tuple(fault, ms), { maxLength: 15 });

describe('the channels of the mesh', () => {
  test.prop([history, fc.integer()], { numRuns: 400 })(
    'keep their promises whatever happens to nodes and connections',
    async (faults, seed) => {
      const mesh = new FaultyMesh(SIZE, seed);
      await mesh.start();
      for (const [fault, ms] of faults) {
        await mesh.apply(fault);
        mesh.run(ms);
      }
      await mesh.settle();
      expect(mesh.violations()).toEqual([]);
      expect(mesh.openChannels()).toEqual(mesh.expectedChannels());
    },
    TIMEOUT_MS,
  );
});
