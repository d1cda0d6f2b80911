// Promise: what `cmake --install` puts into a folder runs from there, with the portal beside it; a server that has
// nothing yet says on every page what to do first.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { buildFolder, checkAccessibility, checkFits, openPage, settled, shot, sizes, startServer } from './harness.mjs';

test('installed into a folder', async (t) => {
  const prefix = mkdtempSync(path.join(os.tmpdir(), 'cqd-prefix-'));
  t.after(() => rmSync(prefix, { recursive: true, force: true }));
  const done = spawnSync('cmake', ['--install', buildFolder, '--prefix', prefix], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  const unit = readFileSync(path.join(prefix, 'lib/systemd/system/opencqd.service'), 'utf8');
  assert.match(unit, new RegExp(`^ExecStart=${prefix}/bin/cqd serve`, 'm'));
  assert.ok(existsSync(path.join(prefix, 'share/opencqd/monitoring/opencqd.rules.yml')));
  // To be told from the portal of the build.
  appendFileSync(path.join(prefix, 'share/opencqd/portal/icon.svg'), '<!-- installed -->');
  const server = await startServer(t, { binary: path.join(prefix, 'bin/cqd'), empty: true });
  const icon = await fetch(`${server.url}/CQD/icon.svg`);
  assert.match(await icon.text(), /installed/);

  for (const [name, size] of Object.entries(sizes)) {
    await t.test(`the first start says what to do, at ${name}`, async (t) => {
      const health = await openPage(t, server, '#/Health', { size });
      await health.getByText('No source is set up.', { exact: false }).first().waitFor();
      await settled(health);
      await checkAccessibility(health);
      await checkFits(health);
      await shot(health, `empty-health-${name}`);
      for (const [address, words] of [
        ['#/', 'See what is missing on the Health page'], ['#/Explore', 'See what is missing on the Health page'],
        ['#/Admin/unmapped', 'No data has been processed yet.'], ['#/Admin/mapping', 'No version yet: the first run makes one.'],
        ['#/Admin/tables/networks', 'Upload a file to fill it.'], ['#/Admin/tables/buildings?view=map', 'No building has a latitude and a longitude.'],
      ]) {
        const page = await openPage(t, server, address, { size, expected: [/404.*mapping/, /503/] });
        await page.getByText(words, { exact: false }).first().waitFor();
        await settled(page);
        await checkFits(page);
        await shot(page, `empty-${address.replaceAll(/\W/g, '').toLowerCase() || 'start'}-${name}`);
      }
    });
  }
});
