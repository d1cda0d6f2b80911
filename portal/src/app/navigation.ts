// The current address, and leaving a page that has something unsaved.
import { useEffect, useState } from 'preact/hooks';
import { parseRoute, type Route } from './route';

/** Asked before the page is left; false keeps it. */
export type LeaveGuard = () => boolean | Promise<boolean>;

let guard: LeaveGuard | undefined;
let accepted = typeof location === 'undefined' ? '' : location.hash;
const listeners = new Set<(route: Route) => void>();

/** While set, links and the browser's buttons ask it first, and closing the window warns. One at a time. */
export function useLeaveGuard(active: boolean, ask: LeaveGuard): void {
  useEffect(() => {
    if (!active) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    guard = ask;
    addEventListener('beforeunload', warn);
    return () => {
      if (guard === ask) guard = undefined;
      removeEventListener('beforeunload', warn);
    };
  }, [active, ask]);
}

async function onHashChange(): Promise<void> {
  const wanted = location.hash;
  if (wanted === accepted) return;
  if (guard) {
    history.replaceState(null, '', accepted || '#/');
    if (!(await guard())) return;
    guard = undefined;
    history.pushState(null, '', wanted);
  }
  accepted = wanted;
  for (const listener of listeners) listener(parseRoute(wanted));
}

/** Goes to "#/...". `replace` leaves no entry in the browser's history. */
export function go(hash: string, options: { replace?: boolean } = {}): void {
  if (options.replace) {
    history.replaceState(null, '', hash);
    void onHashChange();
  } else {
    location.hash = hash;
  }
}

/** Remembers the view in the address without drawing the page again. */
export function setQuietly(hash: string): void {
  history.replaceState(null, '', hash);
  accepted = location.hash;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    listeners.add(setRoute);
    const changed = () => void onHashChange();
    addEventListener('hashchange', changed);
    return () => {
      listeners.delete(setRoute);
      removeEventListener('hashchange', changed);
    };
  }, []);
  return route;
}

/** "Health - OpenCQD" in the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} - OpenCQD` : 'OpenCQD';
  }, [title]);
}
