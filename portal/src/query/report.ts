// Stored contents: read without trust, written in the published form (reference/cube-model.md 5).
import type {
  AxisProperties, Filter, NameReference, OrderBy, Presentation, PresentedDimension, PresentedMeasure,
  Query, Report, ReportSet, TableProperties, Trend,
} from './model';
import { isMonthName, monthName, labelOf, sameName } from './model';

/** Colours of the published reports, in the order in which new measures get theirs. */
export const colors = ['#94DDF9', '#4CB5DB', '#F24CAE', '#FBD015', '#7FBA6E', '#8E7CC3',
                        '#E8833A', '#5B7083'] as const;
export const spanDefault = 7;
export const spanMax = 600;
const chartHeight = 390;
const tableHeight = 460;

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** A member by its name in any case, as old contents differ in it. */
function member(object: Json, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const lower = name.toLowerCase();
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === lower);
  return key === undefined ? undefined : object[key];
}
const text = (value: unknown, otherwise = ''): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : otherwise;
/** Flags are sometimes the text 'true'. */
const flag = (value: unknown, otherwise = false): boolean =>
  typeof value === 'boolean' ? value
  : typeof value === 'string' ? value.trim().toLowerCase() === 'true' : otherwise;
function number(value: unknown, otherwise: number): number {
  const n = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof n === 'number' && Number.isFinite(n) ? n : otherwise;
}
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Everything that a content can hold, without members that are ours alone to know. */
function parseObject(content: string): Json | null {
  try {
    const value: unknown = JSON.parse(content);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A report set, or null when the content is no JSON object. */
export function parseReportSet(content: string): ReportSet | null {
  const object = parseObject(content);
  if (!object) return null;
  return {
    ...object,
    Title: text(member(object, 'Title')),
    Description: text(member(object, 'Description')),
    MaxCalls: text(member(object, 'MaxCalls'), 'Auto'),
    MaxPercentage: text(member(object, 'MaxPercentage'), 'Auto'),
  };
}

/** A report, made whole where parts are missing, or null when the content is no JSON object. */
export function parseReport(content: string): Report | null {
  const object = parseObject(content);
  if (!object) return null;
  const query = parseQuery(member(object, 'Query'));
  return {
    ...object,
    Title: text(member(object, 'Title')),
    Description: text(member(object, 'Description')),
    Presentation: parsePresentation(member(object, 'Presentation'), query),
    Query: query,
  };
}
/** The stored text of a report or report set. */
export const formatContent = (content: Report | ReportSet): string => JSON.stringify(content);

/** A query out of anything: unusable members are left out. */
export function parseQuery(value: unknown): Query {
  const object = isObject(value) ? value : {};
  const names = (name: string): NameReference[] =>
    list(member(object, name))
      .map((entry) => ({ DataModelName: text(member(entry, 'DataModelName')) }))
      .filter((entry) => entry.DataModelName !== '');
  const query: Query = {
    Filters: list(member(object, 'Filters')).map(parseFilter).filter((f) => f.DataModelName !== ''),
    Dimensions: names('Dimensions'),
    Measurements: names('Measurements'),
  };
  const trend = member(object, 'Trend');
  if (isObject(trend)) query.Trend = parseTrend(trend);
  const limit = number(member(object, 'LimitResultRowsCount'), 0);
  if (limit > 0) query.LimitResultRowsCount = limit;
  const order = member(object, 'OrderBy');
  if (isObject(order)) query.OrderBy = parseOrder(order);
  return query;
}
const parseOrder = (order: Json): OrderBy => ({
  DataModelName: text(member(order, 'DataModelName')),
  Descending: flag(member(order, 'Descending'), true),
});
const parseFilter = (entry: Json): Filter => ({
  DataModelName: text(member(entry, 'DataModelName')),
  Caption: text(member(entry, 'Caption')),
  Value: text(member(entry, 'Value')),
  Operand: number(member(entry, 'Operand'), 0),
  UnionGroup: text(member(entry, 'UnionGroup')),
});
const parseTrend = (trend: Json): Trend => ({
  EnableTrend: flag(member(trend, 'EnableTrend')),
  SpanCount: number(member(trend, 'SpanCount'), spanDefault),
  TrendDate: text(member(trend, 'TrendDate')),
  Type: number(member(trend, 'Type'), 0),
});

function parsePresentation(value: unknown, query: Query): Presentation {
  const object = isObject(value) ? value : {};
  const isTable = text(member(object, 'presentationPlugin')) === 'dataTable';
  const fallback = defaultPresentation(query, isTable ? 'dataTable' : 'flotChart');
  const table = member(object, 'tableProperties');
  const chart = member(object, 'chartProperties');
  const chartObject = isObject(chart) ? chart : {};
  const presentation: Presentation = {
    ...object,
    presentationPlugin: fallback.presentationPlugin,
    height: number(member(object, 'height'), fallback.height),
    width: number(member(object, 'width'), fallback.width),
    sparklineEnable: flag(member(object, 'sparklineEnable')),
    tableProperties: parseTableProperties(isObject(table) ? table : {}),
    chartProperties: {
      ...chartObject,
      legend: flag(member(chartObject, 'legend'), true),
      legendColumns: number(member(chartObject, 'legendColumns'), 4),
      legendHeight: number(member(chartObject, 'legendHeight'), 30),
      yaxes: parseAxes(member(chartObject, 'yaxes')),
    },
    dimensions: list(member(object, 'dimensions')).map(parseDimension),
    measurements: list(member(object, 'measurements')).map(parseMeasure),
  };
  return alignPresentation(presentation, query);
}
const parseTableProperties = (table: Json): TableProperties => ({
  ...table,
  showFilter: flag(member(table, 'showFilter'), true),
  columnSortIndex: number(member(table, 'columnSortIndex'), 0),
  columnSortDesc: flag(member(table, 'columnSortDesc')),
  columnFilters: Array.isArray(member(table, 'columnFilters'))
    ? (member(table, 'columnFilters') as unknown[]).map((entry) => text(entry)) : [],
  trend: flag(member(table, 'trend')),
});
function parseAxes(value: unknown): AxisProperties[] {
  const given = list(value);
  return defaultAxes().map((axis, i) => {
    const object = given[i];
    if (!object) return axis;
    return { ...axis, ...object, axisLabel: text(member(object, 'axisLabel'), axis.axisLabel),
             position: text(member(object, 'position')) === 'right' ? 'right'
                       : text(member(object, 'position')) === 'left' ? 'left' : axis.position,
             min: number(member(object, 'min'), 0) };
  });
}
const parseDimension = (entry: Json): PresentedDimension => ({
  ...entry,
  DataModelName: text(member(entry, 'DataModelName')),
  friendlyName: text(member(entry, 'friendlyName')),
});
const parseMeasure = (entry: Json, index: number): PresentedMeasure => ({
  ...entry,
  DataModelName: text(member(entry, 'DataModelName')),
  friendlyName: text(member(entry, 'friendlyName')),
  yaxis: number(member(entry, 'yaxis'), 1) === 2 ? 2 : 1,
  color: isColor(text(member(entry, 'color'))) ? text(member(entry, 'color'))
         : colors[index % colors.length] ?? colors[0],
  stack: flag(member(entry, 'stack')),
  chartType: number(member(entry, 'chartType'), 0) === 1 ? 1 : 0,
  errorBar: flag(member(entry, 'errorBar')),
});
export const isColor = (value: string): boolean => /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value);

// --- New and changed reports ---------------------------------------------------------------------

const defaultAxes = (): AxisProperties[] => [
  { axisLabel: 'Count', position: 'left', min: 0 },
  { axisLabel: 'Percentage', position: 'right', min: 0, tickLength: 0 },
];
const isShare = (name: string): boolean => /percentage|ratio|rate/i.test(name);

/** How a measure looks until its author says otherwise: counts as bars, shares as a line. */
export function presentMeasure(name: string, index: number): PresentedMeasure {
  const known = classLooks.find((look) => look.pattern.test(name));
  const asLine = isShare(name) || /\[Avg /i.test(name);
  return {
    DataModelName: name,
    friendlyName: known?.friendlyName ?? labelOf(name),
    yaxis: asLine ? 2 : 1,
    color: known?.color ?? colors[index % colors.length] ?? colors[0],
    stack: !asLine && known !== undefined,
    chartType: asLine ? 1 : 0,
    errorBar: false,
  };
}
const classLooks = [
  { pattern: /\[\w+ Good Streams?( JPDR)? Count\]$/i, friendlyName: 'Good', color: colors[0] },
  { pattern: /\[\w+ Unclassified Streams?( JPDR)? Count\]$/i, friendlyName: 'Unclassified',
    color: colors[1] },
  { pattern: /\[\w+ Poor Streams?( JPDR)? Count\]$/i, friendlyName: 'Poor', color: colors[2] },
  { pattern: /\[\w+ ?Poor ?(JPDR)?Percentage\]$/i, friendlyName: 'Poor%', color: colors[3] },
];
export const presentDimension = (name: string): PresentedDimension =>
  ({ DataModelName: name, friendlyName: labelOf(name) });

export function defaultPresentation(query: Query, plugin: Presentation['presentationPlugin']):
    Presentation {
  return {
    presentationPlugin: plugin,
    height: plugin === 'dataTable' ? tableHeight : chartHeight,
    width: plugin === 'dataTable' ? 1000 : 600,
    sparklineEnable: false,
    tableProperties: { showFilter: true, columnSortIndex: 0, columnSortDesc: false,
                       columnFilters: [], trend: false },
    chartProperties: { legend: true, legendColumns: 4, legendHeight: 30, yaxes: defaultAxes() },
    dimensions: query.Dimensions.map((d) => presentDimension(d.DataModelName)),
    measurements: query.Measurements.map((m, i) => presentMeasure(m.DataModelName, i)),
  };
}

/** The looks in the order of the query: one for each dimension and measure, no others. */
export function alignPresentation(presentation: Presentation, query: Query): Presentation {
  const take = <T extends NameReference>(from: readonly T[], name: string, used: Set<T>) => {
    const found = from.find((entry) => !used.has(entry) && sameName(entry.DataModelName, name));
    if (found) used.add(found);
    return found;
  };
  const usedDimensions = new Set<PresentedDimension>();
  const usedMeasures = new Set<PresentedMeasure>();
  return {
    ...presentation,
    dimensions: query.Dimensions.map((d) => {
      const found = take(presentation.dimensions, d.DataModelName, usedDimensions);
      return found ? { ...found, friendlyName: found.friendlyName || labelOf(d.DataModelName) }
                   : presentDimension(d.DataModelName);
    }),
    measurements: query.Measurements.map((m, i) => {
      const found = take(presentation.measurements, m.DataModelName, usedMeasures);
      return found ? { ...found, friendlyName: found.friendlyName || labelOf(m.DataModelName) }
                   : presentMeasure(m.DataModelName, i);
    }),
  };
}

/** What the editor starts with: audio classes by month, as the first published report. */
export function newReport(title: string): Report {
  const query: Query = {
    Filters: [],
    Dimensions: [{ DataModelName: monthName }],
    Measurements: ['[Measures].[Audio Good Streams Count]',
                   '[Measures].[Audio UnClassified Streams Count]',
                   '[Measures].[Audio Poor Streams Count]',
                   '[Measures].[AudioPoorPercentage]'].map((DataModelName) => ({ DataModelName })),
    Trend: { EnableTrend: true, SpanCount: spanDefault, TrendDate: '', Type: 0 },
  };
  return { Title: title, Description: '', Query: query,
           Presentation: defaultPresentation(query, 'flotChart') };
}

/** Sparklines need the month as the last dimension, and the trend (reference/cube-model.md 4.4). */
export function canShowSparklines(query: Query): boolean {
  const last = query.Dimensions.at(-1);
  return query.Dimensions.length > 1 && last !== undefined && isMonthName(last.DataModelName) &&
         query.Trend?.EnableTrend === true;
}
