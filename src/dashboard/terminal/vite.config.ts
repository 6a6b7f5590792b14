import { defineConfig, type Plugin } from 'vite';

/** Ink asks for React's developer tools under DEV=true. They are not in the bundle, so nobody may ask. */
const withoutDevtools: Plugin = {
  name: 'without-devtools',
  enforce: 'pre',
  resolveId: (source, importer) => (source === './devtools.js' && importer?.includes('/ink/') ? '\0none' : null),
  load: (id) => (id === '\0none' ? 'export {};' : null),
};

/** One file for Node: all that the terminal dashboard needs and noex itself does not depend on. */
export default defineConfig({
  plugins: [withoutDevtools],
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
