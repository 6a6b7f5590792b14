import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Mutant, QuorumNetwork } from '../../helpers/quorum-network.js';

const NODES = 3;
const MIN_NODES = 2;

const node = fc.nat(NODES - 1);

const fault = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('cut' as const), node, node) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('join' as const), node, node) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('notice' as const), node, node) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('isolate' as const), node) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('blink' as const), node, node) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('partition' as const), fc.nat(2 ** NODES - 1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('release' as const), node) },
);

/** Faults, each with the time that passes before it, in ticks of 100 ms. */
const history = fc.record({
  seed: fc.integer(),
  faults: fc.array(fc.tuple(fc.nat(50), fault), { minLength: 20, maxLength: 60, size: 'max' }),
});

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

function run({ seed, faults }: History, mutant?: Mutant): QuorumNetwork {
  const network = new QuorumNetwork(NODES, MIN_NODES, seed, mutant);
  network.run(30);
  for (const [ticks, each] of faults) {
    network.run(ticks);
    if (each[0] === 'partition') network.partition((at) => (each[1] >> at) % 2 === 1);
    else if (each[0] === 'restart') network.restart(each[1]);
    else if (each[0] === 'release') network.release(each[1]);
    else if (each[0] === 'isolate') network.isolate(each[1]);
    else if (each[1] === each[2]) continue;
    else if (each[0] === 'notice') network.notice(each[1], each[2]);
    else if (each[0] === 'blink') network.blink(each[1], each[2]);
    else network.setCut(each[1], each[2], each[0] === 'cut');
  }
  network.partition(() => true);
  network.run(400);
  return network;
}

describe('a name claimed by three nodes with minNodes 2, over links that are cut, delay and come back', () => {
  test.prop([history], { numRuns: 200 })('never has two owners at the same time', (events) => {
    expect(run(events).violation).toBeUndefined();
  });

  test.prop([history], { numRuns: 30 })('has an owner once all nodes have been connected for some time', (events) => {
    expect(run(events).owners).toBe(1);
  });

  test('changes its owner in these histories: there is something to keep apart', () => {
    const networks = fc.sample(history, { numRuns: 50, seed: 7 }).map((events) => run(events));
    const sum = (count: (network: QuorumNetwork) => number): number =>
      networks.reduce((total, network) => total + count(network), 0);
    expect(sum(({ registrations }) => registrations)).toBeGreaterThan(200);
    expect(sum(({ losses }) => losses)).toBeGreaterThan(50);
  });

  test.each([
    ['the arrival of an answer counts, not the time of its question', 'counts_arrivals'],
    ['the claims of a lost node are not reserved', 'reserves_nothing'],
    ['a node confirms a claim although it has accepted another one', 'confirms_everything'],
    ['a node counts as soon as it has started', 'counts_after_restart'],
  ] as const)('has two owners at the same time in some history if %s', (_what, mutant) => {
    const isUnique = fc.property(history, (events) => run(events, mutant).violation === undefined);
    expect(fc.check(isUnique, { numRuns: 2000, seed: 7, endOnFailure: true }).failed).toBe(true);
  });
});
