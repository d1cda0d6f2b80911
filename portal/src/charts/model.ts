// What a chart or table shows, made of a report and an answer. Pure: no page, no library.
import type { Cell, Presentation, Query } from '../query/model';
import { lineGroups } from '../query/compare';
import { isMonthName } from '../query/model';
import { unitOf, type Unit } from '../query/numbers';
import { monthCaption, monthWindow, parseMonth } from '../query/values';

export interface Series {
  name: string;
  color: string;
  /** 0 left, 1 right. */
  axis: 0 | 1;
  stacked: boolean;
  line: boolean;
  unit: Unit;
  /** One for each category; null: there is no value, drawn as a gap. */
  values: (number | null)[];
}

export interface ChartModel {
  /** Captions along the axis, as the answer has them. */
  categories: string[];
  /** For each category the row of the answer; -1 when it was filled in. */
  rows: number[];
  series: Series[];
  /** Of the left and the right axis. */
  axisLabels: [string, string];
  legend: boolean;
  /** Categories are months. */
  byMonth: boolean;
  /** For each category: lines join neighbours of one group only. Missing: all of them. */
  lineGroups?: string[];
}

export const numberOf = (cell: Cell | undefined): number | null =>
  typeof cell === 'number' && Number.isFinite(cell) ? cell : null;

/**
 * The poor share of nothing is answered as 0 (reference/cube-model.md 3.2): where the answer has the counts that it is the share of,
 * such a 0 is no value. Gives each measure's value of a row of numbers, as drawn; tables keep what was answered.
 */
export function drawnValues(query: Query): (row: readonly Cell[]) => (number | null)[] {
  const dimensions = query.Dimensions.length;
  const at = (name: string) => query.Measurements.findIndex((one) => plain(one.DataModelName) === name);
  const counts = query.Measurements.map((one): number[] => {
    const share = /^(audio|video|appsharing|vbss)poor(jpdr)?percentage$/.exec(plain(one.DataModelName));
    if (!share) return [];
    const [, medium, jpdr = ''] = share;
    const classes = ['good', 'poor'].map((name) => at(`${medium}${name}stream${jpdr}count`));
    if (classes.every((i) => i >= 0)) return classes;
    const all = at(`${medium}streamcount`);
    return all >= 0 ? [all] : [];
  });
  return (row) => counts.map((places, i) => {
    const value = numberOf(row[dimensions + i]);
    const nothing = value === 0 && places.length > 0 && places.every((place) => (numberOf(row[dimensions + place]) ?? 0) === 0);
    return nothing ? null : value;
  });
}
/** Both spellings of a measure as one: "[Measures].[Audio Good Streams Count]" is audiogoodstreamcount. */
const plain = (name: string): string =>
  name.toLowerCase().replace(/^\s*\[measures\]\s*\./, '').replace(/[^a-z]/g, '').replace('streams', 'stream');

const captionOf = (cell: Cell | undefined): string => (cell === null || cell === undefined ? '' : String(cell));

/** The months that a query with a trend asks for, oldest first, as captions; [] without one. */
export function windowOf(query: Query): string[] {
  const trend = query.Trend;
  const last = trend?.EnableTrend ? parseMonth(trend.TrendDate) : null;
  return last && trend ? monthWindow(last, trend.SpanCount).map(monthCaption) : [];
}

/**
 * A month without data has no row in an answer; a trend over the month alone shows it as a gap. Several dimensions are
 * joined into one caption; those that the report switched off are left out of it. `units` are the catalogue's; with `timeOnly` lines join
 * points of time only, not members that have no order.
 */
export function chartModel(query: Query, look: Presentation, rows: readonly Cell[][], options: {
  units?: ReadonlyMap<string, Unit>; timeOnly?: boolean;
} = {}): ChartModel {
  const dimensions = query.Dimensions.length;
  const byMonth = dimensions === 1 && isMonthName(query.Dimensions[0]!.DataModelName);
  const shown = query.Dimensions.map((_, i) => i).filter((i) => !look.dimensions[i]?.disabled);
  let categories = rows.map((row) => shown.map((i) => captionOf(row[i])).join(' · '));
  let order = rows.map((_, i) => i);
  const months = byMonth ? windowOf(query) : [];
  if (months.length > 0) {
    const at = new Map(categories.map((caption, i) => [caption, i]));
    categories = months;
    order = months.map((caption) => at.get(caption) ?? -1);
  }
  const drawn = drawnValues(query);
  const values = order.map((row) => (row < 0 ? null : drawn(rows[row] ?? [])));
  const series = query.Measurements.map((measure, i): Series => {
    const style = look.measurements[i];
    return {
      name: style?.friendlyName || measure.DataModelName,
      color: style?.color ?? '#4CB5DB',
      axis: style?.yaxis === 2 ? 1 : 0,
      stacked: style?.stack ?? false,
      line: style?.chartType === 1,
      unit: unitOf(measure.DataModelName, options.units),
      values: values.map((row) => row?.[i] ?? null),
    };
  });
  const [left, right] = look.chartProperties.yaxes;
  return {
    categories, rows: order, series, byMonth, legend: look.chartProperties.legend,
    axisLabels: [left?.axisLabel ?? '', right?.axisLabel ?? ''],
    ...(options.timeOnly && months.length === 0 ? { lineGroups: lineGroups(look, rows) } : {}),
  };
}

/** True when the captions do not fit beside each other in `width` px: months are short, and written in two lines. */
export const tilts = (model: ChartModel, width: number): boolean =>
  !model.byMonth && model.categories.length * 84 > width - 120;

/** The longest bar or highest point of each axis; 0 when there is none. */
export function axisMaxima(model: ChartModel, hidden: ReadonlySet<string> = new Set()): [number, number] {
  const maxima: [number, number] = [0, 0];
  for (const axis of [0, 1] as const) {
    const drawn = model.series.filter((one) => one.axis === axis && !hidden.has(one.name));
    for (let i = 0; i < model.categories.length; ++i) {
      const stack = drawn.filter((one) => one.stacked && !one.line).reduce((sum, one) => sum + (one.values[i] ?? 0), 0);
      maxima[axis] = Math.max(maxima[axis], stack, ...drawn.map((one) => one.values[i] ?? 0));
    }
  }
  return maxima;
}

/**
 * Charts of one key share the scale of their axes within a report set (MaxCalls and MaxPercentage 'Auto', reference/cube-model.md 5):
 * those that are grouped by the same attributes and count in the same units. A histogram of one month beside a trend keeps its own.
 */
export const scaleKey = (query: Query, model: ChartModel): string => JSON.stringify([
  query.Dimensions.map((one) => one.DataModelName.trim().toLowerCase()),
  ...([0, 1] as const).map((axis) => [...new Set(model.series.filter((one) => one.axis === axis).map((one) => one.unit))].sort()),
]);

/** The next round number: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of ten. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(12));
}

export interface TableColumn {
  name: string;
  /** Name of the attribute or measure. */
  attribute: string;
  measure: boolean;
  color: string;
  unit: Unit;
  /** Drawn as a line in sparklines, else as bars. */
  line: boolean;
}
export interface TableRow {
  cells: Cell[];
  /** For each measure the values of the window; undefined without sparklines. */
  trends?: (number | null)[][];
  /** Row of the answer that the cells come from. */
  source: number;
}
export interface TableModel {
  columns: TableColumn[];
  rows: TableRow[];
  /** Captions of the sparklines' points. */
  months: string[];
}

/**
 * With `sparkline` (the month last and the trend on) each group of the other dimensions is one row: its last month with
 * streams, and the course of each measure over the window.
 */
export function tableModel(query: Query, look: Presentation, rows: readonly Cell[][], sparkline: boolean): TableModel {
  const dimensions = query.Dimensions.length;
  const columns: TableColumn[] = [
    ...query.Dimensions.map((one, i) => ({
      name: look.dimensions[i]?.friendlyName || one.DataModelName, attribute: one.DataModelName, measure: false, color: '', unit: '', line: false,
    })),
    ...query.Measurements.map((one, i) => ({
      name: look.measurements[i]?.friendlyName || one.DataModelName,
      attribute: one.DataModelName,
      measure: true,
      color: look.measurements[i]?.color ?? '#4CB5DB',
      unit: unitOf(one.DataModelName),
      line: look.measurements[i]?.chartType === 1,
    })),
  ];
  const months = sparkline ? windowOf(query) : [];
  if (months.length === 0) return { columns, months, rows: rows.map((cells, source) => ({ cells: [...cells], source })) };

  const groups = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const key = JSON.stringify(row.slice(0, dimensions - 1));
    const found = groups.get(key);
    if (found) found.push(i);
    else groups.set(key, [i]);
  });
  const at = new Map(months.map((caption, i) => [caption, i]));
  const drawn = drawnValues(query);
  const made: TableRow[] = [];
  for (const members of groups.values()) {
    const source = members.at(-1)!;
    const trends = query.Measurements.map((_, m) => {
      const values: (number | null)[] = months.map(() => null);
      for (const i of members) {
        const month = at.get(captionOf(rows[i]![dimensions - 1]));
        if (month !== undefined) values[month] = drawn(rows[i]!)[m] ?? null;
      }
      return values;
    });
    made.push({ cells: [...rows[source]!], trends, source });
  }
  return { columns, rows: made, months };
}

/** What a column's filter keeps: a regular expression in any letter case, or a part of the text when it is none. */
export function matcher(filter: string): (text: string) => boolean {
  if (filter === '') return () => true;
  try {
    // Browsers run this on texts of at most some hundred characters, written by the reader or the report's author.
    const expression = new RegExp(filter, 'iu');
    return (text) => expression.test(text);
  } catch {
    const lower = filter.toLowerCase();
    return (text) => text.toLowerCase().includes(lower);
  }
}

/** ">5", "<= 3.2", "=0", "5-10" for a column of numbers; undefined for anything else. */
export function numberMatcher(filter: string): ((value: number | null) => boolean) | undefined {
  const range = /^\s*(-?[\d.]+)\s*(?:-|\.\.)\s*(-?[\d.]+)\s*$/.exec(filter);
  if (range) return (value) => value !== null && value >= Number(range[1]) && value <= Number(range[2]);
  const compare = /^\s*(<=|>=|<|>|=)\s*(-?[\d.]+)\s*$/.exec(filter);
  if (!compare) return undefined;
  const limit = Number(compare[2]);
  return (value) => {
    if (value === null) return false;
    switch (compare[1]) {
      case '<': return value < limit;
      case '<=': return value <= limit;
      case '>': return value > limit;
      case '>=': return value >= limit;
      default: return value === limit;
    }
  };
}
