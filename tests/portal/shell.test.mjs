// Promises of what stands around every page: header, settings, languages, addresses, security of delivery.
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkAccessibility, checkFits, openPage, settled, shot, sizes, startServer } from './harness.mjs';

test('shell', async (t) => {
  const server = await startServer(t);

  await t.test('the root leads to the portal', async (t) => {
    const page = await openPage(t, server);
    await page.goto(server.url);
    assert.equal(new URL(page.url()).pathname, '/CQD/');
  });

  for (const [name, size] of Object.entries(sizes)) {
    await t.test(`pages without data are whole at ${name}`, async (t) => {
      const page = await openPage(t, server, '#/Users', { size });
      await page.getByRole('link', { name: /Reports of system/ }).waitFor();
      await checkAccessibility(page);
      await checkFits(page);
      await shot(page, `users-${name}`);
      await page.goto(`${server.url}/CQD/#/About`);
      await page.getByText('Apache-2.0').waitFor();
      await checkAccessibility(page);
      await checkFits(page);
      await shot(page, `about-${name}`);
    });
  }

  await t.test('the settings menu works by keyboard and keeps what is chosen', async (t) => {
    const page = await openPage(t, server, '#/About');
    await settled(page);
    await page.getByRole('button', { name: 'Settings' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('menuitemcheckbox', { name: 'Hide descriptions' }).waitFor();
    await shot(page, 'settings-menu');
    await checkAccessibility(page);
    await page.keyboard.press('End');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'About');
    await page.keyboard.press('Home');
    const stored = page.waitForResponse((response) => response.request().method() === 'PUT');
    await page.keyboard.press('Enter');
    assert.equal((await stored).status(), 204);
    await page.reload();
    await settled(page);
    await page.getByRole('button', { name: 'Settings' }).click();
    assert.equal(await page.getByRole('menuitemcheckbox', { name: 'Hide descriptions' }).getAttribute('aria-checked'), 'true');
    await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await checkAccessibility(page);
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Français' }).click();
    await page.getByRole('heading', { name: 'À propos' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  });

  for (const [language, heading] of [['ru-RU', 'О программе'], ['zh-TW', '關於'], ['fr-FR', 'À propos'], ['de-DE', 'About']]) {
    await t.test(`the browser's language ${language} is taken`, async (t) => {
      const page = await openPage(t, server, '#/About', { language });
      await page.getByRole('heading', { name: heading }).waitFor();
    });
  }

  await t.test('unknown addresses say so', async (t) => {
    const page = await openPage(t, server, '#/%E0%A4%A/x');
    await page.getByText('There is no such page.').waitFor();
  });

  await t.test('the page comes packed, checked and kept', async () => {
    const page = await fetch(`${server.url}/CQD/`);
    assert.match(page.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'/);
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.ok(page.headers.get('referrer-policy'));
    const script = /src="(assets\/main[^"]+)"/.exec(await page.text())[1];
    const packed = await fetch(`${server.url}/CQD/${script}`, { headers: { 'Accept-Encoding': 'br' } });
    assert.equal(packed.headers.get('content-encoding'), 'br');
    assert.match(packed.headers.get('cache-control'), /immutable/);
  });
});
