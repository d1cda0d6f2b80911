// Promises of Explore: from the start to the worst building and its cause in a few clicks; everything is in the address; a file that
// opens without a server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkAccessibility, checkFits, openPage, settled, shot, sizes, startBrowser, startServer } from './harness.mjs';

/** The first row of the answer, as captions and numbers. */
const firstRow = (page) => page.locator('.answer-table tbody tr').first().locator('td').allTextContents();
const pick = async (page, row, item) => {
  await page.getByRole('button', { name: row, exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
  await settled(page);
};

test('explore', async (t) => {
  const server = await startServer(t);

  for (const [name, size] of Object.entries(sizes)) {
    for (const theme of ['light', 'dark']) {
      await t.test(`looks whole at ${name}, ${theme}`, async (t) => {
        const page = await openPage(t, server, '#/Explore', { size, theme });
        await page.locator('.answer-table tbody tr').first().waitFor();
        await checkAccessibility(page);
        await checkFits(page);
        await shot(page, `explore-${name}-${theme}`);
        await page.getByRole('button', { name: 'Chart' }).click();
        await page.locator('.answer-picture rect[data-series]').first().waitFor({ state: 'attached' });
        await checkAccessibility(page);
        await checkFits(page);
        await shot(page, `explore-chart-${name}-${theme}`);
      });
    }
  }

  await t.test('from the start page to the worst building and its subnets in three clicks', async (t) => {
    const page = await openPage(t, server, '#/');
    await page.getByRole('link', { name: 'Explore' }).click();
    await page.locator('.answer-table tbody tr').first().waitFor();
    assert.equal((await firstRow(page))[0], 'Austin Foundry', 'the worst comes first');
    await pick(page, 'Austin Foundry', 'Break Austin Foundry down by Second Subnet');
    await page.locator('.condition', { hasText: 'Austin Foundry' }).waitFor();
    await page.locator('.answer-table').getByText(/^10\./).first().waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Austin Foundry', exact: true }).waitFor();
  });

  await t.test('by keyboard: a row, without it, and the way back', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.getByRole('button', { name: 'Austin Foundry', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Only Austin Foundry' }).waitFor();
    await checkAccessibility(page);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.textContent === 'Austin Foundry');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByText('is not').waitFor();
    await settled(page);
    assert.notEqual((await firstRow(page))[0], 'Austin Foundry');
  });

  await t.test('a bar leads on, too: only the poor streams of one building', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.getByRole('button', { name: 'Chart' }).click();
    const bar = page.locator('.answer-picture rect[data-row="0"][data-series="2"]');
    await bar.waitFor({ state: 'attached' });
    await bar.click();
    await page.getByRole('menuitem', { name: /Only the streams of/ }).click();
    await settled(page);
    await page.getByText('Class').first().waitFor();
    const query = new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
    assert.ok(query.getAll('f').some((one) => one.includes('[Quality].[Class]') && one.includes('[Poor]')));
  });

  await t.test('two months are compared', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.locator('.answer-table tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Previous month' }).click();
    await settled(page);
    const options = page.getByLabel('Compare with');
    await options.selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Poor%: change' }).waitFor();
    await settled(page);
    await shot(page, 'explore-compare');
    const [before, after, change] = (await page.locator('.answer-table tbody tr').first().locator('td').allTextContents())
      .slice(1, 4).map((text) => Number(text.replace(/[,\s%]/g, '')));
    // Each of the three is rounded to two places.
    assert.ok(Math.abs(after - before - change) < 0.02, `${before} ${after} ${change}`);
    await checkAccessibility(page);
  });

  await t.test('an empty answer says what to take away', async (t) => {
    const address = `#/Explore?d=${encodeURIComponent('[Second Building].[City]')}&m=${encodeURIComponent('[Measures].[Audio Streams Count]')}`
      + `&f=${encodeURIComponent(JSON.stringify([0, '[Second Building].[City]', '[Atlantis]']))}`;
    const page = await openPage(t, server, address);
    await page.getByText('No streams match.').waitFor();
    await page.getByText('A value does not occur in the data.').waitFor();
    await page.locator('.funnel-end', { hasText: 'Atlantis' }).waitFor();
    await checkAccessibility(page);
    await shot(page, 'explore-empty');
    await page.getByRole('button', { name: /Without: .*Atlantis/ }).click();
    await page.locator('.answer-table tbody tr, .answer-picture rect[data-series]').first().waitFor({ state: 'attached' });
  });

  await t.test('a copied link shows the same view', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await pick(page, 'Austin Foundry', 'Break Austin Foundry down by Second Network Connection Detail');
    await page.getByRole('button', { name: 'Copy link' }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const seen = await firstRow(page);
    const other = await openPage(t, server, new URL(link).hash);
    await other.locator('.answer-table tbody tr').first().waitFor();
    assert.deepEqual(await firstRow(other), seen);
  });

  await t.test('rubbish in the address is a page all the same', async (t) => {
    const page = await openPage(t, server, '#/Explore/99-99?d=x&f={&t=-1&sort=zz&m=');
    await page.locator('main h1, main .state-title').first().waitFor();
  });

  await t.test('a view becomes a report', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.getByRole('button', { name: 'Save as report' }).click();
    await page.getByLabel('Title').fill('Buildings');
    await page.locator('.outline-entry', { hasText: 'Second Building Name' }).waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The report is saved.').waitFor();
  });

  await t.test('the file opens from a disk, asks nothing of any network, sorts, filters and draws', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.locator('.answer-table tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Download and query' }).click();
    await page.getByRole('menuitem', { name: 'Save as one file' }).click();
    assert.equal(await page.getByRole('checkbox', { name: /personal values/ }).count(), 0, 'buildings are no persons');
    const waiting = page.waitForEvent('download');
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    const file = path.join(server.folder, 'saved.html');
    await (await waiting).saveAs(file);
    const context = await (await startBrowser()).newContext({ viewport: sizes.wide, offline: true });
    t.after(() => context.close());
    const offline = await context.newPage();
    const asked = [];
    const problems = [];
    offline.on('request', (request) => asked.push(request.url()));
    offline.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
    offline.on('pageerror', (error) => problems.push(String(error)));
    await offline.goto(pathToFileURL(file).href);
    await offline.locator('tbody tr').first().waitFor();
    await shot(offline, 'offline-table');
    await offline.getByRole('button', { name: 'Poor%' }).click();
    assert.equal(await offline.locator('tbody td').first().textContent(), 'Austin Foundry');
    await offline.getByRole('searchbox', { name: 'Second Building Name' }).fill('boston');
    assert.equal(await offline.locator('tbody tr').count(), 3);
    await offline.getByRole('button', { name: 'As chart' }).click();
    assert.ok(await offline.locator('rect[data-series]').count() >= 9);
    await offline.setViewportSize(sizes.phone);
    await checkFits(offline);
    await shot(offline, 'offline-chart-phone');
    await checkAccessibility(offline);
    assert.deepEqual(asked, [pathToFileURL(file).href]);
    assert.deepEqual(problems, []);
  });

  await t.test('a whole report set is one file, with every report as it is shown', async (t) => {
    const page = await openPage(t, server, '#/');
    await page.locator('.report').first().waitFor();
    await settled(page);
    await page.getByRole('button', { name: 'Save as one file' }).click();
    const count = await page.locator('.report').count();
    await page.getByText(`Reports: ${count},`).waitFor();
    const waiting = page.waitForEvent('download');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    const file = path.join(server.folder, 'set.html');
    await (await waiting).saveAs(file);
    const context = await (await startBrowser()).newContext({ viewport: sizes.wide, offline: true, colorScheme: 'dark' });
    t.after(() => context.close());
    const offline = await context.newPage();
    await offline.goto(pathToFileURL(file).href);
    await offline.getByRole('heading', { name: 'All Audio Streams', level: 1 }).waitFor();
    assert.equal(await offline.locator('section > div svg').count(), count);
    await shot(offline, 'offline-set-dark');
    await checkAccessibility(offline);
  });

  await t.test('persons are in the file only after consent', async (t) => {
    const address = `#/Explore?d=${encodeURIComponent('[Second User].[URI]')}&m=${encodeURIComponent('[Measures].[Total Stream Count]')}&as=table`;
    const page = await openPage(t, server, address);
    await page.locator('.answer-table tbody tr').first().waitFor();
    const save = async (consent) => {
      await page.getByRole('button', { name: 'Download and query' }).click();
      await page.getByRole('menuitem', { name: 'Save as one file' }).click();
      const box = page.getByRole('checkbox', { name: /personal values/ });
      assert.equal(await box.isChecked(), false, 'nobody consents by default');
      if (consent) await box.check();
      else await shot(page, 'offline-consent', { fullPage: false });
      const waiting = page.waitForEvent('download');
      await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
      return readFileSync(await (await waiting).path(), 'utf8');
    };
    assert.ok(!(await save(false)).includes('meridian.example'), 'an address without consent');
    assert.ok((await save(true)).includes('meridian.example'));
  });
});
