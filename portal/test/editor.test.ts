import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchEntries, type Entry } from '../src/ask/catalogue';
import { offlineData, offlineFile, personalNames, type OfflineReport } from '../src/offline/file';
import { drawChart, type Chart } from '../src/offline/svg_chart';
import * as q from '../src/query/index';

// --- Undo ----------------------------------------------------------------------------------------

test('undo and redo; changes of one thing are one step', () => {
  let history = q.startHistory(0);
  history = q.change(history, 1, 'title');
  history = q.change(history, 2, 'title');
  history = q.change(history, 3);
  assert.equal(q.undo(history).present, 2);
  assert.equal(q.undo(q.undo(history)).present, 0);
  assert.equal(q.undo(q.undo(q.undo(history))).present, 0, 'nothing before the start');
  assert.equal(q.redo(q.undo(history)).present, 3);
  assert.deepEqual(q.change(q.undo(history), 9).future, [], 'a change ends what could be done again');
  assert.equal(q.change(history, 3), history, 'no change is no step');
});

// --- Two editors ---------------------------------------------------------------------------------

const report = (change: (r: q.Report) => void = () => {}): q.Report => {
  const made = q.newReport('T');
  change(made);
  made.Presentation = q.alignPresentation(made.Presentation, made.Query);
  return made;
};

test('changes of different parts are kept both', () => {
  const base = report();
  const mine = report((r) => { r.Description = 'mine'; r.Query.Measurements = r.Query.Measurements.slice(0, 2); });
  const theirs = report((r) => { r.Title = 'theirs'; r.Query.Filters = [q.monthFilter({ year: 2015, month: 3 })]; });
  const merge = q.mergeReports(base, mine, theirs);
  assert.deepEqual(merge.conflicts, []);
  assert.equal(merge.merged.Title, 'theirs');
  assert.equal(merge.merged.Description, 'mine');
  assert.equal(merge.merged.Query.Filters.length, 1);
  assert.equal(merge.merged.Query.Measurements.length, 2);
  assert.equal(merge.merged.Presentation.measurements.length, 2);
});

test('the same part changed twice is a conflict unless it is the same change', () => {
  const base = report();
  const mine = report((r) => { r.Title = 'A'; });
  const theirs = report((r) => { r.Title = 'B'; });
  assert.deepEqual(q.mergeReports(base, mine, theirs).conflicts, ['title']);
  assert.deepEqual(q.mergeReports(base, mine, mine).conflicts, []);
  const wide = report((r) => { r.Presentation.width = 900; });
  const wider = report((r) => { r.Presentation.width = 1000; });
  assert.deepEqual(q.mergeReports(base, wide, wider).conflicts, ['looks']);
});

// --- The server's account of an empty answer -------------------------------------------------------

test('a funnel is read without trust', () => {
  const funnel = q.parseFunnel({
    Loaded: 20, Steps: [{ Kind: 'Window', From: '2015-01', To: '2015-03', Removed: 5, Left: 15 }, {
      Kind: 'Filter', Removed: 15, Left: 0,
      Conditions: [{ DataModelName: '[B].[N]', Operand: 0, Value: '[Nort]',
        Unknown: [{ Value: '[Nort]', Near: [['[North]', 'North'], 7] }] }] }],
    Empty: { Cause: 'UnknownMember' } });
  assert.equal(funnel?.cause, 'UnknownMember');
  assert.deepEqual(funnel?.steps[1]?.unknown, [{ name: '[B].[N]', value: 'Nort', near: [['[North]', 'North']] }]);
  for (const rubbish of [undefined, null, 7, [], {}, { Steps: 7 }]) assert.equal(q.parseFunnel(rubbish), null);
  assert.deepEqual(q.parseFunnel({ Steps: [null, 7, {}] })?.steps.length, 1);
});

// --- Search ----------------------------------------------------------------------------------------

test('every word must be found; names count more than descriptions', () => {
  const entry = (label: string, category: string, description: string): Entry =>
    ({ name: `[${category}].[${label}]`, label, category, description, unit: '', personal: false });
  const entries = [entry('City', 'First Building', 'where the building stands'), entry('Building Name', 'Second Building', 'its name'),
    entry('Subnet', 'Second Subnet', 'of the building')];
  assert.deepEqual(searchEntries(entries, 'building').map((one) => one.label), ['Building Name', 'City', 'Subnet']);
  assert.deepEqual(searchEntries(entries, 'name second').map((one) => one.label), ['Building Name']);
  assert.deepEqual(searchEntries(entries, '[Second Building].[Building Name]').map((one) => one.label), ['Building Name']);
  assert.deepEqual(searchEntries(entries, 'nothing'), []);
  assert.equal(searchEntries(entries, ' ').length, 3);
});

// --- Offline file ----------------------------------------------------------------------------------

const query: q.Query = {
  Dimensions: [{ DataModelName: '[Second User].[URI]' }, { DataModelName: '[Second Building].[City]' }],
  Measurements: [{ DataModelName: '[Measures].[Audio Streams Count]' }],
  Filters: [{ DataModelName: '[First User].[URI]', Value: '[ann@example.org]', Caption: '', Operand: 0, UnionGroup: '' }],
};
const isPersonal = (name: string) => name.includes('User]');
const saved: OfflineReport = {
  title: 'Who', description: '', looks: q.defaultPresentation(query, 'dataTable'), filters: query.Filters, units: ['streams'],
  rows: [['bob@example.org', 'Oslo', 3], ['cy@example.org', 'Rome', 2], ['bob@example.org', 'Rome', null], ['', 'Oslo', 1]],
};
const head = { title: 'Who', description: '', notes: [], language: 'en', texts: {} };

test('persons are in the file after consent only', () => {
  assert.deepEqual(personalNames([saved], isPersonal), ['[Second User].[URI]', '[First User].[URI]']);
  const without = offlineData(head, [saved], { isPersonal, consent: false });
  assert.deepEqual(without.reports[0]?.rows, [['#1', 'Oslo', 3], ['#2', 'Rome', 2], ['#1', 'Rome', null], ['', 'Oslo', 1]]);
  assert.ok(!JSON.stringify(without).includes('example.org'));
  const withConsent = offlineData(head, [saved], { isPersonal, consent: true });
  assert.ok(JSON.stringify(withConsent).includes('bob@example.org'));
  assert.ok(JSON.stringify(withConsent.reports[0]?.conditions).includes('ann@example.org'));
});

test('nothing in the data ends the page early, and it may not ask any server', () => {
  const evil = { ...saved, title: '</script><script>alert(1)</script>', rows: [['<!--<script>', '\u2028', 1]] as q.Cell[][] };
  const html = offlineFile(offlineData({ ...head, title: evil.title }, [evil], { isPersonal: () => false, consent: true }), 'x("</script>")', '');
  assert.equal(html.split('</script>').length - 1, 2, 'the two of the page itself');
  assert.ok(!html.includes('<!--'));
  assert.ok(html.includes("default-src 'none'"));
});

// --- Charts ----------------------------------------------------------------------------------------

const chart = (change: Partial<Chart> = {}): Chart => ({
  title: 'T', categories: ['a', 'b', 'c'], width: 600, height: 300, axisLabels: ['Count', '%'], format: String,
  series: [
    { name: 'Good', color: '#111111', values: [10, 20, null], axis: 1, stack: true, line: false },
    { name: 'Poor', color: '#222222', values: [5, 0, 2], axis: 1, stack: true, line: false },
    { name: 'Poor%', color: '#333333', values: [1, null, 3], axis: 2, stack: false, line: true }],
  ...change,
});

test('no value is a gap, never a bar or point at zero', () => {
  const svg = drawChart(chart());
  assert.equal(svg.match(/data-series="0"/g)?.length, 2);
  assert.equal(svg.match(/data-series="2"/g)?.length, 2);
  assert.equal(/<path d="([^"]*)"/.exec(svg)?.[1]?.match(/[ML]/g)?.join(''), 'MM', 'the line is broken at the gap');
});

test('lines join rows of one group only', () => {
  const line = { ...chart().series[2]!, values: [1, 2, 3] };
  const moves = (groups: string[]) =>
    /<path d="([^"]*)"/.exec(drawChart(chart({ series: [line], lineGroups: groups })))?.[1]?.match(/[ML]/g)?.join('');
  assert.equal(moves(['x', 'x', 'y']), 'MLM');
  const looks = q.defaultPresentation({ ...query, Dimensions: [{ DataModelName: '[A].[B]' }, { DataModelName: q.monthName }] }, 'flotChart');
  const groups = q.lineGroups(looks, [['x', 'May 2015', 1], ['x', 'June 2015', 2], ['y', 'May 2015', 3]]);
  assert.equal(groups[0], groups[1]);
  assert.notEqual(groups[1], groups[2]);
});

test('names in a chart cannot become markup', () => {
  const svg = drawChart(chart({ categories: ['<b>"x"</b>', "'", '&'], title: '"><script>' }));
  assert.ok(!svg.includes('<b>') && !svg.includes('<script>'));
});

test('a chart of nothing is still a picture', () => {
  assert.ok(drawChart(chart({ categories: [], series: [] })).startsWith('<svg'));
  assert.ok(!drawChart(chart({ series: [{ ...chart().series[0]!, values: [0, 0, 0] }] })).includes('NaN'));
});
