// What is wrong with a report, and where: codes and places, no texts. The server has the last word
// (ErrorType 6); this finds what a person can mend before asking, and what would answer nothing.
import type { CubeStructure, Filter, Query, Report, StructureEntry } from './model';
import { isMonthName, isOrderOperand, equals, operands, labelOf, sameName, splitName } from './model';
import { canShowSparklines, isColor, spanMax } from './report';
import { blankKey, parseMonth, parseValues } from './values';

/** Limits of the Data API (docs/api-query.md) and of the repository (docs/api.md). */
export const dimensionsMax = 32;
export const measurementsMax = 256;
export const filtersMax = 1000;
export const contentBytesMax = 256 * 1024;
const expressionsMax = 256;
const expressionBytesMax = 1000;

export type ProblemCode =
  | 'title-missing' | 'content-too-large'
  | 'measurement-missing' | 'dimension-missing'
  | 'too-many-dimensions' | 'too-many-measurements' | 'too-many-filters'
  | 'name-malformed' | 'name-unknown' | 'name-twice'
  | 'operand-unknown' | 'value-missing' | 'month-malformed' | 'blank-has-no-order'
  | 'order-needs-one-value' | 'expression-invalid' | 'expressions-too-many' | 'expression-too-long'
  | 'filters-exclude-each-other'
  | 'span-out-of-range' | 'sparklines-need-month-last' | 'trend-without-month'
  | 'width-out-of-range' | 'height-out-of-range' | 'color-malformed' | 'chart-of-many-dimensions';
export type Part = 'title' | 'dimensions' | 'measurements' | 'filters' | 'trend' | 'presentation';
export interface Problem {
  code: ProblemCode;
  /** An error keeps the report from running or from being saved; a warning does not. */
  severity: 'error' | 'warning';
  part: Part;
  /** Place in the list of the part. */
  index?: number;
  /** For the text: the name or value, the limit, names like the unknown one. */
  name?: string;
  limit?: number;
  near?: string[];
}

export const hasErrors = (problems: readonly Problem[]): boolean =>
  problems.some((problem) => problem.severity === 'error');

/** Everything about a report that its author should know. Structure null: names are not checked. */
export function validateReport(report: Report, structure: CubeStructure | null): Problem[] {
  const problems: Problem[] = [];
  if (report.Title.trim() === '') {
    problems.push({ code: 'title-missing', severity: 'error', part: 'title' });
  }
  if (new TextEncoder().encode(JSON.stringify(report)).length > contentBytesMax) {
    problems.push({ code: 'content-too-large', severity: 'error', part: 'title',
                    limit: contentBytesMax });
  }
  return [...problems, ...validateQuery(report.Query, structure), ...validateLooks(report)];
}

export function validateQuery(query: Query, structure: CubeStructure | null): Problem[] {
  const problems: Problem[] = [];
  if (query.Measurements.length === 0) {
    problems.push({ code: 'measurement-missing', severity: 'error', part: 'measurements' });
  }
  if (query.Dimensions.length === 0) {
    problems.push({ code: 'dimension-missing', severity: 'warning', part: 'dimensions' });
  }
  const limit = (code: ProblemCode, part: Part, count: number, max: number) => {
    if (count > max) problems.push({ code, severity: 'error', part, limit: max });
  };
  limit('too-many-dimensions', 'dimensions', query.Dimensions.length, dimensionsMax);
  limit('too-many-measurements', 'measurements', query.Measurements.length, measurementsMax);
  limit('too-many-filters', 'filters', query.Filters.length, filtersMax);
  const attributes = structure?.Dimensions.flatMap((category) => category.Attributes) ?? null;
  const names = (part: Part, list: readonly { DataModelName: string }[],
                 known: readonly StructureEntry[] | null, onlyOnce: boolean) =>
    list.forEach(({ DataModelName }, index) => {
      problems.push(...checkName(DataModelName, known, part, index));
      if (onlyOnce && list.findIndex((e) => sameName(e.DataModelName, DataModelName)) < index) {
        problems.push({ code: 'name-twice', severity: 'warning', part, index,
                        name: DataModelName });
      }
    });
  names('dimensions', query.Dimensions, attributes, true);
  names('measurements', query.Measurements, structure?.Measurements ?? null, true);
  names('filters', query.Filters, attributes, false);
  query.Filters.forEach((filter, index) => problems.push(...checkFilter(filter, index)));
  problems.push(...findContradictions(query.Filters), ...checkTrend(query));
  return problems;
}

// A name that CubeStructure does not list may still be understood (names of the online service):
// a warning with near names, not an error.
function checkName(name: string, known: readonly StructureEntry[] | null, part: Part,
                   index: number): Problem[] {
  if (!splitName(name)) {
    return [{ code: 'name-malformed', severity: 'error', part, index, name }];
  }
  if (!known || known.some((entry) => sameName(entry.DataModelName, name))) return [];
  const category = splitName(name)?.category.toLowerCase() ?? '';
  if (['allstreams', 'audiostream'].includes(category) || /tenantdata/.test(category)) return [];
  const near = nearNames(name, known.map((entry) => entry.DataModelName));
  return [{ code: 'name-unknown', severity: 'warning', part, index, name, near }];
}

function checkFilter(filter: Filter, index: number): Problem[] {
  const problems: Problem[] = [];
  const add = (code: ProblemCode, severity: Problem['severity'], more: Partial<Problem> = {}) =>
    problems.push({ code, severity, part: 'filters', index, name: filter.DataModelName, ...more });
  if (!(operands as readonly number[]).includes(filter.Operand)) {
    add('operand-unknown', 'error', { name: String(filter.Operand) });
    return problems;
  }
  const values = parseValues(filter.Value);
  if (values.length === 0) {
    add('value-missing', 'error');
    return problems;
  }
  if (isMonthName(filter.DataModelName) && (filter.Operand <= 1 || isOrderOperand(filter.Operand))) {
    const bad = values.find((value) => value !== blankKey && !parseMonth(value));
    if (bad !== undefined) add('month-malformed', 'error', { name: bad });
  }
  if (isOrderOperand(filter.Operand)) {
    if (values.includes(blankKey)) add('blank-has-no-order', 'error');
    if (values.length > 1) add('order-needs-one-value', 'warning');
  }
  if (filter.Operand === 2 || filter.Operand === 8) problems.push(...checkExpressions(values, index));
  return problems;
}

function checkExpressions(values: readonly string[], index: number): Problem[] {
  const problems: Problem[] = [];
  if (values.length > expressionsMax) {
    problems.push({ code: 'expressions-too-many', severity: 'error', part: 'filters', index,
                    limit: expressionsMax });
  }
  const long = values.find((value) => new TextEncoder().encode(value).length > expressionBytesMax);
  if (long !== undefined) {
    problems.push({ code: 'expression-too-long', severity: 'error', part: 'filters', index,
                    limit: expressionBytesMax });
  }
  // Browsers' expressions differ from RE2 in rare parts only; an invalid one is searched as text.
  const invalid = values.find((value) => {
    try {
      new RegExp(value, 'i');
      return false;
    } catch {
      return true;
    }
  });
  if (invalid !== undefined) {
    problems.push({ code: 'expression-invalid', severity: 'warning', part: 'filters', index,
                    name: invalid });
  }
  return problems;
}

/** Two conditions that both must hold and cannot: the usual slip where 'or' was meant. */
function findContradictions(filters: readonly Filter[]): Problem[] {
  const problems: Problem[] = [];
  filters.forEach((filter, index) => {
    if (filter.Operand !== equals || filter.UnionGroup !== '') return;
    const mine = new Set(parseValues(filter.Value).map((value) => value.toLowerCase()));
    const other = filters.findIndex((candidate, i) =>
      i < index && candidate.Operand === equals && candidate.UnionGroup === '' &&
      sameName(candidate.DataModelName, filter.DataModelName) && mine.size > 0 &&
      parseValues(candidate.Value).length > 0 &&
      !parseValues(candidate.Value).some((value) => mine.has(value.toLowerCase())));
    if (other >= 0) {
      problems.push({ code: 'filters-exclude-each-other', severity: 'warning', part: 'filters',
                      index, name: filter.DataModelName });
    }
  });
  return problems;
}

function checkTrend(query: Query): Problem[] {
  const trend = query.Trend;
  if (!trend?.EnableTrend) return [];
  const problems: Problem[] = [];
  if (!Number.isInteger(trend.SpanCount) || trend.SpanCount < 1 || trend.SpanCount > spanMax) {
    problems.push({ code: 'span-out-of-range', severity: 'error', part: 'trend', limit: spanMax });
  }
  if (!query.Dimensions.some((dimension) => isMonthName(dimension.DataModelName))) {
    problems.push({ code: 'trend-without-month', severity: 'warning', part: 'trend' });
  }
  return problems;
}

function validateLooks(report: Report): Problem[] {
  const { Presentation: looks, Query: query } = report;
  const problems: Problem[] = [];
  const add = (code: ProblemCode, more: Partial<Problem> = {}) =>
    problems.push({ code, severity: 'warning', part: 'presentation', ...more });
  // The published reports are 600 to 2000 wide (reference/cube-model.md 5).
  if (!(looks.width >= 200 && looks.width <= 4000)) add('width-out-of-range');
  if (!(looks.height >= 100 && looks.height <= 4000)) add('height-out-of-range');
  looks.measurements.forEach((measure, index) => {
    if (!isColor(measure.color)) add('color-malformed', { index, name: measure.color });
  });
  if (looks.sparklineEnable && !canShowSparklines(query)) add('sparklines-need-month-last');
  if (looks.presentationPlugin === 'flotChart' && query.Dimensions.length > 2) {
    add('chart-of-many-dimensions', { limit: 2 });
  }
  return problems;
}

/** Up to three names that differ from `name` little, best first. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const wanted = pairsOf(name);
  return known
    .map((candidate) => ({ candidate, score: similarity(wanted, pairsOf(candidate)) }))
    .filter(({ score }) => score >= 0.5)
    .sort((a, b) => b.score - a.score || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}
/** Pairs of neighbouring letters, which survive transposed words as well as typing slips. */
function pairsOf(name: string): string[] {
  const text = `${splitName(name)?.category ?? ''} ${labelOf(name)}`.toLowerCase();
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2));
}
/** The Dice coefficient of two bags of pairs, 0 to 1. */
function similarity(a: readonly string[], b: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const pair of b) counts.set(pair, (counts.get(pair) ?? 0) + 1);
  let common = 0;
  for (const pair of a) {
    const left = counts.get(pair) ?? 0;
    if (left > 0) {
      ++common;
      counts.set(pair, left - 1);
    }
  }
  return a.length + b.length === 0 ? 0 : (2 * common) / (a.length + b.length);
}
