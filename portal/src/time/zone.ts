// Times as people read them: in UTC or the reader's zone, and always with the zone's name.
import { language } from '../text/text';

export type ZoneChoice = 'utc' | 'local';
const key = 'cqd.zone';
const listeners = new Set<() => void>();

export const zoneChoice = (): ZoneChoice => (localStorage.getItem(key) === 'utc' ? 'utc' : 'local');

export function setZoneChoice(choice: ZoneChoice): void {
  localStorage.setItem(key, choice);
  for (const listener of listeners) listener();
}

export function onZoneChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** IANA name of the zone that is shown. */
export const shownZone = (): string =>
  zoneChoice() === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "Nov 21, 2026, 07:15 UTC"; '' for what is no time. */
export function formatTime(at: string | Date | null | undefined, options: { seconds?: boolean } = {}): string {
  if (at === null || at === undefined || at === '') return '';
  const date = at instanceof Date ? at : new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(language(), {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit',
    ...(options.seconds ? { second: '2-digit' as const } : {}),
    hourCycle: 'h23', timeZone: shownZone(), timeZoneName: 'short',
  }).format(date);
}

/** "07:15:02 UTC". */
export function formatClock(at: string | Date): string {
  const date = at instanceof Date ? at : new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(language(), {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: shownZone(), timeZoneName: 'short',
  }).format(date);
}

/** "in 5 minutes", "3 hours ago"; `now` in milliseconds since 1970. */
export function formatRelative(at: string | Date, now: number): string {
  const date = at instanceof Date ? at : new Date(at);
  const seconds = (date.getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return '';
  const format = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' });
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86400], ['hour', 3600], ['minute', 60]];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds), 'second');
}

/** "850 ms", "12 s", "3 min 5 s", "2 h 10 min", "7 days 3 h". */
export function formatDuration(ms: number): string {
  const number = (value: number, unit: string, digits = 0) =>
    new Intl.NumberFormat(language(), { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
  if (ms < 1) return `< ${number(1, 'millisecond')}`;
  if (ms < 1000) return number(Math.round(ms), 'millisecond');
  const s = ms / 1000;
  if (s < 60) return number(s, 'second', s < 10 ? 1 : 0);
  const whole = Math.round(s);
  if (whole < 3600) return `${number(Math.floor(whole / 60), 'minute')}${whole % 60 ? ` ${number(whole % 60, 'second')}` : ''}`;
  const minutes = Math.round(s / 60);
  if (minutes >= 48 * 60) {
    const hours = Math.floor(minutes / 60) % 24;
    return `${number(Math.floor(minutes / 1440), 'day')}${hours ? ` ${number(hours, 'hour')}` : ''}`;
  }
  return `${number(Math.floor(minutes / 60), 'hour')}${minutes % 60 ? ` ${number(minutes % 60, 'minute')}` : ''}`;
}
