import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort, type RealProcess, startExample } from '../../helpers/node-process.js';
import { PseudoTerminal, type PseudoTerminalOptions } from '../../helpers/pseudo-terminal.js';

const CLI = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const ODD = fileURLToPath(new URL('./fixture/odd-terminal.ts', import.meta.url));
const FAILING = fileURLToPath(new URL('./fixture/failing-terminal.ts', import.meta.url));
const ESC = '\u001b';

let node: RealProcess;
let address: string;
const terminals: PseudoTerminal[] = [];

beforeAll(async () => {
  const port = await freePort();
  address = `alpha@127.0.0.1:${port}`;
  node = startExample(['--name', 'alpha', '--port', String(port)]);
  await node.printed((output) => output.includes(address));
});

afterEach(() => {
  for (const terminal of terminals.splice(0)) terminal.close();
});

afterAll(async () => {
  node.signal('SIGTERM');
  await node.ended;
});

function start(args: readonly string[], options: PseudoTerminalOptions = {}): PseudoTerminal {
  const terminal = new PseudoTerminal([process.execPath, ...args], options);
  terminals.push(terminal);
  return terminal;
}

/** `noex observe` of that node, once it shows something. */
async function observed(options: PseudoTerminalOptions = {}): Promise<PseudoTerminal> {
  const terminal = start([CLI, 'observe', address], options);
  await terminal.shows('4 processes');
  return terminal;
}

/** The escape sequences in it that set colours. */
function coloursOf({ output }: PseudoTerminal): readonly string[] {
  return output.split(ESC).filter((each) => /^\[(3[0-79]|4[0-79]|9[0-7]|[34]8;)[\d;]*m/.test(each));
}

/** The screen that was there before is back, with its cursor, and the terminal is set as it was. */
function expectRestored({ emulator, output, settings }: PseudoTerminal): void {
  expect(emulator.buffer.active.type).toBe('normal');
  expect(output.lastIndexOf(`${ESC}[?25h`)).toBeGreaterThan(output.lastIndexOf(`${ESC}[?25l`));
  const [before, after] = settings;
  expect(before).toMatch(/^[0-9a-f:]+$/);
  expect(after).toBe(before);
}

describe('in a terminal, a cluster', () => {
  test('is shown, view by view, until the user quits', async () => {
    const terminal = await observed();
    expect(terminal.emulator.buffer.active.type).toBe('alternate');
    expect(terminal.screen).toHaveLength(24);
    expect(terminal.screen[0]).toContain(`noex  ${address}`);
    expect(terminal.screen[0]).toContain('● 1 connected');
    expect(terminal.screen.join('\n')).toMatch(/worker/i);
    terminal.press('2');
    await terminal.shows(/\[2 Nodes\].*● alpha +connected.*messages\/s/s);
    terminal.press('3');
    await terminal.shows(new RegExp(`❯ ▾ ● ${address}`));
    terminal.press('4');
    await terminal.shows(/\[4 Log\].*started/s);
    terminal.press('1/worker');
    await terminal.shows(/\/worker█/);
    terminal.press('\r\r');
    await terminal.shows(/Parent and children.*❯ parent/s);
    terminal.press(ESC);
    await terminal.shows(/P99 HANDLE/);
    terminal.press('q');
    expect(await terminal.ended).toBe(0);
    expectRestored(terminal);
    expect(coloursOf(terminal)).not.toEqual([]);
  });

  test('takes the size that the terminal has, and gets', async () => {
    const terminal = await observed({ columns: 140, rows: 40 });
    await terminal.shows(/KIND +STATUS/);
    expect(terminal.screen.at(-1)).toContain('q quit');
    terminal.resize(80, 24);
    await terminal.shows(/QUEUE↓ +MSG\/S +P99 WAIT +P99 HANDLE +RESTARTS\n/);
    expect(terminal.screen).toHaveLength(24);
    expect(terminal.screen.at(-1)).toContain('q quit');
    terminal.resize(120, 30);
    await terminal.shows(/UPTIME/);
    expect(terminal.screen.at(-1)).toContain('q quit');
    terminal.press('\u0003');
    expect(await terminal.ended).toBe(0);
    expectRestored(terminal);
  });

  test('needs neither colours nor more than ASCII, and does not care who develops it where', async () => {
    const terminal = await observed({ env: { NO_COLOR: '1', LANG: 'C', DEV: 'true', CI: 'true' } });
    expect(terminal.screen[0]).toContain('* 1 connected');
    terminal.press('2');
    await terminal.shows(/\[2 Nodes\]/);
    terminal.press('q');
    await terminal.ended;
    expect([...terminal.output].filter((character) => character > '~')).toEqual([]);
    expect(coloursOf(terminal)).toEqual([]);
  });

  test('is shown where the terminal does not know its size, by the environment or as 80 x 24, and follows when it does', async () => {
    const usual = await observed({ isSizeless: true, env: { COLUMNS: '', LINES: '' } });
    await usual.shows(/q quit *$/);
    expect(usual.screen[0]).toMatch(/● 1 connected *$/);
    usual.resize(120, 30);
    await usual.shows(/UPTIME/);
    expect(usual.screen.at(-1)).toContain('q quit');

    const size = { columns: 100, rows: 20 };
    const sized = await observed({ ...size, isSizeless: true, env: { COLUMNS: '100', LINES: '20' } });
    await sized.shows(/q quit *$/);
    expect(sized.screen).toHaveLength(20);
    expect(sized.screen[0]?.trimEnd()).toHaveLength(99);
    for (const terminal of [usual, sized]) {
      terminal.press('q');
      expect(await terminal.ended).toBe(0);
      expectRestored(terminal);
    }
  });

  test('has its columns where they belong, whatever the names in them are', async () => {
    const terminal = start(['--import', 'tsx', ODD]);
    await terminal.shows('before\\u202Eafter');
    const head = terminal.screen.find((line) => line.includes('NODE')) ?? '';
    const column = head.indexOf('NODE');
    const cells = Array.from({ length: terminal.emulator.rows }, (_, row) =>
      terminal.emulator.buffer.active.getLine(row)?.translateToString(false, column, column + 8),
    );
    expect(cells.filter((text) => text === 'somenode')).toHaveLength(9);
    const screen = terminal.screen.join('\n');
    for (const shown of ['half\\uD83D', 'filler\\u3164', 'nothing\\u200B', 'blank\\u2800', '注文'])
      expect(screen).toContain(shown);
    terminal.press('q');
    expect(await terminal.ended).toBe(0);
  });

  test('leaves the terminal as it was when its source fails', async () => {
    const terminal = start(['--import', 'tsx', FAILING, address]);
    expect(await terminal.ended).toBe(1);
    expectRestored(terminal);
    expect(terminal.screen.join('\n')).toContain('failed: the source failed');
  });
});
