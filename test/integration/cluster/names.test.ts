import { afterEach, expect, test, vi } from 'vitest';
import { AlreadyRegisteredError } from '../../../src/errors.js';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import type { Runtime } from '../../../src/runtime/runtime-options.js';

const SECRET = 'a secret of the names';

type Worker = GenServerRef<number, string, unknown, string>;

const started: Runtime[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ shutdown }) => shutdown()));
});

/** Nodes that are linked over sockets, with a secret. */
async function nodes(count: number): Promise<readonly Runtime[]> {
  for (let at = 0; at < count; at += 1) {
    const runtime = createRuntime({ reporter: false });
    const seeds = at === 0 ? [] : [(started[0] as Runtime).Cluster.getLocalNodeId()];
    await runtime.Cluster.start({ nodeName: `node${at}`, port: 0, seeds, clusterSecret: SECRET });
    started.push(runtime);
  }
  for (const { Cluster } of started) await eventually(() => expect(Cluster.getConnectedNodeCount()).toBe(count - 1));
  return started;
}

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}

const worker = (name: string) => ({
  init: () => 0,
  handleCall: (message: string, calls: number) => [`${name}: ${message}`, calls + 1] as const,
});

test('of 20 starts at the same time on five nodes, one gets the name, and calls from everywhere reach it', async () => {
  const all = await nodes(5);
  const starts = Array.from({ length: 20 }, (_, at) =>
    (all[at % 5] as Runtime).GenServer.start(worker(`w${at}`), { name: 'singleton', registration: 'global' }),
  );
  const results = await Promise.allSettled(starts);
  const winners = results.flatMap((result, at) => (result.status === 'fulfilled' ? [at] : []));
  expect(winners).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AlreadyRegisteredError);
  for (const { GenServer, GlobalRegistry } of all) {
    await eventually(() => expect(GlobalRegistry.isRegistered('singleton')).toBe(true));
    const singleton = GlobalRegistry.name<Worker>('singleton');
    expect(await GenServer.call(singleton, 'hi')).toBe(`w${winners[0]}: hi`);
  }
  const holder = all[(winners[0] ?? 0) % 5] as Runtime;
  await holder.Cluster.stop();
  const others = all.filter((node) => node !== holder);
  for (const { GlobalRegistry } of others)
    await eventually(() => expect(GlobalRegistry.isRegistered('singleton')).toBe(false));
  const [next] = others;
  await next?.GenServer.start(worker('next'), { name: 'singleton', registration: 'global' });
  for (const { GenServer, GlobalRegistry } of others) {
    await eventually(() => expect(GlobalRegistry.isRegistered('singleton')).toBe(true));
    expect(await GenServer.call(GlobalRegistry.name<Worker>('singleton'), 'hi')).toBe('next: hi');
  }
});

test('a group spreads calls over the members of all nodes, and goes on without those of a node that leaves', async () => {
  const all = await nodes(3);
  for (const [at, { GenServer, ProcessGroups }] of all.entries())
    ProcessGroups.join('workers', await GenServer.start(worker(`w${at}`)));
  for (const { ProcessGroups } of all) await eventually(() => expect(ProcessGroups.members('workers')).toHaveLength(3));
  const [first, second, third] = all as readonly [Runtime, Runtime, Runtime];
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => first.ProcessGroups.call<string>('workers', 'hi', { pick: 'round_robin' })),
  );
  for (const name of ['w0', 'w1', 'w2']) expect(answers.filter((answer) => answer === `${name}: hi`)).toHaveLength(10);
  await third.Cluster.stop();
  for (const { ProcessGroups } of [first, second])
    await eventually(() => expect(ProcessGroups.members('workers')).toHaveLength(2));
  const { replies, failures } = await second.ProcessGroups.callAll<string>('workers', 'hi');
  expect(new Set(replies.map(({ reply }) => reply))).toEqual(new Set(['w0: hi', 'w1: hi']));
  expect(failures).toEqual([]);
});
