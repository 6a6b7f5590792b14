import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { createRuntime } from '../../src/index.js';
import { gate } from '../helpers/servers.js';

const quiet = { reporter: false } as const;

describe('Task.async', () => {
  test('runs a function as a supervised process, and resolves with its result', async () => {
    const { Task, Observer } = createRuntime(quiet);
    const ready = gate<number>();
    const task = Task.async(() => ready.opened);
    await expect.poll(() => Observer.getServerStats()).toMatchObject([{ label: 'task', parentId: 'p1' }]);
    ready.open(7);
    expect(await task).toBe(7);
    await expect.poll(() => Observer.getServerStats()).toEqual([]);
  });

  test('rejects with what the function throws, which is no crash', async () => {
    const runtime = createRuntime(quiet);
    const crashes: unknown[] = [];
    runtime.Observer.events$.subscribe((event) => event.type === 'process_crashed' && crashes.push(event));
    await expect(runtime.Task.async(() => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
    await expect(
      runtime.Task.async(() => {
        throw new RangeError('at once');
      }),
    ).rejects.toThrow('at once');
    expect(crashes).toEqual([]);
  });

  test('is killed with its supervisor: its signal is aborted, and its promise rejects', async () => {
    const { Task, Supervisor } = createRuntime(quiet);
    const supervisor = await Supervisor.start({ children: [] });
    let signal: AbortSignal | undefined;
    const task = Task.async(
      (ctx) => {
        signal = ctx.signal;
        return new Promise(() => undefined);
      },
      { supervisor },
    );
    const rejected = expect(task).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await expect.poll(() => signal).toBeDefined();
    await Supervisor.stop(supervisor);
    await rejected;
    expect(signal?.aborted).toBe(true);
  });

  test('runs in the async context of its caller', async () => {
    const { Task } = createRuntime(quiet);
    const store = new AsyncLocalStorage<string>();
    expect(await store.run('r-17', () => Task.async(() => store.getStore()))).toBe('r-17');
  });

  test('starts another supervisor when that of the runtime was stopped, and is refused after shutdown', async () => {
    const { Task, Supervisor, Observer, shutdown } = createRuntime(quiet);
    expect(await Task.async(() => 1)).toBe(1);
    const [own] = Observer.getSupervisorStats();
    await Observer.stopProcess(own?.id ?? '');
    expect(await Task.async(() => 2)).toBe(2);
    expect(Supervisor).toBeDefined();
    await shutdown();
    await expect(Task.async(() => 3)).rejects.toMatchObject({ name: 'RuntimeShutdownError' });
  });

  test('refuses bad arguments', async () => {
    const { Task } = createRuntime(quiet);
    await expect(Task.async(1 as never)).rejects.toThrow(/^fn must be/);
    await expect(Task.async(() => 1, { parent: 1 } as never)).rejects.toMatchObject({ name: 'UnknownOptionError' });
  });
});

describe('Task.asyncStream', () => {
  test('yields results in the order of the items, with no more at once than it may', async () => {
    const { Task } = createRuntime(quiet);
    let atOnce = 0;
    let most = 0;
    const results: unknown[] = [];
    const stream = Task.asyncStream(
      [5, 1, 4, 2, 3],
      async (ms) => {
        most = Math.max(most, ++atOnce);
        await new Promise((resolve) => setTimeout(resolve, ms));
        atOnce -= 1;
        if (ms === 4) throw new Error('four');
        return ms;
      },
      { concurrency: 2 },
    );
    for await (const result of stream) results.push(result);
    expect(results).toMatchObject([
      { status: 'fulfilled', value: 5 },
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: { message: 'four' } },
      { status: 'fulfilled', value: 2 },
      { status: 'fulfilled', value: 3 },
    ]);
    expect(most).toBe(2);
  });

  test('takes items as they are read, and kills what is under way when the reader stops', async () => {
    const { Task, Observer } = createRuntime(quiet);
    let taken = 0;
    let isReturned = false;
    const signals: AbortSignal[] = [];
    async function* items() {
      try {
        for (;;) yield ++taken;
      } finally {
        isReturned = true;
      }
    }
    const stream = Task.asyncStream(
      items(),
      (item, { signal }) => {
        signals.push(signal);
        return item === 1 ? item : new Promise<number>(() => undefined);
      },
      { concurrency: 3 },
    );
    for await (const result of stream) {
      expect(result).toEqual({ status: 'fulfilled', value: 1 });
      await expect.poll(() => signals.length).toBe(3);
      break;
    }
    expect([taken, isReturned]).toEqual([3, true]);
    await expect.poll(() => Observer.getServerStats()).toEqual([]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  test('refuses bad arguments', () => {
    const { Task } = createRuntime(quiet);
    expect(() => Task.asyncStream([], () => 1, { concurrency: 0 })).toThrow(/^concurrency must be/);
    expect(() => Task.asyncStream([], 1 as never)).toThrow(/^fn must be/);
  });
});
