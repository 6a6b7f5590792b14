import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { Cluster, shutdown } from 'noex';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createServer } from './server.js';

const ORDERS = 1000;
const AT_ONCE = 20;
const folder = mkdtempSync(join(tmpdir(), 'shop-'));

let server: FastifyInstance;
let url: string;
let workers: readonly ChildProcess[];

beforeAll(async () => {
  await Cluster.start({ nodeName: 'shop', port: 0 });
  server = createServer();
  url = await server.listen({ port: 0, host: '127.0.0.1' });
  workers = ['worker1', 'worker2'].map(startWorker);
  await vi.waitFor(() => expect(Cluster.getConnectedNodeCount()).toBe(2), 20_000);
  await vi.waitFor(async () => expect(new Set([await nodeOf('a'), await nodeOf('b')]).size).toBe(2), 20_000);
}, 60_000);

afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await server.close();
  await shutdown();
  rmSync(folder, { recursive: true });
});

function startWorker(name: string): ChildProcess {
  const file = join(folder, name);
  return fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [name, Cluster.getLocalNodeId(), file], {
    execArgv: ['--import', 'tsx'],
    stdio: 'ignore',
  });
}

interface Answer {
  readonly status: number;
  readonly node: string | undefined;
}

async function order(id: string): Promise<Answer> {
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, item: 'tea', count: 2 }),
  });
  const { node } = (await response.json()) as { node?: string };
  return { status: response.status, node };
}

async function nodeOf(id: string): Promise<string | undefined> {
  return (await order(`${id}-${Math.random()}`)).node;
}

/** Places the orders, some at once. */
async function placeAll(
  ids: readonly string[],
  onPlaced: (count: number) => void = () => undefined,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = [...ids];
  const place = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      answers.push(await order(id));
      onPlaced(answers.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, place));
  return answers;
}

test('an unknown item is the fault of the order', async () => {
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: 'x', item: 'gold', count: 1 }),
  });
  expect([response.status, await response.json()]).toEqual([400, { error: 'there is no gold' }]);
});

test('when a node is killed, only orders that it had may fail, and none is handled twice', async () => {
  const [, killed] = workers;
  if (killed === undefined) throw new Error('there are two workers');
  await vi.waitFor(async () => expect(new Set([await nodeOf('a'), await nodeOf('b')]).size).toBe(2), 20_000);
  const ids = Array.from({ length: ORDERS }, (_, at) => `order-${at}`);
  const answers = await placeAll(ids, (count) => {
    if (count === ORDERS / 4) killed.kill('SIGKILL');
  });
  if (killed.exitCode === null && killed.signalCode === null) await once(killed, 'exit');

  const failed = answers.filter(({ status }) => status !== 200);
  expect(failed.length).toBeLessThanOrEqual(AT_ONCE);
  for (const { status, node } of failed) expect([status, node]).toEqual([502, expect.stringContaining('worker2@')]);
  const handled = ['worker1', 'worker2'].flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  expect(handled.length).toBe(new Set(handled).size);
  expect(answers.length).toBe(ORDERS);

  const later = await placeAll(ids.map((id) => `later-${id}`).slice(0, 200));
  expect(later.filter(({ status }) => status !== 200)).toEqual([]);
}, 60_000);
