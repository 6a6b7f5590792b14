import { beforeEach, describe, expect, test } from 'vitest';
import { counter, gate, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

describe('sendAfter', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test('casts the message when its time has come', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    GenServer.sendAfter(ref, 'later', 100);
    await runtime.advance(99);
    expect(log).toEqual([]);
    await runtime.advance(1);
    expect(log).toEqual(['cast later']);
  });

  test('can be cancelled until then, once', async () => {
    const { GenServer, clock } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    const timer = GenServer.sendAfter(ref, 'never', 100);
    expect(GenServer.cancelTimer(timer)).toBe(true);
    expect(GenServer.cancelTimer(timer)).toBe(false);
    await runtime.advance(100);
    expect(log).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('cannot be cancelled when it has been sent', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendAfter(ref, 'inc', 100);
    await runtime.advance(100);
    expect(GenServer.cancelTimer(timer)).toBe(false);
    expect(await GenServer.call(ref, 'get')).toBe(1);
  });

  test('goes with its process', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendAfter(ref, 'inc', 100);
    await GenServer.stop(ref);
    expect(clock.pending).toBe(0);
    expect(GenServer.cancelTimer(timer)).toBe(false);
  });

  test('drops the message when the mailbox is full', async () => {
    const { GenServer } = runtime;
    const door = gate();
    const ref = await GenServer.start(
      { ...counter, handleCast: (_message, count) => door.opened.then(() => count + 1) },
      { mailboxLimit: 1 },
    );
    GenServer.cast(ref, 'inc');
    await runtime.settle();
    GenServer.cast(ref, 'inc');
    GenServer.sendAfter(ref, 'inc', 10);
    await runtime.advance(10);
    door.open();
    await runtime.settle();
    expect(await GenServer.call(ref, 'get')).toBe(2);
  });

  test('is a timer that only its own runtime knows', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendAfter(ref, 'inc', 10);
    expect(createTestRuntime().GenServer.cancelTimer(timer)).toBe(false);
    expect(GenServer.cancelTimer({ processId: ref.id })).toBe(false);
    expect(GenServer.cancelTimer(timer)).toBe(true);
  });
});
