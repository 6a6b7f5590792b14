import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { codeOf } from '../../src/errors.js';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import { freePort } from '../helpers/node-process.js';

/** Real time passes here: polls, sockets. */
const PATIENCE = { timeout: 20_000, interval: 10 };

const tenant = new AsyncLocalStorage<string>();

/** Notes in which context each piece of its code runs. */
function noting(seen: string[]): GenServerBehavior<null, string, string, string, string> {
  const note = (what: string): void => void seen.push(`${what}: ${tenant.getStore() ?? 'none'}`);
  return {
    init: async () => {
      note('init');
      await nextTurn();
      note('init, later');
      return null;
    },
    handleCall: async (message) => {
      note(`call ${message}`);
      await nextTurn();
      note(`call ${message}, later`);
      return [tenant.getStore() ?? 'none', null];
    },
    handleCast: (message) => {
      note(`cast ${message}`);
      return null;
    },
    handleInfo: (message) => {
      note(`info ${message}`);
      return null;
    },
    terminate: () => note('terminate'),
  };
}

describe('the async context of a caller', () => {
  test('reaches no handler: thirty tenants who call one server at once are handled in none of their contexts', async () => {
    const { GenServer } = createRuntime();
    const seen: string[] = [];
    const ref = await tenant.run('starter', () => GenServer.start(noting(seen)));
    const replies = Array.from({ length: 30 }, (_, i) =>
      tenant.run(`tenant ${i}`, () => GenServer.call(ref, String(i)).then((reply) => [reply, tenant.getStore()])),
    );
    expect(await Promise.all(replies)).toEqual(Array.from({ length: 30 }, (_, i) => ['none', `tenant ${i}`]));
    tenant.run('caster', () => GenServer.cast(ref, 'x'));
    tenant.run('informer', () => GenServer.info(ref, 'x'));
    await tenant.run('timer', async () => GenServer.sendAfter(ref, 'after', 0));
    await vi.waitFor(() => expect(seen).toContain('cast after: none'), PATIENCE);
    await tenant.run('stopper', () => GenServer.stop(ref));
    expect(seen.filter((line) => !line.endsWith(': none'))).toEqual([]);
    expect(seen).toHaveLength(2 + 60 + 3 + 1);
  });

  test('reaches no listener, poll, stream, restart or cluster handler', async () => {
    const runtime = createRuntime();
    const { GenServer, Supervisor, Observer, Cluster, ClusterObserver, shutdown } = runtime;
    const seen = new Map<string, Set<string | undefined>>();
    const note = (what: string): void => {
      seen.set(what, (seen.get(what) ?? new Set()).add(tenant.getStore()));
    };
    const worker: GenServerBehavior<number, string, string, number> = {
      init: () => {
        note('init');
        return 0;
      },
      handleCall: (_message, state) => [state, state],
      handleCast: () => {
        throw new Error('boom');
      },
      terminate: () => note('terminate'),
    };
    GenServer.onLifecycleEvent(() => note('GenServer.onLifecycleEvent'));
    Supervisor.onLifecycleEvent(() => note('Supervisor.onLifecycleEvent'));
    Observer.events$.subscribe(() => note('Observer.events$'));
    Observer.subscribe(() => note('Observer.subscribe'));
    Cluster.onStatusChange(() => note('Cluster.onStatusChange'));
    const stopPolling = tenant.run('poller', () => Observer.startPolling(5, () => note('Observer.startPolling')));
    let attempts = 0;
    const sup = await tenant.run('starter', () =>
      Supervisor.start({
        children: [
          {
            id: 'a',
            start: () => {
              attempts += 1;
              if (attempts > 1) note('start at a restart');
              return GenServer.start(worker);
            },
          },
        ],
      }),
    );
    const port = await freePort();
    await tenant.run('joiner', () => Cluster.start({ nodeName: 'a', port }));
    ClusterObserver.snapshot$.subscribe(() => note('ClusterObserver.snapshot$'));
    const stopClusterPolling = tenant.run('poller', () =>
      ClusterObserver.startPolling(5, () => note('ClusterObserver.startPolling')),
    );
    const child = Supervisor.getChild(sup, 'a')?.ref;
    if (child === undefined) throw new Error('the child does not run');
    tenant.run('crasher', () => GenServer.cast({ id: child.id, life: child.life }, 'boom'));
    await vi.waitFor(() => expect(attempts).toBe(2), PATIENCE);
    await tenant.run('reader', () => ClusterObserver.getClusterSnapshot({ useCache: false }));
    tenant.run('reader', () => Observer.getSnapshot());
    await vi.waitFor(() => expect(seen.size).toBe(11), PATIENCE);
    stopPolling();
    stopClusterPolling();
    await tenant.run('stopper', () => shutdown());
    expect([...seen].filter(([, contexts]) => contexts.size > 1 || !contexts.has(undefined))).toEqual([]);
    expect([...seen.keys()].toSorted()).toEqual([
      'Cluster.onStatusChange',
      'ClusterObserver.snapshot$',
      'ClusterObserver.startPolling',
      'GenServer.onLifecycleEvent',
      'Observer.events$',
      'Observer.startPolling',
      'Observer.subscribe',
      'Supervisor.onLifecycleEvent',
      'init',
      'start at a restart',
      'terminate',
    ]);
  });
});

describe('the async context of the caller of start', () => {
  test('reaches neither the cleanup nor the report of an init that ends too late', async () => {
    const seen: unknown[] = [];
    const { GenServer } = createRuntime({
      onError: (error) => seen.push(['onError', codeOf(error), tenant.getStore()]),
    });
    const late = (outcome: () => null): GenServerBehavior<null> => ({
      init: async () => {
        await signal;
        return outcome();
      },
      handleCall: (_message, state) => [null, state],
      handleCast: (_message, state) => state,
      terminate: () => void seen.push(['terminate', tenant.getStore()]),
    });
    let end = (): void => undefined;
    const signal = new Promise<void>((resolve) => {
      end = resolve;
    });
    const fail = (): never => {
      throw new Error('boom');
    };
    for (const outcome of [() => null, fail]) {
      const starting = tenant.run('starter', () => GenServer.start(late(outcome), { initTimeout: 1 }));
      await expect(starting).rejects.toMatchObject({ name: 'InitializationError' });
    }
    end();
    await vi.waitFor(() => expect(seen).toHaveLength(2), PATIENCE);
    expect(seen).toEqual([
      ['terminate', undefined],
      ['onError', 'NOEX_ENDED_PROCESS', undefined],
    ]);
  });
});

describe('a process started with context: caller', () => {
  test('handles what sendAfter sends in the context in which that was called', async () => {
    const { GenServer } = createRuntime();
    const seen: string[] = [];
    const ref = await GenServer.start(noting(seen), { context: 'caller' });
    tenant.run('timer', () => GenServer.sendAfter(ref, 'after', 0));
    await vi.waitFor(() => expect(seen.some((line) => line.startsWith('cast after'))).toBe(true), PATIENCE);
    expect(seen.at(-1)).toBe('cast after: timer');
  });

  test('handles each message in the context of its sender', async () => {
    const { GenServer } = createRuntime();
    const seen: string[] = [];
    const ref = await tenant.run('starter', () => GenServer.start(noting(seen), { context: 'caller' }));
    const replies = ['a', 'b', 'c'].map((name) => tenant.run(name, () => GenServer.call(ref, name)));
    expect(await Promise.all(replies)).toEqual(['a', 'b', 'c']);
    tenant.run('d', () => GenServer.cast(ref, 'd'));
    tenant.run('e', () => GenServer.info(ref, 'e'));
    GenServer.cast(ref, 'f');
    await GenServer.call(ref, 'g');
    expect(seen).toEqual([
      'init: starter',
      'init, later: starter',
      ...['a', 'b', 'c'].flatMap((name) => [`call ${name}: ${name}`, `call ${name}, later: ${name}`]),
      'cast d: d',
      'info e: e',
      'cast f: none',
      'call g: none',
      'call g, later: none',
    ]);
    await GenServer.stop(ref);
  });

  test('refuses any other context by name', async () => {
    const { GenServer } = createRuntime();
    const context = JSON.parse('"mine"');
    await expect(GenServer.start(noting([]), { context })).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      field: 'context',
    });
  });
});
