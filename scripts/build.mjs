// npm run build: dist/ from src and streams. Nothing to do when dist was made from these very sources.
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
});
