// Who is signed in, as the server says (GET /api/v1/me).
import { ApiError, json } from './http';

export type Role = 'none' | 'reader' | 'author' | 'administrator';

export interface Me {
  name: string;
  role: Role;
  /** How the server asks who one is (auth.mode); `session`: let in by the cookie of the sign-in page. */
  authentication?: { mode: string; methods: string[]; session: boolean };
  /** IANA name of the zone that reports are counted in. */
  time_zone?: string;
  server?: { product?: string; version?: string };
}

/** Shortest password that can be set: the server's rule (docs/api.md, Sign-in and users). */
export const passwordCharactersMin = 8;

const ranks: Record<Role, number> = { none: 0, reader: 1, author: 2, administrator: 3 };

/** True when `role` may do what `least` may. */
export const allows = (role: Role, least: Role): boolean => ranks[role] >= ranks[least];

/** Servers without that call let everybody do what the calls themselves allow. */
export async function whoAmI(signal?: AbortSignal): Promise<Me> {
  try {
    return await json<Me>('/api/v1/me', signal ? { signal } : {});
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { name: '', role: 'administrator' };
    throw error;
  }
}

/** Ways to sign in: 'session' is the form of the sign-in page, 'basic' the browser's own window. */
export interface SignInWays { mode: 'none' | 'basic' | 'proxy'; methods: ('session' | 'basic')[] }

export const signInWays = (signal?: AbortSignal): Promise<SignInWays> =>
  json<SignInWays>('/api/v1/session', signal ? { signal } : {});

/** Errors: ApiError with status 401 for an unknown name or a wrong password. */
export const signIn = (name: string, password: string): Promise<Me> =>
  json<Me>('/api/v1/session', { method: 'POST', body: { name, password } });

export const signOut = (): Promise<void> => json<void>('/api/v1/session', { method: 'DELETE' });

/** Errors: ApiError with status 403 (the old one is wrong), 400 (the new one is too short), 429 (too many wrong ones). */
export const changePassword = (before: string, after: string): Promise<void> =>
  json<void>('/api/v1/me/password', { method: 'PUT', body: { old: before, new: after } });
