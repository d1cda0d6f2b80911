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
  const server = await startServer(t);

  for (const [name, size] of Object.entries(sizes)) {
    for (const part of ['tables', 'unmapped', 'quarantine', 'users']) {
      await t.test(`${part} at ${name}`, async (t) => {
        const page = await openPage(t, server, `#/Admin/${part}`, {
          size, theme: part === 'unmapped' ? 'dark' : 'light', expected: [/409.*users/],
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
    await page.getByRole('button', { name: 'Save' }).click();
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
