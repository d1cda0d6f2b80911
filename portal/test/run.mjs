// Checks the types, then runs test/*.test.ts under node's test runner.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: path.join(here, '..') });
  if (status !== 0) process.exitCode = 1;
};

run('node_modules/typescript/bin/tsc', '-p', '.');
const folder = mkdtempSync(path.join(os.tmpdir(), 'cqd-portal-'));
try {
  const tests = readdirSync(here).filter((name) => name.endsWith('.test.ts'));
  await build({
    entryPoints: tests.map((name) => path.join(here, name)),
    outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', platform: 'node', target: 'node18',
    sourcemap: 'inline', logLevel: 'warning', define: { CQD_PORTAL_DIR: JSON.stringify(path.join(here, '..')) },
  });
  run('--enable-source-maps', '--test', ...tests.map((name) => path.join(folder, name.replace('.ts', '.mjs'))));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
