import { useTitle } from '../../app/navigation';
import type { PageProps } from '../../app/page';
import { getStatus } from '../../api/status';
import { t } from '../../text/text';
import { formatTime } from '../../time/zone';
import { Card } from '../../ui/card';
import { useLoad } from '../../ui/load';

interface Server { server?: { version?: string; started_at?: string | null } }

export default function Page({ me }: PageProps) {
  useTitle(t('page.about'));
  const { value } = useLoad((signal) => getStatus<Server>(signal), []);
  const rows: [string, string | undefined][] = [
    [t('about.version'), value?.server?.version ?? me.server?.version],
    [t('about.started'), formatTime(value?.server?.started_at)],
    [t('about.user'), me.name],
    [t('about.role'), t(`role.${me.role}`)],
  ];
  return (
    <div class="stack">
      <h1>{t('page.about')}</h1>
      <Card>
        <div class="stack">
          <p>{t('about.text')}</p>
          <table class="table facts">
            <tbody>
              {rows.filter(([, text]) => text).map(([name, text]) => <tr key={name}><th scope="row">{name}</th><td>{text}</td></tr>)}
            </tbody>
          </table>
          <p class="muted small">{t('about.licence')}</p>
        </div>
      </Card>
    </div>
  );
}
