// After `npm install` in an example, whose `noex` is a link to this folder: make the link worth following.
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
});
