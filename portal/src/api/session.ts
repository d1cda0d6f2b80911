// Who is signed in, as the server says (GET /api/v1/me).
import { ApiError, json } from './http';

export type Role = 'none' | 'reader' | 'author' | 'administrator';

export interface Me {
  name: string;
  role: Role;
  /** How the server asks who one is: "open", "basic", "proxy" and so on. */
  authentication?: string;
  /** IANA name of the zone that reports are counted in. */
  time_zone?: string;
  server?: { name?: string; version?: string };
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
