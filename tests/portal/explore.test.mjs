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
        await page.locator('.chart-canvas canvas').waitFor();
        await settled(page);
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
    const canvas = page.locator('.chart-canvas canvas');
    await canvas.waitFor();
    await settled(page);
    // The leftmost pixel in the published colour of poor streams.
    const place = await canvas.evaluate((element) => {
      const { width, height } = element;
      const { data } = element.getContext('2d').getImageData(0, 0, width, height);
      for (let x = 0; x < width; ++x) {
        for (let y = 0; y < height; ++y) {
          const at = 4 * (y * width + x);
          if (data[at] === 0xf2 && data[at + 1] === 0x4c && data[at + 2] === 0xae) return { x: x + 3, y: y + 1 };
        }
      }
      return null;
    });
    assert.ok(place, 'a poor stream is drawn');
    const box = await canvas.boundingBox();
    await page.mouse.click(box.x + place.x, box.y + place.y);
    await page.getByRole('menuitem', { name: /Only the streams of/ }).click();
    await settled(page);
    await page.getByText('Class').first().waitFor();
    const query = new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
    assert.ok(query.getAll('f').some((one) => one.includes('[Quality].[Class]') && one.includes('[Poor]')));
  });

  await t.test('a chart is picked by keyboard, and the menu stands where the bar does', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.getByRole('button', { name: 'Chart' }).click();
    const chart = page.locator('.chart-canvas');
    await chart.locator('canvas').waitFor();
    await settled(page);
    await chart.focus();
    await page.keyboard.press('Home');
    await page.locator('.chart [role=status]', { hasText: 'Austin Foundry' }).waitFor({ state: 'attached' });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    const menu = page.getByRole('menu', { name: 'What next' });
    await menu.getByRole('menuitem', { name: 'Only Austin Foundry' }).waitFor();
    const [at, around] = [await menu.boundingBox(), await chart.boundingBox()];
    assert.ok(at.x >= around.x && at.x < around.x + 200 && at.y > 0 && at.y < around.y + around.height, JSON.stringify([at, around]));
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.classList.contains('chart-canvas'));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.locator('.condition', { hasText: 'Austin Foundry' }).waitFor();
  });

  await t.test('why is it worse: ranked groups with effect, certainty and size; a click asks about one alone', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.locator('.answer-table tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Previous month' }).click();
    await settled(page);
    await page.getByRole('button', { name: 'Why is it worse?' }).click();
    const card = page.locator('.why');
    await card.getByText(/The poor share/).waitFor();
    await card.getByText(/Groups tested: \d/).first().waitFor();
    await checkAccessibility(page);
    // Against all other streams of three months the planted faults of the organisation stand out.
    const from = new Date(Date.now() - 92 * 24 * 3600 * 1000).toISOString().slice(0, 10);
    await card.getByLabel('Worse from').fill(from);
    await card.getByLabel('Compared with').selectOption('others');
    await card.getByRole('button', { name: 'Search' }).click();
    const rows = card.locator('tbody tr');
    await rows.first().waitFor();
    assert.match(page.url(), new RegExp(`why=${from}_\\d{4}-\\d\\d-\\d\\d(&|$)`));
    const cells = (await rows.first().locator('td').allTextContents()).map((text) => text.trim());
    assert.match(cells[0], /: /);
    assert.match(cells[3], /^\+[\d.]+\+[\d.]+ to \+[\d.]+$/);
    assert.ok(Number(cells[5].replace(/,/g, '')) >= 50, cells[5]);
    await checkAccessibility(page);
    await checkFits(page);
    await shot(page, 'explore-why');
    const [first, ...further] = cells[0].split(' and ')[0].split(': ');
    await rows.first().getByRole('button').click();
    await page.locator('.condition', { hasText: first }).filter({ hasText: further.join(': ').slice(0, 12) }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await card.waitFor({ state: 'detached' });
  });

  await t.test('a clicked month is held against the one before', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.locator('.answer-table tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Remove Second Building Name' }).click();
    await settled(page);
    await page.getByRole('button', { name: '7 months' }).click();
    await settled(page);
    await page.locator('.answer-table .pick').nth(3).click();
    await page.getByRole('menuitem', { name: /^Why is .* worse than the month before/ }).click();
    await page.locator('.why').getByText(/The poor share/).waitFor();
    assert.match(page.url(), /why=\d{4}-\d\d-01_\d{4}-\d\d-01_\d{4}-\d\d-01_\d{4}-\d\d-01/);
  });

  await t.test('a state of the data is chosen, and two of them compared', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.locator('.answer-table tbody tr').first().waitFor();
    assert.equal(await page.getByLabel('State of the data').count(), 0, 'there is but one');
    const versions = () => page.evaluate(async () => (await (await fetch('/api/v1/data-versions')).json()).versions.map((one) => one.data_version));
    const [old] = await versions();
    await page.evaluate(() => fetch('/api/v1/runs', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ stage: 'cube', kind: 'full' }) }));
    while ((await versions()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await page.reload();
    await page.getByLabel('State of the data', { exact: true }).selectOption(String(old));
    await page.waitForURL(new RegExp(`asof=${old}`));
    await settled(page);
    await page.locator('.answer-facts', { hasText: `data version ${old}` }).waitFor();
    await page.getByLabel('State of the data', { exact: true }).selectOption('');
    await page.getByLabel('Compare with another state').selectOption(String(old));
    await page.getByRole('button', { name: 'Poor%: change' }).waitFor();
    await settled(page);
    const changes = await page.locator('.answer-table td.change').allTextContents();
    assert.ok(changes.length > 0 && changes.every((text) => Number(text) === 0), changes.join());
    await checkAccessibility(page);
    await shot(page, 'explore-versions');
  });

  await t.test('a state that is gone says so and leads to the newest', async (t) => {
    const page = await openPage(t, server, '#/Explore?asof=999');
    await page.getByText(/data version 999 is not kept/).waitFor();
    await page.getByRole('button', { name: 'newest data' }).click();
    await page.locator('.answer-table tbody tr').first().waitFor();
  });

  await t.test('two months are compared', async (t) => {
    const page = await openPage(t, server, '#/Explore');
    await page.locator('.answer-table tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Previous month' }).click();
    await settled(page);
    const options = page.getByLabel('Compare with', { exact: true });
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
    await page.locator('.answer-table tbody tr, .chart-canvas canvas').first().waitFor();
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
