// The Repository API: users, settings, items (docs/openapi.json).
import { call, json, type Answer } from './http';

const base = '/QoERepositoryService/repository';

export interface User {
  userId: number;
  loginName: string;
  defaultItemId: number;
}

export interface Setting {
  userId: number;
  key: string;
  value: string;
}

export interface ItemRow {
  itemId: number;
  userId: number;
  type: string;
}

export interface Item extends ItemRow {
  /** JSON text. */
  content: string;
  subItemIds: number[];
}

/** With the entity tag that a later change is to name (If-Match). */
export interface TaggedItem extends Item {
  tag: string;
}

export interface Ancestor {
  itemId: number;
  distance: number;
  title: string;
}

export interface Revision {
  version: number;
  at: string;
  action: string;
  title: string;
  type: string;
  current?: boolean;
  content?: string;
}

export interface Deletion {
  itemId: number;
  title: string;
  /** RFC 3339. */
  deletedAt: string;
  keptUntil: string;
  itemCount: number;
  byReset: boolean;
}

export interface Imported {
  /** The topmost of the new items. */
  itemIds: number[];
  itemCount: number;
  unreachableCount: number;
}

const tagged = (answer: Answer<Item>): TaggedItem => ({ ...answer.body, tag: answer.headers.get('ETag') ?? '' });
const tagOf = (answer: Answer<unknown>): string => answer.headers.get('ETag') ?? '';
const optional = (signal?: AbortSignal) => (signal ? { signal } : {});

export const systemUserId = 0;

export const listUsers = (signal?: AbortSignal) => json<User[]>(`${base}/user`, optional(signal));
export const getUser = (user: number | 'default' | 'system', signal?: AbortSignal) =>
  json<User>(`${base}/user/${user}`, optional(signal));

/** The global settings under the caller's own. */
export const listSettings = (signal?: AbortSignal) =>
  json<Setting[]>(`${base}/user/default/setting?effective=true`, optional(signal));
export const putSetting = (key: string, value: string) =>
  json<void>(`${base}/user/default/setting/${encodeURIComponent(key)}`, { method: 'PUT', body: { value } });
export const deleteSetting = (key: string) =>
  json<void>(`${base}/user/default/setting/${encodeURIComponent(key)}`, { method: 'DELETE' });

export const getItem = async (id: number, signal?: AbortSignal): Promise<TaggedItem> =>
  tagged(await call<Item>(`${base}/item/${id}`, optional(signal)));

/** Nearest first. */
export const listAncestors = async (id: number, signal?: AbortSignal): Promise<Ancestor[]> =>
  (await json<{ item1: number; item2: number; item3: string }[]>(`${base}/itemAncestors/${id}`, optional(signal)))
    .map((one) => ({ itemId: one.item1, distance: one.item2, title: one.item3 }));

export const createItem = async (parent: number, content: string, position?: number): Promise<TaggedItem> =>
  tagged(await call<Item>(`${base}/item/${parent}/subitem`, {
    method: 'POST',
    body: { content, type: 'application/json', ...(position === undefined ? {} : { position }) },
  }));

/** Gives the new tag. Errors: status 412 when `tag` is no longer the item's. */
export const updateItem = async (id: number, content: string, tag: string): Promise<string> =>
  tagOf(await call(`${base}/item/${id}`, {
    method: 'PUT', body: { content, type: 'application/json' }, headers: tag ? { 'If-Match': tag } : {},
  }));

export const deleteItem = (id: number, tag: string) =>
  json<void>(`${base}/item/${id}`, { method: 'DELETE', headers: { 'If-Match': tag || '*' } });
export const undeleteItem = async (id: number): Promise<TaggedItem> =>
  tagged(await call<Item>(`${base}/item/${id}/undelete`, { method: 'POST' }));
export const listDeletions = () => json<Deletion[]>(`${base}/user/default/deleted`);

export const reorderItem = async (id: number, order: readonly number[], tag: string): Promise<string> =>
  tagOf(await call(`${base}/item/${id}/subitem`, { method: 'PUT', body: order, headers: { 'If-Match': tag } }));
export const moveItem = (id: number, parentItemId: number, position?: number) =>
  json<void>(`${base}/item/${id}/move`, {
    method: 'POST', body: { parentItemId, ...(position === undefined ? {} : { position }) },
  });
/** Without a parent: beside the original when that is the caller's, else below the caller's default item. */
export const cloneItem = async (id: number, parentItemId?: number, deep = true): Promise<TaggedItem> =>
  tagged(await call<Item>(`${base}/item/${id}/clone`, {
    method: 'POST', body: { deep, ...(parentItemId === undefined ? {} : { parentItemId }) },
  }));

export const listHistory = (id: number) => json<Revision[]>(`${base}/item/${id}/history`);
export const getRevision = (id: number, version: number) => json<Revision>(`${base}/item/${id}/history/${version}`);
export const restoreRevision = (id: number, version: number, tag: string) =>
  json<void>(`${base}/item/${id}/history/${version}/restore`, { method: 'POST', headers: { 'If-Match': tag } });

/** Drops the caller's items and clones the system set again. */
export const resetUser = () => json<void>(`${base}/user/default/reset`, { method: 'POST' });

export const exportItem = (id: number) => json<unknown>(`${base}/item/${id}/export`);
export const importItems = (id: number, template: string) =>
  json<Imported>(`${base}/item/${id}/import`, { method: 'POST', body: template, timeoutMs: 120_000 });
