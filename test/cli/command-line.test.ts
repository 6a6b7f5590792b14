import { describe, expect, test } from 'vitest';
import { readCommand, USAGE, UsageError } from '../../src/cli/command-line.js';

const read = (line: string, env: Record<string, string> = {}, isTerminal = true) =>
  readCommand(line.split(' ').filter(Boolean), env, isTerminal);

const target = { addresses: ['nodeA@127.0.0.1:4369'] };

describe('the command line', () => {
  test.each([
    ['', { name: 'help' }],
    ['--help', { name: 'help' }],
    ['-v', { name: 'version' }],
    ['observe --help', { name: 'help' }],
    ['dashboard -h', { name: 'help' }],
    ['observe nodeA@127.0.0.1:4369', { name: 'observe', target, output: 'screen' }],
    ['observe nodeA@127.0.0.1:4369 --once', { name: 'observe', target, output: 'text' }],
    ['observe nodeA@127.0.0.1:4369 --json', { name: 'observe', target, output: 'json' }],
    ['observe --json --every 500 nodeA@127.0.0.1:4369', { name: 'observe', target, output: 'json', everyMs: 500 }],
    ['observe a@h:1 b@h:2', { name: 'observe', target: { addresses: ['a@h:1', 'b@h:2'] }, output: 'screen' }],
    ['dashboard nodeA@127.0.0.1:4369', { name: 'dashboard', target, port: 4000, host: '127.0.0.1', open: false }],
    [
      'dashboard nodeA@127.0.0.1:4369 --port 0 --host 0.0.0.0 --token open-sesame-please --open',
      { name: 'dashboard', target, port: 0, host: '0.0.0.0', token: 'open-sesame-please', open: true },
    ],
    [
      'dashboard nodeA@127.0.0.1:4369 --no-token',
      { name: 'dashboard', target, port: 4000, host: '127.0.0.1', token: false, open: false },
    ],
    [
      'observe nodeA@127.0.0.1:4369 --ca ca.pem --cert my.pem --key my.key --json',
      {
        name: 'observe',
        target: { ...target, tls: { ca: 'ca.pem', cert: 'my.pem', key: 'my.key' } },
        output: 'json',
      },
    ],
    ['demo', { name: 'demo', port: 4000, everyMs: 5000, open: false }],
    ['demo --port 5000 --every 100 --open', { name: 'demo', port: 5000, everyMs: 100, open: true }],
  ])('%s', (line, command) => {
    expect(read(line)).toEqual(command);
  });

  test('writes text where there is no terminal', () => {
    expect(read('observe nodeA@127.0.0.1:4369', {}, false)).toMatchObject({ output: 'text' });
  });

  test('takes the secret from the environment, where other users cannot see it, unless it is given', () => {
    const env = { NOEX_CLUSTER_SECRET: 'from env' };
    expect(read('observe a@h:1', env)).toMatchObject({ target: { secret: 'from env' } });
    expect(read('observe a@h:1 --secret given', env)).toMatchObject({ target: { secret: 'given' } });
    expect(read('observe a@h:1', { NOEX_CLUSTER_SECRET: '' })).toMatchObject({ target: { addresses: ['a@h:1'] } });
  });

  test.each([
    ['look', "'look'"],
    ['observe', 'the address of a node'],
    ['observe a@h:1 --every 500', '--every requires'],
    ['observe a@h:1 --json --every soon', '--every takes a whole number from 1 to 86400000'],
    ['observe a@h:1 --colour', '--colour'],
    ['dashboard a@h:1 --port 65536', '--port'],
    ['dashboard a@h:1 --port', '--port'],
    ['dashboard a@h:1 --token x --no-token', 'cannot be combined'],
    ['dashboard a@h:1 --token sesame', '--token needs at least 16 characters'],
    ['observe a@h:1 --ca ca.pem --cert my.pem', '--cert and --key must be given together'],
    ['observe a@h:1 --cert my.pem --key my.key', '--cert requires --ca'],
    ['demo nodeA', "unexpected argument 'nodeA'"],
  ])('%s: prints what is wrong', (line, problem) => {
    expect(() => read(line)).toThrow(UsageError);
    expect(() => read(line)).toThrow(problem);
  });

  test('is reported in one line', () => {
    expect(() => read('demo --every -1')).toThrow(/^.*--every=.*$/);
  });

  test('explains itself within 100 columns', () => {
    expect(Math.max(...USAGE.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
