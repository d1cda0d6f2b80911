import assert from 'node:assert/strict';
import test from 'node:test';
import { axisMaxima, chartModel, drawnValues, matcher, numberMatcher, roundUp, scaleKey, tableModel, windowOf } from '../src/charts/model';
import type { Query } from '../src/query/model';
import { defaultPresentation, newReport } from '../src/query/report';

const names = (...list: string[]) => list.map((DataModelName) => ({ DataModelName }));
const report = newReport('x');
const trend: Query = { ...report.Query, Trend: { EnableTrend: true, SpanCount: 3, TrendDate: '2026-2', Type: 0 } };

test('a month without a row is a gap, never zero', () => {
  const model = chartModel(trend, report.Presentation, [['December 2025', 5, 1, 2, 28.6], ['February 2026', 7, null, 0, 0]]);
  assert.deepEqual(model.categories, ['December 2025', 'January 2026', 'February 2026']);
  assert.deepEqual(model.rows, [0, -1, 1]);
  assert.deepEqual(model.series[0]!.values, [5, null, 7]);
  assert.deepEqual(model.series[1]!.values, [1, null, null]);
  assert.deepEqual(model.series[3]!.values, [28.6, null, 0]);
  assert.equal(model.series[3]!.axis, 1);
  assert.equal(model.series[3]!.unit, '%');
});

test('the poor share of nothing is a gap where the answer tells that it is of nothing', () => {
  // Three measures count the classes, the fourth is their share.
  const model = chartModel(trend, report.Presentation, [
    ['December 2025', 0, 4, 0, 0], ['January 2026', 3, 0, 0, 0], ['February 2026', null, null, null, 0]]);
  assert.deepEqual(model.series[3]!.values, [null, 0, null]);
  assert.deepEqual(model.series[0]!.values, [0, 3, null]);
  const only: Query = { Filters: [], Dimensions: [], Measurements: names('[Measures].[AudioPoorJPDRPercentage]') };
  assert.deepEqual(drawnValues(only)([0]), [0], 'nothing tells what it is the share of');
  const other: Query = { ...only, Measurements: names('[Measures].[Video Poor Percentage]', '[Measures].[Video Stream Count]') };
  assert.deepEqual(drawnValues(other)([0, 0]), [null, 0]);
  assert.deepEqual(drawnValues(other)([0, 2]), [0, 2]);
  const jpdr: Query = { ...only, Measurements: names('[Measures].[AudioPoorJPDRPercentage]', '[Measures].[Audio Good Streams Count]',
    '[Measures].[Audio Good Streams JPDR Count]', '[Measures].[Audio Poor Streams JPDR Count]') };
  assert.deepEqual(drawnValues(jpdr)([0, 5, 0, 0]), [null, 5, 0, 0], 'the counts of the same rule decide');
  assert.deepEqual(drawnValues(jpdr)([0, 0, 5, 0]), [0, 0, 5, 0]);
  const sparkline: Query = { ...trend, Dimensions: names('[Second User Agent].[User Agent Type]', '[StartDate].[Month]') };
  const table = tableModel(sparkline, defaultPresentation(sparkline, 'dataTable'), [['OC', 'January 2026', 0, 1, 0, 0]], true);
  assert.deepEqual(table.rows[0]!.trends![3], [null, null, null]);
  assert.equal(table.rows[0]!.cells[5], 0, 'the number is what was answered');
});

test('several dimensions are one caption, without those that are switched off', () => {
  const query: Query = { Filters: [], Dimensions: names('[A].[A]', '[B].[B]'), Measurements: names('[Measures].[Audio Streams Count]') };
  const look = defaultPresentation(query, 'flotChart');
  assert.deepEqual(chartModel(query, look, [['x', 'y', 1], [null, '', 2]]).categories, ['x · y', ' · ']);
  look.dimensions[0]!.disabled = true;
  assert.deepEqual(chartModel(query, look, [['x', 'y', 1]]).categories, ['y']);
});

test('the axis holds the longest stack', () => {
  const model = chartModel(trend, report.Presentation, [['January 2026', 50, 10, 20, 12.5]]);
  assert.deepEqual(axisMaxima(model), [80, 12.5]);
  assert.deepEqual(axisMaxima(model, new Set(['Good'])), [30, 12.5]);
  assert.equal(roundUp(80), 80);
  assert.equal(roundUp(81), 100);
  assert.equal(roundUp(0.013), 0.015);
  assert.equal(roundUp(0), 1);
});

test('charts share a scale when they are grouped alike and count alike', () => {
  const key = (query: Query) => scaleKey(query, chartModel(query, defaultPresentation(query, 'flotChart'), []));
  const filtered: Query = { ...trend, Filters: [{ DataModelName: '[A].[A]', Value: '[x]', Caption: '', Operand: 0, UnionGroup: '' }] };
  assert.equal(key(trend), key(filtered));
  assert.equal(key(trend), key({ ...trend, Dimensions: names('[startdate].[month]') }));
  assert.notEqual(key(trend), key({ ...trend, Dimensions: names('[Second Feedback].[Rating]') }));
  assert.notEqual(key(trend), key({ ...trend, Measurements: names('[Measures].[Avg Jitter]') }));
});

test('sparklines: one row a group, its months in order, gaps stay', () => {
  const query: Query = { ...trend, Dimensions: names('[Second User Agent].[User Agent Type]', '[StartDate].[Month]') };
  const look = defaultPresentation(query, 'dataTable');
  const rows = [['OC', 'December 2025', 1, 2, 3, 4], ['OC', 'February 2026', 5, 6, 7, 8], ['MC', 'January 2026', 9, 0, 1, 2]];
  const model = tableModel(query, look, rows, true);
  assert.equal(model.rows.length, 2);
  assert.deepEqual(model.rows[0]!.trends![0], [1, null, 5]);
  assert.deepEqual(model.rows[0]!.cells, rows[1]);
  assert.deepEqual(model.rows[1]!.trends![3], [null, 2, null]);
  assert.equal(tableModel(query, look, rows, false).rows.length, 3);
});

test('a query without a trend has no window', () => {
  assert.deepEqual(windowOf({ ...trend, Trend: { ...trend.Trend!, EnableTrend: false } }), []);
  assert.deepEqual(windowOf(trend), ['December 2025', 'January 2026', 'February 2026']);
});

test('column filters: expressions, parts of text, numbers and ranges', () => {
  assert.ok(matcher('^oc')('OCPhone'));
  assert.ok(!matcher('^phone')('OCPhone'));
  assert.ok(matcher('((')('a ((b'));
  assert.ok(matcher('')('anything'));
  assert.ok(numberMatcher('>5')!(6));
  assert.ok(!numberMatcher('>5')!(null));
  assert.ok(numberMatcher('3-7')!(3));
  assert.ok(numberMatcher('<= 2.5')!(2.5));
  assert.equal(numberMatcher('abc'), undefined);
});
