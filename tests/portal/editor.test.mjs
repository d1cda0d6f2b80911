// Promises of the report editor: a report from nothing by keyboard, live preview, undo, unsaved changes, two people at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkAccessibility, checkFits, openPage, settled, shot, sizes, startServer } from './harness.mjs';

const repository = '/QoERepositoryService/repository';
const json = async (server, path, init) => (await fetch(server.url + path, init)).json();
const start = (server) => json(server, `${repository}/user/default`);
/** The reader's first report: the monthly trend. */
async function firstReport(server) {
  const user = await start(server);
  const set = await json(server, `${repository}/item/${user.defaultItemId}`);
  return { setId: user.defaultItemId, id: set.subItemIds[0] };
}
const contentOf = async (server, id) => JSON.parse((await json(server, `${repository}/item/${id}`)).content);
const newestOf = async (server, setId) => contentOf(server, (await json(server, `${repository}/item/${setId}`)).subItemIds.at(-1));
const save = (page) => page.getByRole('button', { name: 'Save', exact: true }).click();

test('editor', async (t) => {
  const server = await startServer(t);
  const { setId, id } = await firstReport(server);

  for (const [name, size] of Object.entries(sizes)) {
    for (const theme of ['light', 'dark']) {
      await t.test(`looks whole at ${name}, ${theme}`, async (t) => {
        const page = await openPage(t, server, `#/Edit/${id}`, { size, theme });
        await page.locator('.editor-preview canvas').first().waitFor();
        await settled(page);
        await checkAccessibility(page);
        await checkFits(page);
        await shot(page, `editor-${name}-${theme}`);
      });
    }
  }

  await t.test('a report is made from nothing by keyboard alone', async (t) => {
    const page = await openPage(t, server, `#/Edit/new?parent=${setId}`);
    const title = page.getByLabel('Title');
    await title.waitFor();
    await title.focus();
    await page.keyboard.type('Where it is bad');
    // A dimension: search, take the first, close.
    await page.getByRole('button', { name: 'Add a dimension' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('combobox', { name: 'Search by name or description' }).waitFor();
    await page.keyboard.type('second building name');
    await page.getByRole('option', { name: /Building Name.*Second Building/ }).waitFor();
    await shot(page, 'editor-picker', { fullPage: false });
    await checkAccessibility(page);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.locator('.outline-entry', { hasText: 'Second Building Name' }).waitFor();
    // The month goes.
    await page.getByRole('button', { name: 'Actions for Month' }).first().focus();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'menuitem');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    // A condition with a value found by typing.
    await page.getByRole('button', { name: 'Add a condition' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.type('media type');
    await page.getByRole('option', { name: /Media Type/ }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Find values').focus();
    await page.keyboard.type('aud');
    const member = page.getByRole('button', { name: /^Audio/ });
    await member.waitFor();
    await page.waitForFunction(() => /\d/.test(document.querySelector('.member-count')?.textContent ?? ''));
    await checkAccessibility(page);
    await shot(page, 'editor-condition', { fullPage: false });
    await member.focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Apply' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '1 month' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Table', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.editor-preview').getByText('Austin Foundry').first().waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Save', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The report is saved.').waitFor();
    const stored = await newestOf(server, setId);
    assert.equal(stored.Title, 'Where it is bad');
    assert.deepEqual(stored.Query.Dimensions, [{ DataModelName: '[Second Building].[Building Name]' }]);
    assert.equal(stored.Query.Filters[0].Value, '[Audio]');
    assert.equal(stored.Query.Trend.EnableTrend, false);
    assert.deepEqual(stored.Presentation.dimensions.map((one) => one.DataModelName), ['[Second Building].[Building Name]']);
  });

  await t.test('what is wrong is said, and where', async (t) => {
    const page = await openPage(t, server, `#/Edit/new?parent=${setId}`);
    await save(page);
    await page.locator('#editor-problems', { hasText: 'The report needs a title.' }).waitFor();
    await page.getByRole('button', { name: 'Actions for AudioPoorPercentage' }).waitFor();
    for (const name of ['Audio Good Streams Count', 'Audio UnClassified Streams Count', 'Audio Poor Streams Count', 'AudioPoorPercentage']) {
      await page.getByRole('button', { name: `Actions for ${name}` }).click();
      await page.getByRole('menuitem', { name: 'Remove' }).click();
    }
    await page.locator('#editor-problems', { hasText: 'Nothing is measured yet.' }).waitFor();
    await checkAccessibility(page);
    await shot(page, 'editor-problems');
    // Undo brings them back one by one.
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.outline-entry', { hasText: 'AudioPoorPercentage' }).waitFor();
    await page.getByRole('heading', { name: 'Dimensions' }).click();
    await page.keyboard.press('Control+z');
    await page.locator('.outline-entry', { hasText: 'Audio Poor Streams Count' }).waitFor();
    await page.keyboard.press('Control+y');
    await page.locator('.outline-entry', { hasText: 'Audio Poor Streams Count' }).waitFor({ state: 'detached' });
  });

  await t.test('a condition holds for either end, and blocks are joined by or', async (t) => {
    const page = await openPage(t, server, `#/Edit/${id}`);
    const add = async (search, value, either) => {
      await page.getByRole('button', { name: 'Add a condition' }).click();
      await page.getByRole('combobox', { name: 'Search by name or description' }).fill(search);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: new RegExp(`^${value}`) }).click();
      if (either) await page.getByLabel('At either end of the call').check();
      await page.getByRole('button', { name: 'Apply' }).click();
    };
    await add('second building building name', 'Austin Foundry', true);
    await page.getByText('Building Name at either end').waitFor();
    await add('media type', 'Audio', false);
    await page.getByRole('button', { name: 'Actions for Media Type' }).click();
    await page.getByRole('menuitem', { name: /Building Name/ }).click();
    await page.getByText('Any of these is enough:').waitFor();
    await shot(page, 'editor-groups');
    await page.getByRole('button', { name: 'Show the query' }).click();
    const query = JSON.parse(await page.locator('.query-text').textContent());
    const groups = query.Filters.filter((one) => one.UnionGroup !== '').map((one) => one.UnionGroup);
    assert.equal(groups.length, 3);
    assert.equal(new Set(groups).size, 1);
    await page.getByRole('button', { name: 'curl' }).click();
    const command = await page.locator('.query-text').textContent();
    assert.ok(command.includes(`${server.url}/QoEDataService/RunQuery`));
    await page.getByRole('button', { name: 'Copy' }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), command);
    await page.getByText('Copied.').waitFor();
  });

  await t.test('leaving with unsaved changes asks first', async (t) => {
    const page = await openPage(t, server, `#/Edit/${id}`);
    await page.getByLabel('Title').fill('Changed');
    await page.getByText('Not saved').waitFor();
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await page.getByLabel('Title').inputValue(), 'Changed');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Leave without saving' }).click();
    await page.waitForFunction((set) => location.hash.startsWith(`#/${set}`), setId);
    assert.notEqual((await contentOf(server, id)).Title, 'Changed');
  });

  await t.test('two people at once: different parts are both kept', async (t) => {
    // The refused save is a status that the browser logs.
    const expected = [/412/];
    const one = await openPage(t, server, `#/Edit/${id}`, { expected });
    const two = await openPage(t, server, `#/Edit/${id}`, { expected });
    await one.getByLabel('Title').fill('Trend of all audio');
    await two.getByLabel('Description').fill('Look here first.');
    await save(one);
    await one.getByText('The report is saved.').waitFor();
    await save(two);
    await two.getByRole('dialog', { name: 'Somebody was quicker' }).waitFor();
    await checkAccessibility(two);
    await shot(two, 'editor-conflict', { fullPage: false });
    await two.getByRole('button', { name: 'Keep both changes' }).click();
    await two.getByText('The report is saved.').waitFor();
    const stored = await contentOf(server, id);
    assert.equal(stored.Title, 'Trend of all audio');
    assert.equal(stored.Description, 'Look here first.');
  });

  await t.test('two people at once: the same part needs a choice', async (t) => {
    const expected = [/412/];
    const one = await openPage(t, server, `#/Edit/${id}`, { expected });
    const two = await openPage(t, server, `#/Edit/${id}`, { expected });
    await one.getByLabel('Title').fill('First title');
    await two.getByLabel('Title').fill('Second title');
    await save(one);
    await one.getByText('The report is saved.').waitFor();
    await save(two);
    await two.getByRole('dialog', { name: 'Somebody was quicker' }).waitFor();
    assert.equal(await two.getByRole('button', { name: 'Keep both changes' }).count(), 0);
    await two.getByRole('button', { name: 'Save mine as a copy' }).click();
    await two.getByText('A copy is saved among your reports.').waitFor();
    assert.equal((await contentOf(server, id)).Title, 'First title');
    assert.equal((await newestOf(server, setId)).Title, 'Second title (my copy)');
  });

  await t.test('somebody else\'s report is saved as a copy', async (t) => {
    const system = await json(server, `${repository}/user/system`);
    const theirs = (await json(server, `${repository}/item/${system.defaultItemId}`)).subItemIds[0];
    const page = await openPage(t, server, `#/Edit/${theirs}`);
    await page.getByRole('button', { name: 'Save a copy' }).click();
    await page.getByText('A copy is saved among your reports.').waitFor();
    assert.equal((await newestOf(server, setId)).Title, 'Audio Streams Monthly Trend');
  });

  await t.test('a failing save keeps the work', async (t) => {
    const page = await openPage(t, server, `#/Edit/${id}`, { expected: [/500/], route: (context) =>
      context.route('**/repository/item/*', (route) => (route.request().method() === 'PUT'
        ? route.fulfill({ status: 500, body: '{}', contentType: 'application/problem+json' }) : route.continue())) });
    await page.getByLabel('Title').fill('Kept');
    await save(page);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    assert.equal(await page.getByLabel('Title').inputValue(), 'Kept');
  });
});
