// Promises of the health page: six answers on one screen, alive by the stream and without it, author tools for
// administrators alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkAccessibility, checkFits, openPage, settled, shot, sizes, startServer } from './harness.mjs';

const start = (server, body) => fetch(`${server.url}/api/v1/runs`, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
}).then((answer) => assert.equal(answer.status, 202));

test('health', async (t) => {
  const server = await startServer(t);
  const scheduled = await startServer(t, { everyS: 604_800 });

  for (const [name, size] of Object.entries(sizes)) {
    for (const theme of ['light', 'dark']) {
      await t.test(`six answers at ${name}, ${theme}`, async (t) => {
        const page = await openPage(t, server, '#/Health', { size, theme });
        await page.locator('[data-answer="working"]').waitFor();
        await settled(page);
        assert.equal(await page.locator('[data-answer]').count(), 6);
        await page.locator('[data-answer="working"]').getByText('Yes, all is well').waitFor();
        await page.locator('[data-answer="age"]').getByText(/Newest record: .*(CET|CEST|GMT)/).waitFor();
        await page.locator('[data-live="stream"]').waitFor();
        assert.ok(await page.locator('.health-runs tbody tr').count() >= 2);
        await checkAccessibility(page);
        await checkFits(page);
        await shot(page, `health-${name}-${theme}`);
        if (name === 'wide') {
          const bottom = await page.evaluate(() => Math.max(...[...document.querySelectorAll('[data-answer]')].map((one) => one.getBoundingClientRect().bottom)));
          assert.ok(bottom <= size.height, `the answers end at ${bottom} px`);
        }
      });
    }
  }

  await t.test('a run shows while it runs and when it has ended, without a question in between', async (t) => {
    const page = await openPage(t, server, '#/Health');
    await page.locator('[data-live="stream"]').waitFor();
    await page.locator('.health-runs tbody tr').first().waitFor();
    const before = await page.locator('.health-runs tbody tr').count();
    await page.evaluate(() => {
      globalThis.seen = [];
      new MutationObserver(() => globalThis.seen.push(document.querySelector('[data-answer="now"] .answer-main')?.textContent))
        .observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true });
    });
    // On a busy machine a run of these few streams can be over before it is drawn; not every one of them.
    const shown = () => page.evaluate(() => globalThis.seen.some((text) => /^Cube: (Running|Waiting)/.test(text ?? '')));
    let runs = 0;
    do {
      await start(server, { stage: 'cube', kind: 'full' });
      ++runs;
      await page.waitForFunction((n) => document.querySelectorAll('.health-runs tbody tr').length >= n, Math.min(before + runs, 20));
      await page.waitForFunction(() => document.querySelector('.health-runs tbody tr')?.dataset.state === 'succeeded');
    } while (!(await shown()) && runs < 8);
    assert.ok(await shown());
    await page.locator('[data-answer="now"]').getByText('Nothing at the moment').waitFor();
  });

  await t.test('without a stream it asks again and again', async (t) => {
    const page = await openPage(t, server, '#/Health', {
      route: (context) => context.route('**/api/v1/status/stream', (route) => route.fulfill({ status: 503, body: '' })),
      expected: [/503/],
    });
    await page.locator('[data-live="polling"]').waitFor();
    await page.locator('.health-runs tbody tr').first().waitFor();
    const [newest] = await page.locator('.health-runs tbody tr').all();
    const known = await newest.getAttribute('data-run');
    await start(server, { stage: 'archive' });
    await page.waitForResponse((answer) => answer.url().endsWith('/api/v1/status'));
    await page.waitForFunction((id) => document.querySelector('.health-runs tbody tr')?.dataset.run !== id, known, { timeout: 20_000 });
  });

  await t.test('a server that does not answer is told with the time of what is shown', async (t) => {
    let broken = false;
    const page = await openPage(t, server, '#/Health', {
      route: async (context) => {
        await context.route('**/api/v1/status/stream', (route) => route.abort());
        await context.route('**/api/v1/status', (route) => (broken ? route.abort() : route.continue()));
      },
      expected: [/ERR_FAILED/],
    });
    await page.locator('[data-answer="working"]').waitFor();
    await settled(page);
    broken = true;
    await page.getByText('The server does not answer').waitFor();
    assert.equal(await page.locator('[data-answer]').count(), 6);
    broken = false;
    await page.getByText('The server does not answer').waitFor({ state: 'detached' });
  });

  await t.test('a run under way tells its progress and its end, and can be stopped', async (t) => {
    let stopped = '';
    const page = await openPage(t, server, '#/Health', {
      route: async (context) => {
        await context.route('**/api/v1/runs/*/cancel', async (route) => {
          stopped = route.request().url();
          await route.fulfill({ status: 202, json: {} });
        });
        await context.route('**/api/v1/status', async (route) => {
          const answer = await route.fetch();
          const status = await answer.json();
          const now = new Date(status.generated_at).getTime();
          status.stages[0].state = 'running';
          status.stages[0].current = {
            ...status.stages[0].last_success, run_id: 'archive-now', state: 'running', finished_at: null, duration_ms: null,
            started_at: new Date(now - 65_000).toISOString(),
            steps: [{ name: 'integrate demo', state: 'running', rows: null }],
            progress: { done: 1_200_000, total: 3_000_000, unit: 'streams', fraction: 0.4, rate_per_s: 18_500, eta_at: new Date(now + 97_000).toISOString() },
          };
          await route.fulfill({ response: answer, json: status });
        });
      },
    });
    const answer = page.locator('[data-answer="now"]');
    await answer.getByText('Archive: Running').waitFor();
    await answer.getByText('1,200,000 of 3,000,000 · 18,500 per second').waitFor();
    assert.equal(await answer.getByRole('progressbar').getAttribute('value'), '0.4');
    await page.locator('[data-answer="ends"]').getByText('by its progress until now').waitFor();
    await settled(page);
    await checkAccessibility(page);
    await shot(page, 'health-running');
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
    await page.getByText('The run was asked to stop.').waitFor();
    assert.match(stopped, /archive-now/);
  });

  await t.test('what is wrong comes first, with what to do', async (t) => {
    const page = await openPage(t, server, '#/Health', {
      route: (context) => context.route('**/api/v1/status', async (route) => {
        const answer = await route.fetch();
        const status = await answer.json();
        const failed = { ...status.stages[1].last_success, state: 'failed', seq: 9999, error: { code: 'disk_full', message: 'The disk is full.', hint: null } };
        status.status = 'fail';
        status.summary = 'Cube 2 h old, limit 1 h; the last build failed twice';
        status.reasons = [{ code: 'cube_failing', severity: 'fail', stage: 'cube', source: null, since: status.generated_at, message: 'The last 2 runs failed: the disk is full.', action: 'Make room on the disk; the next run tries again by itself.' }];
        Object.assign(status.stages[1], { last_failure: failed, outcome: 'failed', verdict: 'stale', consecutive_failures: 2 });
        await route.fulfill({ response: answer, json: status });
      }),
    });
    await page.locator('[data-answer="working"]').getByText('Something is broken').waitFor();
    await page.locator('[data-answer="broke"]').getByText('The disk is full.').waitFor();
    await page.locator('[data-answer="todo"]').getByText('Make room on the disk').first().waitFor();
    await page.locator('[data-answer="working"]').getByText('Cube: the last 2 runs failed: The disk is full.').waitFor();
    await settled(page);
    await checkAccessibility(page);
    await shot(page, 'health-broken');
    // The same in the reader's language; what only the server knows stays as it said it.
    for (const [language, words] of [['fr', 'les 2 dernières exécutions ont échoué'], ['ru', 'не удались 2 последних запуска'], ['zh-TW', '最近 2 次執行失敗']]) {
      await page.evaluate((code) => localStorage.setItem('cqd.language', code), language);
      await page.reload();
      await page.locator('[data-answer="todo"]').getByText(words).waitFor();
      await page.locator('[data-answer="working"]').getByText(words).waitFor();
      assert.equal(await page.locator('[data-answer="todo"] [lang="en"]').first().textContent(), 'Make room on the disk; the next run tries again by itself.');
      await settled(page);
      await checkAccessibility(page);
    }
    await shot(page, 'health-broken-zh');
  });

  await t.test('the schedule is paused with a reason and resumed, by keyboard', async (t) => {
    const page = await openPage(t, scheduled, '#/Health');
    await page.getByRole('button', { name: 'Pause schedule' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Reason (everybody sees it)').fill('moving the disk');
    await checkAccessibility(page);
    await shot(page, 'health-pause');
    await page.getByLabel('Reason (everybody sees it)').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('The schedule is paused.').waitFor();
    await shot(page, 'health-paused');
    await page.locator('[data-answer="now"]').getByText('moving the disk').waitFor();
    await page.getByRole('button', { name: 'Resume schedule' }).click();
    await page.getByRole('button', { name: 'Pause schedule' }).waitFor();
  });

  for (const [language, title] of [['fr-FR', 'Est-ce que cela fonctionne ?'], ['ru-RU', 'Всё работает?'], ['zh-TW', '運作正常嗎？']]) {
    await t.test(`speaks ${language}`, async (t) => {
      const page = await openPage(t, server, '#/Health', { language, size: sizes.phone });
      await page.getByText(title).waitFor();
      await settled(page);
      await checkFits(page);
    });
  }
});
