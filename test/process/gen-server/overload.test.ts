import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OverloadPolicy } from '../../../src/process/bounded-mailbox.js';
import { recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heldMB(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

describe('a process with a full mailbox', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  const start = async (overload?: OverloadPolicy) => {
    const { log, behavior } = recorder();
    const ref = await runtime.GenServer.start(behavior, { mailboxLimit: 2, ...(overload && { overload }) });
    return { log, ref };
  };
  const dropped = () => runtime.Observer.getServerStats()[0]?.dropped;
  const full = { code: 'NOEX_MAILBOX_FULL', limit: 2 };

  test('throws to the sender by default, and counts what it rejected', async () => {
    const { log, ref } = await start();
    for (const message of ['a', 'b']) runtime.GenServer.cast(ref, message);
    expect(() => runtime.GenServer.cast(ref, 'c')).toThrow(expect.objectContaining(full));
    await expect(runtime.GenServer.call(ref, 'd')).rejects.toMatchObject(full);
    await runtime.settle();
    expect(log).toEqual(['cast a', 'cast b']);
    expect(runtime.Observer.getServerStats()[0]).toMatchObject({ rejected: 2, messageCount: 2 });
    expect(dropped()).toBeUndefined();
  });

  test('drops what comes, or what has waited longest', async () => {
    for (const [policy, kept] of [
      ['drop_newest', ['cast a', 'cast b']],
      ['drop_oldest', ['cast d', 'info e']],
    ] as const) {
      runtime = createTestRuntime();
      const { log, ref } = await start(policy);
      for (const message of ['a', 'b', 'c', 'd']) runtime.GenServer.cast(ref, message);
      runtime.GenServer.info(ref, 'e');
      expect(dropped()).toBe(3);
      expect(runtime.Observer.getServerStats()[0]?.queueSize).toBe(2);
      await runtime.settle();
      expect(log).toEqual(kept);
      expect(runtime.eventsOf('messages_handled').reduce((sum, fact) => sum + (fact.dropped ?? 0), 0)).toBe(3);
    }
  });

  test('leaves no caller without an answer', async () => {
    const oldest = await start('drop_oldest');
    const first = runtime.GenServer.call(oldest.ref, 'a');
    for (const message of ['b', 'c']) runtime.GenServer.cast(oldest.ref, message);
    await expect(first).rejects.toMatchObject(full);
    const newest = await start('drop_newest');
    for (const message of ['b', 'c']) runtime.GenServer.cast(newest.ref, message);
    await expect(runtime.GenServer.call(newest.ref, 'a')).rejects.toMatchObject(full);
    expect(runtime.Observer.getServerStats().map((row) => row.dropped)).toEqual([1, 1]);
    await runtime.settle();
    runtime.clock.advance(10_000);
    expect(runtime.clock.pending).toBe(0);
    expect(await runtime.GenServer.call(newest.ref, 'd')).toBe('re: d');
  });

  test('still stops when it is asked to', async () => {
    const { log, ref } = await start('drop_oldest');
    runtime.GenServer.cast(ref, 'a');
    const stopped = runtime.GenServer.stop(ref);
    runtime.GenServer.cast(ref, 'b'); // in place of `a`
    runtime.GenServer.cast(ref, 'c'); // the oldest is the request to stop now: this is dropped
    await stopped;
    expect(log).toEqual(['terminate normal']);
  });

  test('counts what a timer brings too late', async () => {
    const { log, ref } = await start();
    runtime.GenServer.sendAfter(ref, 'late', 1000);
    for (const message of ['a', 'b']) runtime.GenServer.cast(ref, message);
    runtime.clock.advance(1000);
    await runtime.settle();
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
    const ref = await runtime.GenServer.start({ ...behavior, handleCast: () => null }, limited);
    const before = heldMB();
    let refused = 0;
    for (let n = 0; n < casts; n += 1) {
      try {
        runtime.GenServer.cast(ref, 'x');
      } catch {
        refused += 1;
      }
    }
    expect(heldMB() - before).toBeLessThan(10);
    const dropped = () => runtime.Observer.getServerStats()[0]?.dropped ?? 0;
    expect(dropped() + refused).toBe(casts - 100);
    expect(runtime.Observer.getServerStats()).toMatchObject([{ queueSize: 100 }]);
    await runtime.settle();
    expect(dropped() + refused).toBe(casts - 100);
    expect(runtime.Observer.getServerStats()).toMatchObject([{ queueSize: 0, messageCount: 100 }]);
  });

  test('has a policy that there is', async () => {
    const overload = 'block' as OverloadPolicy;
    await expect(runtime.GenServer.start(recorder().behavior, { overload })).rejects.toThrow('overload');
  });
});
