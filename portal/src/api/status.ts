// The state of archiving and of the cube (GET /api/v1/status), as far as every page shows it.
import { json } from './http';

export interface Stage {
  data_through: string | null;
  [name: string]: unknown;
}

export interface Status {
  generated_at: string;
  status: 'pass' | 'warn' | 'fail';
  summary: string;
  [name: string]: unknown;
}

export const getStatus = <T = Status>(signal?: AbortSignal): Promise<T> =>
  json<T>('/api/v1/status', signal ? { signal } : {});
