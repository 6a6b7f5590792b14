import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freePort } from '../../helpers/node-process.js';

const fixture = fileURLToPath(new URL('fixture/workers.ts', import.meta.url));

/** @param ports for each worker that of its node and that of its dashboard */
async function runWorkers(ports: readonly number[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', fixture, ...ports.map(String)]);
  return JSON.parse(stdout);
}

test('workers of node:cluster cannot share a port unnoticed: the second one gets EADDRINUSE', async () => {
  const ports = [await freePort(), await freePort()];
  const taken = 'NOEX_LISTEN EADDRINUSE';
  expect(await runWorkers([...ports, ...ports])).toEqual({
    results: [
      { node: 'listens', dashboard: 'listens' },
      { node: taken, dashboard: taken },
    ],
    members: 0,
  });
});

test('workers of node:cluster with a port each are nodes of one cluster', async () => {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  expect(await runWorkers(ports)).toEqual({
    results: [
      { node: 'listens', dashboard: 'listens' },
      { node: 'listens', dashboard: 'listens' },
    ],
    members: 1,
  });
});
