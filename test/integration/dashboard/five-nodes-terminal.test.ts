import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BLOCKS, CRASHES, FiveNodes, NAMES, type Name, PROCESSES } from '../../helpers/five-nodes.js';
import { PseudoTerminal } from '../../helpers/pseudo-terminal.js';

const CLI = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
/** A poll has this long: a second passes between two reports of a node. */
const PATIENT = { timeout: 20_000 };

let cluster: FiveNodes;
let terminal: PseudoTerminal;

beforeAll(async () => {
  cluster = await FiveNodes.start();
});

afterEach(async () => {
  // Ctrl+C quits in every view, and while a filter is typed.
  terminal.press('\u0003');
  await terminal.ended;
});

afterAll(async () => {
  await cluster?.stop();
});

/** `noex observe` of the cluster, through its first node, in one of its views. */
async function observe(view: '1 Processes' | '2 Nodes' | '4 Log'): Promise<void> {
  terminal = new PseudoTerminal([process.execPath, CLI, 'observe', cluster.idOf('front')], { columns: 130, rows: 30 });
  await terminal.shows('connected');
  terminal.press(view.slice(0, 1));
  await terminal.shows(`[${view}]`);
}

/** The line of the screen that has this text. */
function lineOf(text: string | RegExp): string {
  return terminal.screen.find((line) => (typeof text === 'string' ? line.includes(text) : text.test(line))) ?? '';
}

/** The line of a node in the view of the nodes. */
function nodeLine(name: Name): string {
  return lineOf(new RegExp(`^..\\S ${name}`));
}

/** What a line has in the column under this title, as far as it is no wider than that. */
function cell(line: string, title: string): string {
  const head = lineOf(title);
  const begin = head.indexOf(title);
  return line.slice(begin, begin + title.length).trim();
}

/** The 99th percentile of a node's event-loop delay, ms. */
function loopDelayOf(name: Name): number {
  const [, amount = '', unit = ''] = /^([\d.]+) (µs|ms)$/.exec(cell(nodeLine(name), 'P99 DELAY')) ?? [];
  return Number(amount || Number.NaN) * (unit === 'ms' ? 1 : 0.001);
}

/** How long ago the last data of a node arrived, s. */
function ageOf(name: Name): number {
  const [, seconds = Number.NaN] = /connected +([\d.]+) ?s /.exec(nodeLine(name)) ?? [];
  return Number(seconds);
}

describe('in a terminal, a cluster of five nodes, some of which fail,', () => {
  test('is shown with all its nodes', async () => {
    await observe('2 Nodes');
    await terminal.shows(`● ${NAMES.length} connected`);
    await terminal.shows(`${NAMES.length * PROCESSES + 2} processes`);
    for (const name of NAMES) expect(nodeLine(name)).toMatch(/^..● \S+ +connected/);
  });

  test('shows each link of a node by itself, from its own node', async () => {
    await observe('2 Nodes');
    terminal.press('\u001B[B');
    terminal.press('l');
    await terminal.shows(/Links of \S+ +4/);
    await expect.poll(() => cell(lineOf(/^ {2}crashing/), 'ROUND TRIP'), PATIENT).toMatch(/ (ms|µs)$/);
    expect(cell(lineOf(/^ {2}front/), 'RECONNECTS')).toBe('0');
  });

  test('shows which node blocks its event loop, and which process does it', async () => {
    await observe('2 Nodes');
    const isSeen = (): boolean => {
      const others = Math.max(loopDelayOf('front'), loopDelayOf('crashing'));
      // The delay is less than the time of the block, by what had passed of a sample.
      return loopDelayOf('blocking') > 0.85 * BLOCKS.ms && others < loopDelayOf('blocking') / 2;
    };
    await expect.poll(isSeen, PATIENT).toBe(true);
    terminal.press(`4/${BLOCKS.name} loop`);
    await terminal.shows(
      new RegExp(`▲ blocking.* ${BLOCKS.name} \\(p\\d+\\) .*event loop for \\d+ ms.*${BLOCKS.messageType}`),
    );
    terminal.press(`\r1/${BLOCKS.name}`);
    await terminal.shows(new RegExp(`${BLOCKS.name} +blocking`));
    await expect.poll(() => cell(lineOf(`● ${BLOCKS.name}`), 'P99 HANDLE'), PATIENT).toMatch(/^([3-9]|\d,\d)\d\d ms$/);
  });

  test('shows a process that crashes again and again, its restarts, and why it crashes', async () => {
    await observe('1 Processes');
    terminal.press(`/${CRASHES.name}`);
    await terminal.shows(new RegExp(`${CRASHES.name} +crashing`));
    const restarts = (): number => Number(cell(lineOf(`${CRASHES.name} `), 'RESTARTS'));
    await expect.poll(restarts, PATIENT).toBeGreaterThan(0);
    const before = restarts();
    await expect.poll(restarts, PATIENT).toBeGreaterThan(before + 1);
    expect(terminal.screen[1]).toMatch(/ [1-9]\d* restarts/);
    expect(terminal.screen[2]).toMatch(/4 Log +✖ [1-9]/);

    terminal.press('\r4/crashed');
    await terminal.shows(new RegExp(`✖ crashing.* ${CRASHES.name} \\(p\\d+\\) crashed: ${CRASHES.error}`));
    // The entry that the cursor is on, with the stack of its error. The newest entry goes on to be the newest one.
    terminal.press('\rp\r');
    await terminal.shows(/at Object\.handle/);
  });

  test('keeps a killed node, with its last figures and since when it is lost', async () => {
    await observe('2 Nodes');
    await expect.poll(() => nodeLine('killed'), PATIENT).toMatch(/connected .* MB/);
    cluster.signal('killed', 'SIGKILL');
    await terminal.shows('✖ 1 disconnected');
    await terminal.shows('the link is down: its connection closed');
    const line = nodeLine('killed');
    expect(line).toMatch(/^..✖ \S+ +disconnected/);
    expect([cell(line, 'PROCS'), cell(line, 'MSG/S')]).toEqual([String(PROCESSES), '–']);
    expect(cell(line, 'P99 DELAY')).toMatch(/^[\d.]+ (µs|ms)$/);
    expect(line.match(/[\d.]+ MB/g)).toHaveLength(2);
    const age = ageOf('killed');
    expect(age).toBeLessThan(10);
    await expect.poll(() => ageOf('killed'), PATIENT).toBeGreaterThan(age + 2);
    terminal.press('1/orders killed');
    await terminal.shows(/✖ orders +killed.* disconnected/);
    terminal.press('\r4/down');
    await terminal.shows(/✖ killed.* node down: its connection closed/);
  });

  test('says that a stopped node does not answer, and shows it again once it goes on', async () => {
    await observe('2 Nodes');
    await expect.poll(() => nodeLine('stopped'), PATIENT).toMatch(/^..● \S+ +connected/);
    cluster.signal('stopped', 'SIGSTOP');
    try {
      await terminal.shows(/▲ stopped\S* +timeout .*\n +nothing heard from it for more than \d+ ms/);
      await terminal.shows(/✖ stopped\S* +disconnected .*\n +the link is down: no heartbeats arrived/);
      expect(ageOf('stopped')).toBeGreaterThan(2);
      expect(cell(nodeLine('stopped'), 'PROCS')).toBe(String(PROCESSES));
    } finally {
      cluster.signal('stopped', 'SIGCONT');
    }
    await terminal.shows(/● stopped\S* +connected/);
    await expect.poll(() => Number(cell(nodeLine('stopped'), 'MSG/S')), PATIENT).toBeGreaterThan(0);
    terminal.press('4/stopped');
    await terminal.shows(/✔ stopped.* node up/);
  });
});
