// The report editor: what is asked on the left, how it looks and a live preview on the right.
import { useMemo, useState } from 'preact/hooks';
import { getItem, getUser, listAncestors, type TaggedItem } from '../../api/repository';
import { useTitle } from '../../app/navigation';
import { may, type PageProps } from '../../app/page';
import { setHref } from '../../app/route';
import { useCatalogue } from '../../ask/catalogue';
import { useMonth } from '../../ask/latest';
import { t } from '../../text/text';
import { ButtonLink } from '../../ui/button';
import { useLoad } from '../../ui/load';
import { Empty, Failure, Loading } from '../../ui/states';
import {
  alignPresentation, decodeView, defaultPresentation, newReport, parseReport, type Report, type View,
} from '../../query';
import { Editor } from './editor';

/** What the editor begins with. */
export interface Start {
  /** Null: a report that is not stored yet. */
  item: TaggedItem | null;
  /** The report set that it stands in, or will. */
  parentId: number | null;
  report: Report;
  /** False: somebody else's; saving makes a copy. */
  own: boolean;
  /** Where a copy of somebody else's report goes. */
  homeId: number;
}

async function load(view: Extract<View, { page: 'edit' }>, signal: AbortSignal): Promise<Start | null> {
  const user = await getUser('default', signal);
  if (view.itemId === null) {
    const report = newReport('');
    if (view.query) {
      const query = { ...report.Query, ...view.query };
      if (!view.query.Trend) query.Trend = { EnableTrend: false, SpanCount: 7, TrendDate: '', Type: 0 };
      report.Query = query;
      const many = query.Dimensions.length > 1 || query.Measurements.length > 8;
      report.Presentation = alignPresentation(defaultPresentation(query, many ? 'dataTable' : 'flotChart'), query);
    }
    return { item: null, parentId: view.parentId ?? user.defaultItemId, report, own: true, homeId: user.defaultItemId };
  }
  const [item, ancestors] = await Promise.all([getItem(view.itemId, signal), listAncestors(view.itemId, signal)]);
  const report = parseReport(item.content);
  if (!report || report.Query.Measurements.length + report.Query.Dimensions.length + report.Query.Filters.length === 0) return null;
  return {
    item, report, parentId: ancestors[0]?.itemId ?? null, own: item.userId === user.userId, homeId: user.defaultItemId,
  };
}

export default function Page(props: PageProps) {
  useTitle(t('page.editor'));
  const { route, me } = props;
  const address = `#/Edit/${route.segments.map(encodeURIComponent).join('/')}?${route.query.toString()}`;
  const view = useMemo(() => decodeView(address) as Extract<View, { page: 'edit' }>, [address]);
  const [turn, setTurn] = useState(0);
  const start = useLoad((signal) => load(view, signal), [view, turn]);
  const catalogue = useCatalogue();
  const month = useMonth(view.month, me.time_zone);

  if (!may(props, 'author')) {
    return <Empty title={t('editor.readers')} icon="edit" height={320} actions={<ButtonLink href="#/">{t('shell.to_start')}</ButtonLink>} />;
  }
  const error = start.error ?? catalogue.error;
  if (error !== undefined) return <Failure error={error} height={320} onRetry={() => { start.again(); catalogue.again(); }} />;
  if (start.busy || !catalogue.value || !month) return <Loading height={320} />;
  if (!start.value) {
    return <Empty title={t('editor.no_report')} height={320} actions={<ButtonLink href={setHref(view.itemId ?? 0)}>{t('editor.open_set')}</ButtonLink>} />;
  }
  return (
    <Editor
      key={`${address} ${turn}`} start={start.value} catalogue={catalogue.value} month={month}
      onReload={() => setTurn(turn + 1)}
    />
  );
}
