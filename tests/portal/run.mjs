// Makes the data once, then runs the browser tests one file after the other. Usage: node run.mjs [part of a file name]
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeData } from './harness.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
makeData();
let failed = false;
for (const name of readdirSync(here).filter((one) => one.endsWith('.test.mjs') && one.includes(process.argv[2] ?? ''))) {
  console.log(`--- ${name}`);
  failed = spawnSync(process.execPath, ['--test', path.join(here, name)], { stdio: 'inherit' }).status !== 0 || failed;
}
process.exitCode = failed ? 1 : 0;
