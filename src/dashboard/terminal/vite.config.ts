import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

/** Ink asks for React's developer tools under DEV=true. They are not in the bundle, so nobody may ask. */
const withoutDevtools: Plugin = {
  name: 'without-devtools',
  enforce: 'pre',
  resolveId: (source, importer) => (source === './devtools.js' && importer?.includes('/ink/') ? '\0none' : null),
  load: (id) => (id === '\0none' ? 'export {};' : null),
};

const width = fileURLToPath(new URL('./width.ts', import.meta.url));

/** Ink measures each character of each frame: it takes a third less when it does so with the function that we use. */
const withOurWidth: Plugin = {
  name: 'with-our-width',
  enforce: 'pre',
  resolveId: (source, importer) => (source === 'string-width' && importer !== width ? '\0width' : null),
  load: (id) => (id === '\0width' ? `export { widthOf as default } from ${JSON.stringify(width)};` : null),
};

/** One file for Node: all that the terminal dashboard needs and noex itself does not depend on. */
export default defineConfig({
  plugins: [withoutDevtools, withOurWidth],
  define: { 'process.env.NODE_ENV': '"production"' },
  ssr: { noExternal: true, external: ['rxjs'], target: 'node' },
  build: {
    ssr: 'src/dashboard/terminal/main.tsx',
    target: 'node20',
    minify: true,
    license: { fileName: 'licenses.md' },
    rolldownOptions: { output: { entryFileNames: 'main.js', codeSplitting: false } },
  },
});
