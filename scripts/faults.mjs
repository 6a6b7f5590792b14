// npm run faults: install what is missing, build what is stale, measure. What it takes is in test/faults/measure.ts.
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';
import { runProgram } from './program.mjs';

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  return runProgram(['test/faults/measure.ts']);
});
