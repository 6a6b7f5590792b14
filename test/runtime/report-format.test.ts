import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { serializeError } from '../../src/process/serialize-error.js';
import { jsonLine, seconds, textBlock } from '../../src/runtime/report-format.js';
import { defaultReporter } from '../../src/runtime/reporter.js';

const at = Date.UTC(2024, 0, 15, 10, 30);

const crash = {
  event: 'process_crashed',
  at,
  processId: 'p6',
  kind: 'genserver',
  name: 'billing',
  childId: 'money',
  supervisorId: 'p2',
  supervisorName: 'shop',
  path: 'shop/money',
  messagesLost: 3,
  next: 'restarting, 2 of 3 restarts within 5 s',
  err: {
    name: 'RangeError',
    message: 'no score',
    stack: 'RangeError: no score\n    at score (shop.js:3:9)\n    at run (noex.js:1:1)\n    at a (b)\n    at c (d)',
    cause: {
      name: 'Error',
      message: 'connection lost',
      code: 'ECONNRESET',
      stack: 'Error: connection lost\n    at read (db.js:7:1)\n    at run (noex.js:1:1)\n    at a (b)\n    at c (d)',
    },
  },
  nodeId: 'nodeA@127.0.0.1:4369',
};

describe('a report as text', () => {
  test('is one block with all there is to know', () => {
    expect(textBlock('error', crash, "process p6 ('billing') crashed: RangeError: no score")).toBe(
      `[noex] 2024-01-15T10:30:00.000Z error: process p6 ('billing') crashed: RangeError: no score
  node     nodeA@127.0.0.1:4369
  child    'money' of supervisor p2 ('shop'), path shop/money
  lost     3 messages
  next     restarting, 2 of 3 restarts within 5 s
  RangeError: no score
      at score (shop.js:3:9)
      at run (noex.js:1:1)
      at a (b)
      at c (d)
  cause: Error: connection lost (code ECONNRESET)
      at read (db.js:7:1)
      ... 3 frames as above

`,
    );
  });

  test('shows the errors of an AggregateError', () => {
    const err = { name: 'AggregateError', message: 'all failed', errors: [{ name: 'Error', message: 'first' }] };
    expect(textBlock('warn', { at, err }, 'x')).toBe(
      '[noex] 2024-01-15T10:30:00.000Z warn: x\n  AggregateError: all failed\n    - Error: first\n\n',
    );
  });

  test('has no character that makes a terminal do something', () => {
    const text = textBlock('error', { at }, 'red \u001b[31m\u0007 back\r\u202eturned');
    expect(text).toContain('red \\u001b[31m\\u0007 back\\u000d\\u202eturned');
  });

  test('is of bounded size', () => {
    const err = serializeError(new Error('x'.repeat(1_000_000), { cause: new Error('y\n'.repeat(1_000_000)) }));
    expect(textBlock('error', { at, err }, 'x').length).toBeLessThan(60_000);
    expect(jsonLine('error', { at, err }, 'x').length).toBeLessThan(60_000);
  });

  property.prop([fc.anything(), fc.double()])('is made of any error and any time', (thrown, time) => {
    const fields = { at: time, err: serializeError(thrown) };
    expect(textBlock('error', fields, 'x')).toMatch(/^\[noex\] .* error: x\n/);
    expect(JSON.parse(jsonLine('error', fields, 'x'))).toMatchObject({ level: 'error', msg: 'x' });
  });

  test.each([
    [0, '0 s'],
    [1, '0.001 s'],
    [400, '0.4 s'],
    [5000, '5 s'],
    [12_345, '12.3 s'],
  ])('shows %d ms as %s', (ms, text) => expect(seconds(ms)).toBe(text));
});

describe('a report as JSON', () => {
  test('is one line with all fields, the level, the time and the text', () => {
    const line = jsonLine('error', crash, 'it\ncrashed');
    expect(line.indexOf('\n')).toBe(line.length - 1);
    const { at: _at, ...fields } = crash;
    expect(JSON.parse(line)).toEqual({
      level: 'error',
      time: '2024-01-15T10:30:00.000Z',
      msg: 'it\ncrashed',
      ...fields,
    });
  });

  test('is chosen by the environment, which is read once', () => {
    const lines: string[] = [];
    const env: Record<string, string> = { NOEX_LOG: 'json' };
    const reporter = defaultReporter({ env, write: (text) => lines.push(text) });
    env['NOEX_LOG'] = 'text';
    reporter.warn({ at }, 'late');
    defaultReporter({ env, write: (text) => lines.push(text) }).error({ at }, 'now');
    expect(lines).toEqual([
      '{"level":"warn","time":"2024-01-15T10:30:00.000Z","msg":"late"}\n',
      '[noex] 2024-01-15T10:30:00.000Z error: now\n\n',
    ]);
  });
});
