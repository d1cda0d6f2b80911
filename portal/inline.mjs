// esbuild plugin: `import text from './x.ts?script'` gives the bundled, minified script as text, `./x.css?style` the style. For pages that
// carry everything within themselves.
import { build } from 'esbuild';
import path from 'node:path';

export const inline = {
  name: 'inline',
  setup(builder) {
    builder.onResolve({ filter: /\?(script|style)$/ }, ({ path: name, resolveDir }) => ({
      path: path.resolve(resolveDir, name.replace(/\?.*$/, '')), namespace: 'inline',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'inline' }, async ({ path: file }) => {
      const made = await build({
        entryPoints: [file], bundle: true, minify: true, write: false, format: 'iife', target: ['chrome109', 'firefox115', 'safari16.4'],
        metafile: true, legalComments: 'none', logLevel: 'warning',
      });
      return {
        contents: made.outputFiles[0].text, loader: 'text',
        watchFiles: Object.keys(made.metafile.inputs).map((input) => path.resolve(input)),
      };
    });
  },
};
