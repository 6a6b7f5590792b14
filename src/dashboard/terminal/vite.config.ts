import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

/** Under DEV=true Ink loads React's developer tools, which are not in the bundle: the flag is compiled out. */
const withoutDevtools: Plugin = {
  name: 'without-devtools',
  enforce: 'pre',
  resolveId: (source, importer) => (source === './utils.js' && importer?.includes('/ink/build/') ? '\0utils' : null),
  load: (id) => (id === '\0utils' ? 'export const isDev = () => false;' : null),
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
