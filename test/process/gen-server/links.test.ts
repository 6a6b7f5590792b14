import { expect, test } from 'vitest';
import { createRuntime, type GenServerRef, type ProcessExit, type Runtime } from '../../../src/index.js';
import { turn } from '../../helpers/event-loop.js';

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

async function trapping({
  GenServer,
}: Runtime): Promise<{ readonly ref: GenServerRef; readonly exits: ProcessExit[] }> {
  const exits: ProcessExit[] = [];
  const ref = await GenServer.start<null, never, never, unknown, ProcessExit>(
    {
      init: () => null,
      handleCall: (_message, state) => [undefined, state],
      handleCast: (_message, state) => state,
      handleInfo(exit, state) {
        exits.push(exit);
        return state;
      },
    },
    { trapExit: true },
  );
  return { ref, exits };
}

test('a linked process ends with the error of the other, whichever of the two it is', async () => {
  for (const isFirst of [true, false]) {
    const { GenServer } = runtime();
    const [one, other] = [await GenServer.start(idle), await GenServer.start(idle)];
    GenServer.link(one, other);
    await GenServer.call(isFirst ? one : other, 'crash').catch(() => undefined);
    expect(await GenServer.exited(isFirst ? other : one)).toMatchObject({ error: { message: 'boom' } });
  }
});

test('an end that is normal ends only itself', async () => {
  const { GenServer } = runtime();
  const [one, other] = [await GenServer.start(idle), await GenServer.start(idle)];
  GenServer.link(one, other);
  await GenServer.stop(one);
  expect(await GenServer.call(other, 'get')).toBe(0);
});

test('a process that traps exits gets a message for each, and lives on', async () => {
  const all = runtime();
  const { ref, exits } = await trapping(all);
  const others = [await all.GenServer.start(idle), await all.GenServer.start(idle), await all.GenServer.start(idle)];
  const links = others.map((other) => all.GenServer.link(other, ref));
  await all.GenServer.stop(others[0] as GenServerRef, 'normal');
  all.GenServer.kill(others[1] as GenServerRef);
  await all.GenServer.call(others[2] as GenServerRef<number, 'crash'>, 'crash').catch(() => undefined);
  await turn();
  expect(exits).toMatchObject([
    { type: 'exit', link: links[0], ref: others[0], reason: 'normal' },
    { type: 'exit', link: links[1], ref: others[1], reason: 'killed' },
    { type: 'exit', link: links[2], ref: others[2], reason: { error: { message: 'boom' } } },
  ]);
  expect(all.GenServer.isRunning(ref)).toBe(true);
});

test('a process links itself from its handler, and ends when the other has ended already', async () => {
  const { GenServer } = runtime();
  const gone = await GenServer.start(idle);
  await GenServer.stop(gone);
  const ref = await GenServer.start({
    ...idle,
    handleCast: (other: GenServerRef, state: number, { link }) => {
      link(other);
      return state + 1;
    },
  });
  GenServer.cast(ref, gone);
  expect(await GenServer.exited(ref)).toMatchObject({ error: { name: 'ServerNotRunningError' } });
});

test('a link that was ended does nothing', async () => {
  const { GenServer } = runtime();
  const [one, other] = [await GenServer.start(idle), await GenServer.start(idle)];
  const link = GenServer.link(one, other);
  expect(GenServer.unlink(link)).toBe(true);
  expect(GenServer.unlink(link)).toBe(false);
  GenServer.kill(one);
  await turn();
  expect(GenServer.isRunning(other)).toBe(true);
});

test('an exit travels along a chain of 20,000 links', async () => {
  const { GenServer } = runtime();
  const refs: GenServerRef[] = [];
  for (let at = 0; at < 20_000; at += 1) refs.push(await GenServer.start(idle));
  refs.reduce((one, other) => {
    GenServer.link(one, other);
    return other;
  });
  GenServer.kill(refs[0] as GenServerRef);
  await turn();
  expect(refs.filter((ref) => GenServer.isRunning(ref))).toEqual([]);
});

test('a supervisor restarts a child that ended by a link', async () => {
  const { GenServer, Registry, Supervisor } = runtime();
  const other = await GenServer.start(idle);
  await Supervisor.start({ children: [{ id: 'w', start: () => GenServer.start(idle, { name: 'w' }) }] });
  const before = Registry.lookup('w');
  GenServer.link(before, other);
  await GenServer.call(other, 'crash').catch(() => undefined);
  await expect.poll(() => Registry.whereis('w')?.id ?? before.id).not.toBe(before.id);
});

test('a supervisor takes no link', async () => {
  const { GenServer, Supervisor } = runtime();
  const supervisor = await Supervisor.start({ children: [] });
  const ref = await GenServer.start(idle);
  expect(() => GenServer.link(ref, supervisor)).toThrow(/the ref of a GenServer/);
});
