import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const fixture = fileURLToPath(new URL('fixture/root-gives-up.ts', import.meta.url));

/** Starts a program whose root supervisor gives up. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { NOEX_LOG: _, ...inherited } = process.env;
  return spawn(process.execPath, ['--import', 'tsx', fixture, ...args], { env: { ...inherited, ...env } });
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = start(args, env);
  // A program that runs on ends when it is asked to; one that exits by itself may be gone by then.
  child.stdin.on('error', () => undefined).write('end\n');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { stdout, stderr, code };
}

/** The lines without stacks, and without what changes from run to run. */
function essence(stderr: string): readonly string[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '' && !/^\s+(at|[.]{3}) /.test(line))
    .map((line) => line.replace(/\d{4}-\S+Z/g, '<time>'));
}

const REPORTS = [
  '[noex] <time> error: process p2 crashed: Error: no connection',
  "  child    'db' of supervisor p1 ('shop'), path shop/db",
  '  lost     0 messages',
  '  next     its supervisor gives up: more than 0 restarts within 1 s',
  '  Error: no connection',
  '  cause: Error: ECONNREFUSED',
  "[noex] <time> error: supervisor p1 ('shop') gave up: more than 0 restarts within 1 s, the last of its child 'db'",
  "  crashes  <time> 'db' (p2) crashed: Error: no connection",
  '  next     no supervisor above it: it ends with all its children',
];

test('a program reads on stderr why its root supervisor gave up, and runs on', async () => {
  const { stdout, stderr, code } = await run(['report']);
  expect(essence(stderr)).toEqual(REPORTS);
  expect([stdout, code]).toEqual(['crashed\n', 0]);
});

test('a program that wants to exits with code 1 when its root supervisor gives up, after the report', async () => {
  const { stderr, code } = await run(['exit']);
  expect(essence(stderr)).toEqual(REPORTS);
  expect(code).toBe(1);
});

test('NOEX_LOG=json makes each report a line of JSON', async () => {
  const { stderr, code } = await run(['exit'], { NOEX_LOG: 'json' });
  const lines = stderr.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'error', event: 'process_crashed', childId: 'db', err: { cause: { message: 'ECONNREFUSED' } } },
    { level: 'error', event: 'supervisor_gave_up', name: 'shop', failedChildId: 'db' },
  ]);
  expect(code).toBe(1);
});

test('reporter: false prints nothing, and the program exits all the same', async () => {
  expect(await run(['exit', 'silent'])).toMatchObject({ stderr: '', code: 1 });
  expect(await run(['report', 'silent'])).toMatchObject({ stderr: '', code: 0 });
});

test('a program whose stderr is closed runs on', async () => {
  const child = start(['report']);
  child.stderr.destroy();
  const [chunk] = await once(child.stdout, 'data');
  expect(String(chunk)).toBe('crashed\n');
  child.stdin.write('end\n');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
