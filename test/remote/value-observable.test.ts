import { describe, expect, test } from 'vitest';
import { threeNodes } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';
import { counter } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

describe('names$', () => {
  test('emits only what has changed: not a claim that is pending, withdrawn or sent again', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const bare = await cluster.startBare('nodeD');
    await cluster.run(2000);
    const seen: (readonly string[])[] = [];
    a.GlobalRegistry.names$.subscribe((names) => seen.push([...names.keys()]));
    const ref = await b.GenServer.start(counter);
    const failing = rejectionOf(b.GlobalRegistry.register('late', ref));
    await cluster.run(60_000);
    expect(await failing).toMatchObject({ code: 'NOEX_GLOBAL_NAME_TIMEOUT' });
    await cluster.settle(bare.cluster.stop());
    await cluster.settle(b.GlobalRegistry.register('one', ref));
    await rejectionOf(cluster.settle(c.GlobalRegistry.register('one', await c.GenServer.start(counter))));
    await cluster.run(60_000);
    expect(seen).toEqual([[], ['one']]);
  });

  test('emits what its subscriber changes when it gets the first value', async () => {
    const { GenServer, GlobalRegistry } = createTestRuntime();
    const ref = await GenServer.start(counter);
    const seen: number[] = [];
    GlobalRegistry.names$.subscribe(({ size }) => {
      seen.push(size);
      if (size === 0) void GlobalRegistry.register('one', ref);
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual([0, 1]);
  });
});

test('members$ emits only what has changed', async () => {
  const { GenServer, ProcessGroups } = createTestRuntime();
  const ref = await GenServer.start(counter);
  const seen: number[] = [];
  ProcessGroups.members$('workers').subscribe((members) => {
    seen.push(members.length);
    if (seen.length === 1) ProcessGroups.join('workers', ref);
  });
  await Promise.resolve();
  ProcessGroups.join('workers', ref);
  ProcessGroups.leave('workers', ref);
  await Promise.resolve();
  GenServer.kill(ref);
  await Promise.resolve();
  expect(seen).toEqual([0, 1, 0]);
});
