// Sign-in, in the way the server wants it.
import { useState } from 'preact/hooks';
import { ApiError } from '../../api/http';
import { signIn, signInWays } from '../../api/session';
import type { PageProps } from '../../app/page';
import { useTitle } from '../../app/navigation';
import { t } from '../../text/text';
import { Button, ButtonLink } from '../../ui/button';
import { Card } from '../../ui/card';
import { TextField } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { explain, Failure, Loading } from '../../ui/states';

/** Where to go afterwards: an address of this page and nothing else. */
const back = (to: string | null): string => (to !== null && /^#\/(?!signin)/i.test(to) ? to : '#/');

export default function Page({ route, me }: PageProps) {
  useTitle(t('page.signin'));
  const ways = useLoad(signInWays, []);
  const to = back(route.query.get('to'));
  return (
    <div class="signin">
      <Card>
        <div class="stack">
          <h1>{t('page.signin')}</h1>
          {ways.error !== undefined && <Failure error={ways.error} onRetry={ways.again} />}
          {!ways.value && ways.error === undefined && <Loading />}
          {ways.value && (me.role !== 'none'
            ? <SignedIn name={me.name} to={to} />
            : ways.value.methods.includes('session') ? <Form to={to} /> : <Elsewhere proxy={ways.value.mode === 'proxy'} />)}
        </div>
      </Card>
    </div>
  );
}

function SignedIn({ name, to }: { name: string; to: string }) {
  return (
    <>
      <p>{t('signin.signed_in', { name })}</p>
      <ButtonLink look="primary" href={to}>{t('signin.go_on')}</ButtonLink>
    </>
  );
}

/** A proxy or the browser asks; all that a page can do is to try again. */
function Elsewhere({ proxy }: { proxy: boolean }) {
  return (
    <>
      <p>{t(proxy ? 'signin.by_proxy' : 'signin.by_browser')}</p>
      <Button look="primary" onClick={() => { location.hash = '#/'; location.reload(); }}>{t('common.retry')}</Button>
    </>
  );
}

function sentence(reason: unknown): string {
  if (reason instanceof ApiError && reason.status === 401) return t('signin.wrong');
  if (reason instanceof ApiError && reason.status === 429) return t('signin.wait', { time: reason.retryAfterS });
  return explain(reason);
}

function Form({ to }: { to: string }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await signIn(name, password);
      location.hash = to;
      // The whole page anew: who one is decides what is shown everywhere.
      location.reload();
    } catch (reason) {
      setBusy(false);
      setPassword('');
      setError(sentence(reason));
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <TextField label={t('signin.name')} value={name} autocomplete="username" spellcheck={false} maxLength={128} required autoFocus onInput={(event) => setName(event.currentTarget.value)} />
      <TextField label={t('signin.password')} type="password" value={password} autocomplete="current-password" maxLength={1024} required onInput={(event) => setPassword(event.currentTarget.value)} />
      {error && <p class="field-error" role="alert">{error}</p>}
      <Button type="submit" look="primary" busy={busy}>{t('signin.submit')}</Button>
    </form>
  );
}
