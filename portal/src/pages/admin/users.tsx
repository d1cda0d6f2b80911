// Users of the password file and what they may do.
import { useState } from 'preact/hooks';
import { ApiError, json } from '../../api/http';
import { passwordCharactersMin, type Role } from '../../api/session';
import type { PageProps } from '../../app/page';
import { t } from '../../text/text';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { confirm, Dialog } from '../../ui/dialog';
import { Select, TextField } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { Empty, explain, Failure, Loading } from '../../ui/states';
import { toast } from '../../ui/toast';

interface User { name: string; role: Role }
const roles = ['reader', 'author', 'administrator'] as const;
const roleOptions = () => roles.map((value) => ({ value, label: t(`role.${value}`) }));
const sentence = (error: unknown): string => (error instanceof ApiError && error.detail ? error.detail : explain(error));

export function Users({ me }: PageProps) {
  const load = useLoad((signal) => json<{ users: User[] }>('/api/v1/users', { signal }), []);
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<string>();
  const elsewhere = load.error instanceof ApiError && load.error.status === 409;

  const change = async (work: () => Promise<unknown>, done: string) => {
    try {
      await work();
      toast({ text: done, kind: 'success' });
    } catch (error) {
      toast({ text: sentence(error), kind: 'error' });
    }
    load.again();
  };
  const path = (name: string) => `/api/v1/users/${encodeURIComponent(name)}`;
  const remove = async (name: string) => {
    const sure = await confirm({ title: t('admin.remove_user'), text: t('admin.remove_question', { name }), action: t('admin.remove_user'), danger: true });
    if (sure) await change(() => json(path(name), { method: 'DELETE' }), t('admin.removed', { name }));
  };

  return (
    <Card title={t('admin.users')} actions={load.value && <Button icon="add" look="primary" onClick={() => setAdding(true)}>{t('admin.add_user')}</Button>}>
      {elsewhere && <Empty icon="users" title={t('admin.users_elsewhere')} text={t('admin.users_elsewhere_text')} />}
      {load.error !== undefined && !elsewhere && <Failure error={load.error} onRetry={load.again} />}
      {!load.value && load.error === undefined && <Loading height={160} />}
      {load.value && (
        <div class="table-scroll">
          <table class="table admin-users">
            <thead><tr><th scope="col">{t('signin.name')}</th><th scope="col">{t('about.role')}</th><th scope="col"><span class="only-read-out">{t('common.edit')}</span></th></tr></thead>
            <tbody>
              {load.value.users.map((user) => (
                <tr key={user.name}>
                  <td>{user.name}{user.name === me.name && <span class="badge badge-accent admin-you">{t('admin.you')}</span>}</td>
                  <td>
                    <Select
                      label={t('admin.role_of', { name: user.name })} quietLabel value={user.role as (typeof roles)[number]} options={roleOptions()}
                      onChange={(role) => void change(() => json(path(user.name), { method: 'PUT', body: { role } }), t('admin.role_changed', { name: user.name, role: t(`role.${role}`) }))}
                    />
                  </td>
                  <td>
                    <div class="row">
                      <Button icon="edit" onClick={() => setChanging(user.name)}>{t('admin.new_password')}</Button>
                      <Button icon="trash" look="quiet" label={t('admin.remove_named', { name: user.name })} onClick={() => void remove(user.name)} />
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {adding && <UserDialog onClose={() => setAdding(false)} onDone={() => { setAdding(false); load.again(); }} />}
      {changing !== undefined && <UserDialog name={changing} onClose={() => setChanging(undefined)} onDone={() => { setChanging(undefined); load.again(); }} />}
    </Card>
  );
}

/** Adds a user, or gives `name` another password. */
function UserDialog({ name, onClose, onDone }: { name?: string; onClose: () => void; onDone: () => void }) {
  const [typed, setTyped] = useState('');
  const [role, setRole] = useState<(typeof roles)[number]>('reader');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const fixed = name !== undefined;
  const short = password !== '' && [...password].length < passwordCharactersMin;
  const save = async () => {
    setBusy(true);
    setError('');
    try {
      if (fixed) await json(`/api/v1/users/${encodeURIComponent(name)}`, { method: 'PUT', body: { password } });
      else await json('/api/v1/users', { method: 'POST', body: { name: typed, role, password } });
      toast({ text: fixed ? t('admin.password_changed', { name }) : t('admin.user_added', { name: typed }), kind: 'success' });
      onDone();
    } catch (reason) {
      setError(sentence(reason));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={fixed ? t('admin.password_of', { name }) : t('admin.add_user')} onClose={onClose}
      actions={<>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" busy={busy} disabled={password === '' || short || (!fixed && typed === '')} onClick={() => void save()}>{t('common.save')}</Button>
      </>}
    >
      {!fixed && <TextField label={t('signin.name')} value={typed} maxLength={128} autocomplete="off" spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} />}
      {!fixed && <Select label={t('about.role')} value={role} options={roleOptions()} onChange={setRole} hint={t(`admin.role_${role}`)} />}
      <TextField type="password" label={t('signin.password')} value={password} maxLength={1024} autocomplete="new-password" hint={t('password.rule', { count: passwordCharactersMin })} error={short ? t('password.short') : undefined} onInput={(event) => setPassword(event.currentTarget.value)} />
      {error && <p class="field-error" role="alert" lang="en">{error}</p>}
    </Dialog>
  );
}
