// The server's account of where the streams went (`Funnel` of an answer): read without trust, since older servers give none.
import { keyOfMember } from './values';

export interface FunnelStep {
  kind: string;
  /** Of a window: months as `yyyy-MM`. */
  from: string;
  to: string;
  removed: number;
  left: number;
  conditions: { DataModelName: string; Operand: number; Value: string }[];
  /** Values that no member of the data has, with members like them as [key, caption]. */
  unknown: { name: string; value: string; near: [string, string][] }[];
}
export interface Funnel {
  loaded: number;
  steps: FunnelStep[];
  /** Why nothing is left, by name; '' when something is. */
  cause: string;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** Null when it is no funnel. */
export function parseFunnel(value: unknown): Funnel | null {
  if (!isObject(value) || !Array.isArray(value['Steps'])) return null;
  const empty = value['Empty'];
  return {
    loaded: count(value['Loaded']),
    steps: objects(value['Steps']).map(parseStep),
    cause: isObject(empty) ? text(empty['Cause']) : '',
  };
}

function parseStep(step: Json): FunnelStep {
  const conditions = objects(step['Conditions']);
  return {
    kind: text(step['Kind']), from: text(step['From']), to: text(step['To']), removed: count(step['Removed']), left: count(step['Left']),
    conditions: conditions.map((one) => ({
      DataModelName: text(one['DataModelName']), Operand: count(one['Operand']), Value: text(one['Value']) })),
    unknown: conditions.flatMap((one) => objects(one['Unknown']).map((unknown) => ({
      name: text(one['DataModelName']), value: keyOfMember(text(unknown['Value'])),
      near: (Array.isArray(unknown['Near']) ? unknown['Near'] : [])
        .filter((pair): pair is [string, string] => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')),
    }))),
  };
}
