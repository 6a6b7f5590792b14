// Install what is missing, build what is stale, and run a program of bench/, the name of which comes first: main.ts for
// npm run bench, churn.ts for npm run churn. What each takes stands at its top.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';
import { runProgram } from './program.mjs';

const bench = join(root, 'bench');

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  ensureInstalled(bench);
  return runProgram(['--expose-gc'], bench);
});
