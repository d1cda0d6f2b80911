// Light, dark, or as the system is; on paper always light.
import { isPrinting, onPrinting } from './printing';

export type Theme = 'system' | 'light' | 'dark';

const key = 'cqd.theme';
const listeners = new Set<() => void>();

export const theme = (): Theme => {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
};

export const isDark = (): boolean => {
  if (isPrinting()) return false;
  const chosen = theme();
  return chosen === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
};

function apply(): void {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
  for (const listener of listeners) listener();
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(key, chosen);
  apply();
}

export function startTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  onPrinting(apply);
  apply();
}

/** For what cannot follow custom properties, such as charts on a canvas. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
