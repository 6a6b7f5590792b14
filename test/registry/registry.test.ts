import { beforeEach, describe, expect, test } from 'vitest';
import { counter } from '../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('the registry', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test('finds a process by the name it was started with, or was given', async () => {
    const { GenServer, Registry } = runtime;
    const a = await GenServer.start(counter, { name: 'a' });
    const b = await GenServer.start(counter);
    Registry.register('b', b);
    expect(Registry.lookup('a')).toEqual(a);
    expect(Registry.whereis('b')).toEqual(b);
    expect(Registry.isRegistered('a')).toBe(true);
    expect(Registry.getNames()).toEqual(['a', 'b']);
    expect(Registry.count()).toBe(2);
  });

  test('gives a ref that can be used', async () => {
    const { GenServer, Registry } = runtime;
    await GenServer.start(counter, { name: 'a' });
    GenServer.cast(Registry.lookup('a'), 'inc');
    expect(await GenServer.call(Registry.lookup('a'), 'get')).toBe(1);
  });

  test('finds supervisors too', async () => {
    const { Supervisor, Registry } = runtime;
    const sup = await Supervisor.start({ name: 'top' });
    expect(Registry.lookup('top')).toEqual(sup);
  });

  test('rejects a name without a process', () => {
    const { Registry } = runtime;
    expect(Registry.whereis('nobody')).toBeUndefined();
    expect(Registry.isRegistered('nobody')).toBe(false);
    expect(() => Registry.lookup('nobody')).toThrow(
      expect.objectContaining({
        name: 'NotRegisteredError',
        code: 'NOEX_NOT_REGISTERED',
        registeredName: 'nobody',
      }),
    );
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    'knows no process called %s unless one is registered',
    async (name) => {
      const { GenServer, Registry } = runtime;
      expect(Registry.isRegistered(name)).toBe(false);
      const ref = await GenServer.start(counter, { name });
      expect(Registry.lookup(name)).toEqual(ref);
    },
  );

  test.each([
    ['stops', 'normal'],
    ['crashes', 'crash'],
  ])('lets a name go when its process %s', async (_how, end) => {
    const { GenServer, Registry } = runtime;
    const ref = await GenServer.start(counter, { name: 'a' });
    if (end === 'crash') GenServer.cast(ref, 'boom');
    else await GenServer.stop(ref);
    await runtime.settle();
    expect(Registry.isRegistered('a')).toBe(false);
    await GenServer.start(counter, { name: 'a' });
    expect(runtime.eventsOf('name_unregistered')).toMatchObject([{ name: 'a', id: ref.id }]);
  });

  test('lets a name be given up and taken by another', async () => {
    const { GenServer, Registry } = runtime;
    const first = await GenServer.start(counter, { name: 'a' });
    Registry.unregister('a');
    Registry.unregister('a');
    const second = await GenServer.start(counter, { name: 'a' });
    await GenServer.stop(first);
    expect(Registry.lookup('a')).toEqual(second);
  });

  test('lets no two processes have one name, nor one process two', async () => {
    const { GenServer, Registry } = runtime;
    const a = await GenServer.start(counter, { name: 'a' });
    const b = await GenServer.start(counter);
    const refusal = { name: 'AlreadyRegisteredError', registeredName: 'a', processId: a.id };
    expect(() => Registry.register('a', b)).toThrow(expect.objectContaining(refusal));
    expect(() => Registry.register('another', a)).toThrow(expect.objectContaining(refusal));
    expect(Registry.getNames()).toEqual(['a']);
  });

  test('gives no name to a process that is gone, and none that is no name', async () => {
    const { GenServer, Registry } = runtime;
    const ref = await GenServer.start(counter);
    expect(() => Registry.register('', ref)).toThrow(
      expect.objectContaining({ name: 'InvalidArgumentError', field: 'name' }),
    );
    await GenServer.stop(ref);
    expect(() => Registry.register('a', ref)).toThrow(expect.objectContaining({ name: 'ServerNotRunningError' }));
    expect(Registry.count()).toBe(0);
  });

  test('keeps the names of a restarted child for the new process', async () => {
    const { GenServer, Supervisor, Registry } = runtime;
    await Supervisor.start({ children: [{ id: 'a', start: () => GenServer.start(counter, { name: 'a' }) }] });
    const before = Registry.lookup('a');
    GenServer.cast(before, 'boom');
    await runtime.settle();
    expect(Registry.lookup('a').id).not.toBe(before.id);
  });
});
