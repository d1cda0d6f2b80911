// Per-user settings and what the original has in the same place.
import { useEffect, useState } from 'preact/hooks';
import { clearCache } from '../api/data';
import { resetUser } from '../api/repository';
import { allows, signOut, type Me } from '../api/session';
import { language, languages, setLanguage, t } from '../text/text';
import { setZoneChoice, zoneChoice } from '../time/zone';
import { confirm } from '../ui/dialog';
import { Menu, type MenuPart } from '../ui/menu';
import { explain } from '../ui/states';
import { toast } from '../ui/toast';
import { setTheme, theme, type Theme } from './theme';
import { go } from './navigation';
import { PasswordDialog } from './password_dialog';
import { href } from './route';
import { storeSetting, type Settings } from './settings';

/** Told to pages that show answers: ask again (the cache was cleared, the items were reset). */
export const reloadEvent = 'cqd-reload';

/** Calls `ask` when answers are to be asked for again. */
export function useReload(ask: () => void): void {
  useEffect(() => {
    addEventListener(reloadEvent, ask);
    return () => removeEventListener(reloadEvent, ask);
  }, [ask]);
}

const attempt = async (work: () => Promise<string>): Promise<void> => {
  try {
    toast({ text: await work(), kind: 'success' });
  } catch (error) {
    toast({ text: explain(error), kind: 'error' });
  }
};

export function SettingsMenu({ me, settings, onSettings }: {
  me: Me | undefined; settings: Settings; onSettings: (settings: Settings) => void;
}) {
  const [, redraw] = useState(0);
  const [changing, setChanging] = useState(false);
  const store = (key: string, value: string) => {
    const before = settings;
    onSettings({ ...settings, ...(key === 'ShowDescriptions' ? { showDescriptions: value === 'true' } : { showTimeStamps: value === 'true' }) });
    storeSetting(settings, key, value).then(onSettings, (error: unknown) => {
      onSettings(before);
      toast({ text: explain(error), kind: 'error' });
    });
  };
  const choose = (chosen: Theme) => { setTheme(chosen); redraw((n) => n + 1); };
  const author = me !== undefined && allows(me.role, 'author');
  const parts: MenuPart[] = [
    {
      heading: t('settings.view'),
      items: [
        { label: t('settings.hide_descriptions'), checked: !settings.showDescriptions, onSelect: () => store('ShowDescriptions', String(!settings.showDescriptions)) },
        { label: t('settings.show_time_stamps'), checked: settings.showTimeStamps, onSelect: () => store('ShowTimeStamps', String(!settings.showTimeStamps)) },
        { label: t('settings.utc'), checked: zoneChoice() === 'utc', onSelect: () => { setZoneChoice(zoneChoice() === 'utc' ? 'local' : 'utc'); redraw((n) => n + 1); } },
      ],
    },
    {
      heading: t('settings.theme'),
      items: (['system', 'light', 'dark'] as const).map((one) => ({
        label: t(`settings.theme_${one}`), checked: theme() === one, onSelect: () => choose(one),
      })),
    },
    {
      heading: t('settings.language'),
      items: languages.map((one) => ({
        label: one.name, checked: language() === one.code,
        onSelect: () => void setLanguage(one.code).catch(() => toast({ text: t('error.network'), kind: 'error' })),
      })),
    },
    {
      items: [
        {
          label: t('settings.clear_cache'), icon: 'refresh',
          onSelect: () => void attempt(async () => {
            await clearCache();
            dispatchEvent(new Event(reloadEvent));
            return t('settings.cache_cleared');
          }),
        },
        ...(author ? [{ label: t('settings.restore_defaults'), icon: 'undo' as const, onSelect: () => void restoreDefaults() }] : []),
      ],
    },
    {
      items: [
        { label: t('settings.users'), icon: 'users', href: href('users') },
        { label: t('settings.health'), icon: 'health', href: href('health') },
        { label: t('settings.about'), icon: 'info', href: href('about') },
        ...(me?.authentication?.mode === 'basic' && me.role !== 'none' ? [{ label: t('password.change'), icon: 'user' as const, onSelect: () => setChanging(true) }] : []),
        ...(me?.authentication?.session ? [{ label: t('signin.out'), icon: 'user' as const, onSelect: () => void leave() }] : []),
      ],
    },
  ];
  return (
    <>
      {me?.name && <span class="top-user">{me.name}</span>}
      <Menu label={t('settings.title')} icon="gear" parts={parts} class="top-menu" />
      {changing && me && <PasswordDialog name={me.name} onClose={() => setChanging(false)} />}
    </>
  );
}

async function leave(): Promise<void> {
  try {
    await signOut();
  } catch (error) {
    toast({ text: explain(error), kind: 'error' });
    return;
  }
  // Nothing of the one who left stays in this window.
  location.hash = href('signin');
  location.reload();
}

async function restoreDefaults(): Promise<void> {
  const sure = await confirm({
    title: t('settings.restore_defaults'), text: t('settings.restore_question'), action: t('settings.restore_action'), danger: true,
  });
  if (!sure) return;
  await attempt(async () => {
    await resetUser();
    go('#/');
    dispatchEvent(new Event(reloadEvent));
    return t('settings.restored');
  });
}
