// Promise: pages that people wrote for the original after its development tutorial (jQuery, inline scripts, the two
// published APIs) work from a folder of the portal. The three pages here are ours, after what the tutorial describes.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { openPage, packageFile, startServer } from './harness.mjs';

const jquery = '<script src="OpenSourceSoftware/Scripts/jquery-2.1.1.js"></script>';

const simple = (month) => `<!DOCTYPE html><html><head><title>Simple</title></head><body>${jquery}
<script>
  $($.fn.simpleReport = function () {
    $.ajax({
      url: location.origin + '/QoEDataService/RunQuery', type: 'POST', async: true, contentType: 'application/json;charset=utf-8',
      data: JSON.stringify({
        Dimensions: [{ DataModelName: '[StartDate].[Month]' }],
        Filters: [{ DataModelName: '[StartDate].[Month]', Value: '[${month}-01T00:00:00]', Operand: 0 }],
        Measurements: [{ DataModelName: '[Measures].[Audio Good Streams JPDR Count]' }, { DataModelName: '[Measures].[Audio Poor Streams JPDR Count]' }]
      }),
      success: function (data) { $('#good').html(data.DataResult[0][1]); $('#poor').html(data.DataResult[0][2]); },
      error: function () { alert('no data'); }
    });
  });
</script>
<table border="1" style="margin: 8px"><tr><td>Good</td><td><div id="good"></div></td></tr><tr><td>Poor</td><td><div id="poor"></div></td></tr></table>
</body></html>`;

const viewer = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Definitions</title></head><body>
<p>Report set: <input id="set"></p><button onclick="load()">Load</button><div id="out"></div>${jquery}
<script>
  var items = location.origin + '/QoERepositoryService/repository/item/';
  function get(id, then) {
    $.ajax({ url: items + id, data: '', type: 'GET', async: false, contentType: 'application/json;charset=utf-8', success: then, error: function () { alert('no item'); } });
  }
  var load = function () {
    get($('#set').val(), function (set) {
      $('#out').empty().append($('<div class="set">').text(set.content));
      for (var i = 0; i < set.subItemIds.length; i++) get(set.subItemIds[i], function (report) {
        var parsed = JSON.parse(report.content);
        $('#out').append($('<div class="report">').text(report.itemId + ' (' + parsed.Title + ') ' + (report.subItemIds.length > 0 ? report.subItemIds[0] : 'none') + JSON.stringify(parsed.Query)));
      });
    });
  };
</script></body></html>`;

const scorecard = (month) => `<!DOCTYPE html><html><head><title>Scorecard</title><style>td { padding: 4px; }</style></head><body>${jquery}
<table id="card"></table>
<script>
  var rows = { 'Server-Server': '[1]&[1]&[1]&[1]&[Wired]&[Wired]', 'Server-Client (inside)': '[1]&[0]&[1]&[1]&[Wired]&[Wired]' };
  $.each(rows, function (name, pair) {
    $.ajax({
      url: location.origin + '/QoEDataService/RunQuery', type: 'POST', contentType: 'application/json;charset=utf-8',
      data: JSON.stringify({
        Dimensions: [{ DataModelName: '[StartDate].[Month]' }],
        Filters: [{ DataModelName: '[Scenarios].[ScenarioPair]', Value: pair, Operand: 0 }],
        Measurements: [{ DataModelName: '[Measures].[AudioPoorJPDRPercentage]' }],
        Trend: { EnableTrend: true, SpanCount: 6, TrendDate: '${month}', Type: 0 }
      }),
      success: function (data) {
        var line = $('<tr>').append($('<td>').text(name));
        $.each(data.DataResult, function (i, row) { line.append($('<td class="value">').text(row[1].toFixed(2))); });
        $('#card').append(line);
      }
    });
  });
</script></body></html>`;

/** The nine published operations of the Repository API, as the tutorial's code sends: JSON with its character set, also on GET. */
const repository = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Repository</title></head><body>${jquery}<pre id="out"></pre>
<script>
  var base = location.origin + '/QoERepositoryService/repository';
  var seen = {};
  function ask(name, method, path, body) {
    $.ajax({
      url: base + path, type: method, async: false, contentType: 'application/json;charset=utf-8',
      data: body === undefined ? '' : JSON.stringify(body),
      complete: function (answer) { seen[name] = { status: answer.status, text: answer.responseText, json: answer.responseJSON }; }
    });
    return seen[name].json;
  }
  var users = ask('users', 'GET', '/user');
  var me = ask('user', 'GET', '/user/default');
  ask('same user', 'GET', '/user/' + me.userId);
  ask('no user', 'GET', '/user/999999');
  ask('settings', 'GET', '/user/default/setting?effective=true');
  ask('own settings', 'GET', '/user/default/setting');
  ask('setting', 'GET', '/user/system/setting/ShowDescriptions');
  ask('items', 'GET', '/item');
  var item = ask('item', 'GET', '/item/' + me.defaultItemId);
  ask('no item', 'GET', '/item/999999');
  ask('subitems', 'GET', '/item/' + me.defaultItemId + '/subitem');
  ask('ancestors', 'GET', '/itemAncestors/' + item.subItemIds[0]);
  var content = JSON.parse(item.content);
  content.Title = 'Renamed by a page';
  ask('update', 'PUT', '/item/' + item.itemId, { content: JSON.stringify(content), type: 'application/json' });
  ask('item again', 'GET', '/item/' + item.itemId);
  ask('not ours', 'PUT', '/item/' + ask('system', 'GET', '/user/system').defaultItemId, { content: '{}', type: 'application/json' });
  ask('no such item', 'PUT', '/item/999999', { content: '{}', type: 'application/json' });
  $('#out').text(JSON.stringify(seen));
</script></body></html>`;

test('own pages', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cqd-own-pages-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const now = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  const month = `${now.getUTCFullYear()}-${String(now.getUTCMonth() + 1).padStart(2, '0')}`;
  writeFileSync(path.join(folder, 'simple.html'), simple(month));
  writeFileSync(path.join(folder, 'viewer.html'), viewer);
  writeFileSync(path.join(folder, 'repository.html'), repository);
  writeFileSync(path.join(folder, 'scorecard.html'), scorecard(month));
  mkdirSync(path.join(folder, 'OpenSourceSoftware/Scripts'), { recursive: true });
  copyFileSync(packageFile('jquery/dist/jquery.js'), path.join(folder, 'OpenSourceSoftware/Scripts/jquery-2.1.1.js'));
  const server = await startServer(t, { settings: `[portal]\nown_pages_folder = "${folder}"` });

  await t.test('the simple report fills its table', async (t) => {
    const page = await openPage(t, server, 'simple.html');
    await page.waitForFunction(() => Number(document.querySelector('#good').textContent) > 0);
    assert.match(await page.textContent('#poor'), /^\d+$/);
  });

  await t.test('the definition viewer shows a report set and its reports', async (t) => {
    const page = await openPage(t, server, 'viewer.html');
    const user = await page.evaluate(async () => (await fetch('/QoERepositoryService/repository/user/system')).json());
    await page.fill('#set', String(user.defaultItemId));
    await page.click('button');
    await page.locator('.report', { hasText: 'Audio Streams Monthly Trend' }).waitFor();
    assert.match(await page.textContent('.set'), /All Audio Streams/);
    assert.equal(await page.locator('.report').count(), 2);
  });

  await t.test('every published call of the Repository API answers in its published shape', async (t) => {
    const page = await openPage(t, server, 'repository.html', { expected: [/40[34]/] });
    await page.waitForFunction(() => document.querySelector('#out').textContent !== '');
    const seen = JSON.parse(await page.textContent('#out'));
    const keys = (value) => Object.keys(value).sort();
    const status = Object.fromEntries(Object.entries(seen).map(([name, one]) => [name, one.status]));
    assert.deepEqual(status, {
      users: 200, user: 200, 'same user': 200, 'no user': 404, settings: 200, 'own settings': 200, setting: 200, items: 200, item: 200, 'no item': 404,
      subitems: 200, ancestors: 200, update: 204, 'item again': 200, system: 200, 'not ours': 403, 'no such item': 404,
    });
    const one = (name) => seen[name].json;
    assert.ok(one('users').some((user) => user.userId === 0 && user.loginName === 'system'));
    assert.deepEqual(keys(one('user')), ['defaultItemId', 'loginName', 'userId']);
    assert.deepEqual(one('same user'), one('user'));
    assert.deepEqual(keys(one('settings')[0]), ['key', 'userId', 'value']);
    assert.ok(Array.isArray(one('own settings')));
    assert.deepEqual([keys(one('setting')), typeof one('setting').value], [['key', 'userId', 'value'], 'string']);
    assert.deepEqual(keys(one('items')[0]), ['itemId', 'type', 'userId']);
    const item = one('item');
    assert.deepEqual(keys(item), ['content', 'itemId', 'subItemIds', 'type', 'userId']);
    assert.equal(item.type, 'application/json');
    assert.deepEqual(one('subitems').map((sub) => sub.itemId), item.subItemIds);
    assert.deepEqual(keys(one('subitems')[0]), ['itemId', 'type', 'userId']);
    assert.deepEqual(one('ancestors')[0], { item1: item.itemId, item2: 0, item3: JSON.parse(item.content).Title });
    assert.equal(seen.update.text ?? '', '');
    assert.equal(JSON.parse(one('item again').content).Title, 'Renamed by a page');
  });

  await t.test('the scorecard has a line for each kind of connection', async (t) => {
    const page = await openPage(t, server, 'scorecard.html');
    await page.waitForFunction(() => document.querySelectorAll('#card tr').length === 2);
    assert.ok(await page.locator('td.value').count() >= 2);
  });
});
