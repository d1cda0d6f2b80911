// What stands around every page: header, navigation, settings, messages; and which page is drawn.
import type { ComponentType } from 'preact';
import { Component } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, onUnauthenticated } from '../api/http';
import { allows, whoAmI, type Me } from '../api/session';
import { t, useLanguage } from '../text/text';
import { onZoneChange } from '../time/zone';
import { Icon } from '../ui/icon';
import { Empty, Failure, Loading } from '../ui/states';
import { Toasts } from '../ui/toast';
import { go, useRoute } from './navigation';
import type { PageProps } from './page';
import { href, type Route } from './route';
import { SettingsMenu } from './settings_menu';
import { loadSettings, settingsOf, type Settings } from './settings';

type PageModule = { default: ComponentType<PageProps> };

/** By Route.page. Each is loaded when it is first shown. */
const pages: Record<string, () => Promise<PageModule>> = {
  '': () => import('../pages/report-set'),
  set: () => import('../pages/report-set'),
  health: () => import('../pages/health'),
  admin: () => import('../pages/admin'),
  edit: () => import('../pages/editor'),
  explore: () => import('../pages/explore'),
  users: () => import('../pages/users'),
  about: () => import('../pages/about'),
  signin: () => import('../pages/signin'),
};

export function Shell() {
  useLanguage();
  const route = useRoute();
  const [me, setMe] = useState<Me>();
  const [settings, setSettings] = useState<Settings>(settingsOf(new Map()));
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  const [, redraw] = useState(0);

  useEffect(() => onZoneChange(() => redraw((n) => n + 1)), []);
  useEffect(() => onUnauthenticated(() => {
    if (!location.hash.toLowerCase().startsWith('#/signin')) go(href('signin', [], { to: location.hash }));
  }), []);
  useEffect(() => {
    const control = new AbortController();
    setError(undefined);
    // Settings may come later than the page: they change how it looks, not what it is.
    void loadSettings(control.signal).then((loaded) => { if (!control.signal.aborted) setSettings(loaded); });
    whoAmI(control.signal).then(setMe, (reason: unknown) => {
      if (reason instanceof ApiError && reason.status === 401) setMe({ name: '', role: 'none' });
      else if (!control.signal.aborted) setError(reason);
    });
    return () => control.abort();
  }, [turn]);

  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>
        {t('shell.skip')}
      </a>
      <Header route={route} me={me} settings={settings} onSettings={setSettings} />
      <main id="main" tabIndex={-1}>
        {error !== undefined
          ? <Failure error={error} onRetry={() => setTurn(turn + 1)} height={320} />
          : me && <Outlet key={route.page === '' ? 'set' : route.page} props={{ route, me, settings }} />}
      </main>
      <Toasts />
    </>
  );
}

function Header({ route, me, settings, onSettings }: {
  route: Route; me: Me | undefined; settings: Settings; onSettings: (settings: Settings) => void;
}) {
  const current = (...names: string[]) => (names.includes(route.page) ? 'page' as const : undefined);
  return (
    <header class="top">
      <a class="brand" href="#/">
        <img src="icon.svg" alt="" width={28} height={28} />
        <span class="brand-name">OpenCQD</span>
      </a>
      <nav aria-label={t('shell.navigation')}>
        <a href="#/" aria-current={current('', 'set', 'edit')}><Icon name="chart" />{t('nav.reports')}</a>
        <a href={href('explore')} aria-current={current('explore')}><Icon name="search" />{t('nav.explore')}</a>
        <a href={href('health')} aria-current={current('health')}><Icon name="health" />{t('nav.health')}</a>
        {me && allows(me.role, 'administrator') && (
          <a href={href('admin')} aria-current={current('admin')}><Icon name="gear" />{t('nav.admin')}</a>
        )}
      </nav>
      <div class="top-end">
        <SettingsMenu me={me} settings={settings} onSettings={onSettings} />
      </div>
    </header>
  );
}

function Outlet({ props }: { props: PageProps }) {
  const [Page, setPage] = useState<ComponentType<PageProps>>();
  const [error, setError] = useState<unknown>();
  const load = pages[props.route.page];
  useEffect(() => {
    let wanted = true;
    setError(undefined);
    load?.().then(
      (module) => { if (wanted) setPage(() => module.default); },
      (reason: unknown) => { if (wanted) setError(reason); },
    );
    return () => { wanted = false; };
  }, [load]);
  if (!load) return <Empty title={t('shell.no_such_page')} text={<a href="#/">{t('shell.to_start')}</a>} height={320} />;
  // A file of an older build that is gone: only loading the page anew helps.
  if (error !== undefined) return <Failure error={error} onRetry={() => location.reload()} height={320} />;
  return Page ? <Guard><Page {...props} /></Guard> : <Loading height={320} />;
}

/** A fault of ours in one page leaves the header usable. */
class Guard extends Component<object, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override componentDidCatch(error: unknown) {
    console.error(error);
  }
  override render() {
    return this.state.error === undefined
      ? this.props.children
      : <Failure error={this.state.error} onRetry={() => this.setState({ error: undefined })} height={320} />;
  }
}
