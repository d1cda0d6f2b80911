// Everybody who has used the portal, each with the way to his reports (the original's Users Dashboard).
import { listUsers, systemUserId } from '../../api/repository';
import { useTitle } from '../../app/navigation';
import type { PageProps } from '../../app/page';
import { setHref } from '../../app/route';
import { t } from '../../text/text';
import { Card } from '../../ui/card';
import { useLoad } from '../../ui/load';
import { Failure, Loading } from '../../ui/states';

export default function Page(_props: PageProps) {
  useTitle(t('page.users'));
  const users = useLoad(listUsers, []);
  return (
    <div class="stack">
      <h1>{t('page.users')}</h1>
      <p class="muted">{t('users.text')}</p>
      <Card>
        {users.error !== undefined && <Failure error={users.error} onRetry={users.again} />}
        {!users.value && users.error === undefined && <Loading />}
        {users.value && (
          <div class="table-scroll">
            <table class="table">
              <thead><tr><th scope="col">{t('users.name')}</th><th scope="col">{t('users.reports')}</th></tr></thead>
              <tbody>
                {users.value.map((user) => (
                  <tr key={user.userId}>
                    <td>{user.loginName}{user.userId === systemUserId && <span class="badge users-system">{t('users.system')}</span>}</td>
                    <td><a href={setHref(user.defaultItemId)}>{t('users.open', { name: user.loginName })}</a></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
    </div>
  );
}
