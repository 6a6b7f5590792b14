import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const fixture = fileURLToPath(new URL('fixture/busy-then-shut-down.ts', import.meta.url));

test('a Node process ends by itself when its runtime has shut down: no timer, no process, no rejection is left', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', fixture]);
  expect(JSON.parse(stdout)).toEqual([
    'init: InitializationError',
    'slow init: InitializationError',
    'timed-out call: CallTimeoutError',
    'abandoned call: ServerNotRunningError',
    '0 processes left',
  ]);
  expect(stderr).toBe('');
});
