// What every browser test of the portal starts from: a server of its own over a copy of one small simulated
// organisation, and pages that remember everything that went wrong in them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const source = path.resolve(here, '../..');
const fromPortal = createRequire(path.join(source, 'portal/package.json'));
const { chromium } = fromPortal('playwright-core');
const axeSource = readFileSync(fromPortal.resolve('axe-core/axe.min.js'), 'utf8');
export const packageFile = (name) => fromPortal.resolve(name);

export const buildFolder = process.env.CQD_BUILD_DIR ?? path.join(source, 'build/debug');
const binary = process.env.CQD_BINARY ?? path.join(buildFolder, 'src/cqd/server/cqd');
export const portalFolder = path.join(buildFolder, 'portal');
const shots = path.join(source, 'build/portal-shots');

/** Widths that every page is looked at: a desk and a phone. */
export const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

function command(...args) {
  const done = spawnSync(binary, args, { encoding: 'utf8' });
  assert.equal(done.status, 0, `cqd ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

const dataFolder = path.join(buildFolder, 'portal-data');
/** The simulated organisation ends now, so its data gets old. */
const dataAgeMax = 12 * 3600 * 1000;

/** Made when missing, older than the program or half a day, or from another month. run.mjs calls it before the tests. */
export function makeData() {
  const stamp = path.join(dataFolder, 'complete');
  if (existsSync(stamp)) {
    const at = statSync(stamp).mtime;
    // Another program may not read what an older one wrote without a run, and the tests start none.
    if (at > statSync(binary).mtime && Date.now() - at.getTime() < dataAgeMax && at.getUTCMonth() === new Date().getUTCMonth()) return;
  }
  rmSync(dataFolder, { recursive: true, force: true });
  mkdirSync(dataFolder, { recursive: true });
  const file = (name) => path.join(dataFolder, name);
  const data = ['--config', file('cqd.toml')];
  command('simulate', '--database', file('QoEMetrics.sqlite'), '--streams', '12000', '--months', '7', '--seed', '42',
    '--customer-tables', file('customer'));
  // Without a schedule: what a test sees does not change under it.
  writeFileSync(file('cqd.toml'), [
    `data_dir = "${file('data')}"`,
    '[integration]', 'every_s = 0', 'run_at_start = false',
    '[[source]]', 'name = "demo"', `connection_string = "Driver=SQLite3;Database=${file('QoEMetrics.sqlite')}"`,
  ].join('\n'));
  command('import', 'buildings', file('customer/buildings.txt'), ...data);
  command('import', 'bssids', file('customer/bssids.csv'), ...data);
  command('integrate', ...data);
  writeFileSync(stamp, '');
}

/**
 * A server over a fresh copy of the data, ended with the test `t`. `settings`: further lines of TOML, each starting a
 * table of its own; `everyS`: the schedule's interval in seconds, 0 for none; `prepare`:
 * (folder, command, config) => ..., run before the server starts; `binary`: another program; `empty`: neither data nor
 * a source, as at the first start.
 */
export async function startServer(t, { settings = '', everyS = 0, prepare, binary: program = binary, empty = false } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cqd-portal-test-'));
  if (!empty) cpSync(path.join(dataFolder, 'data'), path.join(folder, 'data'), { recursive: true });
  const config = path.join(folder, 'cqd.toml');
  writeFileSync(config, [
    `data_dir = "${path.join(folder, 'data')}"`,
    '[integration]', `every_s = ${everyS}`, 'run_at_start = false', 'warn_after_s = 604800', 'error_after_s = 604800',
    settings,
    ...(empty ? [] : ['[[source]]', 'name = "demo"', `connection_string = "Driver=SQLite3;Database=${path.join(dataFolder, 'QoEMetrics.sqlite')}"`]),
  ].join('\n'));
  prepare?.(folder, command, config);
  const child = spawn(program, ['serve', '--config', config, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const port = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      log += chunk;
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(log);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
  });
  t.after(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const code = child.exitCode ?? await ended;
    rmSync(folder, { recursive: true, force: true });
    assert.equal(code, 0, `the server ended with ${code}:\n${log}`);
  });
  return { url: `http://127.0.0.1:${port}`, folder, config, log: () => log, command };
}

let shared;
/** One browser for all tests of a file. */
export async function startBrowser() {
  shared ??= await chromium.launch({
    executablePath: process.env.CQD_CHROMIUM ?? '/usr/bin/chromium',
    // Root has no sandbox of Chromium's; the pages are our own.
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
  return shared;
}
after(() => shared?.close());

/**
 * A page at `address` ("#/Health"). `page.problems` collects console errors, uncaught errors and violations of the
 * content security policy; closed with the test. Settings: size, theme ('light' | 'dark'), language, time zone,
 * `expected`: regular expressions of console lines that the test causes on purpose; `route`: async (context) => ...,
 * to change answers on their way.
 */
export async function openPage(t, server, address = '#/', options = {}) {
  const browser = await startBrowser();
  const context = await browser.newContext({
    viewport: options.size ?? sizes.wide,
    locale: options.language ?? 'en-GB',
    timezoneId: options.zone ?? 'Europe/Paris',
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(options.credentials ? { httpCredentials: options.credentials } : {}),
  });
  await options.route?.(context);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.problems = [];
  const note = (text) => {
    if (!(options.expected ?? []).some((pattern) => pattern.test(text))) page.problems.push(text);
  };
  page.on('console', (message) => { if (message.type() === 'error') note(`${message.text()} ${message.location().url}`.trim()); });
  page.on('pageerror', (error) => note(String(error)));
  t.after(async () => {
    // A page that asks by itself may have an answer under way.
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    assert.deepEqual(page.problems, []);
  });
  await page.goto(`${server.url}/CQD/${address}`);
  return page;
}

/** Waits until nothing is being loaded any more. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector('main') !== null
    && document.querySelectorAll('.state-loading, [aria-busy="true"]').length === 0);
}

/** No finding of axe-core that is serious or critical (WCAG 2.2 A and AA). */
export async function checkAccessibility(page) {
  await page.evaluate(axeSource);
  const findings = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, {
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    });
    return result.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 4).map((node) => node.target.join(' ')).join(' | ')}`);
  });
  assert.deepEqual(findings, []);
}

/** Nothing sticks out of the page to the right. */
export async function checkFits(page) {
  const [wanted, has] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wanted <= has, `the page is ${wanted} px wide in a window of ${has}`);
}

/** A picture for people to look at: build/portal-shots/<name>.png. */
export async function shot(page, name, options = {}) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true, ...options });
}

/** Tasks of the page's own thread above 50 ms (Long Tasks API), from now on; the answer gives them. */
export async function watchLongTasks(page) {
  await page.evaluate(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.longTasks.push({ start: entry.startTime, ms: entry.duration });
    }).observe({ entryTypes: ['longtask'] });
  });
  return () => page.evaluate(() => globalThis.longTasks);
}
