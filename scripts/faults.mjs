// npm run faults: install what is missing, build what is stale, measure. What it takes is in test/faults/measure.ts.
import { spawn } from 'node:child_process';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  const args = ['--import', 'tsx', 'test/faults/measure.ts', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl+C reaches the child by itself: this process stays until it is gone.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
});
