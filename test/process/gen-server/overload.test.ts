import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OverloadPolicy } from '../../../src/process/process.js';
import { recorder } from '../../helpers/servers.js';
import { createWorld, type World } from '../../helpers/test-runtime.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heldMB(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

describe('a process with a full mailbox', () => {
  let world: World = createWorld();

  beforeEach(() => {
    world = createWorld();
  });

  const start = async (overload?: OverloadPolicy) => {
    const { log, behavior } = recorder();
    const ref = await world.GenServer.start(behavior, { mailboxLimit: 2, ...(overload && { overload }) });
    return { log, ref };
  };
  const dropped = () => world.Observer.getServerStats()[0]?.dropped;
  const full = { code: 'NOEX_MAILBOX_FULL', limit: 2 };

  test('tells the sender, when nothing else was said', async () => {
    const { log, ref } = await start();
    for (const message of ['a', 'b']) world.GenServer.cast(ref, message);
    expect(() => world.GenServer.cast(ref, 'c')).toThrow(expect.objectContaining(full));
    await world.settle();
    expect(log).toEqual(['cast a', 'cast b']);
    expect(dropped()).toBeUndefined();
  });

  test('drops what comes, or what has waited longest', async () => {
    for (const [policy, kept] of [
      ['drop_newest', ['cast a', 'cast b']],
      ['drop_oldest', ['cast d', 'info e']],
    ] as const) {
      world = createWorld();
      const { log, ref } = await start(policy);
      for (const message of ['a', 'b', 'c', 'd']) world.GenServer.cast(ref, message);
      world.GenServer.info(ref, 'e');
      expect(dropped()).toBe(3);
      expect(world.Observer.getServerStats()[0]?.queueSize).toBe(2);
      await world.settle();
      expect(log).toEqual(kept);
      expect(world.told('messages_handled').reduce((sum, fact) => sum + (fact.dropped ?? 0), 0)).toBe(3);
    }
  });

  test('leaves no caller without an answer', async () => {
    const oldest = await start('drop_oldest');
    const first = world.GenServer.call(oldest.ref, 'a');
    for (const message of ['b', 'c']) world.GenServer.cast(oldest.ref, message);
    await expect(first).rejects.toMatchObject(full);
    const newest = await start('drop_newest');
    for (const message of ['b', 'c']) world.GenServer.cast(newest.ref, message);
    await expect(world.GenServer.call(newest.ref, 'a')).rejects.toMatchObject(full);
    expect(world.Observer.getServerStats().map((row) => row.dropped)).toEqual([1, 1]);
    await world.settle();
    world.clock.advance(10_000);
    expect(world.clock.pending).toBe(0);
    expect(await world.GenServer.call(newest.ref, 'd')).toBe('re: d');
  });

  test('still stops when it is asked to', async () => {
    const { log, ref } = await start('drop_oldest');
    world.GenServer.cast(ref, 'a');
    const stopped = world.GenServer.stop(ref);
    world.GenServer.cast(ref, 'b'); // in place of `a`
    world.GenServer.cast(ref, 'c'); // the oldest is the request to stop now: this is dropped
    await stopped;
    expect(log).toEqual(['terminate normal']);
  });

  test('counts what a timer brings too late', async () => {
    const { log, ref } = await start();
    world.GenServer.sendAfter(ref, 'late', 1000);
    for (const message of ['a', 'b']) world.GenServer.cast(ref, message);
    world.clock.advance(1000);
    await world.settle();
    expect(log).toEqual(['cast a', 'cast b']);
    expect(dropped()).toBe(1);
  });

  test.each([
    ['drop_oldest', 10_000_000],
    ['drop_newest', 10_000_000],
    ['reject', 100_000],
  ] as const)('takes no more memory in a flood than its limit (%s)', async (overload, casts) => {
    const { behavior } = recorder();
    const limited = { mailboxLimit: 100, overload };
    const ref = await world.GenServer.start({ ...behavior, handleCast: () => null }, limited);
    const before = heldMB();
    let refused = 0;
    for (let n = 0; n < casts; n += 1) {
      try {
        world.GenServer.cast(ref, 'x');
      } catch {
        refused += 1;
      }
    }
    expect(heldMB() - before).toBeLessThan(10);
    const dropped = () => world.Observer.getServerStats()[0]?.dropped ?? 0;
    expect(dropped() + refused).toBe(casts - 100);
    expect(world.Observer.getServerStats()).toMatchObject([{ queueSize: 100 }]);
    await world.settle();
    expect(dropped() + refused).toBe(casts - 100);
    expect(world.Observer.getServerStats()).toMatchObject([{ queueSize: 0, messageCount: 100 }]);
  });

  test('has a policy that there is', async () => {
    const overload = 'block' as OverloadPolicy;
    await expect(world.GenServer.start(recorder().behavior, { overload })).rejects.toThrow('overload');
  });
});
