// Promises of administration and sign-in: a file is checked before it is taken, wrong places are told by line; users
// come and go; readers see no author tools; nobody gets in without a password.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { checkAccessibility, checkFits, openPage, settled, shot, sizes, startServer } from './harness.mjs';

const file = (server, name, text) => {
  const place = path.join(server.folder, name);
  writeFileSync(place, text);
  return place;
};
const upload = async (page, place) => {
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.locator('input[type=file]').setInputFiles(place);
};

test('administration', async (t) => {
  const server = await startServer(t, { settings: '[collector]\nenabled = true' });

  for (const [name, size] of Object.entries(sizes)) {
    for (const part of ['tables', 'mapping', 'unmapped', 'quarantine', 'users']) {
      await t.test(`${part} at ${name}`, async (t) => {
        const page = await openPage(t, server, `#/Admin/${part}`, {
          size, theme: part === 'unmapped' ? 'dark' : 'light', expected: [/409.*users/, /404.*mapping/],
        });
        await page.getByRole('heading', { name: 'Administration', level: 1 }).waitFor();
        await page.locator('main .card').first().waitFor();
        await settled(page);
        await checkAccessibility(page);
        await checkFits(page);
        await shot(page, `admin-${part}-${name}`);
      });
    }
  }

  await t.test('rows are found by search', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/networks');
    await page.locator('tbody tr').first().waitFor();
    const building = await page.locator('tbody tr').first().locator('td').nth(6).textContent();
    await page.getByLabel('Search in all columns').fill(building);
    await page.waitForResponse((answer) => answer.url().includes('q='));
    await page.waitForFunction((name) => [...document.querySelectorAll('tbody tr')].every((row) => row.textContent.includes(name)), building);
    await page.getByLabel('Search in all columns').fill('no such text');
    await page.getByText('No row has this text.').waitFor();
  });

  await t.test('a wrong file is told by line and changes nothing', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/networks');
    await page.locator('tbody tr').first().waitFor();
    await upload(page, file(server, 'wrong.csv', 'Network,NetworkRange,BuildingKey\n10.99.0.0,16,1\n10.98.0.0,99,1\n300.1.1.1,8,1\n'));
    await page.getByText(/places are wrong; nothing was changed/).waitFor();
    const problems = page.getByRole('region', { name: 'What is wrong in the file' });
    assert.match(await problems.locator('tbody tr').first().textContent(), /3NetworkRange99/);
    assert.equal(await page.getByRole('button', { name: 'Take this file' }).count(), 0);
    await checkAccessibility(page);
    await shot(page, 'admin-upload-wrong');
  });

  await t.test('a good file is shown with its overlaps, taken, and found in the table', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/networks');
    await page.locator('tbody tr').first().waitFor();
    await upload(page, file(server, 'good.csv', 'Network,NetworkRange,BuildingKey\n10.250.0.0,16,1\n10.250.7.0,24,2\n'));
    await page.getByText('2 rows, all right').waitFor();
    await page.getByText('1 new').waitFor();
    await page.getByRole('region', { name: 'Overlapping networks' }).getByText('10.250.7.0/24').waitFor();
    await shot(page, 'admin-upload-good');
    await checkAccessibility(page);
    await page.getByRole('button', { name: 'Take this file' }).click();
    await page.getByText('2 rows taken').waitFor();
    await page.getByLabel('Search in all columns').fill('10.250.');
    await page.getByText('Rows 1 to 2 of 2').waitFor();
  });

  await t.test('records set aside are looked at, read again and forgotten', async (t) => {
    await fetch(`${server.url}/api/v1/reports`, {
      method: 'POST', headers: { 'Content-Type': 'application/vq-rtcpxr' }, body: 'VQSessionReport: CallTerm\r\nnonsense <b>of a device</b>\r\n',
    });
    await fetch(`${server.url}/api/v1/runs`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"stage":"archive"}' });
    const page = await openPage(t, server, '#/Admin/quarantine');
    await page.waitForFunction(async () => (await (await fetch('../api/v1/quarantine/reasons')).json()).entries > 0);
    await page.reload();
    await page.getByText('1 record', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Show records' }).click();
    await page.getByRole('button', { name: /^Look at record/ }).click();
    await page.getByRole('dialog').getByText('nonsense <b>of a device</b>').waitFor();
    await checkAccessibility(page);
    await shot(page, 'admin-quarantine-record');
    await page.getByRole('dialog').getByRole('button', { name: 'Read again' }).click();
    await page.getByText('1 record is read again.').waitFor();
    await page.getByRole('button', { name: 'Forget for ever' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget for ever' }).click();
    await page.getByText('1 record forgotten.').waitFor();
    await page.getByText('Nothing is set aside.').waitFor();
  });

  await t.test('a preview of new buildings tells what moves, and is put in force', async (t) => {
    const asked = [];
    const version = (number, note) => ({
      version: number, made_at: '2026-11-20T10:00:00Z', made_by: 'anna', origin: 'apply', note, applies_from: null, buildings: 20 + number,
      networks: 120, access_points: 180,
    });
    const answers = {
      versions: { mode: 'manual', in_force: 2, pending: true, versions: [version(2, 'Lyon moved'), version(1, '')] },
      preview: {
        changed: true, data_version: 4, streams_total: 11_662, streams_moved: 420, inside_changed: 12, moves_left_out: 1,
        tables: [{ table: 'CqdNetwork', added: 2, changed: 1, removed: 0 }],
        moves: [{ from: { key: 0, name: 'Unknown' }, to: { key: 5, name: 'London Wharf' }, streams: 420, months: [{ month: '2026-10', streams: 400 }, { month: '2026-11', streams: 20 }] }],
      },
      apply: { version: version(3, 'x'), run_id: 'cube-1' },
      undo: { version: version(3, 'x'), run_id: 'cube-2' },
    };
    for (const size of [sizes.phone, sizes.wide]) {
      const page = await openPage(t, server, '#/Admin/mapping', {
        size,
        route: (context) => context.route('**/api/v1/mapping/*', (route) => {
          const verb = new URL(route.request().url()).pathname.split('/').at(-1);
          asked.push([verb, route.request().postData()]);
          return route.fulfill({ status: verb === 'apply' || verb === 'undo' ? 202 : 200, json: answers[verb] });
        }),
      });
      await page.getByText('The tables have changed').waitFor();
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('420 of 11,662 streams get another building.').waitFor();
      await page.getByRole('cell', { name: 'London Wharf' }).waitFor();
      await settled(page);
      await checkAccessibility(page);
      await checkFits(page);
      await shot(page, `admin-mapping-${size.width}`);
      if (size === sizes.phone) continue;
      await page.getByLabel('Note').fill('new floor');
      await page.getByRole('button', { name: 'Put in force' }).click();
      await page.getByText('It is in force as soon as').waitFor();
      assert.deepEqual(JSON.parse(asked.find(([verb]) => verb === 'apply')[1]), { note: 'new floor' });
      await page.getByRole('button', { name: 'Go back to this' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Go back to this' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.toast').length >= 2);
      assert.deepEqual(JSON.parse(asked.find(([verb]) => verb === 'undo')[1]), { version: 1 });
    }
  });

  await t.test('what is no table is refused in words', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/bssids', { expected: [/400/] });
    await page.locator('main .card').first().waitFor();
    await upload(page, file(server, 'colours.csv', 'Colour\nred\n'));
    await page.getByRole('alert').getByText(/bss/).waitFor();
  });
});

test('signing in', async (t) => {
  const server = await startServer(t, {
    prepare: (folder, command, config) => {
      for (const role of ['reader', 'administrator']) {
        writeFileSync(path.join(folder, 'password'), `secret of ${role}\n`);
        command('user', 'add', role, '--role', role, '--password-file', path.join(folder, 'password'), '--config', config);
      }
    },
    settings: '[auth]\nmode = "basic"\npassword_file = "users"',
  });
  const signIn = async (page, name) => {
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('Password').fill(`secret of ${name}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  for (const [name, size] of Object.entries(sizes)) {
    await t.test(`nobody gets in without a password, at ${name}`, async (t) => {
      const page = await openPage(t, server, '#/Health', { size, expected: [/401/] });
      await page.getByLabel('User name').waitFor();
      await settled(page);
      await checkAccessibility(page);
      await checkFits(page);
      await shot(page, `signin-${name}`);
      await page.getByLabel('User name').fill('reader');
      await page.getByLabel('Password').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('Unknown user or wrong password.').waitFor();
      await signIn(page, 'reader');
      // Back at the page that was asked for, as somebody who may read.
      await page.locator('[data-answer="working"]').waitFor();
      await page.locator('[data-live="stream"]').waitFor();
      await settled(page);
      for (const tool of ['Process cube', 'Archive now', 'Pause schedule'])
        assert.equal(await page.getByRole('button', { name: tool }).count(), 0, tool);
      assert.equal(await page.getByRole('link', { name: 'Administration' }).count(), 0);
      await page.goto(`${server.url}/CQD/#/Admin/users`);
      await page.getByText('You are not allowed to do this.').waitFor();
    });
  }

  await t.test('users are added, changed and removed; signing out ends it', async (t) => {
    const page = await openPage(t, server, '#/Admin/users', { expected: [/401/, /409/] });
    await page.getByLabel('User name').waitFor();
    await signIn(page, 'administrator');
    await page.getByRole('button', { name: 'Add user' }).click();
    await page.getByLabel('User name').fill('Änne');
    await page.getByLabel('Password').fill('a sentence of hers');
    await checkAccessibility(page);
    await shot(page, 'admin-user-dialog');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('cell', { name: 'Änne', exact: true }).waitFor();
    await page.getByLabel('Role of Änne').selectOption('author');
    await page.getByText('Änne is now: Author.').waitFor();
    await page.getByLabel('Role of administrator').selectOption('reader');
    await page.getByText(/last administrator/).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('select')[1]?.value === 'administrator');
    await shot(page, 'admin-users-basic');
    await page.getByRole('button', { name: 'Remove Änne' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove user' }).click();
    await page.getByRole('cell', { name: 'Änne', exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('User name').waitFor();
    assert.equal(await page.evaluate(() => fetch('../api/v1/me', { headers: { 'X-Requested-With': 'OpenCQD' } }).then((a) => a.status)), 401);
  });
});
