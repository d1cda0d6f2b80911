// Texts of the portal in the reader's language. One file a language: texts/<language>.json.
import { useEffect, useState } from 'preact/hooks';
import english from '../../texts/en.json';

/** Names of all texts; a name that is in no file does not compile. */
export type TextKey = keyof typeof english;
/** A text, or its forms by plural category of `count` (Unicode CLDR). */
type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Values = Readonly<Record<string, string | number>>;

export const languages = [
  { code: 'en', name: 'English' },
  { code: 'fr', name: 'Français' },
  { code: 'ru', name: 'Русский' },
  { code: 'zh-TW', name: '繁體中文' },
] as const;
export type Language = (typeof languages)[number]['code'];

const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ default: unknown }>> = {
  fr: () => import('../../texts/fr.json'),
  ru: () => import('../../texts/ru.json'),
  'zh-TW': () => import('../../texts/zh-TW.json'),
};

const key = 'cqd.language';
let current: Language = 'en';
let texts: Record<string, Entry> = english;
let plural = new Intl.PluralRules('en');
const listeners = new Set<() => void>();

export const language = (): Language => current;

/** The first of the wanted languages that there is: exact, else by its first part. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const exact = languages.find((l) => l.code.toLowerCase() === one.toLowerCase());
    if (exact) return exact.code;
    const part = one.toLowerCase().split('-')[0]!;
    if (part === 'zh') return 'zh-TW';
    const near = languages.find((l) => l.code === part);
    if (near) return near.code;
  }
  return 'en';
}

async function load(code: Language): Promise<void> {
  texts = code === 'en' ? english : ((await loaders[code]()).default as Record<string, Entry>);
  current = code;
  plural = new Intl.PluralRules(code);
  if (typeof document !== 'undefined') document.documentElement.lang = code;
  for (const listener of listeners) listener();
}

/** The chosen language, else the browser's. Never fails: without its file the page is English. */
export async function startTexts(): Promise<void> {
  const chosen = localStorage.getItem(key);
  await load(chooseLanguage([...(chosen ? [chosen] : []), ...navigator.languages])).catch(() => load('en'));
}

/** Changes the language of the whole page and remembers it. */
export async function setLanguage(code: Language): Promise<void> {
  await load(code);
  localStorage.setItem(key, code);
}

/** The text of that name with {names} filled in; `count` also chooses the plural form. */
export function t(name: TextKey, values: Values = {}): string {
  const entry: Entry = texts[name] ?? (english as Record<string, Entry>)[name] ?? name;
  const text = typeof entry === 'string'
    ? entry
    : (entry[plural.select(Number(values['count'] ?? 0))] ?? entry.other ?? '');
  return text.replace(/\{(\w+)\}/g, (whole, field: string) => {
    const value = values[field];
    if (value === undefined) return whole;
    return typeof value === 'number' ? formatNumber(value) : value;
  });
}

/** For names that come from the server, such as codes: whether there is a text of that name. */
export const hasText = (name: string): name is TextKey => Object.hasOwn(english, name);

const numbers = new Map<string, Intl.NumberFormat>();

/** In the reader's language; `digits` after the point at most. */
export function formatNumber(value: number, digits = 3, options: Intl.NumberFormatOptions = {}): string {
  const name = `${current}|${digits}|${JSON.stringify(options)}`;
  let format = numbers.get(name);
  if (!format) {
    format = new Intl.NumberFormat(current, { maximumFractionDigits: digits, ...options });
    numbers.set(name, format);
  }
  return format.format(value);
}

/** Draws the component again when the language changes. */
export function useLanguage(): Language {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = () => again((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return current;
}
