// npm run fuzz -- [--seed N] [--runs N] [--target name]. What it takes is in test/fuzz/main.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, main, root } from './ensure.mjs';

await main(() => {
  ensureInstalled(root);
  const args = ['--import', 'tsx', join('test', 'fuzz', 'main.ts'), ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl+C reaches the child by itself: this process stays until it is gone.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
});
