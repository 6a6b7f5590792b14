// npm run fuzz -- [--seed N] [--runs N] [--target name]. What it takes is in test/fuzz/main.ts.
import { ensureInstalled, main, root } from './ensure.mjs';
import { runProgram } from './program.mjs';

await main(() => {
  ensureInstalled(root);
  return runProgram(['test/fuzz/main.ts']);
});
