// npm run bench: install what is missing, build what is stale, measure. What it takes is in bench/main.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

const bench = join(root, 'bench');

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  ensureInstalled(bench);
  const args = ['--import', 'tsx', 'main.ts', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: bench, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl+C reaches the child by itself: this process stays until it is gone.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
});
