// npm run soak: install what is missing, build what is stale, soak. What it takes is in test/soak/main.ts.
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';
import { runProgram } from './program.mjs';

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  return runProgram(['test/soak/main.ts']);
});
