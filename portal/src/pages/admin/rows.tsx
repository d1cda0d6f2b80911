// One row of a customer table changed by hand: the server says first what it would do, and refuses when somebody else
// was faster or another row still names it.
import { useState } from 'preact/hooks';
import { ApiError, json } from '../../api/http';
import { href } from '../../app/route';
import { formatNumber, t } from '../../text/text';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Select, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { explain } from '../../ui/states';
import { toast } from '../../ui/toast';
import { flags, type Page, type TableId } from './tables';

interface Change {
  applied: boolean; effect: { streams_total: number; streams_moved: number; inside_changed: number } | null; overlaps_new: number;
}
type Cells = Record<string, string>;

/** The server writes it. */
const stamps = new Set(['UpdatedDate']);

const rowsPath = (table: TableId, key: string[], dryRun: boolean): string =>
  `/api/v1/customer-tables/${table}/rows?${key.map((one) => `key=${encodeURIComponent(one)}&`).join('')}dry_run=${dryRun}`;
const keyOf = (page: Page, row: number): string[] => page.key.map((one) => page.rows[row]![page.columns.indexOf(one)] ?? '');
const matchOf = (page: Page, row: number) => ({ 'If-Match': `"${page.versions[row]}"` });

/** What went wrong, and what holds the row fast. */
function Refusal({ error }: { error: unknown }) {
  if (error === undefined) return null;
  const used = error instanceof ApiError ? error.usedBy : [];
  return (
    <div class="field-error" role="alert">
      <p>{error instanceof ApiError && error.status === 412 ? t('admin.row_changed') : used.length > 0 ? t('admin.row_used') : <span lang="en">{error instanceof ApiError && error.detail ? error.detail : explain(error)}</span>}</p>
      {used.map((one) => (
        <p key={one.table} class="small">
          {one.table} ({formatNumber(one.count)}): {one.rows.join(', ')}{one.count > one.rows.length && ' …'}
        </p>
      ))}
    </div>
  );
}

function Effect({ change }: { change: Change }) {
  const { effect } = change;
  return (
    <div role="status" class="admin-effect">
      <Icon name="info" />
      <span>
        {effect === null ? t('admin.effect_unknown')
          : effect.streams_moved + effect.inside_changed === 0 ? t('admin.effect_none')
            : <>{t('admin.streams_moved', { count: effect.streams_moved, total: effect.streams_total })} {effect.inside_changed > 0 && t('admin.inside_changed', { count: effect.inside_changed })}</>}
        {change.overlaps_new > 0 && ` ${t('admin.overlaps_new', { count: change.overlaps_new })}`}
      </span>
    </div>
  );
}

/** What the server says of a change: what it would do, or that it is done; `done` is then told to the person. */
function useChange(done: string, onDone: () => void) {
  const [change, setChange] = useState<Change>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const ask = async (asked: Promise<Change>) => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await asked;
      if (answer.applied) {
        toast({ text: done, kind: 'success' });
        onDone();
        return;
      }
      setChange(answer);
    } catch (reason) {
      setChange(undefined);
      setError(reason);
    }
    setBusy(false);
  };
  return { change, error, busy, ask, forget: () => setChange(undefined) };
}

/** `row` undefined: a new one. */
export function RowDialog({ table, page, row, onClose, onDone }: {
  table: TableId; page: Page; row: number | undefined; onClose: () => void; onDone: () => void;
}) {
  const columns = page.columns.slice(0, page.own_columns).filter((one) => !stamps.has(one));
  const before: Cells = Object.fromEntries(columns.map((one) => [one, row === undefined ? '' : page.rows[row]![page.columns.indexOf(one)] ?? '']));
  const [cells, setCells] = useState<Cells>(before);
  const { change, error, busy, ask, forget } = useChange(t('admin.row_saved'), onDone);
  const isKey = (column: string) => page.key.includes(column);
  const changed = columns.filter((one) => !isKey(one) && cells[one] !== before[one]);
  const fieldError = error instanceof ApiError && columns.includes(error.field) ? error.field : '';

  const send = (dryRun: boolean) => ask(json<Change>(rowsPath(table, page.key.map((one) => cells[one] ?? ''), dryRun), {
    method: row === undefined ? 'POST' : 'PUT', body: Object.fromEntries(changed.map((one) => [one, cells[one]])),
    headers: row === undefined ? {} : matchOf(page, row), timeoutMs: 120_000,
  }));
  const set = (column: string, value: string) => { setCells({ ...cells, [column]: value }); forget(); };
  const ready = changed.length > 0 || (row === undefined && cells[page.key[0]!] !== '');
  return (
    <Dialog
      wide title={row === undefined ? t('admin.add_row') : t('admin.edit_row')} onClose={onClose}
      actions={<>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        {change
          ? <Button look="primary" icon="check" busy={busy} onClick={() => void send(false)}>{t('common.save')}</Button>
          : <Button look="primary" icon="eye" busy={busy} disabled={!ready} onClick={() => void send(true)}>{t('admin.preview')}</Button>}
      </>}
    >
      <div class="admin-form">
        {columns.map((column) => {
          const failed = fieldError === column && error instanceof ApiError ? error.detail : undefined;
          if (row !== undefined && isKey(column)) return <p key={column}><span class="field-label">{column}</span> {before[column] || '–'}</p>;
          if (flags.has(column)) {
            return (
              <Select
                key={column} label={column} value={cells[column]!} error={failed} onChange={(value) => set(column, value)}
                options={[{ value: '', label: '–' }, { value: '1', label: t('admin.yes') }, { value: '0', label: t('admin.no') }]}
              />
            );
          }
          return <TextField key={column} label={column} value={cells[column]!} maxLength={500} error={failed} spellcheck={false} onInput={(event) => set(column, event.currentTarget.value)} />;
        })}
      </div>
      {change && <Effect change={change} />}
      {!fieldError && <Refusal error={error} />}
    </Dialog>
  );
}

/** Edit and delete at the end of a row. */
export function Tools({ table, page, row, onEdit, onChanged }: { table: TableId; page: Page; row: number; onEdit: () => void; onChanged: () => void }) {
  const [asking, setAsking] = useState(false);
  const key = keyOf(page, row);
  const name = key.filter((one) => one !== '').join('/');
  // "Unknown" stands for everything without a building, a name or a type.
  if (key.length === 1 && key[0] === '0') return null;
  return (
    <div class="row">
      <Button look="quiet" icon="edit" label={t('admin.edit_named', { name })} onClick={onEdit} />
      <Button look="quiet" icon="trash" label={t('admin.delete_named', { name })} onClick={() => setAsking(true)} />
      {asking && <DeleteDialog table={table} page={page} row={row} name={name} onClose={() => setAsking(false)} onDone={() => { setAsking(false); onChanged(); }} />}
    </div>
  );
}

function DeleteDialog({ table, page, row, name, onClose, onDone }: {
  table: TableId; page: Page; row: number; name: string; onClose: () => void; onDone: () => void;
}) {
  const { change, error, busy, ask } = useChange(t('admin.row_deleted'), onDone);
  const [asked, setAsked] = useState(false);
  const send = (dryRun: boolean) => ask(json<Change>(rowsPath(table, keyOf(page, row), dryRun), { method: 'DELETE', headers: matchOf(page, row), timeoutMs: 120_000 }));
  if (!asked) {
    setAsked(true);
    void send(true);
  }
  const facts = page.columns.slice(0, page.own_columns).map((one, i) => [one, page.rows[row]![i] ?? ''] as const).filter(([, value]) => value !== '');
  return (
    <Dialog
      title={t('admin.delete_named', { name })} onClose={onClose}
      actions={<>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="danger" icon="trash" busy={busy} disabled={!change} onClick={() => void send(false)}>{t('admin.delete_row')}</Button>
      </>}
    >
      <dl class="admin-facts">{facts.map(([column, value]) => <div key={column}><dt>{column}</dt><dd>{value}</dd></div>)}</dl>
      {change && <Effect change={change} />}
      <Refusal error={error} />
      {change && <p class="small muted">{t('admin.delete_undo')} <a href={href('admin', ['mapping'])}>{t('admin.mapping_versions')}</a></p>}
    </Dialog>
  );
}
