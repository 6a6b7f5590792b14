import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FaultNode } from '../../helpers/forked-node.js';
import { freePort } from '../../helpers/node-process.js';

const ATTACKERS = fileURLToPath(new URL('../../helpers/attackers.ts', import.meta.url));
const ATTACK_MS = 15_000;
/** How long an answer may take, with a wide margin for a machine that is busy with the attackers, too. */
const POLL_MS = 20_000;
const HEAP_MIB = 96;
const PROCESSES = 10_000;
const MAX_RSS_MIB = 256;
const SECRETS = { clusterSecret: 'of the nodes', observerSecret: 'of the observers' };

interface AttackCounts {
  readonly strangers: number;
  readonly observers: number;
  readonly strangersInAll: number;
  readonly observersInAll: number;
  readonly requests: number;
}

let attackers: ChildProcess | undefined;
const nodes: FaultNode[] = [];

afterEach(async () => {
  if (attackers !== undefined && attackers.exitCode === null) {
    attackers.kill('SIGKILL');
    await once(attackers, 'exit');
  }
  await Promise.all(nodes.splice(0).map((node) => node.kill()));
});

async function start(name: string, seeds: readonly FaultNode[], maxHeapMiB?: number): Promise<FaultNode> {
  const config = { ...SECRETS, nodeName: name, port: await freePort(), seeds: seeds.map(({ id }) => id) };
  const node = await FaultNode.start(name, config, { isQuiet: true, ...(maxHeapMiB !== undefined && { maxHeapMiB }) });
  nodes.push(node);
  return node;
}

/** An observer that reads, with an address of its own. */
async function attachDashboard(to: FaultNode): Promise<FaultNode> {
  const dashboard = await FaultNode.attach('dashboard', [to.id], SECRETS.observerSecret, '127.0.0.4');
  nodes.push(dashboard);
  return dashboard;
}

/** The most memory that the process ever had, as the operating system counts it. */
function peakRssMiB({ pid }: FaultNode): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

function attack(node: FaultNode): { readonly latest: () => AttackCounts | undefined } {
  const args = ['--import', 'tsx', ATTACKERS, node.id, SECRETS.observerSecret, '300', '100'];
  attackers = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let latest: AttackCounts | undefined;
  attackers.stdout?.on('data', (data: Buffer) => {
    const line = data.toString().trim().split('\n').at(-1);
    if (line !== undefined) latest = JSON.parse(line);
  });
  return { latest: () => latest };
}

test('a node with a small heap withstands 300 strangers and 100 observers that do not read, and answers members', async () => {
  const attacked = await start('attacked', [], HEAP_MIB);
  const member = await start('member', [attacked]);
  await attacked.ask('startWorkers', PROCESSES);
  const dashboard = await attachDashboard(attacked);
  const poll = async (reader: FaultNode): Promise<string | undefined> =>
    (await reader.ask('view', POLL_MS)).asked[attacked.id]?.status;
  const areWell = async (): Promise<string | undefined> => {
    const statuses = await Promise.all([member, dashboard].map(poll));
    return statuses.every((status) => status === 'connected') ? undefined : statuses.join();
  };
  await eventually(20_000, areWell);
  const restingMiB = peakRssMiB(attacked);

  const { latest } = attack(attacked);
  await eventually(30_000, async () => ((latest()?.observersInAll ?? 0) >= 100 ? undefined : 'not all observers came'));
  const statuses: (string | undefined)[] = [];
  let slowestMs = 0;
  for (const begun = performance.now(); performance.now() - begun < ATTACK_MS; ) {
    await attacked.ask('castTo', 'one');
    const asked = performance.now();
    const ofDashboard = poll(dashboard);
    statuses.push(await poll(member));
    slowestMs = Math.max(slowestMs, performance.now() - asked);
    // It has its turn among a hundred, which may take longer than an answer may.
    expect(await ofDashboard).toMatch(/^(connected|timeout)$/);
  }
  const peakMiB = peakRssMiB(attacked);
  console.info(
    `${statuses.length} polls of a member, ${Math.round(slowestMs)} ms at most; RSS ${Math.round(restingMiB)} MiB before, ${Math.round(peakMiB)} MiB at most; ` +
      `attackers ${JSON.stringify(latest())}`,
  );
  expect(statuses.filter((status) => status !== 'connected')).toEqual([]);
  expect(peakMiB).toBeLessThan(MAX_RSS_MIB);

  attackers?.stdin?.end();
  // And it is as before when they are gone.
  await eventually(20_000, areWell);
  for (const { events } of [member, dashboard]) expect(events.filter(({ type }) => type === 'down')).toEqual([]);
});
