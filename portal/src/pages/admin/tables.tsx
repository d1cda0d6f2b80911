// The customer tables: rows with search, export, upload.
import { useEffect, useState } from 'preact/hooks';
import { json, root } from '../../api/http';
import type { PageProps } from '../../app/page';
import { href } from '../../app/route';
import { formatNumber, t, type TextKey } from '../../text/text';
import { formatTime } from '../../time/zone';
import { Button, ButtonLink } from '../../ui/button';
import { Card } from '../../ui/card';
import { TextField } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { Empty, Failure, Loading } from '../../ui/states';
import { Upload } from './upload';

export const tableIds = ['buildings', 'networks', 'names', 'bssids', 'building-types', 'ownership-types'] as const;
export type TableId = (typeof tableIds)[number];

interface TableInfo { id: TableId; rows: number }
interface Page {
  columns: string[]; rows: (string | null)[][]; total: number; matching: number; next_cursor: string | null;
}

const pageSize = 100;
const flags = new Set(['InsideCorp', 'ExpressRoute', 'VPN']);

export function Tables({ route }: PageProps) {
  const wanted = route.segments[1] as TableId | undefined;
  const table = wanted && tableIds.includes(wanted) ? wanted : 'buildings';
  const [turn, setTurn] = useState(0);
  const [uploading, setUploading] = useState(false);
  const tables = useLoad((signal) => json<{ tables: TableInfo[] }>('/api/v1/customer-tables', { signal }), [turn]);
  useEffect(() => setUploading(false), [table]);
  const countOf = (id: TableId) => tables.value?.tables.find((one) => one.id === id)?.rows;
  return (
    <>
      <nav class="pills" aria-label={t('admin.tables')}>
        {tableIds.map((one) => (
          <a key={one} href={href('admin', ['tables', one])} aria-current={one === table ? 'page' : undefined}>
            {t(`admin.table_${one}` as TextKey)}
            {countOf(one) !== undefined && <span class="pill-count">{formatNumber(countOf(one)!)}</span>}
          </a>
        ))}
      </nav>
      {uploading && <Upload key={table} table={table} onApplied={() => setTurn((n) => n + 1)} onClose={() => setUploading(false)} />}
      <Rows key={table} table={table} turn={turn} onUpload={() => setUploading(true)} />
    </>
  );
}

function Rows({ table, turn, onUpload }: { table: TableId; turn: number; onUpload: () => void }) {
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  const [offset, setOffset] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => { setSearch(typed.trim()); setOffset(0); }, 250);
    return () => clearTimeout(timer);
  }, [typed]);
  const load = useLoad(
    (signal) => json<Page>(`/api/v1/customer-tables/${table}?n=${pageSize}&cursor=${offset}&q=${encodeURIComponent(search)}`, { signal }),
    [table, turn, search, offset],
  );
  const page = load.value;
  return (
    <Card
      title={t(`admin.table_${table}` as TextKey)}
      actions={<>
        <ButtonLink icon="download" href={`${root()}/api/v1/customer-tables/${table}/export`} download={`${table}.csv`}>{t('admin.export')}</ButtonLink>
        <Button icon="upload" look="primary" onClick={onUpload}>{t('admin.upload')}</Button>
      </>}
    >
      <div class="admin-search">
        <TextField type="search" label={t('admin.search_rows')} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </div>
      {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
      {!page && load.error === undefined && <Loading height={200} />}
      {page && page.rows.length === 0 && (
        <Empty title={search ? t('admin.no_match') : t('admin.no_rows')} text={search ? undefined : t('admin.no_rows_text')} />
      )}
      {page && page.rows.length > 0 && (
        <>
          <div class="table-scroll admin-rows" tabIndex={0} role="region" aria-label={t(`admin.table_${table}` as TextKey)}>
            <table class="table">
              <thead><tr>{page.columns.map((one) => <th scope="col" key={one}>{one}</th>)}</tr></thead>
              <tbody>
                {page.rows.map((row, at) => (
                  <tr key={offset + at}>{row.map((cell, i) => <td key={i}>{cellText(page.columns[i]!, cell)}</td>)}</tr>
                ))}
              </tbody>
            </table>
          </div>
          <div class="spread admin-pager">
            <span class="muted small" role="status">
              {t('admin.rows_shown', { from: offset + 1, to: offset + page.rows.length, count: page.matching })}
            </span>
            <div class="row">
              <Button icon="back" label={t('admin.earlier')} disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - pageSize))} />
              <Button icon="forward" label={t('admin.later')} disabled={page.next_cursor === null} onClick={() => setOffset(Number(page.next_cursor))} />
            </div>
          </div>
        </>
      )}
    </Card>
  );
}

function cellText(column: string, cell: string | null) {
  if (cell === null || cell === '') return <span class="muted">–</span>;
  // Stored in UTC without saying so (docs/formats/archive.md).
  if (column === 'UpdatedDate') return formatTime(`${cell.replace(' ', 'T')}Z`) || cell;
  if (flags.has(column)) return t(cell === '0' ? 'admin.no' : 'admin.yes');
  return cell;
}
