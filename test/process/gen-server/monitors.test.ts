import { describe, expect, test } from 'vitest';
import { createRuntime, type GenServerRef, type ProcessDown, type Runtime } from '../../../src/index.js';
import { turn } from '../../helpers/event-loop.js';
import { gate } from '../../helpers/servers.js';

interface Watcher {
  readonly ref: GenServerRef<null, never, never>;
  readonly downs: ProcessDown[];
}

/** A process that notes down what its monitors say. */
async function watcher({ GenServer }: Runtime): Promise<Watcher> {
  const downs: ProcessDown[] = [];
  const ref = await GenServer.start<null, never, never, unknown, ProcessDown>({
    init: () => null,
    handleCall: (_message, state) => [undefined, state],
    handleCast: (_message, state) => state,
    handleInfo(down, state) {
      downs.push(down);
      return state;
    },
  });
  return { ref, downs };
}

const idle = {
  init: () => 0,
  handleCall: (message: 'get' | 'crash', state: number) => {
    if (message === 'crash') throw new Error('boom');
    return [state, state] as const;
  },
  handleCast: (_message: never, state: number) => state,
};

function runtime(): Runtime {
  return createRuntime({ reporter: false });
}

describe('a monitor', () => {
  test.each(['normal', 'shutdown', 'killed'] as const)(
    'gives one notice of the end of its target: %s',
    async (reason) => {
      const all = runtime();
      const { ref, downs } = await watcher(all);
      const target = await all.GenServer.start(idle);
      const monitor = all.GenServer.monitor(ref, target);
      await all.GenServer.stop(target, reason);
      all.GenServer.kill(target);
      await turn();
      expect(downs).toEqual([{ type: 'process_down', monitor, ref: target, reason }]);
    },
  );

  test('has the error of a crash as the reason', async () => {
    const all = runtime();
    const { ref, downs } = await watcher(all);
    const target = await all.GenServer.start(idle);
    all.GenServer.monitor(ref, target);
    await all.GenServer.call(target, 'crash').catch(() => undefined);
    await turn();
    expect(downs).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
  });

  test('of a process that has ended is down at once with noproc, but not before monitor() has returned', async () => {
    const all = runtime();
    const { ref, downs } = await watcher(all);
    const target = await all.GenServer.start(idle);
    await all.GenServer.stop(target);
    const monitor = all.GenServer.monitor(ref, target);
    expect(downs).toEqual([]);
    await turn();
    expect(downs).toEqual([{ type: 'process_down', monitor, ref: target, reason: 'noproc' }]);
    expect(all.GenServer.demonitor(monitor)).toBe(false);
  });

  test('does not take a process that is terminating for one that has ended', async () => {
    const all = runtime();
    const { ref, downs } = await watcher(all);
    const cleaned = gate();
    const target = await all.GenServer.start({ ...idle, terminate: () => cleaned.opened });
    const stopped = all.GenServer.stop(target);
    await turn();
    all.GenServer.monitor(ref, target);
    await turn();
    expect(downs).toEqual([]);
    cleaned.open();
    await stopped;
    await turn();
    expect(downs).toMatchObject([{ reason: 'normal' }]);
  });

  test('that was ended says nothing; of several, each says its own', async () => {
    const all = runtime();
    const { ref, downs } = await watcher(all);
    const target = await all.GenServer.start(idle);
    const [first, second, third] = [1, 2, 3].map(() => all.GenServer.monitor(ref, target));
    expect(second && all.GenServer.demonitor(second)).toBe(true);
    expect(second && all.GenServer.demonitor(second)).toBe(false);
    all.GenServer.kill(target);
    await turn();
    expect(downs.map(({ monitor }) => monitor)).toEqual([first, third]);
  });

  test('ends with its watcher', async () => {
    const all = runtime();
    const { ref, downs } = await watcher(all);
    const target = await all.GenServer.start(idle);
    const monitor = all.GenServer.monitor(ref, target);
    all.GenServer.kill(ref);
    expect(all.GenServer.demonitor(monitor)).toBe(false);
    all.GenServer.kill(target);
    await turn();
    expect(downs).toEqual([]);
  });

  test('comes after the replies of its target, and takes no place in a full mailbox', async () => {
    const all = runtime();
    const log: string[] = [];
    const release = gate();
    const ref = await all.GenServer.start<null, never, string>(
      {
        init: () => null,
        handleCall: (_message, state) => [undefined, state],
        handleCast: async (message, state) => {
          await release.opened;
          log.push(message);
          return state;
        },
        handleInfo: (info, state) => {
          log.push((info as ProcessDown).type);
          return state;
        },
      },
      { mailboxLimit: 1 },
    );
    const target = await all.GenServer.start(idle);
    all.GenServer.monitor(ref, target);
    all.GenServer.cast(ref, 'handled');
    await turn();
    all.GenServer.cast(ref, 'waiting');
    all.GenServer.kill(target);
    release.open();
    await all.GenServer.stop(ref);
    expect(log).toEqual(['handled', 'waiting', 'process_down']);
  });

  test('of a supervisor works; a watcher must be a GenServer that runs', async () => {
    const all = runtime();
    const { ref, downs } = await watcher(all);
    const supervisor = await all.Supervisor.start({ children: [] });
    all.GenServer.monitor(ref, supervisor);
    expect(() => all.GenServer.monitor(supervisor, ref)).toThrow(/^ref must be the ref of a GenServer/);
    await all.Supervisor.stop(supervisor);
    await turn();
    expect(downs).toMatchObject([{ ref: supervisor, reason: 'normal' }]);
    all.GenServer.kill(ref);
    expect(() => all.GenServer.monitor(ref, ref)).toThrow(/is not running/);
  });

  test('of another runtime is refused', async () => {
    const [one, other] = [runtime(), runtime()];
    const { ref } = await watcher(one);
    const target = await other.GenServer.start(idle);
    expect(() => one.GenServer.monitor(ref, target)).toThrow(/does not belong to this runtime/);
  });
});

describe('exited(ref)', () => {
  test('resolves with the reason, also of a process that has ended already', async () => {
    const { GenServer } = runtime();
    const ref = await GenServer.start(idle);
    const reasons = [GenServer.exited(ref), GenServer.exited(ref)];
    await GenServer.call(ref, 'crash').catch(() => undefined);
    expect(await Promise.all(reasons)).toMatchObject([{ error: { message: 'boom' } }, { error: { message: 'boom' } }]);
    expect(await GenServer.exited(ref)).toMatchObject({ error: { message: 'boom' } });
  });

  test('is noproc when nothing is known of it', async () => {
    const { GenServer } = runtime();
    const { life } = await GenServer.start(idle);
    expect(await GenServer.exited({ id: 'p999', life })).toBe('noproc');
  });
});
