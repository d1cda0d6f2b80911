// The published Data API (docs/api-query.md).
import type { Causes, causesBody } from '../query/causes';
import type { Answer, Cell, Query } from '../query/model';
import { ApiError, call, json } from './http';

/** A question; what is missing means none. */
export type QueryBody = Pick<Query, 'Dimensions' | 'Measurements'> & Partial<Query>;

export interface QueryAnswer {
  rows: Cell[][];
  /** As the server measured it. */
  durationMs: number;
  fromCache: boolean;
  /** Version of the data it was counted over; '' when the server does not say. */
  dataVersion: string;
  /** RFC 3339, the data's end; '' when unknown. */
  dataAsOf: string;
  /** Where the streams went, when the question asked for it. */
  funnel?: unknown;
  /** The same of another data version, when the question asked for it. */
  comparison?: { version: number; publishedAt: string; rows: Cell[][] };
}

/** "00:00:01.5000000" -> 1500. */
export function durationOf(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.split(':');
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

/** Errors: as `call`; kind 'query' with code = ErrorType for an answer that says it failed. */
export async function runQuery(body: QueryBody, signal?: AbortSignal): Promise<QueryAnswer> {
  // A question changes nothing, so it may be asked again.
  const answer = await call<Answer>('/QoEDataService/RunQuery', {
    method: 'POST', body, repeats: 2, ...(signal ? { signal } : {}),
  });
  const { body: said, headers } = answer;
  if (said.ErrorType !== 0) {
    throw new ApiError('query', answer.status, { code: String(said.ErrorType), detail: said.ErrorMessage ?? '' });
  }
  return {
    rows: said.DataResult,
    durationMs: durationOf(said.ExecutionTime),
    fromCache: said.ResultIsFromCache,
    dataVersion: headers.get('CQD-Data-Version') ?? '',
    dataAsOf: headers.get('CQD-Data-As-Of') ?? '',
    ...(said.Funnel === undefined ? {} : { funnel: said.Funnel }),
    ...(said.Comparison ? { comparison: {
      version: said.Comparison.DataVersion, publishedAt: said.Comparison.PublishedAt, rows: said.Comparison.DataResult,
    } } : {}),
  };
}

/** A published state of the cube that can still be asked. */
export interface DataVersion {
  data_version: number;
  /** RFC 3339. */
  published_at: string;
  streams: number;
  data_through: string | null;
}
/** Newest first. */
export const listDataVersions = async (signal?: AbortSignal): Promise<DataVersion[]> =>
  (await json<{ versions: DataVersion[] }>('/api/v1/data-versions', signal ? { signal } : {})).versions;

/** What explains a rise of the poor share (query/causes.ts); two queries for each attribute, so it may take a while. */
export const findCauses = (body: ReturnType<typeof causesBody>, signal?: AbortSignal): Promise<Causes> =>
  json<Causes>('/api/v1/causes', { method: 'POST', body, repeats: 2, timeoutMs: 125_000, ...(signal ? { signal } : {}) });

export interface MembersPage {
  MembersCount: number;
  /** Key as a filter takes it, caption. */
  Members: [string, string][];
}

export function listMembers(
  name: string, search: string, page: number, size: number, signal?: AbortSignal,
): Promise<MembersPage> {
  return json<MembersPage>('/QoEDataService/DimensionMembers', {
    method: 'POST',
    body: { DataModelName: name, SearchCaption: search, SearchValue: '', PageNumber: page, PageSize: size, ByPassCache: false },
    repeats: 2,
    ...(signal ? { signal } : {}),
  });
}

let structure: Promise<unknown> | undefined;
/** The structure as it came; it does not change while the server runs, so it is asked for once. */
export function cubeStructure<T = unknown>(): Promise<T> {
  structure ??= json<unknown>('/QoEDataService/CubeStructure').catch((error) => {
    structure = undefined;
    throw error;
  });
  return structure as Promise<T>;
}

export const clearCache = (): Promise<void> =>
  json<void>('/QoEDataService/ClearCache', { method: 'POST' });
