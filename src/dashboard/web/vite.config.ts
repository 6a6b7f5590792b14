import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const BUDGET_KB = 150;

/** Pre-bundled, so that a single new import does not delay the page. */
const withinBudget: Plugin = {
  name: 'within-budget',
  writeBundle(_options, bundle) {
    const sizes = Object.values(bundle)
      .filter(({ fileName }) => !fileName.endsWith('.md'))
      .map((file) => gzipSync(file.type === 'chunk' ? file.code : file.source).length);
    const kB = sizes.reduce((sum, size) => sum + size, 0) / 1024;
    if (kB > BUDGET_KB) this.error(`The web dashboard is ${kB.toFixed(1)} kB gzipped; it may be ${BUDGET_KB} kB.`);
  },
};

const FILE = /^ *(<link rel="(?:icon|stylesheet)"[^>]*>|<script type="module"[^>]*><\/script>)\n/gm;

/** No browser may look for the files before the page's own script has put its address right, as they do with what they see. */
const loadedByThePage: Plugin = {
  name: 'loaded-by-the-page',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => {
      const files = [...html.matchAll(FILE)].map(([, tag = '']) => tag);
      if (files.length !== 3)
        throw new Error(`the page has ${files.length} files: an icon, a script and styles belong to it`);
      return html.replaceAll(FILE, '').replace('`FILES`', () => `\`${files.join('').replaceAll('</', '<\\/')}\``);
    },
  },
};

/** One page, one script, one style sheet, which need only each other: whatever path they are served under. */
export default defineConfig({
  root: 'src/dashboard/web',
  base: './',
  plugins: [loadedByThePage, withinBudget],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // What knows light-dark(), so that the style sheet stays as it is written.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // A data: URL would need a looser content security policy.
    assetsInlineLimit: 0,
    emptyOutDir: true,
    modulePreload: false,
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: { entryFileNames: '[name]-[hash].js', assetFileNames: '[name]-[hash][extname]', codeSplitting: false },
    },
  },
});
