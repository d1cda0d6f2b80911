// Versions of the customer tables: what a change would move, putting it in force, going back.
import { useState } from 'preact/hooks';
import { ApiError, json } from '../../api/http';
import type { PageProps } from '../../app/page';
import { formatNumber, t } from '../../text/text';
import { formatTime } from '../../time/zone';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { confirm } from '../../ui/dialog';
import { TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { useLoad } from '../../ui/load';
import { Empty, explain, Failure, Loading } from '../../ui/states';
import { toast } from '../../ui/toast';
import { StartButton } from '../health/actions';

interface Version {
  version: number; made_at: string; made_by?: string; origin: 'run' | 'apply' | 'undo'; note: string; applies_from: string | null;
  buildings: number; networks: number; access_points: number;
}
interface Versions { mode: 'automatic' | 'manual' | 'from_now_on'; in_force: number | null; pending: boolean; versions: Version[] }
interface Place { key: number; name: string }
interface Preview {
  changed: boolean; streams_total: number; streams_moved: number; inside_changed: number; moves_left_out: number;
  tables: { table: string; added: number; changed: number; removed: number }[];
  moves: { from: Place; to: Place; streams: number; months: { month: string; streams: number }[] }[];
}

const sentence = (error: unknown): string => (error instanceof ApiError && error.detail ? error.detail : explain(error));

export function Mapping(_props: PageProps) {
  const load = useLoad((signal) => json<Versions>('/api/v1/mapping/versions', { signal }), []);
  if (load.error instanceof ApiError && load.error.status === 404) {
    return <Card title={t('admin.mapping')}><Empty title={t('admin.mapping_none')} text={t('admin.applies_with_next_run')} actions={<StartButton stage="cube" again={() => undefined} />} /></Card>;
  }
  return (
    <>
      {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
      {!load.value && load.error === undefined && <Loading height={200} />}
      {load.value && <Change versions={load.value} again={load.again} />}
      {load.value && <History versions={load.value} again={load.again} />}
    </>
  );
}

/** What the tables as they are now would change, and the button that makes it so. */
function Change({ versions, again }: { versions: Versions; again: () => void }) {
  const [preview, setPreview] = useState<Preview>();
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const look = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setPreview(await json<Preview>('/api/v1/mapping/preview', { method: 'POST', body: {}, timeoutMs: 120_000 }));
    } catch (reason) {
      setError(reason);
    }
    setBusy(false);
  };
  const apply = async () => {
    setBusy(true);
    try {
      await json('/api/v1/mapping/apply', { method: 'POST', body: { note } });
      toast({ text: t('admin.mapping_applied'), kind: 'success' });
      setPreview(undefined);
      setNote('');
    } catch (reason) {
      toast({ text: sentence(reason), kind: 'error' });
    }
    setBusy(false);
    again();
  };
  return (
    <Card title={t('admin.mapping_change')} actions={<Button icon="eye" look="primary" busy={busy} onClick={() => void look()}>{t('admin.preview')}</Button>}>
      <div class="stack">
        <p>{t(`admin.mapping_${versions.mode}`)}</p>
        <p class={versions.pending ? 'admin-pending' : 'admin-good'}>
          <Icon name={versions.pending ? 'alert' : 'check'} />{t(versions.pending ? 'admin.mapping_pending' : 'admin.mapping_current')}
        </p>
        {error !== undefined && <Failure error={error} onRetry={() => void look()} />}
        {preview && !preview.changed && <p role="status">{t('admin.preview_nothing')}</p>}
        {preview?.changed && <Moves preview={preview} />}
        {preview?.changed && (
          <div class="row admin-apply">
            <TextField label={t('admin.note')} value={note} maxLength={500} onInput={(event) => setNote(event.currentTarget.value)} />
            <Button look="primary" icon="check" busy={busy} onClick={() => void apply()}>{t('admin.mapping_apply')}</Button>
          </div>
        )}
      </div>
    </Card>
  );
}

function Moves({ preview }: { preview: Preview }) {
  const most = preview.moves[0]?.streams ?? 1;
  const name = (place: Place) => place.name || String(place.key);
  return (
    <div class="stack" role="status">
      <p><strong>{t('admin.streams_moved', { count: preview.streams_moved, total: preview.streams_total })}</strong> {preview.inside_changed > 0 && t('admin.inside_changed', { count: preview.inside_changed })}</p>
      <p class="small muted">{preview.tables.filter((one) => one.added + one.changed + one.removed > 0).map((one) => t('admin.table_changes', { table: one.table, added: one.added, changed: one.changed, removed: one.removed })).join(' · ')}</p>
      {preview.moves.length > 0 && (
        <div class="table-scroll admin-problems" tabIndex={0} role="region" aria-label={t('admin.preview')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('admin.from')}</th>
                <th scope="col">{t('admin.to')}</th>
                <th scope="col">{t('health.storage_rows')}</th>
                <th scope="col">{t('admin.by_month')}</th>
              </tr>
            </thead>
            <tbody>
              {preview.moves.map((move) => (
                <tr key={`${move.from.key} ${move.to.key}`}>
                  <td>{name(move.from)}</td>
                  <td>{name(move.to)}</td>
                  <td>
                    <div class="health-duration">
                      <span>{formatNumber(move.streams)}</span>
                      <span class="health-bar" aria-hidden="true"><span style={{ width: `${(move.streams / most) * 100}%` }} /></span>
                    </div>
                  </td>
                  <td class="small">{move.months.map((one) => `${one.month}: ${formatNumber(one.streams)}`).join(' · ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {preview.moves_left_out > 0 && <p class="muted small">{t('admin.moves_left_out', { count: preview.moves_left_out })}</p>}
    </div>
  );
}

function History({ versions, again }: { versions: Versions; again: () => void }) {
  const back = async (version: number) => {
    const sure = await confirm({ title: t('admin.go_back'), text: t('admin.go_back_question', { version }), action: t('admin.go_back'), danger: true });
    if (!sure) return;
    try {
      await json('/api/v1/mapping/undo', { method: 'POST', body: { version } });
      toast({ text: t('admin.mapping_applied'), kind: 'success' });
    } catch (error) {
      toast({ text: sentence(error), kind: 'error' });
    }
    again();
  };
  return (
    <Card title={t('admin.mapping_versions')}>
      {versions.versions.length === 0 && <p class="muted">{t('admin.mapping_no_versions')}</p>}
      {versions.versions.length > 0 && (
        <div class="table-scroll" tabIndex={0} role="region" aria-label={t('admin.mapping_versions')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('about.version')}</th>
                <th scope="col">{t('admin.made_at')}</th>
                <th scope="col">{t('admin.note')}</th>
                <th scope="col" class="number">{t('admin.table_buildings')}</th>
                <th scope="col" class="number">{t('admin.table_networks')}</th>
                <th scope="col"><span class="only-read-out">{t('admin.go_back')}</span></th>
              </tr>
            </thead>
            <tbody>
              {versions.versions.map((one) => (
                <tr key={one.version}>
                  <td>{one.version}{one.version === versions.in_force && <span class="badge badge-success admin-you">{t('admin.in_force')}</span>}</td>
                  <td class="health-when">{formatTime(one.made_at)}{one.made_by && <span class="muted small"> · {one.made_by}</span>}</td>
                  <td>{one.note || '–'}{one.applies_from && <span class="muted small"> · {t('admin.applies_from', { time: formatTime(one.applies_from) })}</span>}</td>
                  <td class="number">{formatNumber(one.buildings)}</td>
                  <td class="number">{formatNumber(one.networks)}</td>
                  <td>{one.version !== versions.in_force && <Button icon="undo" onClick={() => void back(one.version)}>{t('admin.go_back')}</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
