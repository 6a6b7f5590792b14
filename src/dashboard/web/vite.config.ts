import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** The size limit of the web dashboard, gzipped, in units of 1024 bytes. */
const BUDGET_KB = 150;

/** Fails the build when the gzipped files exceed the budget. Otherwise, a careless import could slow down the page. */
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

const FILE_TAG = /^ *(<link rel="(?:icon|stylesheet)"[^>]*>|<script type="module"[^>]*><\/script>)\n/gm;

/**
 * Moves the tags of the icon, the script and the style sheet into the inline script of the page. If the tags were in
 * the HTML, browsers would preload their files before the inline script has corrected the address. They would request
 * the files at a wrong path.
 */
const loadedByInlineScript: Plugin = {
  name: 'loaded-by-the-page',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => {
      const files = [...html.matchAll(FILE_TAG)].map(([, tag = '']) => tag);
      if (files.length !== 3)
        throw new Error(`index.html has ${files.length} tags of files; expected an icon, a script and a style sheet`);
      return html.replaceAll(FILE_TAG, '').replace('`FILES`', () => `\`${files.join('').replaceAll('</', '<\\/')}\``);
    },
  },
};

/**
 * Builds one page, one script and one style sheet. The links between these files are relative, so the page works under
 * any mount path.
 */
export default defineConfig({
  root: 'src/dashboard/web',
  base: './',
  plugins: [loadedByInlineScript, withinBudget],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // These browser versions are the first with light-dark() in CSS. For older ones, Vite would transform the CSS.
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
