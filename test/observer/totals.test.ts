import { describe, expect, test } from 'vitest';
import { boom, counter } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

const totals = (runtime: ReturnType<typeof createTestRuntime>) => runtime.Observer.getSnapshot().totals;

describe('the totals of a node', () => {
  test('keep what ended processes have done, whenever they were read', async () => {
    const runtime = createTestRuntime();
    const { GenServer } = runtime;
    for (let i = 0; i < 3; i += 1) {
      const ref = await GenServer.start(counter);
      for (let n = 0; n < 5; n += 1) GenServer.cast(ref, 'inc');
      await GenServer.stop(ref);
    }
    expect(totals(runtime)).toMatchObject({ started: 3, exited: 3, handled: 15, crashed: 0 });
    expect(runtime.Observer.getSnapshot()).toMatchObject({ totalMessages: 0, processCount: 0, serverCount: 0 });
  });

  test('count what a full mailbox refuses or drops, and what a process leaves behind', async () => {
    const runtime = createTestRuntime();
    const { GenServer } = runtime;
    const rejecting = await GenServer.start(counter, { mailboxLimit: 1, name: 'small' });
    const dropping = await GenServer.start(counter, { mailboxLimit: 1, overload: 'drop_newest' });
    for (let i = 0; i < 4; i += 1) {
      GenServer.cast(dropping, 'inc');
      try {
        GenServer.cast(rejecting, 'inc');
      } catch {
        // The mailbox is full.
      }
    }
    GenServer.kill(rejecting);
    expect(totals(runtime)).toMatchObject({ rejected: 3, dropped: 3, unhandled: 1 });
    expect(totals(runtime)?.named).toMatchObject([{ name: 'small', rejected: 3, dropped: 0, unhandled: 1 }]);
  });

  test('of a name survive crashes and restarts', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor, Registry } = runtime;
    const behavior = {
      ...counter,
      handleInfo: (_message: unknown, _state: number): number => {
        throw boom;
      },
    };
    await Supervisor.start({
      children: [{ id: 'billing', start: () => GenServer.start(behavior, { name: 'billing' }) }],
    });
    for (let i = 0; i < 2; i += 1) {
      const ref = Registry.lookup('billing');
      await GenServer.call(ref as never, 'get' as never);
      GenServer.info(ref, 'crash');
      await runtime.settle();
    }
    expect(totals(runtime)?.named).toMatchObject([
      { kind: 'name', name: 'billing', started: 3, crashed: 2, restarted: 2, exited: 2, handled: 2 },
    ]);
    expect(totals(runtime)).toMatchObject({ started: 4, restarted: 2 });
  });

  test('are added up under a label for processes without a name, and the label stands in their rows', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Observer } = runtime;
    const refs = await Promise.all([1, 2].map(() => GenServer.start(counter, { label: 'session' })));
    for (const ref of refs) await GenServer.call(ref, 'get');
    expect(totals(runtime)?.named).toMatchObject([{ kind: 'label', name: 'session', started: 2, handled: 2 }]);
    expect(Observer.getServerStats()).toMatchObject([{ label: 'session' }, { label: 'session' }]);
    expect(runtime.eventsOf('process_spawned')).toMatchObject([{ label: 'session' }, { label: 'session' }]);
  });

  test('have a label that is a text', async () => {
    const { GenServer } = createTestRuntime();
    for (const label of ['', 7]) {
      await expect(GenServer.start(counter, { label: label as string })).rejects.toMatchObject({
        code: 'NOEX_INVALID_ARGUMENT',
        field: 'label',
      });
    }
  });
});
