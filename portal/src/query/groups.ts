// Conditions as a person reads them: blocks joined by 'and'; a block is one condition, or several
// of which any one is enough (the UnionGroup of the query language).
import type { Filter } from './model';
import { sameName, twinOf } from './model';

/** One block. `indexes` are places in the list of filters, in its order. */
export type Block =
  | { kind: 'single'; indexes: [number] }
  | { kind: 'any'; group: string; indexes: number[] }
  /** The same condition for the first and the second end: 'at either end'. */
  | { kind: 'eitherEnd'; group: string; indexes: [number, number] };

/** The blocks of a list of filters, in the order of their first condition. */
export function blocksOf(filters: readonly Filter[]): Block[] {
  const blocks: Block[] = [];
  const groups = new Map<string, number[]>();
  filters.forEach((filter, index) => {
    if (filter.UnionGroup === '') {
      blocks.push({ kind: 'single', indexes: [index] });
      return;
    }
    const known = groups.get(filter.UnionGroup);
    if (known) {
      known.push(index);
    } else {
      const indexes = [index];
      groups.set(filter.UnionGroup, indexes);
      blocks.push({ kind: 'any', group: filter.UnionGroup, indexes });
    }
  });
  return blocks.map((block) => asEitherEnd(block, filters));
}

function asEitherEnd(block: Block, filters: readonly Filter[]): Block {
  const [i, j] = block.indexes;
  if (block.kind !== 'any' || block.indexes.length !== 2 || i === undefined || j === undefined) {
    return block;
  }
  const [a, b] = [filters[i], filters[j]];
  const twins = a && b && a.Operand === b.Operand && a.Value === b.Value &&
                sameName(twinOf(a.DataModelName) ?? '', b.DataModelName);
  return twins ? { kind: 'eitherEnd', group: block.group, indexes: [i, j] } : block;
}

/** A name that no group has yet. */
export function freeGroup(filters: readonly Filter[]): string {
  const used = new Set(filters.map((filter) => filter.UnionGroup));
  for (let n = 1; ; ++n) {
    if (!used.has(`any ${n}`)) return `any ${n}`;
  }
}

/** 'or': puts filter `index` into one group with filter `other`. */
export function joinByOr(filters: readonly Filter[], index: number, other: number): Filter[] {
  const group = filters[other]?.UnionGroup || filters[index]?.UnionGroup || freeGroup(filters);
  return tidy(filters.map((filter, i) =>
    i === index || i === other ? { ...filter, UnionGroup: group } : filter));
}

/** 'and': takes filter `index` out of its group. */
export function separate(filters: readonly Filter[], index: number): Filter[] {
  return tidy(filters.map((filter, i) => (i === index ? { ...filter, UnionGroup: '' } : filter)));
}

/** A condition on one end becomes one on either end, and back. */
export function setEitherEnd(filters: readonly Filter[], index: number, either: boolean): Filter[] {
  const filter = filters[index];
  const twin = filter && twinOf(filter.DataModelName);
  if (!filter || !twin) return [...filters];
  if (either) {
    const group = filter.UnionGroup || freeGroup(filters);
    const both = [{ ...filter, UnionGroup: group },
                  { ...filter, DataModelName: twin, UnionGroup: group }];
    return [...filters.slice(0, index), ...both, ...filters.slice(index + 1)];
  }
  return tidy(filters.filter((other, i) => i === index || other.UnionGroup !== filter.UnionGroup ||
                                           !sameName(other.DataModelName, twin)));
}

/** Changes a condition; in an 'either end' block both ends change. */
export function changeFilter(filters: readonly Filter[], index: number, change: Partial<Filter>):
    Filter[] {
  const block = blocksOf(filters).find((b) => b.indexes.includes(index));
  const both = block?.kind === 'eitherEnd' && change.DataModelName === undefined &&
               change.UnionGroup === undefined;
  return filters.map((filter, i) =>
    i === index || (both && block.indexes.includes(i)) ? { ...filter, ...change } : filter);
}

/** Without a whole block, or without one condition of it. */
export const removeFilters = (filters: readonly Filter[], indexes: readonly number[]): Filter[] =>
  tidy(filters.filter((_, i) => !indexes.includes(i)));

/** A group of one is no group. */
function tidy(filters: readonly Filter[]): Filter[] {
  const counts = new Map<string, number>();
  for (const { UnionGroup } of filters) counts.set(UnionGroup, (counts.get(UnionGroup) ?? 0) + 1);
  return filters.map((filter) =>
    filter.UnionGroup !== '' && counts.get(filter.UnionGroup) === 1
      ? { ...filter, UnionGroup: '' } : filter);
}
