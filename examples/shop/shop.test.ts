import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { Cluster, shutdown } from 'noex';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { numberingNode, superviseOrderNumbers } from './order-numbers.js';
import { createServer } from './server.js';

const ORDERS = 1000;
const AT_ONCE = 20;
/** How long orders may stay without a node that numbers them. */
const FAILOVER_MS = 5000;
const folder = mkdtempSync(join(tmpdir(), 'shop-'));
const numbersFolder = join(folder, 'numbers');

let server: FastifyInstance;
let url: string;
const workers = new Map<string, ChildProcess>();
/** The numbers of all orders that were placed. */
const numbers: number[] = [];

beforeAll(async () => {
  await Cluster.start({ nodeName: 'shop', port: 0 });
  await superviseOrderNumbers(numbersFolder);
  server = createServer();
  url = await server.listen({ port: 0, host: '127.0.0.1' });
  await startWorkers('worker1', 'worker2');
}, 60_000);

afterAll(async () => {
  for (const worker of workers.values()) worker.kill('SIGKILL');
  await server.close();
  await shutdown();
  rmSync(folder, { recursive: true });
});

/** Starts nodes with workers. Resolves when two workers answer. */
async function startWorkers(...names: readonly string[]): Promise<void> {
  const path = fileURLToPath(new URL('./worker.ts', import.meta.url));
  for (const name of names) {
    const args = [name, Cluster.getLocalNodeId(), numbersFolder, join(folder, name)];
    workers.set(name, fork(path, args, { execArgv: ['--import', 'tsx'], stdio: 'ignore' }));
  }
  await vi.waitFor(() => expect(Cluster.getConnectedNodeCount()).toBe(2), 20_000);
  await vi.waitFor(async () => expect(new Set([await nodeOf('a'), await nodeOf('b')]).size).toBe(2), 20_000);
}

/** Kills a node as `kill -9` does. */
async function kill(name: string): Promise<void> {
  const worker = workers.get(name);
  if (worker === undefined) throw new Error(`there is no ${name}`);
  worker.kill('SIGKILL');
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
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
  const { node, number } = (await response.json()) as { node?: string; number?: number };
  if (number !== undefined) numbers.push(number);
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
  const ids = Array.from({ length: ORDERS }, (_, at) => `order-${at}`);
  const answers = await placeAll(ids, (count) => {
    if (count === ORDERS / 4) void kill('worker2');
  });

  const failed = answers.filter(({ status }) => status !== 200);
  expect(failed.length).toBeLessThanOrEqual(AT_ONCE);
  for (const { status, node } of failed) expect([status, node]).toEqual([502, expect.stringContaining('worker2@')]);
  const handled = ['worker1', 'worker2'].flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  expect(handled.length).toBe(new Set(handled).size);
  expect(answers.length).toBe(ORDERS);

  const later = await placeAll(ids.map((id) => `later-${id}`).slice(0, 200));
  expect(later.filter(({ status }) => status !== 200)).toEqual([]);
}, 60_000);

test('when the node that numbers orders is killed, another one does, and no number is given out twice', async () => {
  await startWorkers('worker3');
  await vi.waitFor(() => expect(numberingNode()).toBeDefined(), FAILOVER_MS);
  const before = numberingNode();
  const [killed = ''] = before?.split('@') ?? [];
  const ids = Array.from({ length: ORDERS }, (_, at) => `numbered-${at}`);
  let takeover: Promise<void> | undefined;
  const answers = await placeAll(ids, (count) => {
    if (count !== ORDERS / 4) return;
    takeover = kill(killed).then(() =>
      vi.waitFor(() => expect([undefined, before]).not.toContain(numberingNode()), FAILOVER_MS),
    );
  });
  await takeover;

  const failed = answers.filter(({ status }) => status !== 200);
  expect(failed.length).toBeLessThanOrEqual(AT_ONCE);
  for (const { status, node } of failed) expect([status, node]).toEqual([502, before]);
  expect(answers.length).toBe(ORDERS);
  expect(numbers.length).toBeGreaterThan(2 * ORDERS);
  expect(numbers.length).toBe(new Set(numbers).size);
}, 60_000);
