import type { PageProps } from '../../app/page';
import { useTitle } from '../../app/navigation';
import { t } from '../../text/text';
import { Empty } from '../../ui/states';

export default function Page(_props: PageProps) {
  useTitle(t('nav.reports'));
  return <Empty title={t('nav.reports')} height={320} />;
}
