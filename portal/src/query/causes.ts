// "Why is it worse?": the question to /api/v1/causes, and what its answer leads to (docs/api.md, Causes and earlier states).
import { filterTo } from './drill';
import type { Filter, Query } from './model';
import { isMonthName, splitName } from './model';
import type { Month } from './values';
import { addMonths, keyOfMember } from './values';

/** Days as `yyyy-MM-dd`: the first, and the first that no longer belongs to it. */
export interface Days {
  from: string;
  to: string;
}
/** Two times to compare; without `before` groups are held against all other streams of `after`. */
export interface Why {
  after: Days;
  before: Days | null;
}

const dayMs = 86_400_000;
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text);
export const addDays = (day: string, count: number): string =>
  new Date(Date.parse(day) + count * dayMs).toISOString().slice(0, 10);
const firstDay = (month: Month): string => `${String(month.year).padStart(4, '0')}-${String(month.month).padStart(2, '0')}-01`;

export const daysOfMonth = (month: Month): Days => ({ from: firstDay(month), to: firstDay(addMonths(month, 1)) });

/** A month against the one before, or against `before`. */
export const whyOfMonth = (month: Month, before: Month | null = null): Why =>
  ({ after: daysOfMonth(month), before: daysOfMonth(before ?? addMonths(month, -1)) });

/** As many days, just before. */
export function daysBefore(days: Days): Days {
  const count = Math.round((Date.parse(days.to) - Date.parse(days.from)) / dayMs);
  return { from: addDays(days.from, -count), to: days.from };
}

/** The month that these days are, or null. */
export function monthOfDays(days: Days): Month | null {
  const month = { year: Number(days.from.slice(0, 4)), month: Number(days.from.slice(5, 7)) };
  const whole = daysOfMonth(month);
  return whole.from === days.from && whole.to === days.to ? month : null;
}

/** For an address: `from_to` of the worse time, and of the one before it. */
export const writeWhy = (why: Why): string =>
  [why.after, ...(why.before ? [why.before] : [])].flatMap((days) => [days.from, days.to]).join('_');
export function parseWhy(text: string): Why | null {
  const days = text.split('_');
  if ((days.length !== 2 && days.length !== 4) || !days.every(isDay)) return null;
  const [from = '', to = '', earlier = '', end = ''] = days;
  if (from >= to || (days.length === 4 && earlier >= end)) return null;
  return { after: { from, to }, before: days.length === 4 ? { from: earlier, to: end } : null };
}

/** The medium that the measures are about; Audio when they do not say. */
export function mediaOf(query: Query): string {
  for (const { DataModelName } of query.Measurements) {
    const match = /^(Audio|Video|AppSharing|VBSS)/i.exec(splitName(DataModelName)?.attribute ?? '');
    const found = ['Audio', 'Video', 'AppSharing', 'VBSS'].find((one) => one.toLowerCase() === match?.[1]?.toLowerCase());
    if (found) return found;
  }
  return 'Audio';
}

/** The body of POST /api/v1/causes. The question's month gives way to the two times. */
export const causesBody = (query: Query, why: Why) => ({
  After: { From: why.after.from, To: why.after.to },
  ...(why.before ? { Before: { From: why.before.from, To: why.before.to } } : {}),
  Media: mediaOf(query),
  Filters: query.Filters.filter((filter: Filter) => !isMonthName(filter.DataModelName) || filter.UnionGroup !== ''),
});

/** Streams that are good or poor. */
export interface CauseCounts {
  classified: number;
  poor: number;
  /** poor / classified, 0 to 1. */
  ratio: number;
}
export interface CauseMember {
  DataModelName: string;
  Value: string;
  Caption: string;
}
export interface Cause {
  members: CauseMember[];
  before: CauseCounts;
  after: CauseCounts;
  /** Difference of the ratios and its interval at 95 %. */
  rise: number;
  rise_low: number;
  rise_high: number;
  /** Poor streams beyond what the ratio before lets expect. */
  excess: number;
  score: number;
  same_as: string[];
}
export interface Causes {
  before: CauseCounts;
  after: CauseCounts;
  rise: number;
  rise_low: number;
  rise_high: number;
  groups_tested: number;
  causes: Cause[];
}

/** The question about the streams of this group alone. */
export const filterToCause = (query: Query, cause: Cause): Query => cause.members.reduce(
  (narrowed, member) => filterTo(narrowed, member.DataModelName, { key: keyOfMember(member.Value), caption: member.Caption }), query);
