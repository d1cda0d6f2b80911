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

/** How many streams have their first end in each building, by the Data API. */
async function streamsByBuilding(server) {
  const answer = await fetch(`${server.url}/QoEDataService/RunQuery`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      Dimensions: [{ DataModelName: '[First Building].[Building Name]' }], Measurements: [{ DataModelName: '[Measures].[Total Stream Count]' }], Filters: [],
    }),
  });
  return Object.fromEntries((await answer.json()).DataResult);
}

/** Number of the newest successful run of the cube. */
const cubeRun = async (server) => (await apiJson(server, '/api/v1/status')).stages[1].last_success.seq;
// The page's waitForFunction does not wait for a promise.
const laterCubeRun = async (server, before) => {
  while (await cubeRun(server) <= before) await new Promise((resolve) => { setTimeout(resolve, 20); });
};

const apiJson = async (server, path) => (await fetch(`${server.url}${path}`)).json();

test('a new building file is previewed, put in force and taken back, with the server itself', async (t) => {
  const server = await startServer(t, { settings: '[mapping]\nmode = "manual"' });
  const before = await streamsByBuilding(server);
  const { rows, columns } = await apiJson(server, '/api/v1/customer-tables/networks?n=40');
  const cell = (row, name) => row[columns.indexOf(name)] ?? '';
  // The published form: 14 columns, no header.
  const lines = rows.filter((row) => !cell(row, 'Network').includes(':')).map((row) =>
    [cell(row, 'Network'), '', cell(row, 'NetworkRange'), 'New Tower', '', '', '', 'Lyon', '', 'FR', '', 'EMEA', '1', '0'].join(','));
  const page = await openPage(t, server, '#/Admin/tables/buildings');
  await page.locator('tbody tr').first().waitFor();
  await upload(page, file(server, 'tower.csv', `${lines.join('\n')}\n`));
  await page.getByRole('button', { name: 'Take this file' }).click();
  await page.getByText(`${lines.length} rows taken`).waitFor();

  await page.getByRole('link', { name: 'Versions' }).click();
  await page.getByText('The tables have changed').waitFor();
  assert.deepEqual(await streamsByBuilding(server), before, 'nothing is in force yet');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('cell', { name: 'New Tower' }).first().waitFor();
  const said = await page.getByText(/streams get another building/).textContent();
  const moved = Number(said.replaceAll(',', '').match(/\d+/)[0]);
  assert.ok(moved > 100, said);
  await settled(page);
  await checkAccessibility(page);
  await shot(page, 'admin-mapping-real');
  await page.getByLabel('Note').fill('the new tower');
  let run = await cubeRun(server);
  await page.getByRole('button', { name: 'Put in force' }).click();
  await page.getByRole('cell', { name: 'the new tower' }).waitFor();
  await laterCubeRun(server, run);
  const after = await streamsByBuilding(server);
  assert.ok(after['New Tower'] > 0 && after['New Tower'] <= moved, JSON.stringify(after));
  assert.equal(Object.values(after).reduce((a, b) => a + b), Object.values(before).reduce((a, b) => a + b), 'no stream is lost');
  await page.getByText('The reports show the tables as they are now.').waitFor();
  await shot(page, 'admin-mapping-applied');

  run = await cubeRun(server);
  await page.getByRole('button', { name: 'Go back to this' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to this' }).click();
  await laterCubeRun(server, run);
  assert.deepEqual(await streamsByBuilding(server), before);
  const buildings = await apiJson(server, '/api/v1/customer-tables/buildings?q=New%20Tower');
  assert.equal(buildings.matching, 0, 'the tables are as they were');
});

test('rows are edited and deleted by hand', async (t) => {
  const server = await startServer(t);

  await t.test('two administrators do not overwrite each other', async (t) => {
    const [one, two] = [await openPage(t, server, '#/Admin/tables/buildings'), await openPage(t, server, '#/Admin/tables/buildings', { expected: [/412/] })];
    for (const page of [one, two]) await page.getByRole('button', { name: 'Edit 1', exact: true }).click();
    await one.getByLabel('CityName').fill('Lyon');
    await two.getByLabel('CityName').fill('Oslo');
    await checkAccessibility(one);
    await one.getByRole('button', { name: 'Preview' }).click();
    await one.getByText('No stream gets another building by this.').waitFor();
    await shot(one, 'admin-row-edit');
    await one.getByRole('button', { name: 'Save', exact: true }).click();
    await one.getByText('The row is saved.').waitFor();
    await one.getByRole('cell', { name: 'Lyon' }).first().waitFor();
    await two.getByRole('button', { name: 'Preview' }).click();
    await two.getByRole('alert').getByText('Somebody else has changed this row').waitFor();
    const { rows, columns } = await apiJson(server, '/api/v1/customer-tables/buildings?n=2');
    assert.equal(rows[1][columns.indexOf('CityName')], 'Lyon');
  });

  await t.test('a wrong value is told at its field', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/buildings', { expected: [/400/] });
    await page.getByRole('button', { name: 'Edit 1', exact: true }).click();
    await page.getByLabel('Latitude').fill('north');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('Latitude must be a number from -90 to 90').waitFor();
    assert.equal(await page.getByLabel('Latitude').getAttribute('aria-invalid'), 'true');
  });

  for (const [name, size] of Object.entries(sizes)) {
    await t.test(`a building in use stays and says why, at ${name}`, async (t) => {
      const page = await openPage(t, server, '#/Admin/tables/buildings', { size, expected: [/409/] });
      await page.getByRole('button', { name: 'Delete 1', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Other rows still name it').waitFor();
      await dialog.getByText(/CqdNetwork \(\d+\): .*\/\d+/).waitFor();
      assert.ok(await dialog.getByRole('button', { name: 'Delete row' }).isDisabled());
      await checkAccessibility(page);
      await checkFits(page);
      await shot(page, `admin-row-used-${name}`);
    });
  }

  await t.test('a network goes once its streams are told, and a row is added', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/networks');
    await page.getByRole('button', { name: /^Delete / }).first().click();
    await page.getByRole('dialog').getByText(/get another building|No stream gets/).waitFor();
    await shot(page, 'admin-row-delete');
    const { total } = await apiJson(server, '/api/v1/customer-tables/networks?n=1');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete row' }).click();
    await page.getByText('The row is deleted.').waitFor();
    assert.equal((await apiJson(server, '/api/v1/customer-tables/networks?n=1')).total, total - 1);
    await page.getByRole('button', { name: 'Add row' }).click();
    await page.getByLabel('Network', { exact: true }).fill('10.251.0.0');
    await page.getByLabel('NetworkRange').fill('16');
    await page.getByLabel('BuildingKey').fill('1');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The row is saved.').waitFor();
    assert.equal((await apiJson(server, '/api/v1/customer-tables/networks?q=10.251.0.0')).matching, 1);
  });
});

test('buildings on the map', async (t) => {
  const server = await startServer(t);
  const { rows } = await apiJson(server, '/api/v1/customer-tables/buildings?n=100');

  await t.test('without coordinates it says what to do', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/buildings?view=map');
    await page.getByText('No building has a latitude and a longitude.').waitFor();
    await page.getByText(/buildings without latitude and longitude are not on the map/).waitFor();
    await shot(page, 'admin-map-empty');
  });

  const cities = [[51.5, -0.12], [48.86, 2.35], [45.76, 4.84], [52.52, 13.4], [55.75, 37.62], [25.03, 121.56], [40.71, -74], [-33.87, 151.2], [1.35, 103.8]];
  // All but the first two ("Unknown" and one that nobody has measured).
  const csv = rows.slice(2).map((row, i) => {
    const [latitude, longitude] = cities[i % cities.length];
    return `${row[0]},"${row[1]}",${(latitude + (i % 5) * 0.9).toFixed(3)},${(longitude + (i % 7) * 0.7).toFixed(3)}`;
  });
  const put = await fetch(`${server.url}/api/v1/customer-tables/buildings`, {
    method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: `BuildingKey,BuildingName,Latitude,Longitude\n${csv.join('\n')}\n`,
  });
  assert.equal(put.status, 200);

  for (const [name, size] of Object.entries(sizes)) {
    for (const theme of ['light', 'dark']) {
      await t.test(`dots, their numbers and the table agree, at ${name}, ${theme}`, async (t) => {
        const page = await openPage(t, server, '#/Admin/tables/buildings', { size, theme });
        await page.getByRole('link', { name: 'Map' }).click();
        const dots = page.locator('.map-dot');
        await dots.first().waitFor();
        assert.equal(await dots.count(), rows.length - 2);
        await page.getByText('1 building without latitude and longitude is not on the map.').waitFor();
        await settled(page);
        await checkAccessibility(page);
        await checkFits(page);
        await dots.first().focus();
        await page.locator('.map-chosen').getByText(/stream ends/).waitFor();
        await shot(page, `admin-map-${name}-${theme}`);
        const label = await dots.first().getAttribute('aria-label');
        assert.match(label, /: [\d,]+ stream ends, [\d.]+% poor$/);
        const shares = await page.locator('.map-table tbody td:last-child').allTextContents();
        const numbers = shares.filter((one) => one !== '–').map(Number.parseFloat);
        assert.deepEqual(numbers, numbers.slice().sort((a, b) => b - a), 'the worst first');
      });
    }
  }

  await t.test('the keyboard goes from dot to dot, nearer and back', async (t) => {
    const page = await openPage(t, server, '#/Admin/tables/buildings?view=map');
    await page.locator('.map-dot').first().waitFor();
    await page.locator('.map-dot[tabindex="0"]').focus();
    const first = await page.locator('.map-label-name').textContent();
    const seen = new Set([first]);
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowLeft', 'ArrowRight']) {
      await page.keyboard.press(key);
      seen.add(await page.locator('.map-label-name').textContent());
    }
    assert.ok(seen.size >= 3, [...seen].join(', '));
    assert.equal(await page.locator('.map-dot[tabindex="0"]').count(), 1, 'one stop for the tab key');
    const place = () => page.locator('.map-dot-active').getAttribute('transform');
    await page.keyboard.press('+');
    assert.equal(await place(), 'translate(360.0 230.0)', 'the chosen dot comes to the middle');
    await page.getByRole('button', { name: 'All buildings' }).click();
    assert.ok(await page.getByRole('button', { name: 'All buildings' }).isDisabled());
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

  await t.test('everybody changes their own password; other windows are signed out', async (t) => {
    const [here, elsewhere] = [
      await openPage(t, server, '#/Health', { size: sizes.phone, expected: [/401/, /403/] }), await openPage(t, server, '#/Health', { expected: [/401/] }),
    ];
    for (const page of [here, elsewhere]) {
      await page.getByLabel('User name').waitFor();
      await signIn(page, 'reader');
      await page.locator('[data-answer="working"]').waitFor();
    }
    await here.getByRole('button', { name: 'Settings' }).click();
    await here.getByRole('menuitem', { name: 'Change password' }).click();
    const save = here.getByRole('button', { name: 'Save', exact: true });
    await here.getByLabel('Present password').fill('not that one');
    await here.getByLabel('New password', { exact: true }).fill('short');
    await here.getByText('Too short.').waitFor();
    await here.getByLabel('New password', { exact: true }).fill('a sentence of mine');
    await here.getByLabel('New password once more').fill('a sentence of mind');
    await here.getByText('Not the same as above.').waitFor();
    assert.ok(await save.isDisabled());
    await here.getByLabel('New password once more').fill('a sentence of mine');
    await checkAccessibility(here);
    await checkFits(here);
    await shot(here, 'password-phone');
    await save.click();
    await here.getByText('The present password is wrong.').waitFor();
    await here.getByLabel('Present password').fill('secret of reader');
    await here.keyboard.press('Enter');
    await here.getByText('The password is changed.').waitFor();
    await here.reload();
    await here.locator('[data-answer="working"]').waitFor();
    await elsewhere.goto(`${server.url}/CQD/#/About`);
    await elsewhere.reload();
    await elsewhere.getByLabel('User name').waitFor();
  });

  await t.test('who guesses is told how long to wait', async (t) => {
    const page = await openPage(t, server, '#/Health', { expected: [/401/, /429/] });
    await page.getByLabel('User name').waitFor();
    for (let i = 0; i < 8 && await page.getByText(/Too many wrong passwords/).count() === 0; ++i) {
      await page.getByLabel('User name').fill('stranger');
      await page.getByLabel('Password').fill(`guess ${i}`);
      const answered = page.waitForResponse((answer) => answer.url().endsWith('/session') && answer.request().method() === 'POST');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await answered;
      await page.getByRole('alert').waitFor();
    }
    await page.getByRole('alert').getByText(/Too many wrong passwords. Try again in \d+ s/).waitFor();
    await shot(page, 'signin-wait');
  });

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
