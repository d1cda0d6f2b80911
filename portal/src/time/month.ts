// Months as links and queries write them: "2026-3". They are labels of the server's reporting zone, not moments.
import { language } from '../text/text';

export interface Month {
  year: number;
  /** 1 to 12. */
  month: number;
}

/** "2026-3" or "2026-03"; undefined for anything else. Years 1900 to 2200. */
export function parseMonth(text: string | undefined): Month | undefined {
  const match = /^(\d{4})-(\d{1,2})$/.exec(text ?? '');
  if (!match) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  return year >= 1900 && year <= 2200 && month >= 1 && month <= 12 ? { year, month } : undefined;
}

export const writeMonth = ({ year, month }: Month): string => `${year}-${month}`;

export const addMonths = ({ year, month }: Month, count: number): Month => {
  const index = year * 12 + month - 1 + count;
  return { year: Math.floor(index / 12), month: ((index % 12) + 12) % 12 + 1 };
};

/** Negative when `a` is earlier. */
export const compareMonths = (a: Month, b: Month): number => (a.year - b.year) * 12 + a.month - b.month;

/** Of a moment, in that zone. */
export function monthOf(at: Date, zone = 'UTC'): Month {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric', month: 'numeric' }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)!.value);
  return { year: of('year'), month: of('month') };
}

/** "March 2026", or "Mar 2026" when short. */
export function formatMonth({ year, month }: Month, style: 'long' | 'short' = 'long'): string {
  return new Intl.DateTimeFormat(language(), { year: 'numeric', month: style, timeZone: 'UTC' })
    .format(new Date(Date.UTC(year, month - 1, 1)));
}

const englishMonths = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september',
  'october', 'november', 'december'];

/** The caption of a month in an answer of the Data API, "March 2026"; undefined for anything else. */
export function monthOfCaption(caption: string): Month | undefined {
  const [name = '', year = ''] = caption.split(' ');
  const month = englishMonths.indexOf(name.toLowerCase()) + 1;
  return month > 0 && /^\d{4}$/.test(year) ? { year: Number(year), month } : undefined;
}
