// The reader's settings, kept by the Repository API under the published names.
import { deleteSetting, listSettings, putSetting } from '../api/repository';

export interface Settings {
  /** True unless ShowDescriptions is "false". */
  showDescriptions: boolean;
  /** True when ShowTimeStamps is "true". */
  showTimeStamps: boolean;
  /** What is stored, by key. */
  stored: ReadonlyMap<string, string>;
}

export const settingsOf = (stored: ReadonlyMap<string, string>): Settings => ({
  showDescriptions: stored.get('ShowDescriptions') !== 'false',
  showTimeStamps: stored.get('ShowTimeStamps') === 'true',
  stored,
});

/** Without the repository the page works with the defaults. */
export async function loadSettings(signal?: AbortSignal): Promise<Settings> {
  try {
    const rows = await listSettings(signal);
    return settingsOf(new Map(rows.map((row) => [row.key, row.value])));
  } catch {
    return settingsOf(new Map());
  }
}

export async function storeSetting(settings: Settings, key: string, value: string | undefined): Promise<Settings> {
  const stored = new Map(settings.stored);
  if (value === undefined) {
    await deleteSetting(key);
    stored.delete(key);
  } else {
    await putSetting(key, value);
    stored.set(key, value);
  }
  return settingsOf(stored);
}
