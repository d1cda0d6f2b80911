// Administration: customer tables and their versions, subnets without a building, refused records, users.
import type { ComponentType } from 'preact';
import { may, type PageProps } from '../../app/page';
import { useTitle } from '../../app/navigation';
import { href } from '../../app/route';
import { t } from '../../text/text';
import { Empty } from '../../ui/states';
import { Mapping } from './mapping';
import { Quarantine } from './quarantine';
import { Tables } from './tables';
import { Unmapped } from './unmapped';
import { Users } from './users';

const parts: Record<string, ComponentType<PageProps>> = {
  tables: Tables, mapping: Mapping, unmapped: Unmapped, quarantine: Quarantine, users: Users,
};
type Part = 'tables' | 'mapping' | 'unmapped' | 'quarantine' | 'users';

export default function Page(props: PageProps) {
  useTitle(t('page.admin'));
  if (!may(props, 'administrator')) return <Empty title={t('error.not_allowed')} icon="alert" height={320} />;
  const chosen = (props.route.segments[0] ?? 'tables').toLowerCase();
  const Chosen = parts[chosen];
  return (
    <div class="stack">
      <h1>{t('page.admin')}</h1>
      <nav class="tabs" aria-label={t('page.admin')}>
        {(Object.keys(parts) as Part[]).map((one) => (
          <a key={one} href={href('admin', [one])} aria-current={one === chosen ? 'page' : undefined}>{t(`admin.${one}`)}</a>
        ))}
      </nav>
      {Chosen ? <Chosen {...props} /> : <Empty title={t('shell.no_such_page')} height={240} />}
    </div>
  );
}
