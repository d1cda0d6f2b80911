// A file for a customer table: checked first, and taken only when somebody has seen what it would do.
import { useRef, useState } from 'preact/hooks';
import { ApiError, json } from '../../api/http';
import { formatNumber, t, type TextKey } from '../../text/text';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Icon } from '../../ui/icon';
import { explain } from '../../ui/states';
import { toast } from '../../ui/toast';
import { StartButton } from '../health/actions';
import type { TableId } from './tables';

interface Overlap { network: string; building: string; outer_network: string; outer_building: string }
interface Report {
  applied: boolean; rows_read: number; problem_count: number; overlap_count: number; overlaps_new: number;
  tables: { table: string; added: number; changed: number; unchanged: number }[];
  problems: { line: number; column: string; value: string; allowed: string }[];
  overlaps: Overlap[];
}

/** Largest file the published format allows (reference/cube-model.md 2.6). */
const bytesMax = 50_000_000;

export function Upload({ table, onApplied, onClose }: { table: TableId; onApplied: () => void; onClose: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [report, setReport] = useState<Report>();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  const send = async (chosen: File, dryRun: boolean) => {
    setBusy(true);
    setError('');
    try {
      const answer = await json<Report>(`/api/v1/customer-tables/${table}?dry_run=${dryRun}`, {
        method: 'POST', body: chosen, headers: { 'Content-Type': 'text/csv' }, timeoutMs: 120_000,
      });
      setReport(answer);
      if (answer.applied) {
        toast({ text: t('admin.applied'), kind: 'success' });
        onApplied();
      }
    } catch (reason) {
      setReport(undefined);
      setError(reason instanceof ApiError && reason.detail ? reason.detail : explain(reason));
    }
    setBusy(false);
  };
  const choose = (chosen: File | undefined) => {
    setFile(chosen);
    setReport(undefined);
    setError('');
    if (!chosen) return;
    if (chosen.size > bytesMax) setError(t('admin.too_large'));
    else void send(chosen, true);
  };

  return (
    <Card title={t('admin.upload_title', { table: t(`admin.table_${table}` as TextKey) })} actions={<Button look="quiet" icon="close" label={t('common.close')} onClick={onClose} />}>
      <div class="stack">
        <p>{t(table === 'buildings' ? 'admin.upload_buildings' : 'admin.upload_text')}</p>
        <div
          class="drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => { event.preventDefault(); choose(event.dataTransfer?.files[0]); }}
        >
          <input ref={input} class="only-read-out" type="file" tabIndex={-1} aria-label={t('admin.choose_file')} accept=".csv,.tsv,.txt,text/csv,text/plain" onChange={(event) => { choose(event.currentTarget.files?.[0]); event.currentTarget.value = ''; }} />
          <Button icon="upload" busy={busy} onClick={() => input.current?.click()}>{t('admin.choose_file')}</Button>
          <span class="muted">{file ? `${file.name} (${t('admin.bytes', { count: file.size })})` : t('admin.drop_here')}</span>
        </div>
        {error && <p class="field-error" role="alert" lang="en">{error}</p>}
        {report && <Findings report={report} />}
        {report && !report.applied && report.problem_count === 0 && file && (
          <div class="row">
            <Button look="primary" icon="check" busy={busy} onClick={() => void send(file, false)}>{t('admin.apply')}</Button>
            <span class="muted">{t('admin.nothing_changed_yet')}</span>
          </div>
        )}
        {report?.applied && (
          <div class="row">
            <span>{t('admin.applies_with_next_run')}</span>
            <StartButton stage="cube" again={() => undefined} />
          </div>
        )}
      </div>
    </Card>
  );
}

function Findings({ report }: { report: Report }) {
  return (
    <div class="stack" role="status">
      {report.problem_count > 0
        ? <p class="admin-bad"><Icon name="alert" />{t('admin.problems', { count: report.problem_count })}</p>
        : <p class="admin-good"><Icon name="check" />{t(report.applied ? 'admin.rows_taken' : 'admin.rows_good', { count: report.rows_read })}</p>}
      {report.problem_count === 0 && <Counts report={report} />}
      {report.problems.length > 0 && <Problems report={report} />}
      {report.overlap_count > 0 && <Overlaps report={report} />}
    </div>
  );
}

function Counts({ report }: { report: Report }) {
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.table')}</th>
            <th scope="col" class="number">{t('admin.added')}</th>
            <th scope="col" class="number">{t('admin.changed')}</th>
            <th scope="col" class="number">{t('admin.unchanged')}</th>
          </tr>
        </thead>
        <tbody>
          {report.tables.map((one) => (
            <tr key={one.table}>
              <td>{one.table}</td>
              <td class="number">{formatNumber(one.added)}</td>
              <td class="number">{formatNumber(one.changed)}</td>
              <td class="number">{formatNumber(one.unchanged)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Problems({ report }: { report: Report }) {
  return (
    <div class="table-scroll admin-problems" tabIndex={0} role="region" aria-label={t('admin.problem_list')}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.line')}</th>
            <th scope="col">{t('admin.column')}</th>
            <th scope="col">{t('admin.value')}</th>
            <th scope="col">{t('admin.allowed')}</th>
          </tr>
        </thead>
        <tbody>
          {report.problems.map((one, at) => (
            <tr key={at}>
              <td>{one.line}</td>
              <td>{one.column || '–'}</td>
              <td><code>{one.value || '–'}</code></td>
              <td lang="en">{one.allowed}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Overlaps({ report }: { report: Report }) {
  return (
    <details open={report.overlaps_new > 0}>
      <summary>{t('admin.overlaps', { count: report.overlap_count })} {report.overlaps_new > 0 && <span class="badge badge-warning">{t('admin.overlaps_new', { count: report.overlaps_new })}</span>}</summary>
      <p class="muted small">{t('admin.overlaps_text')}</p>
      <div class="table-scroll admin-problems" tabIndex={0} role="region" aria-label={t('admin.overlap_list')}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t('admin.network')}</th>
              <th scope="col">{t('admin.building')}</th>
              <th scope="col">{t('admin.lies_in')}</th>
              <th scope="col">{t('admin.building')}</th>
            </tr>
          </thead>
          <tbody>
            {report.overlaps.map((one, at) => (
              <tr key={`${one.network} ${one.outer_network}`} class={at < report.overlaps_new ? 'admin-new' : undefined}>
                <td>{one.network}</td><td>{one.building || '–'}</td><td>{one.outer_network}</td><td>{one.outer_building || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
