import type { PageProps } from '../../app/page';
import { useTitle } from '../../app/navigation';
import { t } from '../../text/text';
import { Empty } from '../../ui/states';

export default function Page(_props: PageProps) {
  useTitle(t('page.admin'));
  return <Empty title={t('page.admin')} height={320} />;
}
