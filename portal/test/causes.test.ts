import assert from 'node:assert/strict';
import test from 'node:test';
import * as q from '../src/query';

const march = { year: 2026, month: 3 };

test('a month against the one before, over the year and over leap days', () => {
  assert.deepEqual(q.whyOfMonth({ year: 2026, month: 1 }), {
    after: { from: '2026-01-01', to: '2026-02-01' }, before: { from: '2025-12-01', to: '2026-01-01' } });
  assert.deepEqual(q.whyOfMonth(march, { year: 2025, month: 3 }).before, { from: '2025-03-01', to: '2025-04-01' });
  assert.deepEqual(q.monthOfDays(q.daysOfMonth(march)), march);
  assert.equal(q.monthOfDays({ from: '2026-03-01', to: '2026-03-31' }), null);
  assert.deepEqual(q.daysBefore({ from: '2024-03-01', to: '2024-03-08' }), { from: '2024-02-23', to: '2024-03-01' });
  // The clocks change in between.
  assert.equal(q.addDays('2026-03-28', 3), '2026-03-31');
});

test('two times come back from their address; rubbish is none', () => {
  for (const why of [q.whyOfMonth(march), { after: q.daysOfMonth(march), before: null }]) {
    assert.deepEqual(q.parseWhy(q.writeWhy(why)), why);
  }
  for (const text of ['', '2026-03-01', '2026-03-01_2026-03-01', '2026-03-02_2026-03-01', '2026-02-30_2026-03-01', 'a_b', '2026-13-01_2026-14-01',
    '2026-03-01_2026-04-01_2026-02-01', '2026-03-01_2026-04-01_2026-02-02_2026-02-01', '2026-03-01_2026-04-01_x_y']) {
    assert.equal(q.parseWhy(text), null, text);
  }
});

test('the question keeps its conditions, not its month, and asks about its medium', () => {
  const building: q.Filter = { DataModelName: '[Second Building].[Building Name]', Value: '[North]', Caption: 'North', Operand: 0, UnionGroup: '' };
  const query: q.Query = {
    Dimensions: [], Measurements: [{ DataModelName: '[Measures].[Total Stream Count]' }, { DataModelName: '[Measures].[Video Poor Percentage]' }],
    Filters: [q.monthFilter(march), building] };
  const body = q.causesBody(query, { after: { from: '2026-03-02', to: '2026-03-04' }, before: null });
  assert.deepEqual(body, { After: { From: '2026-03-02', To: '2026-03-04' }, Media: 'Video', Filters: [building] });
  assert.deepEqual(q.causesBody(query, q.whyOfMonth(march)).Before, { From: '2026-02-01', To: '2026-03-01' });
  assert.equal(q.mediaOf({ ...query, Measurements: [] }), 'Audio');
  assert.equal(q.mediaOf({ ...query, Measurements: [{ DataModelName: '[Measures].[AppSharingPoorPercentage]' }] }), 'AppSharing');
});

test('a cause becomes conditions, one for each member', () => {
  const counts = { classified: 100, poor: 10, ratio: 0.1 };
  const cause: q.Cause = { before: counts, after: counts, rise: 0, rise_low: 0, rise_high: 0, excess: 0, score: 0, same_as: [], members: [
    { DataModelName: '[Second Building].[Building Name]', Value: '[North]', Caption: 'North' },
    { DataModelName: '[Scenarios].[ScenarioPair]', Value: '[1]&[0]&[1]&[0]&[Wired]&[Wifi]', Caption: 'x' },
    { DataModelName: '[Second Network].[Network Name]', Value: '[(Blank)]', Caption: '' }] };
  const query = q.filterToCause({ Dimensions: [], Measurements: [], Filters: [] }, cause);
  assert.deepEqual(query.Filters.map((one) => one.Value), ['[North]', '[1]&[0]&[1]&[0]&[Wired]&[Wifi]', '[(Blank)]']);
});
