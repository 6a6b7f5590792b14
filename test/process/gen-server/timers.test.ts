import { beforeEach, describe, expect, test } from 'vitest';
import { counter, gate, recorder } from '../../helpers/servers.js';
import { createWorld, type World } from '../../helpers/test-runtime.js';

describe('sendAfter', () => {
  let world: World = createWorld();

  beforeEach(() => {
    world = createWorld();
  });

  test('casts the message when its time has come', async () => {
    const { GenServer } = world;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    GenServer.sendAfter(ref, 'later', 100);
    await world.pass(99);
    expect(log).toEqual([]);
    await world.pass(1);
    expect(log).toEqual(['cast later']);
  });

  test('can be cancelled until then, once', async () => {
    const { GenServer, clock } = world;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    const timer = GenServer.sendAfter(ref, 'never', 100);
    expect(GenServer.cancelTimer(timer)).toBe(true);
    expect(GenServer.cancelTimer(timer)).toBe(false);
    await world.pass(100);
    expect(log).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('cannot be cancelled when it has been sent', async () => {
    const { GenServer } = world;
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendAfter(ref, 'inc', 100);
    await world.pass(100);
    expect(GenServer.cancelTimer(timer)).toBe(false);
    expect(await GenServer.call(ref, 'get')).toBe(1);
  });

  test('goes with its process', async () => {
    const { GenServer, clock } = world;
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendAfter(ref, 'inc', 100);
    await GenServer.stop(ref);
    expect(clock.pending).toBe(0);
    expect(GenServer.cancelTimer(timer)).toBe(false);
  });

  test('drops the message when the mailbox is full', async () => {
    const { GenServer } = world;
    const door = gate();
    const ref = await GenServer.start(
      { ...counter, handleCast: (_message, count) => door.opened.then(() => count + 1) },
      { mailboxLimit: 1 },
    );
    GenServer.cast(ref, 'inc');
    await world.settle();
    GenServer.cast(ref, 'inc');
    GenServer.sendAfter(ref, 'inc', 10);
    await world.pass(10);
    door.open();
    await world.settle();
    expect(await GenServer.call(ref, 'get')).toBe(2);
  });

  test('is a timer that only its own runtime knows', async () => {
    const { GenServer } = world;
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendAfter(ref, 'inc', 10);
    expect(createWorld().GenServer.cancelTimer(timer)).toBe(false);
    expect(GenServer.cancelTimer({ processId: ref.id })).toBe(false);
    expect(GenServer.cancelTimer(timer)).toBe(true);
  });
});
