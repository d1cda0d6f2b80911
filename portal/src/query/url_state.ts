// Addresses: every view of the portal as the text behind `#`, and back. An address comes from
// anywhere (old bookmarks, mails that broke a line), so decoding never fails: what it cannot read
// it leaves out.
import { parseWhy, writeWhy, type Why } from './causes';
import type { Filter, Limits, NameReference, Query } from './model';
import { equals, sameName } from './model';
import type { Month } from './values';
import { formatMonth, parseMonth } from './values';
import { spanMax } from './report';
import { parseLimits, writeLimits } from './what_if';

/** How an answer is shown when it is explored. */
export interface ExploreView {
  page: 'explore';
  query: Query;
  month: Month | null;
  /** The month to compare with. */
  compareWith: Month | null;
  /** A data version to ask in place of the newest. */
  asOf: number | null;
  /** A data version to compare with. */
  compareVersion: number | null;
  /** The two times whose difference is to be explained. */
  why: Why | null;
  /** Other limits of the classifier; an empty object: the form is open, nothing is changed yet. */
  whatIf: Limits | null;
  /** Chart or table. */
  as: 'chart' | 'table';
  /** Column to sort by, counted from 0; null for member order. */
  sort: { column: number; descending: boolean } | null;
  /** Report that the view began with. */
  from: number | null;
}
export interface ReportSetView {
  page: 'reportSet';
  /** Null: the reader's own start page. */
  itemId: number | null;
  month: Month | null;
  span: number | null;
  /** The published `/filter/[name]|[value]` suffix: conditions for every report of the page. */
  filters: Filter[];
}
export interface EditView {
  page: 'edit';
  /** The report, or null for a new one below `parentId`. */
  itemId: number | null;
  parentId: number | null;
  month: Month | null;
  /** A query to begin a new report with ('Save as report'). */
  query: Query | null;
}
/** Any other page: `Health`, `Admin/networks`, ... */
export interface NamedView {
  page: 'named';
  name: string;
  path: string[];
  month: Month | null;
}
export type View = ExploreView | ReportSetView | EditView | NamedView;

/** A view of this query as it begins: this month, this state of the data, nothing compared. */
export const exploreView = (query: Query, part: Partial<ExploreView> = {}): ExploreView => ({
  page: 'explore', query, month: null, compareWith: null, asOf: null, compareVersion: null, why: null, whatIf: null, as: 'chart', sort: null, from: null,
  ...part,
});

const addressMax = 64 * 1024;
const listMax = 1000;

/** The address of a view, with its `#`. */
export function encodeView(view: View): string {
  switch (view.page) {
    case 'reportSet': return encodeReportSet(view);
    case 'explore': return encodeExplore(view);
    case 'edit': return encodeEdit(view);
    case 'named': {
      const parts = [view.name, ...view.path].map(encodePart);
      return `#/${parts.join('/')}${view.month ? `?month=${formatMonth(view.month)}` : ''}`;
    }
  }
}

function encodeReportSet(view: ReportSetView): string {
  const parts: string[] = [view.itemId === null ? '' : String(view.itemId)];
  if (view.month) parts.push(formatMonth(view.month));
  for (const filter of view.filters) {
    parts.push('filter', encodePart(`${filter.DataModelName}|${filter.Value}`));
  }
  return `#/${parts.join('/')}${view.span === null ? '' : `?span=${view.span}`}`;
}

function encodeExplore(view: ExploreView): string {
  const search = new URLSearchParams();
  appendQuery(search, view.query);
  if (view.compareWith) search.set('with', formatMonth(view.compareWith));
  if (view.asOf !== null) search.set('asof', String(view.asOf));
  if (view.compareVersion !== null) search.set('vs', String(view.compareVersion));
  if (view.why) search.set('why', writeWhy(view.why));
  if (view.whatIf) search.set('if', writeLimits(view.whatIf));
  if (view.as === 'table') search.set('as', 'table');
  if (view.sort) search.set('sort', `${view.sort.descending ? '-' : ''}${view.sort.column}`);
  if (view.from !== null) search.set('from', String(view.from));
  const month = view.month ? `/${formatMonth(view.month)}` : '';
  return `#/Explore${month}?${search.toString()}`;
}

function encodeEdit(view: EditView): string {
  const search = new URLSearchParams();
  if (view.parentId !== null) search.set('parent', String(view.parentId));
  if (view.query) appendQuery(search, view.query);
  const parts = ['Edit', view.itemId === null ? 'new' : String(view.itemId)];
  if (view.month) parts.push(formatMonth(view.month));
  const text = search.toString();
  return `#/${parts.join('/')}${text ? `?${text}` : ''}`;
}

// A query as short repeated members: d and m are names, f is a JSON list, t the months of a trend.
function appendQuery(search: URLSearchParams, query: Query): void {
  for (const { DataModelName } of query.Dimensions) search.append('d', DataModelName);
  for (const { DataModelName } of query.Measurements) search.append('m', DataModelName);
  for (const f of query.Filters) {
    const parts: (string | number)[] = [f.Operand, f.DataModelName, f.Value];
    if (f.Caption !== '' || f.UnionGroup !== '') parts.push(f.Caption);
    if (f.UnionGroup !== '') parts.push(f.UnionGroup);
    search.append('f', JSON.stringify(parts));
  }
  if (query.Trend?.EnableTrend) search.set('t', String(query.Trend.SpanCount));
  if (query.LimitResultRowsCount) search.set('limit', String(query.LimitResultRowsCount));
  if (query.OrderBy) {
    search.set('order', (query.OrderBy.Descending === false ? '' : '-') + query.OrderBy.DataModelName);
  }
}

/** The view of an address, with or without its `#`. Rubbish leads to the start page. */
export function decodeView(address: string): View {
  const text = address.slice(0, addressMax).replace(/^#?\/?/, '');
  const mark = text.indexOf('?');
  const path = (mark < 0 ? text : text.slice(0, mark)).split('/').map(decodePart);
  const search = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1));
  const name = (path[0] ?? '').trim();
  if (name === '' || /^\d+$/.test(name)) return decodeReportSet(name, path.slice(1), search);
  if (/^explore$/i.test(name)) return decodeExplore(path.slice(1), search);
  if (/^edit$/i.test(name)) return decodeEdit(path.slice(1), search);
  return { page: 'named', name, path: path.slice(1).filter((part) => part !== ''),
           month: parseMonth(search.get('month') ?? '') };
}

function decodeReportSet(id: string, rest: string[], search: URLSearchParams): ReportSetView {
  const filters: Filter[] = [];
  let month: Month | null = null;
  for (let i = 0; i < rest.length; ++i) {
    const part = rest[i] ?? '';
    if (/^filter$/i.test(part)) {
      // A value may hold slashes; the filter reaches to the next `filter`.
      let end = i + 1;
      while (end < rest.length && !/^filter$/i.test(rest[end] ?? '')) ++end;
      const filter = decodeFilterSuffix(rest.slice(i + 1, end).join('/'));
      if (filter && filters.length < listMax) filters.push(filter);
      i = end - 1;
    } else {
      month ??= parseMonth(part);
    }
  }
  return { page: 'reportSet', itemId: decodeId(id), month, span: decodeSpan(search.get('span')),
           filters };
}

function decodeFilterSuffix(text: string): Filter | null {
  const match = /^(\[[^\]]+\]\.\[[^\]]+\])\|(.+)$/s.exec(text);
  if (!match) return null;
  return { DataModelName: match[1] ?? '', Value: match[2] ?? '', Caption: '', Operand: equals,
           UnionGroup: '' };
}

function decodeExplore(path: string[], search: URLSearchParams): ExploreView {
  const sort = /^(-?)(\d{1,3})$/.exec(search.get('sort') ?? '');
  return {
    page: 'explore',
    query: decodeQuery(search),
    month: parseMonth(path[0] ?? ''),
    compareWith: parseMonth(search.get('with') ?? ''),
    asOf: decodeId(search.get('asof') ?? ''),
    compareVersion: decodeId(search.get('vs') ?? ''),
    why: parseWhy(search.get('why') ?? ''),
    whatIf: search.has('if') ? parseLimits(search.get('if') ?? '') ?? {} : null,
    as: search.get('as') === 'table' ? 'table' : 'chart',
    sort: sort ? { column: Number(sort[2]), descending: sort[1] === '-' } : null,
    from: decodeId(search.get('from') ?? ''),
  };
}

function decodeEdit(path: string[], search: URLSearchParams): EditView {
  const query = decodeQuery(search);
  const isEmpty = query.Dimensions.length + query.Measurements.length + query.Filters.length === 0;
  return { page: 'edit', itemId: decodeId(path[0] ?? ''),
           parentId: decodeId(search.get('parent') ?? ''),
           month: parseMonth(path[1] ?? ''), query: isEmpty ? null : query };
}

function decodeQuery(search: URLSearchParams): Query {
  const names = (key: string): NameReference[] =>
    search.getAll(key).filter((name) => name.trim() !== '').slice(0, listMax)
      .map((DataModelName) => ({ DataModelName }));
  const query: Query = {
    Filters: search.getAll('f').slice(0, listMax).map(decodeFilter)
      .filter((filter): filter is Filter => filter !== null),
    Dimensions: names('d'),
    Measurements: names('m'),
  };
  const span = decodeSpan(search.get('t'));
  if (span !== null) {
    query.Trend = { EnableTrend: true, SpanCount: span, TrendDate: '', Type: 0 };
  }
  const limit = decodeId(search.get('limit') ?? '');
  if (limit) query.LimitResultRowsCount = limit;
  const order = search.get('order') ?? '';
  const name = order.replace(/^-/, '');
  if (query.Measurements.some((measure) => sameName(measure.DataModelName, name))) {
    query.OrderBy = { DataModelName: name, Descending: order.startsWith('-') };
  }
  return query;
}

function decodeFilter(text: string): Filter | null {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parts)) return null;
  const [operand, name, value, caption, group] = parts as unknown[];
  if (typeof operand !== 'number' || typeof name !== 'string' || typeof value !== 'string') {
    return null;
  }
  return { DataModelName: name, Value: value, Operand: operand,
           Caption: typeof caption === 'string' ? caption : '',
           UnionGroup: typeof group === 'string' ? group : '' };
}

const decodeId = (text: string): number | null =>
  /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
function decodeSpan(text: string | null): number | null {
  if (text === null || !/^\d{1,3}$/.test(text)) return null;
  const span = Number(text);
  return span >= 1 && span <= spanMax ? span : null;
}
/** Brackets and colons stay readable, as the original wrote them. */
const encodePart = (text: string): string =>
  encodeURIComponent(text).replace(/%(5B|5D|7C|3A|2C|26)/gi, (escape) => decodeURIComponent(escape));
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
