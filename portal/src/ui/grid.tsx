// A table of any length: only the rows in sight are drawn. Sorts by a click on the head, filters by column.
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { matcher, numberMatcher } from '../charts/model';
import { language, t } from '../text/text';
import { classes } from './classes';
import { Icon } from './icon';

export interface GridColumn<Row> {
  key: string;
  name: string;
  /** What it is sorted and filtered by. */
  value: (row: Row) => string | number | null;
  /** Sorted by this text, character by character, in place of the value; null comes last. */
  order?: (row: Row) => string | null;
  /** What is drawn; the value as text when missing. */
  cell?: (row: Row) => ComponentChildren;
  number?: boolean;
  /** In px; the first columns take what is left. */
  width?: number;
}

export interface GridSort { column: number; descending: boolean }

/** Rows drawn above and below the ones in sight. */
const margin = 5;

export function Grid<Row>({ columns, rows, label, height, rowHeight = 37, sort, onSort, filters, onFilters, showFilter = true }: {
  columns: readonly GridColumn<Row>[];
  rows: readonly Row[];
  label: string;
  /** Of the whole, in px; shorter when there are fewer rows. */
  height: number;
  rowHeight?: number;
  sort: GridSort | null;
  onSort: (sort: GridSort | null) => void;
  /** One for each column: a regular expression or part of the text; for numbers also ">5", "3-7". */
  filters: readonly string[];
  onFilters: (filters: string[]) => void;
  showFilter?: boolean;
}) {
  const shown = useMemo(() => arrange(rows, columns, sort, filters), [rows, columns, sort, filters]);
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const onScroll = useCallback(() => setTop(Math.floor((scroller.current?.scrollTop ?? 0) / rowHeight)), [rowHeight]);
  useEffect(() => { scroller.current?.scrollTo({ top: 0 }); }, [sort, filters]);

  const inSight = Math.ceil(height / rowHeight);
  const first = Math.max(0, Math.min(top - margin, shown.length - inSight));
  const last = Math.min(shown.length, top + inSight + margin);

  const onHead = (column: number) => {
    if (sort?.column !== column) onSort({ column, descending: Boolean(columns[column]!.number) });
    else onSort({ column, descending: !sort.descending });
  };
  return (
    <div class="grid">
      <div class="grid-scroll" ref={scroller} style={{ maxHeight: `${height}px` }} onScroll={onScroll} tabIndex={0} role="region" aria-label={label}>
        <table class="grid-table" aria-rowcount={shown.length + 1}>
          <caption class="only-read-out">{label}</caption>
          <colgroup>{columns.map((one) => <col key={one.key} style={one.width ? { width: `${one.width}px` } : undefined} />)}</colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((one, i) => (
                <th
                  key={one.key} scope="col" class={one.number ? 'number' : ''}
                  aria-sort={sort?.column === i ? (sort.descending ? 'descending' : 'ascending') : 'none'}
                >
                  <button type="button" class="grid-head" onClick={() => onHead(i)}>
                    <span>{one.name}</span>
                    <span class={classes('grid-order', sort?.column === i && 'grid-ordered')}>
                      <Icon name={sort?.column === i && !sort.descending ? 'sort_up' : 'sort_down'} size={14} />
                    </span>
                  </button>
                  {showFilter && (
                    <span class="grid-filter">
                      <Icon name="filter" size={14} />
                      <input
                        class="input" type="search" value={filters[i] ?? ''} aria-label={t('grid.filter_column', { name: one.name })}
                        onInput={(event) => {
                          const next = columns.map((_, j) => filters[j] ?? '');
                          next[i] = event.currentTarget.value;
                          onFilters(next);
                        }}
                      />
                    </span>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: `${first * rowHeight}px`, padding: 0 }} /></tr>}
            {/* Keyed by place: while scrolling, rows change their texts instead of being made anew. */}
            {shown.slice(first, last).map((row, i) => (
              <tr
                key={i} aria-rowindex={first + i + 2} style={{ height: `${rowHeight}px` }}
                class={(first + i) % 2 === 1 ? 'grid-odd' : undefined}
              >
                {columns.map((one) => (
                  <td key={one.key} class={one.number ? 'number' : ''}>
                    {one.cell ? one.cell(row) : (one.value(row) ?? '')}
                  </td>
                ))}
              </tr>
            ))}
            {last < shown.length && <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: `${(shown.length - last) * rowHeight}px`, padding: 0 }} /></tr>}
          </tbody>
        </table>
        {shown.length === 0 && <p class="grid-empty">{t('grid.nothing')}</p>}
      </div>
      <div class="grid-foot muted small" role="status">
        {shown.length === rows.length ? t('grid.rows', { count: rows.length }) : t('grid.rows_of', { count: rows.length, shown: shown.length })}
      </div>
    </div>
  );
}

function arrange<Row>(
  rows: readonly Row[], columns: readonly GridColumn<Row>[], sort: GridSort | null, filters: readonly string[],
): readonly Row[] {
  let shown = rows;
  filters.forEach((filter, i) => {
    const column = columns[i];
    if (!column || filter === '') return;
    const byNumber = column.number ? numberMatcher(filter) : undefined;
    const byText = matcher(filter);
    shown = shown.filter((row) => {
      const value = column.value(row);
      return byNumber ? byNumber(typeof value === 'number' ? value : null) : byText(value === null ? '' : String(value));
    });
  });
  const column = sort ? columns[sort.column] : undefined;
  if (!sort || !column) return shown;
  const collator = new Intl.Collator(language(), { numeric: true });
  const turn = sort.descending ? -1 : 1;
  const compare = (a: string | number, b: string | number): number => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (column.order) return a < b ? -1 : a > b ? 1 : 0;
    return collator.compare(String(a), String(b));
  };
  return shown.map((row) => [(column.order ?? column.value)(row), row] as const).sort(([a], [b]) => {
    // What has no value comes last, whichever way it is sorted.
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return turn * compare(a, b);
  }).map(([, row]) => row);
}
