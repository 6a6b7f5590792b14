// At a release: keeps this build for the tests of the next one, which have to link with it (test/fixtures/previous).
// One file of JavaScript without the packages it needs, which are those of the tests.
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

const NAME = 'noex.mjs';

await main(async () => {
  ensureInstalled(root);
  ensureBuilt();
  const outDir = mkdtempSync(join(tmpdir(), 'noex-previous-'));
  try {
    await build({
      configFile: false,
      logLevel: 'warn',
      root,
      build: {
        ssr: join(root, 'dist', 'src', 'index.js'),
        outDir,
        emptyOutDir: true,
        minify: true,
        rollupOptions: { output: { entryFileNames: NAME } },
      },
    });
    const kept = join(root, 'test', 'fixtures', 'previous', NAME);
    copyFileSync(join(outDir, NAME), kept);
    console.log(`${kept}, ${Math.round(statSync(kept).size / 1024)} kB`);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
});
