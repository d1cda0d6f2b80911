// Two answers to the same question about two months, side by side.
import { addressKey, isAddressName } from './addresses';
import type { Cell, Presentation } from './model';
import { isMonthName } from './model';

export interface ComparedCell {
  /** Null: no value, or the group does not occur there. */
  before: number | null;
  after: number | null;
  /** after - before; null when one of them is. */
  change: number | null;
}
export interface ComparedRow {
  captions: string[];
  cells: ComparedCell[];
  /** Where the group occurs. */
  occurs: 'both' | 'before' | 'after';
}

/**
 * Joins rows by their captions: those of `after` in their order, then those that went away.
 * `dimensionCount` columns are captions, the rest numbers.
 */
export function compareAnswers(before: readonly Cell[][], after: readonly Cell[][],
                               dimensionCount: number): ComparedRow[] {
  const key = (row: readonly Cell[]) => JSON.stringify(row.slice(0, dimensionCount));
  const beforeByKey = new Map(before.map((row) => [key(row), row]));
  const rows = after.map((row) => {
    const old = beforeByKey.get(key(row));
    beforeByKey.delete(key(row));
    return compareRow(old, row, dimensionCount);
  });
  for (const row of beforeByKey.values()) rows.push(compareRow(row, undefined, dimensionCount));
  return rows;
}

function compareRow(before: readonly Cell[] | undefined, after: readonly Cell[] | undefined,
                    dimensionCount: number): ComparedRow {
  const any = after ?? before ?? [];
  const at = (row: readonly Cell[] | undefined, i: number): number | null => {
    const cell = row?.[i];
    return typeof cell === 'number' ? cell : null;
  };
  return {
    captions: any.slice(0, dimensionCount).map((cell) => String(cell ?? '')),
    cells: any.slice(dimensionCount).map((_, i) => {
      const [a, b] = [at(before, dimensionCount + i), at(after, dimensionCount + i)];
      return { before: a, after: b, change: a === null || b === null ? null : round(b - a) };
    }),
    occurs: !before ? 'after' : !after ? 'before' : 'both',
  };
}
/** Answers have three decimals; a difference of them has no more. */
const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Rows by the change of one measure, largest rise first; rows without a change come last. */
export function sortByChange(rows: readonly ComparedRow[], measure: number): ComparedRow[] {
  const change = (row: ComparedRow) => row.cells[measure]?.change ?? -Infinity;
  return [...rows].sort((a, b) => (change(b) > change(a) ? 1 : change(b) < change(a) ? -1 : 0));
}

/** Order of cells for sorting: numbers by size, texts by the reader's language, null last. */
export function compareCells(a: Cell | undefined, b: Cell | undefined, collator: Intl.Collator):
    number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

/**
 * Indexes of rows by one column; null stays last in both directions, equal rows keep their order. `name` is the attribute of
 * the column: addresses have an order of their own.
 */
export function sortRows(rows: readonly Cell[][], column: number, descending: boolean,
                         collator: Intl.Collator, name = ''): number[] {
  const sign = descending ? -1 : 1;
  if (isAddressName(name)) return sortAddresses(rows, column, sign);
  return rows.map((_, i) => i).sort((i, j) => {
    const [a, b] = [rows[i]?.[column], rows[j]?.[column]];
    if (a === null || a === undefined || b === null || b === undefined) {
      return compareCells(a, b, collator) || i - j;
    }
    return sign * compareCells(a, b, collator) || i - j;
  });
}

function sortAddresses(rows: readonly Cell[][], column: number, sign: number): number[] {
  const keys = rows.map((row) => addressKey(String(row[column] ?? '')));
  return rows.map((_, i) => i).sort((i, j) => {
    const [a, b] = [keys[i] ?? null, keys[j] ?? null];
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0) || i - j;
    return sign * (a < b ? -1 : a > b ? 1 : 0) || i - j;
  });
}

/**
 * Which rows a line may join: neighbours in time with equal other dimensions. Between members without an order a line would tell of a
 * course that there is not.
 */
export function lineGroups(looks: Presentation, rows: readonly Cell[][]): string[] {
  const last = looks.dimensions.length - 1;
  const timed = last >= 0 && (/^\[(Start|End)Date\]/i.test(looks.dimensions[last]!.DataModelName) || isMonthName(looks.dimensions[last]!.DataModelName));
  return rows.map((row, i) => (timed ? JSON.stringify(row.slice(0, last)) : String(i)));
}
