// Filters in words.
import type { Filter } from './model';
import { isMonthName, sameName } from './model';
import { blankKey, monthCaption, parseMonth, parseValues } from './values';

/** The caption of a member's key where it follows from the key alone, else the key. */
export function captionOfKey(name: string, key: string): string {
  if (isMonthName(name)) {
    const month = parseMonth(key);
    if (month) return monthCaption(month);
  }
  if (sameName(name, '[Scenarios].[ScenarioPair]')) return scenarioCaption(key) ?? key;
  if (/Is Server\]\.\[Agent\]$/i.test(name)) return { 0: 'Client', 1: 'Server' }[key] ?? key;
  if (/(First|Second) Inside\]\.\[Inside\]$/i.test(name)) {
    return { 0: 'Outside', 1: 'Inside' }[key] ?? key;
  }
  if (sameName(name, '[StreamType].[StreamType]')) {
    return /^(false|0)$/i.test(key) ? 'Valid' : /^(true|1)$/i.test(key) ? 'Invalid' : key;
  }
  return key === '' ? blankKey : key;
}
/** Six parts: is server, inside, connection, of both ends (reference/cube-model.md 2.4). */
function scenarioCaption(key: string): string | null {
  const parts = [...key.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '');
  const [server1, server2, inside1, inside2, by1, by2] = parts;
  if (parts.length !== 6 || by1 === undefined || by2 === undefined) return null;
  const end = (server: string | undefined, inside: string | undefined, by: string) =>
    `${server === '1' ? 'Server' : 'Client'}-${inside === '1' ? 'Inside' : 'Outside'}-${by.toLowerCase()}`;
  return `${end(server1, inside1, by1)},${end(server2, inside2, by2)}`;
}

/** The members of a filter as people know them, in order. */
export function captionsOf(filter: Filter): string[] {
  const keys = parseValues(filter.Value);
  const given = filter.Caption.split('|').map((caption) => caption.trim());
  const usable = given.length === keys.length && given.every((caption) => caption !== '') &&
    !isMonthName(filter.DataModelName);
  return keys.map((key, i) => {
    const own = captionOfKey(filter.DataModelName, key);
    return own === key && usable ? given[i] ?? key : own;
  });
}
