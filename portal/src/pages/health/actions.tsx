// What an administrator may do about runs: start, cancel, pause, resume.
import { useState } from 'preact/hooks';
import { json } from '../../api/http';
import { t, type TextKey } from '../../text/text';
import { Button } from '../../ui/button';
import { confirm, Dialog } from '../../ui/dialog';
import { TextField } from '../../ui/field';
import { explain } from '../../ui/states';
import { toast } from '../../ui/toast';
import { ApiError } from '../../api/http';
import type { Run, Stage, StageName } from './model';

/** A name for one wish, so that asking again after a lost answer starts nothing twice. */
const newKey = (): string => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join('-');

async function tell(work: () => Promise<unknown>, done: TextKey, again: () => void): Promise<void> {
  try {
    await work();
    toast({ text: t(done), kind: 'success' });
  } catch (error) {
    const detail = error instanceof ApiError ? error.detail : '';
    toast({ text: detail || explain(error), kind: 'error' });
  }
  again();
}

export function StartButton({ stage, again, label }: { stage: StageName; again: () => void; label?: string }) {
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    await tell(() => json('/api/v1/runs', { method: 'POST', body: { stage }, headers: { 'Idempotency-Key': newKey() } }),
      'health.started', again);
    setBusy(false);
  };
  return <Button icon="play" busy={busy} onClick={() => void start()}>{label ?? t(`health.start.${stage}`)}</Button>;
}

export function CancelButton({ run, again }: { run: Run; again: () => void }) {
  const cancel = async () => {
    const sure = await confirm({
      title: t('health.cancel'), text: t('health.cancel_question'), action: t('health.cancel'), danger: true,
    });
    if (sure) await tell(() => json(`/api/v1/runs/${run.run_id}/cancel`, { method: 'POST' }), 'health.cancelling', again);
  };
  return <Button icon="stop" onClick={() => void cancel()}>{t('health.cancel')}</Button>;
}

export function PauseButton({ stage, again }: { stage: Stage; again: () => void }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  if (stage.state === 'paused' || stage.schedule.paused_reason !== null) {
    const resume = () => void tell(() => json('/api/v1/schedule/resume', { method: 'POST' }), 'health.resumed', again);
    return <Button icon="play" look="primary" onClick={resume}>{t('health.resume')}</Button>;
  }
  const pause = () => {
    setAsking(false);
    void tell(() => json('/api/v1/schedule/pause', { method: 'POST', body: { reason } }), 'health.paused', again);
  };
  return (
    <>
      <Button icon="pause" onClick={() => setAsking(true)}>{t('health.pause')}</Button>
      {asking && (
        <Dialog
          title={t('health.pause')}
          onClose={() => setAsking(false)}
          actions={<>
            <Button onClick={() => setAsking(false)}>{t('common.cancel')}</Button>
            <Button look="primary" disabled={reason.trim() === ''} onClick={pause}>{t('health.pause')}</Button>
          </>}
        >
          <p>{t('health.pause_text')}</p>
          <TextField label={t('health.pause_reason')} value={reason} maxLength={200} onInput={(event) => setReason(event.currentTarget.value)} />
        </Dialog>
      )}
    </>
  );
}
