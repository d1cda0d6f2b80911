// Members and lists of members as filters write them (reference/cube-model.md 4.2), and months.

/** Key of the member for 'no value'. */
export const blankKey = '(Blank)';

/** `[a],[b]` of keys. A key of several bracketed parts (`[1]&[0]`) is written as it is. */
export function formatValues(keys: readonly string[]): string {
  return keys.map(formatValue).join(',');
}
function formatValue(key: string): string {
  if (isComposite(key)) return key;
  return `[${key.replaceAll(']', ']]')}]`;
}
const isComposite = (key: string): boolean =>
  /^\[(?:[^\]]|\]\])*\](?:&(?:amp;)?\[(?:[^\]]|\]\])*\])+$/.test(key);

/**
 * The keys of a value. A list is split at commas behind `]` only; a value without brackets is one
 * key. Never fails: what is no list is taken as it is, as the server does.
 */
export function parseValues(value: string): string[] {
  const text = value.trim();
  if (text === '') return [];
  if (!text.startsWith('[')) return [text];
  const keys: string[] = [];
  for (const part of splitList(text)) {
    const item = part.trim();
    if (item === '') continue;
    if (isComposite(item)) keys.push(item.replaceAll('&amp;', '&'));
    else if (item.startsWith('[') && item.endsWith(']')) {
      keys.push(item.slice(1, -1).replaceAll(']]', ']'));
    } else keys.push(item);
  }
  return keys;
}

function splitList(text: string): string[] {
  const parts: string[] = [];
  let begin = 0;
  let open = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (!open) {
      if (c === '[') open = true;
      else if (c === ',') {
        parts.push(text.slice(begin, i));
        begin = i + 1;
      }
    } else if (c === ']') {
      if (text[i + 1] === ']') ++i;
      else open = false;
    }
  }
  parts.push(text.slice(begin));
  return parts;
}

/** The key of a member as DimensionMembers writes it: `[Wifi]` is Wifi; composite keys stay. */
export function keyOfMember(written: string): string {
  return parseValues(written)[0] ?? '';
}

/** The caption of a filter from those of its members, as the original's editor wrote it. */
export const formatCaption = (captions: readonly string[]): string => captions.join(' | ');

// --- Months --------------------------------------------------------------------------------------

/** A calendar month; `month` is 1 to 12. */
export interface Month {
  year: number;
  month: number;
}
const monthCaptions = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
                        'September', 'October', 'November', 'December'];

/** `2015-3`, `2015-03`, `2015-03-01T00:00:00`, with or without brackets; null for anything else. */
export function parseMonth(text: string): Month | null {
  const bare = text.trim().replace(/^\[(.*)\]$/, '$1');
  const match = /^(\d{4})-(\d{1,2})(?:-01(?:T00:00:00)?)?$/.exec(bare);
  if (!match) return null;
  const month = { year: Number(match[1]), month: Number(match[2]) };
  return isMonth(month) ? month : null;
}
/** Years as the server's calendar takes them. */
export const isMonth = (m: Month): boolean =>
  Number.isInteger(m.year) && m.year >= 1900 && m.year <= 2200 && Number.isInteger(m.month) &&
  m.month >= 1 && m.month <= 12;
/** `2015-3`, the form of addresses and of TrendDate. */
export const formatMonth = (m: Month): string => `${m.year}-${m.month}`;
/** `2015-03-01T00:00:00`, the key of the month's member. */
export const monthKey = (m: Month): string =>
  `${m.year}-${String(m.month).padStart(2, '0')}-01T00:00:00`;
/** `March 2015`: captions of the Data API are English. */
export const monthCaption = (m: Month): string => `${monthCaptions[m.month - 1]} ${m.year}`;
export function monthFromCaption(caption: string): Month | null {
  const match = /^([A-Za-z]+) (\d{4})$/.exec(caption.trim());
  if (!match) return parseMonth(caption);
  const index = monthCaptions.findIndex(
    (name) => name.toLowerCase() === (match[1] ?? '').toLowerCase());
  return index < 0 ? null : { year: Number(match[2]), month: index + 1 };
}
export function addMonths(m: Month, count: number): Month {
  const index = m.year * 12 + (m.month - 1) + count;
  return { year: Math.floor(index / 12), month: (((index % 12) + 12) % 12) + 1 };
}
/** `span` months, oldest first, that end with `last`. */
export function monthWindow(last: Month, span: number): Month[] {
  return Array.from({ length: Math.max(0, span) }, (_, i) => addMonths(last, i - span + 1));
}
export const compareMonths = (a: Month, b: Month): number =>
  a.year * 12 + a.month - (b.year * 12 + b.month);
