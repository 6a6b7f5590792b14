import { describe, expect, test } from 'vitest';
import { sentSpec } from '../../src/distributed-supervisor/sent-spec.js';
import type { ChildLocation } from '../../src/distributed-supervisor/supervision-protocol.js';
import { NoLeaderError } from '../../src/errors.js';
import { LedChildren } from '../helpers/led-children.js';

const worker = (id: string, options: object = {}) => ({ id, behavior: 'worker', ...options });
const children = [worker('x'), worker('y'), worker('z')];
const calm = { maxRestarts: 100, withinMs: 5000 };
const at = (node: string, processId: string): ChildLocation => ({ node, life: `${node}1`, processId });

/** A request, and how it was settled. */
function request() {
  const outcomes: unknown[] = [];
  return {
    outcomes,
    resolve: (location?: ChildLocation) => void outcomes.push(location?.node ?? 'done'),
    reject: (error: Error) => void outcomes.push(error.name),
  };
}

describe('the leader of a distributed supervisor', () => {
  test('starts children in order once all nodes have answered', () => {
    const led = new LedChildren({ children, nodeSelector: 'round_robin' });
    led.leader.begin(sentSpec, true);
    led.silent.add('B');
    led.up('B');
    led.obey('A');
    expect(led.log).toEqual([]);
    led.silent.delete('B');
    led.obey('B');
    expect(led.log).toEqual(['+x@A', '+y@B', '+z@A']);
    expect(led.effects).toEqual([{ type: 'all_started' }]);
  });

  test.each([
    ['one_for_one', ['-y@A', '+y@A']],
    ['rest_for_one', ['-y@A', '-z@A', '+y@A', '+z@A']],
    ['one_for_all', ['-y@A', '-z@A', '-x@A', '+x@A', '+y@A', '+z@A']],
  ] as const)('restarts the group of a failed child with %s', (strategy, expected) => {
    const led = LedChildren.start({ children, strategy });
    led.log.length = 0;
    led.exit('y');
    expect(led.log).toEqual(expected);
  });

  test('removes a child that ended from the list of simple_one_for_one', () => {
    const led = LedChildren.start({
      strategy: 'simple_one_for_one',
      childTemplate: { behavior: 'worker', restart: 'transient' },
    });
    const started = request();
    led.leader.startChild('d', sentSpec(worker('d', { restart: 'transient' })), started);
    led.act();
    led.exit('d');
    expect(led.places).toEqual({ d: 'A' });
    led.exit('d', 'normal');
    expect([...led.leader.children]).toEqual([]);
    expect(started.outcomes).toEqual(['']);
  });

  test.each([
    ['permanent', 'normal', true],
    ['permanent', 'killed', true],
    ['transient', 'shutdown', false],
    ['transient', 'killed', true],
    ['temporary', 'killed', false],
  ] as const)('a %s child that ends with %s restarts: %s', (restart, reason, isRestarted) => {
    const led = LedChildren.start({ children: [worker('x', { restart })] });
    led.exit('x', reason);
    expect('x' in led.places).toBe(isRestarted);
  });

  test.each([
    ['never', 'x', false],
    ['any_significant', 'x', true],
    ['all_significant', 'x', false],
  ] as const)('with %s, the end of one of two significant children shuts down: %s', (autoShutdown, id, isDown) => {
    const significant = { restart: 'transient', significant: true } as const;
    const specs =
      autoShutdown === 'never' ? children : [worker('x', significant), worker('y', significant), worker('z')];
    const led = LedChildren.start({ children: specs, autoShutdown });
    led.exit(id, 'normal');
    expect(led.effects.some(({ type }) => type === 'emptied')).toBe(isDown);
    if (autoShutdown !== 'all_significant') return;
    led.exit('y', 'normal');
    expect(led.effects.at(-1)?.type).toBe('emptied');
    expect(led.places).toEqual({});
  });

  test('gives up after too many restarts, and stops all children in reverse order', () => {
    const led = LedChildren.start({ children, restartIntensity: { maxRestarts: 1, withinMs: 1000 } });
    led.exit('x');
    led.log.length = 0;
    led.exit('x');
    expect(led.log).toEqual(['-x@A', '-z@A', '-y@A']);
    expect(led.effects.map(({ type }) => type)).toEqual(['all_started', 'gave_up', 'emptied']);
  });

  test('forgets restarts after the time window', () => {
    const led = LedChildren.start({ children, restartIntensity: { maxRestarts: 1, withinMs: 1000 } });
    led.exit('x');
    led.advance(1001);
    led.exit('x');
    expect(led.places).toEqual({ x: 'A', y: 'A', z: 'A' });
  });

  test('waits longer before each further restart', () => {
    const backoff = { minMs: 100, maxMs: 1000 };
    const led = LedChildren.start({ children, restartIntensity: { ...calm, backoff } });
    led.exit('x');
    expect(led.places['x']).toBe('A');
    led.exit('x');
    expect(led.wakeAt).toBe(100);
    led.advance(99);
    expect(led.places['x']).toBeUndefined();
    led.advance(1);
    expect(led.places['x']).toBe('A');
  });

  test('counts the loss of a node once, however many children ran there', () => {
    const options = { children, nodeSelector: { node: 'B' }, restartIntensity: { maxRestarts: 1, withinMs: 60_000 } };
    const led = LedChildren.start(options, ['B']);
    led.down('B');
    led.advance(1000);
    expect(led.leader.restartAges).toEqual([0]);
    led.up('B', 'B2');
    expect(led.places).toEqual({ x: 'B', y: 'B', z: 'B' });
  });

  test('waits for a lost node, but not for a life that has ended', () => {
    const led = LedChildren.start({ children: [worker('x')], nodeSelector: 'round_robin', failoverDelay: 500 }, ['B']);
    led.leader.startChild('d', sentSpec(worker('d')), request());
    led.act();
    expect(led.places).toEqual({ x: 'A', d: 'B' });
    led.down('B');
    led.advance(499);
    expect(led.places).toEqual({ x: 'A' });
    led.advance(1);
    expect(led.places).toEqual({ x: 'A', d: 'A' });
    led.up('B');
    led.exit('d');
    led.ended.add('B1');
    led.leader.startChild('e', sentSpec(worker('e', { nodeSelector: { node: 'B' } })), request());
    led.act();
    led.down('B');
    expect(led.wakeAt).toBeUndefined();
    expect(led.leader.children.get('e')?.state.type).toBe('down');
  });

  test('starts a lost child elsewhere when its time comes while the leader decides', () => {
    for (let early = 0; early <= 6; early += 1) {
      const led = LedChildren.start({ children: [worker('x'), worker('y')], nodeSelector: 'round_robin' }, ['B']);
      expect(led.places).toEqual({ x: 'A', y: 'B' });
      led.down('B');
      led.readingMs = 1;
      // A timer may ring somewhat early.
      led.now = 1000 - early;
      led.act();
      while (led.wakeAt !== undefined) {
        led.now = Math.max(led.now, led.wakeAt);
        led.act();
      }
      expect(led.places).toEqual({ x: 'A', y: 'A' });
    }
  });

  test('does not call itself again and again while a node has not answered', () => {
    const led = LedChildren.start({ children: [worker('x', { nodeSelector: { node: 'B' } })] }, ['B']);
    led.silent.add('C');
    led.up('C');
    led.down('B');
    expect(led.wakeAt).toBe(1000);
    led.advance(5000);
    expect(led.wakeAt).toBeUndefined();
  });

  test('starts a child elsewhere when its node returned and was lost again before it had answered', () => {
    const led = LedChildren.takeOver({}, { x: { location: at('B', 'p7') } });
    led.silent.add('B');
    led.up('B');
    led.obey('A');
    led.down('B');
    led.advance(1000);
    expect(led.places).toEqual({ x: 'A' });
  });

  test('tries other nodes when one has no such behavior, and fails when none has it', () => {
    const led = new LedChildren({ children: [worker('x')], nodeSelector: 'round_robin' });
    led.failures.set('x@A', 'unusable');
    led.leader.begin(sentSpec, true);
    led.up('B');
    led.obey('A');
    expect(led.log).toEqual(['!x@A', '+x@B']);
    const alone = new LedChildren({ children: [worker('x')] });
    alone.failures.set('x@A', 'unusable');
    alone.leader.begin(sentSpec, true);
    alone.obey('A');
    expect(alone.effects[0]).toMatchObject({ type: 'start_failed', error: { name: 'BehaviorNotRegisteredError' } });
  });

  test('gives up, and stops the siblings, when a selector function always fails', () => {
    let isBroken = false;
    const nodeSelector = (): string => {
      if (isBroken) throw new Error('no idea');
      return 'A';
    };
    const led = LedChildren.start({ children: [worker('x'), worker('y', { nodeSelector })] });
    isBroken = true;
    led.exit('y', 'shutdown', true);
    for (let turns = 0; turns < 5; turns += 1) led.advance(0);
    expect(led.effects.map(({ type }) => type)).toEqual(['all_started', 'gave_up', 'emptied']);
    expect(led.places).toEqual({});
  });

  test('tries again when the name of a restarting child is taken, without counting it', () => {
    const led = LedChildren.start({ children: [worker('x', { name: 'x' })] });
    led.failures.set('x@A', 'name_taken');
    led.exit('x');
    led.advance(250);
    led.advance(250);
    expect(led.leader.restartAges).toHaveLength(1);
    led.failures.clear();
    led.advance(250);
    expect(led.places).toEqual({ x: 'A' });
  });
});

describe('the leader, when nodes report children', () => {
  test('stops a duplicate, and keeps the child that it knows', () => {
    const led = LedChildren.start({ children: [worker('x')] });
    led.leader.nodeUp('B', 'B1');
    led.obey('B', { p9: 'x' });
    expect(led.log.at(-1)).toBe('-x@B');
    expect(led.places).toEqual({ x: 'A' });
  });

  test('adopts a child that it does not know', () => {
    const led = LedChildren.start({});
    led.leader.nodeUp('B', 'B1');
    led.obey('B', { p9: 'd' });
    expect(led.leader.children.get('d')?.state).toEqual({ type: 'running', at: at('B', 'p9') });
  });

  test.each(['permanent', 'temporary'] as const)('stops a %s child that was terminated meanwhile', (restart) => {
    const led = LedChildren.start({ children: [worker('x', { restart, nodeSelector: { node: 'B' } })] }, ['B']);
    led.down('B');
    const child = led.leader.children.get('x');
    const ended = request();
    if (child !== undefined) led.leader.terminateChild(child, ended);
    led.act();
    expect(ended.outcomes).toEqual(['done']);
    led.leader.nodeUp('B', 'B1');
    led.obey('B', { p101: 'x' });
    expect(led.places).toEqual({});
  });
});

describe('the leader, when it takes over', () => {
  test('keeps the children that nodes report, and restarts the others', () => {
    const led = LedChildren.takeOver(
      { restartIntensity: calm },
      { x: { location: at('B', 'p1'), restarts: 2 }, y: { location: at('B', 'p2') }, z: {} },
    );
    led.leader.nodeUp('B', 'B1');
    led.obey('A');
    expect(led.log).toEqual([]);
    led.obey('B', { p1: 'x' });
    expect(led.log).toEqual(['+y@A', '+z@A']);
    expect(led.places).toEqual({ x: 'B', y: 'A', z: 'A' });
    expect(led.leader.children.get('x')?.restarts).toBe(2);
  });

  test('does not restart a terminated child whose process is still ending', () => {
    const led = LedChildren.takeOver({}, { x: { location: at('B', 'p1'), isWanted: false } });
    led.silent.add('B');
    led.up('B');
    led.obey('A');
    led.obey('B', { p1: 'x' });
    led.exit('x', 'shutdown');
    expect(led.log).toEqual(['-x@B']);
    expect(led.leader.children.get('x')?.isWanted).toBe(false);
  });

  test('counts the restarts of the earlier leader by their ages', () => {
    const options = { restartIntensity: { maxRestarts: 2, withinMs: 1000 } };
    const led = LedChildren.takeOver(options, { x: {} }, [900, 100]);
    led.obey('A');
    expect(led.leader.restartAges).toEqual([900, 100]);
    led.advance(200);
    led.exit('x');
    expect(led.effects).toEqual([]);
    led.exit('x');
    expect(led.effects[0]?.type).toBe('gave_up');
  });

  test('waits for the processes that nodes have not reported before it has stopped', () => {
    const led = LedChildren.takeOver({}, { x: { location: at('B', 'p1') } });
    led.silent.add('B');
    led.up('B');
    led.obey('A');
    led.leader.shutDown();
    led.act();
    expect(led.effects).toEqual([]);
    led.silent.delete('B');
    led.obey('B', { p1: 'x' });
    expect(led.log).toEqual(['-x@B']);
    expect(led.effects).toEqual([{ type: 'emptied', isRequested: true }]);
  });
});

describe('requests about children', () => {
  test('reject when the child is terminated before it runs', () => {
    const led = LedChildren.start({}, ['B']);
    led.silent.add('B');
    const started = request();
    led.leader.startChild('d', sentSpec(worker('d', { nodeSelector: { node: 'B' } })), started);
    led.act();
    const ended = request();
    const child = led.leader.children.get('d');
    if (child !== undefined) led.leader.terminateChild(child, ended);
    led.down('B');
    expect(started.outcomes).toEqual(['ChildNotFoundError']);
    expect(ended.outcomes).toEqual(['done']);
  });

  test('reject when another instance leads', () => {
    const led = LedChildren.start({}, ['B']);
    led.silent.add('B');
    const started = request();
    led.leader.startChild('d', sentSpec(worker('d', { nodeSelector: { node: 'B' } })), started);
    led.act();
    led.leader.abandonRequests(new NoLeaderError('jobs'));
    expect(started.outcomes).toEqual(['NoLeaderError']);
  });

  test('reject when no node is suitable', () => {
    const led = LedChildren.start({});
    const started = request();
    led.leader.startChild('d', sentSpec(worker('d', { nodeSelector: { node: 'B' } })), started);
    led.act();
    expect(started.outcomes).toEqual(['NoSuitableNodeError']);
    expect(led.leader.children.get('d')).toBeUndefined();
  });
});
