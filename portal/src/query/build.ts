// The query that a report stands for, in the month of the page.
import type { Filter, Query } from './model';
import { isMonthName, equals, monthName, sameName } from './model';
import type { Month } from './values';
import { formatMonth, formatValues, monthCaption, monthKey, monthWindow, parseValues } from './values';

/** What the page adds to the stored query. */
export interface PageWindow {
  /** The month of the address: last of a trend, only one otherwise. */
  month: Month;
  /** Months of a trend, in place of the stored number. */
  span?: number;
  /** Conditions of the page, for every report on it. */
  filters?: readonly Filter[];
}

/**
 * The body of RunQuery. Stored month filters and trend dates are those of the day of the last save:
 * the month of the page takes their place (reference/cube-model.md 4.4). A filter of several months
 * keeps their number. A report that never named a month keeps asking for all of them.
 */
export function buildQuery(stored: Query, page: PageWindow): Query {
  const filters = stored.Filters.map((filter) => withMonth(filter, page.month));
  const query: Query = {
    Filters: [...filters, ...(page.filters ?? [])].map((filter) => ({ ...filter })),
    Dimensions: stored.Dimensions.map(({ DataModelName }) => ({ DataModelName })),
    Measurements: stored.Measurements.map(({ DataModelName }) => ({ DataModelName })),
  };
  if (stored.Trend) {
    query.Trend = { ...stored.Trend, Type: 0, TrendDate: formatMonth(page.month),
                    SpanCount: page.span ?? stored.Trend.SpanCount };
  }
  if (stored.LimitResultRowsCount) query.LimitResultRowsCount = stored.LimitResultRowsCount;
  const order = stored.OrderBy;
  // The server refuses an order by what is not measured (any more).
  if (order && stored.Measurements.some((m) => sameName(m.DataModelName, order.DataModelName))) {
    query.OrderBy = { ...order };
  }
  return query;
}

function withMonth(filter: Filter, month: Month): Filter {
  if (!isMonthName(filter.DataModelName) || filter.Operand !== equals || filter.UnionGroup !== '') {
    return filter;
  }
  const months = monthWindow(month, Math.max(1, parseValues(filter.Value).length));
  return { ...filter, Value: formatValues(months.map(monthKey)),
           Caption: months.map(monthCaption).join(' | ') };
}

/** A filter for one month. */
export const monthFilter = (month: Month): Filter => ({
  DataModelName: monthName, Caption: monthCaption(month), Value: formatValues([monthKey(month)]),
  Operand: equals, UnionGroup: '',
});

/** The same question about one month alone: no trend, one month filter. */
export function forOneMonth(query: Query, month: Month): Query {
  const { Trend: _, ...rest } = query;
  const others = query.Filters.filter((filter) => !isMonthName(filter.DataModelName) ||
                                                  filter.UnionGroup !== '');
  return { ...rest, Filters: [...others, monthFilter(month)] };
}

/**
 * A query with the trend switched on or off. Off means '1 month': a query that named no month gets
 * the filter, because without one it would mean all of them.
 */
export function withTrend(query: Query, enabled: boolean, span: number, month: Month): Query {
  const trend = { EnableTrend: enabled, SpanCount: span, TrendDate: formatMonth(month), Type: 0 };
  const named = query.Filters.some((filter) => isMonthName(filter.DataModelName));
  const filters = enabled || named ? query.Filters : [...query.Filters, monthFilter(month)];
  return { ...query, Filters: filters, Trend: trend };
}
