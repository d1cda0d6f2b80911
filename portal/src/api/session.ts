// Who is signed in, as the server says (GET /api/v1/me).
import { ApiError, json } from './http';

export type Role = 'none' | 'reader' | 'author' | 'administrator';

export interface Me {
  name: string;
  role: Role;
  /** `methods`: "session" for POST /api/v1/session, "basic" for the browser's own window; empty: nobody signs in here. */
  authentication?: { mode: 'none' | 'basic' | 'proxy'; methods: ('session' | 'basic')[]; session: boolean };
  /** IANA name of the zone that reports are counted in. */
  time_zone?: string;
  /** Of the times in the published log calls. */
  published_time_zone?: string;
  server?: { product: string; version: string };
}

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
