// One way to the server: time-outs, repeats of what may be repeated, errors with a code.

/** What went wrong, in a form a page can act on. */
export type FailureKind = 'network' | 'timeout' | 'aborted' | 'http' | 'query' | 'format';

export interface UsedBy { table: string; count: number; rows: string[] }

/** Every failure of a call. `detail` is the server's sentence, empty when it gave none. */
export class ApiError extends Error {
  readonly kind: FailureKind;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `code` of problem+json (docs/api.md), or '' ; for queries `ErrorType` as text. */
  readonly code: string;
  readonly detail: string;
  readonly field: string;
  readonly allowed: readonly string[];
  readonly nearest: readonly string[];
  /** Seconds after which the server wants to be asked again (Retry-After); 0: it does not say. */
  readonly retryAfterS: number;
  /** What names the thing that was to go (docs/api.md, Customer tables). */
  readonly usedBy: readonly UsedBy[];

  constructor(kind: FailureKind, status: number, parts: Partial<Omit<ApiError, 'kind' | 'status'>> = {}) {
    super(parts.detail || `${kind} ${status || ''}`.trim());
    this.name = 'ApiError';
    this.kind = kind;
    this.status = status;
    this.code = parts.code ?? '';
    this.detail = parts.detail ?? '';
    this.field = parts.field ?? '';
    this.allowed = parts.allowed ?? [];
    this.nearest = parts.nearest ?? [];
    this.retryAfterS = parts.retryAfterS ?? 0;
    this.usedBy = parts.usedBy ?? [];
  }
}

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON; a string or Blob is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Until the whole answer is there; the server ends queries after 60 s (query.time_max_s). */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Repeats after a lost connection or 502, 503, 504. Default: 2 for GET, 0 for all others. */
  repeats?: number;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** The server's root: one above the portal's folder, so that a proxy may put a prefix before both. */
export const root = (): string => new URL('../', document.baseURI).href.replace(/\/$/, '');

const listeners = new Set<() => void>();
/** Calls `listener` whenever an answer was 401; gives what ends that. */
export function onUnauthenticated(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const wait = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new ApiError('aborted', 0));
    }, { once: true });
  });

const repeatable = (error: unknown): boolean =>
  error instanceof ApiError && (error.kind === 'network' || [502, 503, 504].includes(error.status));

/** Like `call`, for answers that are JSON or nothing; gives the body alone. */
export async function json<T>(path: string, options: CallOptions = {}): Promise<T> {
  return (await call<T>(path, options)).body;
}

/** `path` begins with '/'. Throws ApiError only. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const method = options.method ?? 'GET';
  const repeats = options.repeats ?? (method === 'GET' ? 2 : 0);
  for (let attempt = 0; ; ++attempt) {
    try {
      return await once<T>(path, method, options);
    } catch (error) {
      if (attempt >= repeats || !repeatable(error)) throw error;
      await wait(300 * 2 ** attempt, options.signal);
    }
  }
}

function init(method: string, options: CallOptions, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    // Without it a 401 makes the browser open its own sign-in window over our page.
    'X-Requested-With': 'OpenCQD',
    ...options.headers,
  };
  const made: RequestInit = { method, headers, signal, credentials: 'same-origin', cache: 'no-cache' };
  if (options.body !== undefined) {
    const raw = typeof options.body === 'string' || options.body instanceof Blob;
    made.body = raw ? (options.body as BodyInit) : JSON.stringify(options.body);
    if (!headers['Content-Type']) headers['Content-Type'] = 'application/json';
  }
  return made;
}

async function once<T>(path: string, method: string, options: CallOptions): Promise<Answer<T>> {
  const control = new AbortController();
  let late = false;
  const timer = setTimeout(() => { late = true; control.abort(); }, options.timeoutMs ?? 65_000);
  const stop = () => control.abort();
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const response = await fetch(root() + path, init(method, options, control.signal));
    const text = await response.text();
    if (!response.ok) throw problemOf(response, text);
    return { status: response.status, headers: response.headers, body: parse<T>(text, response) };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (late) throw new ApiError('timeout', 0);
    if (control.signal.aborted) throw new ApiError('aborted', 0);
    throw new ApiError('network', 0, { detail: error instanceof Error ? error.message : '' });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

function parse<T>(text: string, response: Response): T {
  if (text === '') return undefined as T;
  if (!(response.headers.get('Content-Type') ?? '').includes('json')) return text as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError('format', response.status);
  }
}

function problemOf(response: Response, text: string): ApiError {
  if (response.status === 401) for (const listener of listeners) listener();
  const retryAfterS = Number(response.headers.get('Retry-After') ?? 0) || 0;
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
    return new ApiError('http', response.status, {
      code: String(body['code'] ?? ''),
      detail: String(body['detail'] ?? ''),
      field: String(body['field'] ?? ''),
      allowed: list(body['allowed']),
      nearest: list(body['nearest']),
      retryAfterS,
      usedBy: Array.isArray(body['used_by']) ? (body['used_by'] as UsedBy[]) : [],
    });
  } catch {
    return new ApiError('http', response.status, { retryAfterS });
  }
}
