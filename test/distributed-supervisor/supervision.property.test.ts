import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { DistributedSupervisorOptions } from '../../src/distributed-supervisor/distributed-options.js';
import { sentSpec } from '../../src/distributed-supervisor/sent-spec.js';
import { isEarlier, type Stamp } from '../../src/remote/names/claim.js';
import { runsOf } from '../helpers/property-runs.js';
import { type Defects, SupervisionNetwork } from '../helpers/supervision-network.js';

const NODES = 4;
const node = fc.nat(NODES - 1);
const kept = fc.nat(6);
const childId = fc.constantFrom('x', 'y', 't', 'd1', 'd2');
const restart = fc.constantFrom('permanent' as const, 'transient' as const, 'temporary' as const);

const step = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant('deliver' as const), node, node, fc.integer({ min: 1, max: 6 })) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('progress' as const), node, fc.nat(5)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('crash' as const), node, fc.nat(5), fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('start' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('stop' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('kill_instance' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('start_child' as const), node, childId, restart) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('terminate_child' as const), node, childId) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart_child' as const), node, childId) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('advance' as const), fc.nat(1500)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('leave' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('rejoin' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('kill' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart' as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('sever' as const), node, node, kept, kept) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('partition' as const), fc.nat(2 ** NODES - 1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('split' as const), fc.nat(2 ** NODES - 1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('unite' as const)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('connect' as const), node, node) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('settle' as const)) },
);

const history = fc.record({
  steps: fc.array(step, { maxLength: 120, size: 'max' }),
  seed: fc.nat(),
  strategy: fc.constantFrom('one_for_one' as const, 'one_for_all' as const, 'rest_for_one' as const),
  maxRestarts: fc.constantFrom(3, 1000, 1000, 1000),
  isGentle: fc.boolean(),
});

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;
type Step = History['steps'][number];

function pickFrom(seed: number): (count: number) => number {
  let state = seed | 0;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return count === 0 ? 0 : (state >>> 8) % count;
  };
}

async function apply(network: SupervisionNetwork, each: Step): Promise<void> {
  switch (each[0]) {
    case 'deliver':
      return network.deliver(`n${each[1]}`, `n${each[2]}`, each[3]);
    case 'progress':
      return network.progress(each[1], each[2]);
    case 'crash':
      return network.crash(each[1], each[2], each[3]);
    case 'start':
      return network.startInstance(each[1]);
    case 'stop':
      return network.stopInstance(each[1]);
    case 'kill_instance':
      return network.killInstance(each[1]);
    case 'start_child': {
      const spec = sentSpec({ id: each[2], behavior: 'worker', restart: each[3] });
      return network.request(each[1], { type: 'start_child', childId: each[2], spec });
    }
    case 'terminate_child':
    case 'restart_child':
      return network.request(each[1], { type: each[0], childId: each[2] });
    case 'advance':
      return network.advance(each[1]);
    case 'leave':
      return network.leave(each[1]);
    case 'rejoin':
      return network.rejoin(each[1]);
    case 'kill':
      return network.kill(each[1]);
    case 'restart':
      return network.restart(each[1]);
    case 'sever':
      return network.sever(each[1], each[2], each[3], each[4]);
    case 'partition':
      return network.partition((at) => (each[1] >> at) % 2 === 1);
    case 'split':
      // Long enough for a second leader that starts all children.
      await network.partition((at) => (each[1] >> at) % 2 === 1);
      for (let passed = 0; passed < 3; passed += 1) {
        await network.settle();
        await network.advance(300);
      }
      return network.settle();
    case 'unite':
      for (let a = 0; a < NODES; a += 1) for (let b = 0; b < a; b += 1) await network.connect(a, b);
      return undefined;
    case 'connect':
      return network.connect(each[1], each[2]);
    case 'settle':
      return network.settle();
  }
}

/** The same histories each time. */
function sample(): readonly History[] {
  return fc.sample(history, { numRuns: 150, seed: 7 });
}

async function run({ steps, seed, strategy, maxRestarts, isGentle }: History, defects?: Defects) {
  const options: DistributedSupervisorOptions = {
    strategy,
    nodeSelector: 'random',
    failoverDelay: 200,
    orphanTimeout: 2000,
    restartIntensity: { maxRestarts, withinMs: 5000 },
    children: [
      { id: 'x', behavior: 'worker', name: 'x' },
      { id: 'y', behavior: 'worker', restart: 'transient' },
      { id: 't', behavior: 'worker', restart: 'temporary' },
    ],
  };
  const network = new SupervisionNetwork(NODES, options, pickFrom(seed), defects);
  await network.heal();
  await network.startInstance(0);
  await network.startInstance(1);
  for (const each of steps) {
    if (isGentle && ['sever', 'partition', 'split'].includes(each[0])) continue;
    await apply(network, each);
  }
  await network.heal();
  return network;
}

describe('a distributed supervisor on four nodes, with channels that break and come back', () => {
  test.prop([history], { numRuns: runsOf(500) })(
    'has one leader and runs each child once, when all is connected and quiet',
    async (events) => {
      const { violation } = await run(events);
      expect(violation).toBeUndefined();
    },
  );

  test('has two leaders and two processes of one child in many of these histories: there is something to decide', async () => {
    const networks: SupervisionNetwork[] = [];
    for (const events of sample()) networks.push(await run(events));
    expect(networks.filter(({ conflicts }) => conflicts > 0).length).toBeGreaterThan(10);
    expect(networks.filter(({ duplicates }) => duplicates > 0).length).toBeGreaterThan(10);
  });

  const byParity = (a: Stamp, b: Stamp): boolean =>
    Number(a.life.at(-1)) % 2 === 1 ? isEarlier(b, a) : isEarlier(a, b);

  test.each<readonly [string, Defects]>([
    ['nodes do not agree on the leader', { rule: byParity }],
    ['no leader gives up', { rule: () => true }],
    ['nodes do not report the children that they run', { ignores: ({ type }) => type === 'hosted' }],
    ['nodes do not stop duplicates', { ignores: (message) => message.type === 'stop' && message.isDuplicate }],
    ['leaders do not wait for the lists of the nodes', { isHasty: true }],
  ])('fails if %s', async (_defect, defects) => {
    for (const events of sample()) if ((await run(events, defects)).violation !== undefined) return;
    expect.unreachable('no history shows the defect');
  });
});
