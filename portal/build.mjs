// Builds the portal into one folder: hashed ES modules, compressed copies beside them, index.html last.
// Usage: node build.mjs OUTPUT_FOLDER
import { build } from 'esbuild';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { inline } from './inline.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.resolve(process.argv[2] ?? path.join(here, '..', 'build', 'portal'));
const fresh = `${output}.new`;

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: { main: 'src/main.tsx', theme: 'src/theme.css' },
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  // Browsers of 2023 and later; what is older shows a page that says so (index.html).
  target: ['chrome109', 'firefox115', 'safari16.4'],
  minify: true,
  metafile: true,
  entryNames: 'assets/[name]-[hash]',
  chunkNames: 'assets/[name]-[hash]',
  assetNames: 'assets/[name]-[hash]',
  loader: { '.svg': 'file' },
  plugins: [inline],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'linked',
  logLevel: 'warning',
});

const outputs = Object.entries(result.metafile.outputs).map(([name, info]) => ({
  name: path.relative(fresh, path.resolve(here, name)).split(path.sep).join('/'),
  info,
}));
const fileOf = (source, extension) =>
  outputs.find((o) => o.info.entryPoint === source && o.name.endsWith(extension)).name;
const main = fileOf('src/main.tsx', '.js');

// What the first page needs besides its entry: fetched at once instead of after the entry is read.
const preload = new Set();
const follow = (name) => {
  for (const one of outputs.find((o) => o.name === name).info.imports) {
    const wanted = path.relative(fresh, path.resolve(here, one.path)).split(path.sep).join('/');
    if (one.kind !== 'import-statement' || preload.has(wanted)) continue;
    preload.add(wanted);
    follow(wanted);
  }
};
follow(main);

const html = (await readFile(path.join(here, 'index.html'), 'utf8'))
  .replace('{{theme}}', fileOf('src/theme.css', '.css'))
  .replace('{{main}}', main)
  .replace('{{preload}}', [...preload].map((name) => `<link rel="modulepreload" href="${name}">`).join('\n  '));
await writeFile(path.join(fresh, 'index.html'), html);
await writeFile(path.join(fresh, 'icon.svg'), await readFile(path.join(here, 'icon.svg')));
await writeFile(
  path.join(fresh, 'manifest.json'),
  JSON.stringify({
    main,
    // Everything that is loaded before the first page can be drawn, for the test of its size.
    first: [main, ...preload, fileOf('src/theme.css', '.css')],
    entries: Object.fromEntries(
      outputs.filter((o) => o.info.entryPoint).map((o) => [o.info.entryPoint, o.name])),
    imports: Object.fromEntries(outputs.map((o) => [
      o.name,
      o.info.imports
        .filter((one) => one.kind === 'import-statement')
        .map((one) => path.relative(fresh, path.resolve(here, one.path)).split(path.sep).join('/')),
    ])),
  }, null, 1));

const compress = async (folder) => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await compress(file);
    else if (/\.(js|css|html|svg|json)$/.test(entry.name)) {
      const bytes = await readFile(file);
      if (bytes.length < 1024) continue;
      await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      await writeFile(`${file}.br`, brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }));
    }
  }
};
await compress(fresh);

// A server that reads the folder meanwhile sees the old portal or the new one.
await rm(`${output}.old`, { recursive: true, force: true });
await rename(output, `${output}.old`).catch((error) => { if (error.code !== 'ENOENT') throw error; });
await rename(fresh, output);
await rm(`${output}.old`, { recursive: true, force: true });
