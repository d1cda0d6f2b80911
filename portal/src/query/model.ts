// Shapes of the published Data API and of stored reports (docs/api-query.md,
// reference/cube-model.md 4 and 5). Names are those on the wire.

/** One attribute or measure of CubeStructure. */
export interface StructureEntry {
  FriendlyName: string;
  DataModelName: string;
  Description: string | null;
}
export interface StructureCategory {
  Category: string;
  Attributes: StructureEntry[];
}
/** `GET CubeStructure`, in the flat form of the on-premises product. */
export interface CubeStructure {
  Kpis: StructureEntry[];
  Dimensions: StructureCategory[];
  Measurements: StructureEntry[];
}

/** How a filter compares, by code; 4.1 of the notes. Keys of texts are `operand.<code>`. */
export const operands = [0, 1, 2, 8, 3, 9, 4, 5, 6, 7] as const;
export type Operand = (typeof operands)[number];
export const equals: Operand = 0;
export const notEquals: Operand = 1;
/** Operands that compare by order: one value each makes sense, and the blank member has no order. */
export const isOrderOperand = (operand: number): boolean => operand >= 4 && operand <= 7;
/** Operands that say 'not': several values mean 'none of them'. */
export const isNegative = (operand: number): boolean =>
  operand === 1 || operand === 8 || operand === 9;
/** Operands whose values are whole members, to be picked from the list. */
export const takesMembers = (operand: number): boolean => operand === 0 || operand === 1;

export interface Filter {
  DataModelName: string;
  /** Text for people; never evaluated. */
  Caption: string;
  /** `[key]` or a list `[a],[b]`; see values.ts. */
  Value: string;
  Operand: number;
  /** Filters of one non-empty group are joined by OR, everything else by AND. */
  UnionGroup: string;
}
export interface NameReference {
  DataModelName: string;
}
export interface Trend {
  EnableTrend: boolean;
  SpanCount: number;
  /** `yyyy-M`: the last month of the window. */
  TrendDate: string;
  Type: number;
}
/** Rows by a measurement, the greatest first unless `Descending` is false. */
export interface OrderBy {
  /** One of the query's measurements. */
  DataModelName: string;
  Descending?: boolean;
}
/** The body of `POST RunQuery`. */
export interface Query {
  Filters: Filter[];
  Dimensions: NameReference[];
  Measurements: NameReference[];
  Trend?: Trend;
  LimitResultRowsCount?: number;
  OrderBy?: OrderBy;
  /** Asks for the steps that removed streams; answered as `Funnel`. */
  Funnel?: boolean;
  /** A kept data version to answer from; without it the newest. */
  AsOf?: number;
  /** A further kept version, whose answer comes along as `Comparison`. */
  CompareTo?: number;
  /** Other limits of the classifier, whose answer comes along as `WhatIf`. */
  WhatIf?: Limits;
}
/** By medium and metric: `{Audio: {JitterInterArrival: 20}}`. */
export type Limits = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Captions of the dimensions, then numbers of the measures. Null is 'no value', never zero. */
export type Cell = string | number | null;
export interface Answer {
  ExecutionTime: string;
  DataResult: Cell[][];
  ResultIsFromCache: boolean;
  /** 0 fine, 3 no cube or busy, 5 too large, 6 wrong query. */
  ErrorType: number;
  ErrorMessage?: string;
  Funnel?: unknown;
  WhatIf?: { Changed: string[]; DataResult: Cell[][] };
  Comparison?: { DataVersion: number; PublishedAt: string; DataResult: Cell[][] };
}

export interface PresentedDimension {
  DataModelName: string;
  friendlyName: string;
  disabled?: boolean;
}
export interface PresentedMeasure {
  DataModelName: string;
  friendlyName: string;
  /** 1 left, 2 right. */
  yaxis: 1 | 2;
  color: string;
  stack: boolean;
  /** 0 bar, 1 line. */
  chartType: 0 | 1;
  errorBar: boolean;
}
export interface TableProperties {
  showFilter: boolean;
  columnSortIndex: number;
  columnSortDesc: boolean;
  columnFilters: string[];
  trend: boolean;
}
export interface AxisProperties {
  axisLabel: string;
  position: 'left' | 'right';
  min: number;
  tickLength?: number;
}
export interface ChartProperties {
  legend: boolean;
  legendColumns: number;
  legendHeight: number;
  yaxes: AxisProperties[];
}
/** How a report looks. `dimensions` and `measurements` stand in the order of the query's. */
export interface Presentation {
  presentationPlugin: 'flotChart' | 'dataTable';
  height: number;
  width: number;
  sparklineEnable: boolean;
  tableProperties: TableProperties;
  chartProperties: ChartProperties;
  dimensions: PresentedDimension[];
  measurements: PresentedMeasure[];
}
/** The stored content of a report. Members that we do not know survive a save. */
export interface Report {
  Title: string;
  Description: string;
  Presentation: Presentation;
  Query: Query;
}
/** The stored content of a report set. The maxima are numbers as text, or 'Auto'. */
export interface ReportSet {
  Title: string;
  Description: string;
  MaxCalls: string;
  MaxPercentage: string;
}

/** The on-premises name of the month: the window of the page is set with it. */
export const monthName = '[StartDate].[Month]';
/** Other spellings of the month of the start (reference/cube-model.md 2.1, 2.3). */
const monthNames = new Set(
  [monthName, '[AudioStream].[Month Year]', '[AudioStream].[Full Month]',
   '[AllStreams].[Month Year]', '[AllStreams].[Full Month]'].map((name) => name.toLowerCase()),
);
export const isMonthName = (name: string): boolean => monthNames.has(name.trim().toLowerCase());
export const sameName = (a: string, b: string): boolean =>
  a.trim().toLowerCase() === b.trim().toLowerCase();

/** `[First Building].[City]` in its two parts; null when it is no such name. */
export function splitName(name: string): { category: string; attribute: string } | null {
  const match = /^\s*\[([^\]]+)\]\s*\.\s*\[([^\]]+)\]\s*$/.exec(name);
  return match ? { category: match[1] ?? '', attribute: match[2] ?? '' } : null;
}

/** The same attribute of the other end of the stream, or null when it belongs to no end. */
export function twinOf(name: string): string | null {
  if (/\[(Start|End)Date\]/i.test(name)) return null;
  if (/\bFirst(?=\b|[A-Z])/.test(name)) return name.replace(/\bFirst(?=\b|[A-Z])/g, 'Second');
  if (/\bSecond(?=\b|[A-Z])/.test(name)) return name.replace(/\bSecond(?=\b|[A-Z])/g, 'First');
  return null;
}

/** Attributes whose name says too little without its category. */
const vagueNames = new Set(['Driver', 'Name', 'Band', 'Channel', 'Rating', 'Tokens', 'Radio', 'Ice', 'Driver Version',
  'Radio Type', 'Signal Strength', 'Has Audio Issue', 'Has Video Issue']);

/** A short name for people: the attribute, with its end or medium when the name has one. */
export function labelOf(name: string): string {
  const parts = splitName(name);
  if (!parts) return name;
  const { category, attribute } = parts;
  if (category === 'Measures') return attribute;
  if (attribute === 'Metric' || attribute === category) return category;
  const end = /^(First|Second) /.exec(category);
  if (end && !attribute.startsWith(`${end[1]} `)) {
    const thing = category.slice(end[0].length);
    if (attribute === 'Agent' || thing.toLowerCase().split(' ').includes(attribute.toLowerCase())) return category;
    if (vagueNames.has(attribute)) return `${category} ${attribute}`;
    return `${end[1]} ${attribute}`;
  }
  return category === 'EndDate' ? `End ${attribute}` : attribute;
}
