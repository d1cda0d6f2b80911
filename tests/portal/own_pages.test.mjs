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

test('own pages', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cqd-own-pages-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const now = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  const month = `${now.getUTCFullYear()}-${String(now.getUTCMonth() + 1).padStart(2, '0')}`;
  writeFileSync(path.join(folder, 'simple.html'), simple(month));
  writeFileSync(path.join(folder, 'viewer.html'), viewer);
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

  await t.test('the scorecard has a line for each kind of connection', async (t) => {
    const page = await openPage(t, server, 'scorecard.html');
    await page.waitForFunction(() => document.querySelectorAll('#card tr').length === 2);
    assert.ok(await page.locator('td.value').count() >= 2);
  });
});
