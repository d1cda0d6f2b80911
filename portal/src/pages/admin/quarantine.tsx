// What could not be stored: why, which records, and what can be done with them.
import { useState } from 'preact/hooks';
import { ApiError, json, root } from '../../api/http';
import type { PageProps } from '../../app/page';
import { t } from '../../text/text';
import { formatTime } from '../../time/zone';
import { Button, ButtonLink } from '../../ui/button';
import { Card } from '../../ui/card';
import { confirm, Dialog } from '../../ui/dialog';
import { useLoad } from '../../ui/load';
import { Empty, explain, Failure, Loading } from '../../ui/states';
import { toast } from '../../ui/toast';

interface Reason { reason: string; source: string; entries: number; refusals: number; meaning: string | null; action: string | null }
interface Entry {
  id: number; source: string; reason: string; first_at: string; last_at: string; occurrences: number; replay: string | null;
  record_key?: string; detail?: string; payload?: string;
}
type Choice = { reason: string; source: string } | { ids: number[] };

export function Quarantine(_props: PageProps) {
  const [turn, setTurn] = useState(0);
  const [chosen, setChosen] = useState<Reason>();
  const load = useLoad((signal) => json<{ entries: number; reasons: Reason[] }>('/api/v1/quarantine/reasons', { signal }), [turn]);
  const again = () => setTurn((n) => n + 1);
  return (
    <>
      <Card title={t('admin.quarantine')}>
        {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
        {!load.value && load.error === undefined && <Loading height={160} />}
        {load.value?.reasons.length === 0 && <Empty icon="check" title={t('health.no_rejects')} text={t('admin.quarantine_none')} />}
        <ul class="health-list">
          {load.value?.reasons.map((one) => (
            <li key={`${one.reason} ${one.source}`}>
              <div class="spread">
                <strong>{one.reason} <span class="muted">· {one.source}</span></strong>
                <span>{t('health.records', { count: one.entries })}</span>
              </div>
              <p class="small" lang="en">{one.meaning} <strong>{one.action}</strong></p>
              <div class="row">
                <Button icon="table" aria-expanded={chosen?.reason === one.reason && chosen.source === one.source} onClick={() => setChosen(one)}>{t('admin.show_records')}</Button>
                <Tools choice={{ reason: one.reason, source: one.source }} again={again} />
              </div>
            </li>
          ))}
        </ul>
      </Card>
      {chosen && <Records key={`${chosen.reason} ${chosen.source}`} reason={chosen} turn={turn} again={again} />}
    </>
  );
}

/** Replay and drop for some records. */
function Tools({ choice, again }: { choice: Choice; again: () => void }) {
  const work = async (verb: 'replay' | 'drop') => {
    try {
      const answer = await json<{ requested?: number; dropped?: number }>(`/api/v1/quarantine/${verb}`, { method: 'POST', body: choice });
      toast({ text: t(verb === 'replay' ? 'admin.replayed' : 'admin.dropped', { count: answer.requested ?? answer.dropped ?? 0 }), kind: 'success' });
    } catch (error) {
      toast({ text: error instanceof ApiError && error.detail ? error.detail : explain(error), kind: 'error' });
    }
    again();
  };
  const drop = async () => {
    const sure = await confirm({ title: t('admin.drop'), text: t('admin.drop_question'), action: t('admin.drop'), danger: true });
    if (sure) await work('drop');
  };
  return (
    <>
      <Button icon="refresh" onClick={() => void work('replay')}>{t('admin.replay')}</Button>
      <Button icon="trash" onClick={() => void drop()}>{t('admin.drop')}</Button>
    </>
  );
}

function Records({ reason, turn, again }: { reason: Reason; turn: number; again: () => void }) {
  const [most, setMost] = useState(25);
  const [shown, setShown] = useState<number>();
  const load = useLoad(
    (signal) => json<{ records: Entry[]; next_cursor: string | null }>(
      `/api/v1/quarantine?reason=${encodeURIComponent(reason.reason)}&source=${encodeURIComponent(reason.source)}&n=${most}`, { signal }),
    [turn, most],
  );
  return (
    <Card title={`${reason.reason} · ${reason.source}`}>
      {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
      {!load.value && load.error === undefined && <Loading />}
      {load.value?.records.length === 0 && <p class="muted">{t('admin.quarantine_gone')}</p>}
      {load.value && load.value.records.length > 0 && (
        <div class="table-scroll admin-rows" tabIndex={0} role="region" aria-label={t('admin.show_records')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col" class="number">{t('admin.number')}</th>
                <th scope="col">{t('admin.record')}</th>
                <th scope="col">{t('admin.detail')}</th>
                <th scope="col">{t('admin.last_seen')}</th>
                <th scope="col" class="number">{t('admin.times')}</th>
                <th scope="col">{t('admin.replay')}</th>
                <th scope="col"><span class="only-read-out">{t('admin.show_records')}</span></th>
              </tr>
            </thead>
            <tbody>
              {load.value.records.map((one) => (
                <tr key={one.id}>
                  <td class="number">{one.id}</td>
                  <td><code>{one.record_key || '–'}</code></td>
                  <td lang="en">{one.detail || '–'}</td>
                  <td class="health-when">{formatTime(one.last_at)}</td>
                  <td class="number">{one.occurrences}</td>
                  <td>{one.replay ?? '–'}</td>
                  <td><Button look="quiet" icon="eye" label={t('admin.look', { id: one.id })} onClick={() => setShown(one.id)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {load.value?.next_cursor && most < 500 && <div class="row health-more"><Button busy={load.busy} onClick={() => setMost(Math.min(500, most * 2))}>{t('admin.more_records')}</Button></div>}
      {shown !== undefined && <One id={shown} again={again} onClose={() => setShown(undefined)} />}
    </Card>
  );
}

function One({ id, again, onClose }: { id: number; again: () => void; onClose: () => void }) {
  const load = useLoad((signal) => json<Entry>(`/api/v1/quarantine/${id}`, { signal }), [id]);
  return (
    <Dialog
      wide title={t('admin.record_title', { id })} onClose={onClose}
      actions={<>
        <ButtonLink icon="download" href={`${root()}/api/v1/quarantine/${id}/payload`} download={`quarantine-${id}`}>{t('admin.payload')}</ButtonLink>
        <Tools choice={{ ids: [id] }} again={() => { again(); onClose(); }} />
      </>}
    >
      {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
      {!load.value && load.error === undefined && <Loading />}
      {load.value && (
        <>
          <p lang="en"><strong>{load.value.reason}</strong> {load.value.detail}</p>
          <pre class="admin-payload" tabIndex={0}>{load.value.payload}</pre>
        </>
      )}
    </Dialog>
  );
}
