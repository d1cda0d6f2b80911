import assert from 'node:assert/strict';
import test from 'node:test';
import { axisMaxima, chartModel, matcher, numberMatcher, roundUp, tableModel, windowOf } from '../src/charts/model';
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
