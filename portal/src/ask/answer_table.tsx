// An answer as a table: sortable, with bars in its cells; rows can be picked.
import { useMemo, useState } from 'preact/hooks';
import { language, t } from '../text/text';
import { Button } from '../ui/button';
import { Icon } from '../ui/icon';
import { formatNumber, sortRows, unitOf, type Cell, type Presentation, type Unit } from '../query';

/** The part of an answer that was picked. */
export interface Picked {
  row: number;
  /** Place in the measures; null: the whole row. */
  measure: number | null;
  /** Where on the screen, for a menu. */
  x: number;
  y: number;
}

const rowsAtOnce = 100;
export interface Sort { column: number; descending: boolean }

export function AnswerTable({ title, looks, rows, units, sort, onSort, onPick, changes }: {
  title: string; looks: Presentation; rows: readonly Cell[][]; units?: ReadonlyMap<string, Unit>;
  sort: Sort | null; onSort: (sort: Sort) => void; onPick?: (picked: Picked) => void;
  /** Which measures are changes: with sign. Then no bars are drawn. */
  changes?: readonly boolean[];
}) {
  const [shown, setShown] = useState(rowsAtOnce);
  const first = looks.dimensions.length;
  const locale = language();
  const order = useMemo(() => (sort
    ? sortRows(rows, sort.column, sort.descending, new Intl.Collator(locale, { numeric: true }),
      looks.dimensions[sort.column]?.DataModelName)
    : rows.map((_, i) => i)), [rows, sort, locale]);
  const maxima = useMemo(() => looks.measurements.map((_, i) =>
    rows.reduce((max, row) => Math.max(max, typeof row[first + i] === 'number' ? row[first + i] as number : 0), 0)), [rows, looks]);
  const headers = [...looks.dimensions, ...looks.measurements].map((one) => one.friendlyName);
  return (
    <div>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={title}>
        <table class="table answer-table">
          <caption class="only-read-out">{title}</caption>
          <thead>
            <tr>
              {headers.map((name, column) => (
                <th key={column} scope="col" class={column >= first ? 'number' : ''}
                  aria-sort={sort?.column === column ? (sort.descending ? 'descending' : 'ascending') : 'none'}>
                  <button type="button" class="sort" onClick={() => onSort({ column,
                    descending: sort?.column === column ? !sort.descending : column >= first })}>
                    {name}
                    {sort?.column === column && <Icon name={sort.descending ? 'sort_down' : 'sort_up'} size={15} />}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {order.slice(0, shown).map((index) => (
              <Row key={index} index={index} row={rows[index]!} looks={looks} maxima={maxima} locale={locale}
                {...(units ? { units } : {})} {...(onPick ? { onPick } : {})} {...(changes ? { changes } : {})} />
            ))}
          </tbody>
        </table>
      </div>
      {order.length > shown && (
        <p class="row small muted answer-more">
          {t('ask.rows_shown', { shown, count: order.length })}
          <Button onClick={() => setShown(shown + 5 * rowsAtOnce)}>{t('ask.more_rows')}</Button>
        </p>
      )}
    </div>
  );
}

function Row({ index, row, looks, maxima, units, locale, onPick, changes }: {
  index: number; row: readonly Cell[]; looks: Presentation; maxima: readonly number[]; units?: ReadonlyMap<string, Unit>;
  locale: string; onPick?: (picked: Picked) => void; changes?: readonly boolean[];
}) {
  const first = looks.dimensions.length;
  const name = (cell: Cell | undefined) => (cell === '' || cell === null || cell === undefined ? t('ask.blank') : String(cell));
  return (
    <tr>
      {looks.dimensions.map((_, i) => (
        <td key={i}>
          {onPick && i === 0
            ? <button type="button" class="pick" aria-haspopup="menu" onClick={(event) => {
                const box = event.currentTarget.getBoundingClientRect();
                onPick({ row: index, measure: null, x: box.left, y: box.bottom });
              }}>{name(row[i])}</button>
            : name(row[i])}
        </td>
      ))}
      {looks.measurements.map((measure, i) => {
        const cell = row[first + i];
        const value = typeof cell === 'number' ? cell : null;
        const share = value === null || !maxima[i] ? 0 : (100 * Math.max(0, value)) / maxima[i];
        const signed = changes?.[i] === true;
        return (
          <td key={`m${i}`} class={signed ? 'number change' : 'number'}>
            <span class="bar-cell">
              {formatNumber(value, unitOf(measure.DataModelName, units), { locale, withUnit: true, signed })}
              {!changes && <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect width={share} height="4" fill={measure.color} />
              </svg>}
            </span>
          </td>
        );
      })}
    </tr>
  );
}
