import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { isEarlier, type Stamp } from '../../../src/remote/names/claim.js';
import { ClaimNetwork } from '../../helpers/claim-network.js';

const NODES = 4;

const node = fc.nat(NODES - 1);
const kept = fc.nat(4);

/** What happens, one after another. Most of it is deliveries: many are needed until anything is decided. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('deliver' as const), node, node) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('claim' as const), node, fc.nat(1000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('release' as const), node) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('sever' as const), node, node, kept, kept) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('connect' as const), node, node) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('partition' as const), fc.nat(2 ** NODES - 1)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('settle' as const)) },
);

const history = fc.record({
  steps: fc.array(step, { maxLength: 150, size: 'max' }),
  picks: fc.infiniteStream(fc.nat(1000)),
});

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

function run({ steps, picks }: History, rule?: (a: Stamp, b: Stamp) => boolean): ClaimNetwork {
  const network = new ClaimNetwork(NODES, rule);
  const pick = (count: number): number => (count === 0 ? 0 : (picks.next().value ?? 0) % count);
  network.heal(pick, 0);
  for (const each of steps) {
    if (each[0] === 'claim') network.claim(each[1], each[2]);
    else if (each[0] === 'release') network.release(each[1]);
    else if (each[0] === 'partition') network.partition((at) => (each[1] >> at) % 2 === 1);
    else if (each[0] === 'settle') network.settle(pick);
    else if (each[1] === each[2]) continue;
    else if (each[0] === 'connect') network.connect(each[1], each[2]);
    else if (each[0] === 'sever') network.sever(each[1], each[2], each[3], each[4]);
    else network.deliver(each[1], each[2]);
  }
  network.heal(pick, network.ownersForSure);
  return network;
}

const RUNS = 500;

describe('claims of one name by four nodes, with channels that break and come back', () => {
  test.prop([history], { numRuns: RUNS })(
    'never make two owners that are connected, and settle once all is quiet',
    (events) => {
      expect(run(events).violation).toBeUndefined();
    },
  );

  test('meet each other in many of these histories: there is something to decide', () => {
    const networks = fc.sample(history, { numRuns: 300, seed: 7 }).map((events) => run(events));
    expect(networks.filter(({ conflicts }) => conflicts > 0).length).toBeGreaterThan(10);
    expect(networks.filter(({ refusals }) => refusals > 0).length).toBeGreaterThan(50);
    expect(networks.filter(({ owners }) => owners === 1).length).toBeGreaterThan(100);
  });

  test.each([
    [
      'each node prefers the later claim where the life is odd',
      (a: Stamp, b: Stamp) => (Number(a.life.slice(1)) % 2 === 1 ? a.at > b.at : a.at < b.at),
    ],
    ['no claim goes first', () => false],
    ['every claim goes first', () => true],
  ])('are decided wrongly by a rule that nodes apply differently: %s', (_what, rule) => {
    const networks = fc.sample(history, { numRuns: 300, seed: 7 }).map((events) => run(events, rule));
    expect(networks.some(({ violation }) => violation !== undefined)).toBe(true);
  });

  const stamp = fc.record({ at: fc.nat(3), sequence: fc.nat(3), life: fc.constantFrom('a', 'b', 'c') });

  test.prop([stamp, stamp, stamp])(
    'are ordered: of two different stamps one is earlier, and the order is transitive',
    (a, b, c) => {
      const areEqual = a.at === b.at && a.sequence === b.sequence && a.life === b.life;
      expect(Number(isEarlier(a, b)) + Number(isEarlier(b, a))).toBe(areEqual ? 0 : 1);
      if (isEarlier(a, b) && isEarlier(b, c)) expect(isEarlier(a, c)).toBe(true);
    },
  );
});
