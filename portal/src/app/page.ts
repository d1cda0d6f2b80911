// What every page gets. A page is `pages/<name>/index.tsx` with `export default function Page(props: PageProps)`.
import { allows, type Me, type Role } from '../api/session';
import type { Route } from './route';
import type { Settings } from './settings';

export interface PageProps {
  route: Route;
  me: Me;
  settings: Settings;
}

/** True when the reader may use tools of `least`. */
export const may = (props: { me: Me }, least: Role): boolean => allows(props.me.role, least);
