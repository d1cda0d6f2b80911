import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as q from '../src/query/index';

const filter = (DataModelName: string, Value: string, more: Partial<q.Filter> = {}): q.Filter =>
  ({ DataModelName, Value, Caption: '', Operand: 0, UnionGroup: '', ...more });
const first = filter('[First Building].[Building Name]', '[North]');
const second = filter('[Second Building].[Building Name]', '[North]');
const march = { year: 2015, month: 3 };

// --- Values --------------------------------------------------------------------------------------

test('lists of members split at commas behind a bracket only', () => {
  assert.deepEqual(q.parseValues('[a],[b, c],[Client : Server],'), ['a', 'b, c', 'Client : Server']);
  assert.deepEqual(q.parseValues('[1]&[0]&[Wired]'), ['[1]&[0]&[Wired]']);
  assert.deepEqual(q.parseValues('[1]&amp;[0],[0]&[1]'), ['[1]&[0]', '[0]&[1]']);
  assert.deepEqual(q.parseValues('2015-3'), ['2015-3']);
  assert.deepEqual(q.parseValues('[062: [0 - 0)],[064: [1 - 2)]'), ['062: [0 - 0)', '064: [1 - 2)']);
  assert.deepEqual(q.parseValues('[a]]b]'), ['a]b']);
  assert.deepEqual(q.parseValues('  '), []);
});

test('what is written as a list is read back as it was', () => {
  // Every text over letters that matter to the writing, up to four long.
  const letters = ['a', '[', ']', ',', '&', ' x'];
  let texts = [''];
  for (let length = 0; length < 4; ++length) {
    texts = texts.flatMap((text) => letters.map((letter) => text + letter));
    for (const text of texts) {
      if (/^\[.*\]&(amp;)?\[.*\]$/.test(text)) continue;  // a composite key
      assert.deepEqual(q.parseValues(q.formatValues([text, 'z'])), [text, 'z'], text);
    }
  }
});

test('months in all their spellings are the same month', () => {
  for (const text of ['2015-3', '2015-03', '[2015-03-01T00:00:00]', '2015-03-01']) {
    assert.deepEqual(q.parseMonth(text), march, text);
  }
  for (const text of ['', '2015', '2015-13', '2015-0', '2015-3-2', 'March', '99999-1']) {
    assert.equal(q.parseMonth(text), null, text);
  }
  assert.deepEqual(q.monthFromCaption('March 2015'), march);
  assert.equal(q.monthFromCaption('Foo 2015'), null);
  assert.deepEqual(q.addMonths(march, -3), { year: 2014, month: 12 });
  assert.deepEqual(q.addMonths(march, 10), { year: 2016, month: 1 });
  assert.deepEqual(q.monthWindow(march, 3).map(q.formatMonth), ['2015-1', '2015-2', '2015-3']);
});

// --- Stored reports ------------------------------------------------------------------------------

test('a content that is no report is refused, a poor one is made whole', () => {
  assert.equal(q.parseReport('not json'), null);
  assert.equal(q.parseReport('[1]'), null);
  const report = q.parseReport('{"title":"T","Query":{"Dimensions":[{"DataModelName":"[A].[B]"},7]}}');
  assert.equal(report?.Title, 'T');
  assert.deepEqual(report?.Query.Dimensions, [{ DataModelName: '[A].[B]' }]);
  assert.equal(report?.Presentation.presentationPlugin, 'flotChart');
  assert.equal(report?.Presentation.dimensions[0]?.friendlyName, 'B');
});

test('members that we do not know survive a save', () => {
  const stored = { Title: 'T', Description: '', Extra: { a: 1 }, Query: {},
                   Presentation: { custom: true, tableProperties: { trend: 'true', mine: 2 } } };
  const report = q.parseReport(JSON.stringify(stored))!;
  const saved = JSON.parse(q.formatContent(report));
  assert.deepEqual(saved.Extra, { a: 1 });
  assert.equal(saved.Presentation.custom, true);
  assert.equal(saved.Presentation.tableProperties.mine, 2);
  assert.equal(saved.Presentation.tableProperties.trend, true);
});

test('looks follow the query when it changes', () => {
  const report = q.newReport('T');
  const query = { ...report.Query, Measurements: [{ DataModelName: '[Measures].[Avg Jitter]' },
                                                  report.Query.Measurements[2]!] };
  const looks = q.alignPresentation(report.Presentation, query);
  assert.deepEqual(looks.measurements.map((m) => m.friendlyName), ['Avg Jitter', 'Poor']);
  assert.deepEqual(looks.measurements.map((m) => m.chartType), [1, 0]);
  assert.equal(looks.measurements[1]?.color, '#F24CAE');
});

// --- Queries of a page ---------------------------------------------------------------------------

test('the month of the page takes the place of the stored one', () => {
  const stored: q.Query = { ...q.newReport('').Query,
    Filters: [filter('[StartDate].[Month]', '[2013-07-01T00:00:00]', { Caption: 'July 2013' }), first] };
  const query = q.buildQuery(stored, { month: march, span: 3, filters: [second] });
  assert.equal(query.Filters[0]?.Value, '[2015-03-01T00:00:00]');
  assert.equal(query.Filters[0]?.Caption, 'March 2015');
  assert.deepEqual(query.Filters.slice(1), [first, second]);
  assert.deepEqual(query.Trend, { EnableTrend: true, SpanCount: 3, TrendDate: '2015-3', Type: 0 });
  assert.equal(stored.Filters[0]?.Caption, 'July 2013', 'the stored query stays as it is');
});

test('a filter of several months keeps their number; excluded months stay', () => {
  const stored: q.Query = { Dimensions: [], Measurements: [], Filters: [
    filter('[AllStreams].[Month Year]', '[2018-06],[2018-07],[2018-08]'),
    filter('[StartDate].[Month]', '[2013-07-01T00:00:00]', { Operand: 1 })] };
  const query = q.buildQuery(stored, { month: march });
  assert.equal(query.Filters[0]?.Value,
               '[2015-01-01T00:00:00],[2015-02-01T00:00:00],[2015-03-01T00:00:00]');
  assert.equal(query.Filters[1]?.Value, '[2013-07-01T00:00:00]');
  assert.equal(query.Trend, undefined);
});

test('an order of rows is kept while its measurement is there', () => {
  const content = JSON.stringify({ Title: '', Query: {
    Dimensions: [], Filters: [], Measurements: [{ DataModelName: '[Measures].[Avg Jitter]' }],
    OrderBy: { DataModelName: '[measures].[avg jitter]' } } });
  const stored = q.parseReport(content)!.Query;
  assert.deepEqual(q.buildQuery(stored, { month: march }).OrderBy,
                   { DataModelName: '[measures].[avg jitter]', Descending: true });
  const other = { ...stored, Measurements: [{ DataModelName: '[Measures].[Avg Round Trip]' }] };
  assert.equal(q.buildQuery(other, { month: march }).OrderBy, undefined);
});

test('without the trend a report is about one month', () => {
  const query = q.withTrend(q.newReport('').Query, false, 7, march);
  assert.equal(query.Trend?.EnableTrend, false);
  assert.deepEqual(query.Filters, [q.monthFilter(march)]);
  const one = q.forOneMonth({ ...query, Filters: [first, ...query.Filters] }, q.addMonths(march, 1));
  assert.deepEqual(one.Filters.map((f) => f.Caption), ['', 'April 2015']);
});

// --- Addresses -----------------------------------------------------------------------------------

const explored: q.ExploreView = {
  page: 'explore', month: march, compareWith: { year: 2015, month: 1 }, as: 'table', asOf: 41, compareVersion: 40,
  whatIf: { Audio: { JitterInterArrival: 20, PacketLossRate: 0.05 }, VBSS: { VideoFrameRateAvg: 1e-7 } },
  why: { after: { from: '2015-03-01', to: '2015-04-01' }, before: { from: '2015-02-01', to: '2015-03-01' } },
  sort: { column: 2, descending: true }, from: 42,
  query: { Dimensions: [{ DataModelName: '[A &=?#].[%"B]' }],
           Measurements: [{ DataModelName: '[Measures].[Total Stream Count]' }],
           OrderBy: { DataModelName: '[Measures].[Total Stream Count]', Descending: true },
           Filters: [first, filter('[Scenarios].[ScenarioPair]', '[1]&[0]&[Wired]&[Wifi]',
                                   { Operand: 1, Caption: 'é & +', UnionGroup: 'any 1' })],
           Trend: { EnableTrend: true, SpanCount: 7, TrendDate: '', Type: 0 } },
};

test('every view comes back from its address', () => {
  const views: q.View[] = [
    explored,
    q.exploreView(explored.query),
    q.exploreView(explored.query, { whatIf: {} }),
    q.exploreView(explored.query, { why: { after: { from: '2015-03-02', to: '2015-03-03' }, before: null } }),
    { page: 'reportSet', itemId: 240, month: march, span: 12, filters: [] },
    { page: 'reportSet', itemId: 240, month: march, span: null,
      filters: [filter('[AllStreams].[Is Teams]', '[FALSE]'), filter('[A].[B]', '[x/y|z, w]')] },
    { page: 'reportSet', itemId: null, month: null, span: null, filters: [] },
    { page: 'edit', itemId: 7, parentId: null, month: march, query: null },
    { page: 'edit', itemId: null, parentId: 8, month: null, query: explored.query },
    { page: 'named', name: 'Admin', path: ['networks', 'a b/c'], month: null },
  ];
  for (const view of views) {
    const address = q.encodeView(view);
    assert.ok(!/[\s"<>]/.test(address), address);
    assert.deepEqual(q.decodeView(address), view, address);
  }
});

test('old addresses lead where they did', () => {
  assert.deepEqual(q.decodeView('#/240/2015-03'),
                   { page: 'reportSet', itemId: 240, month: march, span: null, filters: [] });
  assert.deepEqual(q.decodeView('#/Health'),
                   { page: 'named', name: 'Health', path: [], month: null });
  const view = q.decodeView('#/240/2015-3/filter/[AllStreams].[Is Teams]|[FALSE]');
  assert.deepEqual(view, { page: 'reportSet', itemId: 240, month: march, span: null,
                           filters: [filter('[AllStreams].[Is Teams]', '[FALSE]')] });
});

/** A small generator of numbers (mulberry32), so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test('rubbish in an address never fails, and what comes of it is stable', () => {
  const seed = 20261121;
  console.log(`seed ${seed}`);
  const random = generator(seed);
  const base = q.encodeView(explored);
  for (let round = 0; round < 3000; ++round) {
    let address = base;
    for (let cut = 0; cut < 4; ++cut) {
      const at = Math.floor(random() * address.length);
      const junk = String.fromCharCode(Math.floor(random() * 0x250));
      address = random() < 0.5 ? address.slice(0, at) + junk + address.slice(at)
                               : address.slice(0, at) + address.slice(at + 1 + random() * 9);
    }
    const view = q.decodeView(address);
    assert.deepEqual(q.decodeView(q.encodeView(view)), view, address);
  }
  assert.equal(q.decodeView('#/%E0%A4%A/%').page, 'named');
  assert.equal(q.decodeView('?'.repeat(100_000)).page, 'reportSet');
});

// --- Groups --------------------------------------------------------------------------------------

test('conditions read as blocks: single, any of, either end', () => {
  const blocks = q.blocksOf([first, { ...first, UnionGroup: 'g' }, { ...second, UnionGroup: 'g' },
                             { ...first, UnionGroup: 'h' }, { ...first, Value: '[S]', UnionGroup: 'h' }]);
  assert.deepEqual(blocks.map((block) => block.kind), ['single', 'eitherEnd', 'any']);
  assert.deepEqual(blocks.map((block) => block.indexes), [[0], [1, 2], [3, 4]]);
});

test('or and and: joining, separating, removing leave no group of one', () => {
  const joined = q.joinByOr([first, second, first], 0, 1);
  assert.equal(joined[0]?.UnionGroup, joined[1]?.UnionGroup);
  assert.notEqual(joined[0]?.UnionGroup, '');
  assert.deepEqual(q.separate(joined, 0), [first, second, first]);
  assert.deepEqual(q.removeFilters(joined, [1]), [first, first]);
  const three = q.joinByOr(joined, 2, 0);
  assert.equal(new Set(three.map((f) => f.UnionGroup)).size, 1);
});

test('either end: one switch, and both ends change together', () => {
  const both = q.setEitherEnd([first], 0, true);
  assert.deepEqual(both.map((f) => f.DataModelName), [first.DataModelName, second.DataModelName]);
  assert.equal(q.blocksOf(both)[0]?.kind, 'eitherEnd');
  const changed = q.changeFilter(both, 0, { Value: '[South]' });
  assert.deepEqual(changed.map((f) => f.Value), ['[South]', '[South]']);
  assert.deepEqual(q.setEitherEnd(both, 0, false), [first]);
  assert.deepEqual(q.setEitherEnd([filter('[Transport].[Transport]', '[UDP]')], 0, true).length, 1);
});

// --- Validation ----------------------------------------------------------------------------------

const structure: q.CubeStructure = {
  Kpis: [],
  Dimensions: [{ Category: 'Second Building', Attributes: [
    { FriendlyName: 'Building Name', DataModelName: '[Second Building].[Building Name]', Description: '' },
    { FriendlyName: 'City', DataModelName: '[Second Building].[City]', Description: '' }] },
    { Category: 'StartDate', Attributes: [
      { FriendlyName: 'Month', DataModelName: '[StartDate].[Month]', Description: '' }] }],
  Measurements: [{ FriendlyName: 'Audio Streams Count', DataModelName: '[Measures].[Audio Streams Count]',
                   Description: '' }],
};
const good: q.Query = { Dimensions: [{ DataModelName: '[StartDate].[Month]' }],
                        Measurements: [{ DataModelName: '[Measures].[Audio Streams Count]' }],
                        Filters: [] };
const codes = (query: Partial<q.Query>) =>
  q.validateQuery({ ...good, ...query }, structure).map((problem) => problem.code);

test('a good query has no problem', () => assert.deepEqual(codes({}), []));

test('each problem is found and named', () => {
  const cases: [Partial<q.Query>, q.ProblemCode[]][] = [
    [{ Measurements: [] }, ['measurement-missing']],
    [{ Dimensions: [] }, ['dimension-missing']],
    [{ Dimensions: [{ DataModelName: 'Month' }] }, ['name-malformed']],
    [{ Dimensions: [{ DataModelName: '[Second Buildng].[Building Name]' }] }, ['name-unknown']],
    [{ Dimensions: [{ DataModelName: '[AllStreams].[Date]' }] }, []],
    [{ Dimensions: [...good.Dimensions, ...good.Dimensions] }, ['name-twice']],
    [{ Dimensions: Array(33).fill(good.Dimensions[0]) },
     ['too-many-dimensions', ...Array<q.ProblemCode>(32).fill('name-twice')]],
    [{ Filters: [filter('[Second Building].[City]', '[x]', { Operand: 10 })] }, ['operand-unknown']],
    [{ Filters: [filter('[Second Building].[City]', ' ')] }, ['value-missing']],
    [{ Filters: [filter('[StartDate].[Month]', '[2015-14]')] }, ['month-malformed']],
    [{ Filters: [filter('[Second Building].[City]', '[(Blank)]', { Operand: 4 })] },
     ['blank-has-no-order']],
    [{ Filters: [filter('[Second Building].[City]', '[a],[b]', { Operand: 6 })] },
     ['order-needs-one-value']],
    [{ Filters: [filter('[Second Building].[City]', '[(]', { Operand: 2 })] }, ['expression-invalid']],
    [{ Filters: [filter('[Second Building].[City]', `[${'x'.repeat(1001)}]`, { Operand: 2 })] },
     ['expression-too-long']],
    [{ Filters: [second, { ...second, Value: '[South]' }] }, ['filters-exclude-each-other']],
    [{ Filters: [{ ...second, UnionGroup: 'g' }, { ...second, Value: '[South]', UnionGroup: 'g' }] }, []],
    [{ Trend: { EnableTrend: true, SpanCount: 0, TrendDate: '', Type: 0 } }, ['span-out-of-range']],
    [{ Trend: { EnableTrend: true, SpanCount: 7, TrendDate: '', Type: 0 },
       Dimensions: [{ DataModelName: '[Second Building].[City]' }] }, ['trend-without-month']],
  ];
  for (const [query, expected] of cases) assert.deepEqual(codes(query), expected, JSON.stringify(query));
});

test('an unknown name comes with near ones', () => {
  const [problem] = q.validateQuery(
    { ...good, Dimensions: [{ DataModelName: '[Second Building].[Bilding Name]' }] }, structure);
  assert.equal(problem?.near?.[0], '[Second Building].[Building Name]');
});

test('a report needs a title, and its looks are checked', () => {
  const report = q.newReport(' ');
  report.Presentation.sparklineEnable = true;
  report.Presentation.width = 5;
  const found = q.validateReport(report, null).map((problem) => problem.code);
  assert.deepEqual(found, ['title-missing', 'width-out-of-range', 'sparklines-need-month-last']);
  assert.ok(q.hasErrors(q.validateReport(report, null)));
});

// --- Drill-down ----------------------------------------------------------------------------------

test('a clicked caption becomes its member', () => {
  assert.deepEqual(q.memberOfCaption('[StartDate].[Month]', 'March 2015', []),
                   { key: '2015-03-01T00:00:00', caption: 'March 2015' });
  const members: q.MemberPair[] = [['[1]&[0]', 'Server-Client'], ['[0]', 'Client ']];
  assert.equal(q.memberOfCaption('[S].[P]', 'Server-Client', members).key, '[1]&[0]');
  assert.equal(q.memberOfCaption('[S].[P]', 'client', members).key, '0');
  assert.equal(q.memberOfCaption('[S].[P]', 'North', members).key, 'North');
});

test('filter to, filter out and break down', () => {
  const name = '[Second Building].[Building Name]';
  const member = { key: 'North', caption: 'North' };
  const query: q.Query = { ...good, Dimensions: [{ DataModelName: name }] };
  const only = q.filterTo(query, name, member);
  assert.deepEqual(only.Filters, [{ ...second, Caption: 'North' }]);
  assert.equal(q.filterTo(only, name, { key: 'S', caption: 'S' }).Filters.length, 1);
  const without = q.filterOut(q.filterOut(query, name, member), name, { key: 'S', caption: 'S' });
  assert.equal(without.Filters[0]?.Value, '[North],[S]');
  assert.equal(without.Filters[0]?.Operand, 1);
  const down = q.breakDown(query, { name, member }, '[Second Subnet].[Subnet]');
  assert.deepEqual(down.Dimensions, [{ DataModelName: '[Second Subnet].[Subnet]' }]);
  assert.equal(down.Filters.length, 1);
  const month = q.filterTo({ ...query, Trend: { EnableTrend: true, SpanCount: 7, TrendDate: '2015-3', Type: 0 } },
                           '[StartDate].[Month]', { key: '', caption: 'January 2015' });
  assert.equal(month.Trend, undefined);
  assert.equal(month.Filters[0]?.Value, '[2015-01-01T00:00:00]');
});

test('the streams behind a count', () => {
  assert.deepEqual(q.filtersOfMeasure('[Measures].[Audio Poor Streams Count]')?.map((f) => f.Value),
                   ['[Audio]', '[Poor]']);
  assert.deepEqual(q.filtersOfMeasure('[Measures].[Audio UnClassified Streams Count]')?.[1]?.Value,
                   '[Unclassified]');
  assert.equal(q.filtersOfMeasure('[Measures].[AudioPoorPercentage]'), null);
});

// --- Two months, text, numbers -------------------------------------------------------------------

test('two months side by side: change, what is new, what is gone', () => {
  const rows = q.compareAnswers([['a', 10, 1.5], ['b', 3, null]], [['a', 12, 1.1], ['c', 1, 0]], 1);
  assert.deepEqual(rows.map((row) => [row.captions[0], row.occurs]),
                   [['a', 'both'], ['c', 'after'], ['b', 'before']]);
  assert.deepEqual(rows[0]?.cells[1], { before: 1.5, after: 1.1, change: -0.4 });
  assert.equal(rows[1]?.cells[0]?.change, null);
  assert.equal(q.sortByChange(rows, 0)[0]?.captions[0], 'a');
});

test('rows sort by any column; nothing is last in both directions', () => {
  const rows: q.Cell[][] = [['b', 2], ['a', null], ['c', 10], ['d', 2]];
  const collator = new Intl.Collator('en');
  assert.deepEqual(q.sortRows(rows, 1, true, collator), [2, 0, 3, 1]);
  assert.deepEqual(q.sortRows(rows, 1, false, collator), [0, 3, 2, 1]);
  assert.deepEqual(q.sortRows(rows, 0, true, collator), [3, 2, 0, 1]);
});

test('CSV quotes, keeps null empty, and runs nothing in a spreadsheet', () => {
  assert.equal(q.toCsv(['a', 'b "c"'], [['x,y', 1.5], ['=1+1', null], ['-', -3]]),
               '\uFEFFa,"b ""c"""\r\n"x,y",1.5\r\n\'=1+1,\r\n\'-,-3\r\n');
});

test('the curl command survives quotes', () => {
  const text = q.toCurl({ ...good, Filters: [filter('[A].[B]', "[O'Neil]")] }, 'http://h:1');
  assert.ok(text.startsWith("curl -s 'http://h:1/QoEDataService/RunQuery'"));
  assert.ok(text.includes("[O'\\''Neil]"));
  assert.equal(q.fileName('a/b: "c"', 'csv'), 'a b c.csv');
  assert.equal(q.fileName('...', 'csv'), 'report.csv');
});

test('numbers with units; nothing is a dash', () => {
  const en = { locale: 'en' };
  assert.equal(q.formatNumber(null, '%', en), '–');
  assert.equal(q.formatNumber(1234567, 'streams', en), '1,234,567');
  assert.equal(q.formatNumber(4.171, '%', { ...en, withUnit: true }), '4.17\u00a0%');
  assert.equal(q.formatNumber(31.25, 'ms', { ...en, withUnit: true }), '31.25\u00a0ms');
  assert.equal(q.formatNumber(1234567, 'streams', { ...en, compact: true }), '1.2M');
  assert.equal(q.formatNumber(2, 'streams', { ...en, signed: true }), '+2');
  assert.equal(q.formatNumber(1.5, '', { locale: 'not a language' }), '1.5');
  assert.equal(q.unitOf('[Measures].[AudioPoorPercentage]'), '%');
  assert.equal(q.unitOf('[Measures].[Avg Jitter]'), 'ms');
  assert.equal(q.unitOf('[Measures].[X]', new Map([['[measures].[x]', 'dB']])), 'dB');
});

test('labels and twins of names', () => {
  assert.equal(q.labelOf('[StartDate].[Month]'), 'Month');
  assert.equal(q.labelOf('[Second Building].[City]'), 'Second City');
  assert.equal(q.labelOf('[Second Capture Device].[Device]'), 'Second Capture Device');
  assert.equal(q.labelOf('[Second Capture Device].[Driver]'), 'Second Capture Device Driver');
  assert.equal(q.labelOf('[First Network Connection Type].[Network Connection Detail]'),
               'First Network Connection Detail');
  assert.equal(q.labelOf('[Audio Jitter].[Metric]'), 'Audio Jitter');
  assert.equal(q.twinOf('[First Is Server].[Agent]'), '[Second Is Server].[Agent]');
  assert.equal(q.twinOf('[FirstTenantDataBuilding].[First City]'),
               '[SecondTenantDataBuilding].[Second City]');
  assert.equal(q.twinOf('[AllStreams].[Second City]'), '[AllStreams].[First City]');
  assert.equal(q.twinOf('[StartDate].[Second]'), null);
});
