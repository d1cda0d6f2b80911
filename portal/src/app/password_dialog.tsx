// The own password changed by who is signed in.
import { useState } from 'preact/hooks';
import { ApiError } from '../api/http';
import { changePassword, passwordCharactersMin } from '../api/session';
import { t } from '../text/text';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/field';
import { explain } from '../ui/states';
import { toast } from '../ui/toast';

const sentence = (error: unknown): string => {
  if (!(error instanceof ApiError)) return explain(error);
  if (error.status === 403) return t('password.old_wrong');
  if (error.status === 429) return t('signin.wait', { time: error.retryAfterS });
  return explain(error);
};

export function PasswordDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [before, setBefore] = useState('');
  const [after, setAfter] = useState('');
  const [again, setAgain] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const short = after !== '' && [...after].length < passwordCharactersMin;
  const other = again !== '' && again !== after;
  const ready = before !== '' && after !== '' && again === after && !short;
  const save = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError('');
    try {
      await changePassword(before, after);
      toast({ text: t('password.changed'), kind: 'success' });
      onClose();
    } catch (reason) {
      setError(sentence(reason));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('password.change')} onClose={onClose}
      actions={<>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" busy={busy} disabled={!ready} onClick={(event: Event) => void save(event)}>{t('common.save')}</Button>
      </>}
    >
      <form class="stack" onSubmit={(event) => void save(event)}>
        <p>{t('password.text')}</p>
        {/* For password keepers: whose it is. */}
        <input class="only-read-out" type="text" autocomplete="username" value={name} readOnly tabIndex={-1} aria-hidden="true" />
        <TextField type="password" label={t('password.old')} value={before} maxLength={1024} autocomplete="current-password" autoFocus onInput={(event) => setBefore(event.currentTarget.value)} />
        <TextField type="password" label={t('password.new')} value={after} maxLength={1024} autocomplete="new-password" hint={t('password.rule', { count: passwordCharactersMin })} error={short ? t('password.short') : undefined} onInput={(event) => setAfter(event.currentTarget.value)} />
        <TextField type="password" label={t('password.again')} value={again} maxLength={1024} autocomplete="new-password" error={other ? t('password.differs') : undefined} onInput={(event) => setAgain(event.currentTarget.value)} />
        {error && <p class="field-error" role="alert">{error}</p>}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
