// Install what is missing, build what is stale, and run a program of bench/, the name of which comes first: main.ts for
// npm run bench, churn.ts for npm run churn. What each takes stands at its top.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

const bench = join(root, 'bench');

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  ensureInstalled(bench);
  const args = ['--expose-gc', '--import', 'tsx', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: bench, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl+C reaches the child by itself: this process stays until it is gone.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
});
