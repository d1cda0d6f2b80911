// One report: title, what it says, chart or table, and what can be done with it.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { runQuery, type QueryAnswer } from '../../api/data';
import {
  cloneItem, createItem, deleteItem, getItem, reorderItem, undeleteItem, type TaggedItem,
} from '../../api/repository';
import type { Settings } from '../../app/settings';
import { go } from '../../app/navigation';
import type { Maxima } from '../../charts/chart';
import { axisMaxima, chartModel, scaleKey } from '../../charts/model';
import { ReportView } from '../../charts/report_view';
import { buildQuery } from '../../query/build';
import { fileName, toCsv, toJson } from '../../query/export';
import type { Query, Report } from '../../query/model';
import { parseReport } from '../../query/report';
import { encodeView, exploreView, type ReportSetView } from '../../query/url_state';
import { t } from '../../text/text';
import { writeMonth, type Month } from '../../time/month';
import { formatDuration } from '../../time/zone';
import { Button, ButtonLink } from '../../ui/button';
import { Card } from '../../ui/card';
import { classes } from '../../ui/classes';
import { confirm } from '../../ui/dialog';
import { download } from '../../ui/download';
import { Icon } from '../../ui/icon';
import { useLoad } from '../../ui/load';
import { Menu, type MenuItem } from '../../ui/menu';
import { explain, Failure, Loading } from '../../ui/states';
import { toast } from '../../ui/toast';
import { History } from './history';

/** What a chart needs of its axes, and the charts that it shares them with. */
export interface ReportMaxima { key: string; maxima: [number, number] }

interface CardProps {
  id: number;
  index: number;
  set: TaggedItem;
  mine: boolean;
  view: ReportSetView;
  month: Month;
  /** The axes of a chart with that key. */
  maximaOf: (key: string) => Maxima;
  onMaxima: (id: number, maxima: ReportMaxima) => void;
  settings: Settings;
  author: boolean;
  onChanged: () => void;
}

const tell = (error: unknown) => toast({ text: explain(error), kind: 'error' });

export function ReportCard(props: CardProps) {
  const item = useLoad((signal) => getItem(props.id, signal), [props.id]);
  const report = useMemo(() => (item.value ? parseReport(item.value.content) : null), [item.value]);
  if (item.error !== undefined) return <Card><Failure error={item.error} onRetry={item.again} height={200} /></Card>;
  if (!item.value) return <Card class="report"><Loading height={390} /></Card>;
  if (!report) return <Card title={t('report.untitled')}><p>{t('report.unreadable')}</p></Card>;
  return <Known {...props} item={item.value} report={report} />;
}

function Known(props: CardProps & { item: TaggedItem; report: Report }) {
  const { item, report, month, view, settings } = props;
  const title = report.Title || t('report.untitled');
  const monthText = writeMonth(month);
  const query = useMemo(
    () => buildQuery(report.Query, { month, filters: view.filters, ...(view.span === null ? {} : { span: view.span }) }),
    [report, monthText, view.filters, view.span]);
  const answer = useLoad((signal) => runQuery(query, signal), [query]);
  const [as, setAs] = useState<'chart' | 'table'>(report.Presentation.presentationPlugin === 'dataTable' ? 'table' : 'chart');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [history, setHistory] = useState(false);
  const rows = answer.value?.rows;
  const isChart = report.Presentation.presentationPlugin === 'flotChart';
  // Maxima are shared over everything that is drawn, whatever is switched off by its legend.
  const needs = useMemo((): ReportMaxima | undefined => {
    if (!isChart || !rows) return undefined;
    const model = chartModel(query, report.Presentation, rows);
    return { key: scaleKey(query, model), maxima: axisMaxima(model) };
  }, [rows, query]);
  useEffect(() => { if (needs) props.onMaxima(props.id, needs); }, [needs]);
  const maxima: Maxima = needs ? props.maximaOf(needs.key) : [undefined, undefined];

  const drill = item.subItemIds[0];
  return (
    <Card
      class={classes('report', as === 'table' && 'report-wide')}
      title={drill === undefined ? title : (
        <a class="report-title" href={encodeView({ ...view, itemId: drill, month })} aria-label={t('report.drill', { title })}>
          {title}<Icon name="forward" />
        </a>
      )}
    >
      {settings.showDescriptions && report.Description && <p class="report-text">{report.Description}</p>}
      {settings.showTimeStamps && answer.value && (
        <p class="muted small">
          {t('report.query_time', { time: formatDuration(answer.value.durationMs) })} {answer.value.fromCache && t('report.cache')}
        </p>
      )}
      <Actions
        {...props} title={title} query={query} answer={answer.value} as={as} onAs={setAs} maxima={maxima} hidden={hidden} onHistory={() => setHistory(true)}
      />
      <div class="report-body" aria-busy={answer.busy ? 'true' : undefined}>
        {answer.error !== undefined && <Failure error={answer.error} onRetry={answer.again} height={report.Presentation.height} />}
        {answer.error === undefined && !rows && <Loading height={Math.min(report.Presentation.height, 900)} />}
        {answer.error === undefined && rows && (
          <ReportView
            title={title} query={query} presentation={report.Presentation} rows={rows} as={as} maxima={maxima} hidden={hidden} onHidden={setHidden}
          />
        )}
      </div>
      {history && <History item={item} title={title} onClose={() => setHistory(false)} onRestored={props.onChanged} />}
    </Card>
  );
}

function Actions(props: CardProps & {
  item: TaggedItem; report: Report; title: string; query: Query; answer: QueryAnswer | undefined; as: 'chart' | 'table';
  onAs: (as: 'chart' | 'table') => void; maxima: Maxima; hidden: ReadonlySet<string>; onHistory: () => void;
}) {
  const { item, title, query, answer, as, mine, author, month, set, index } = props;
  const work = useWork(props);
  const last = set.subItemIds.length - 1;
  const change = mine && author;
  const files: MenuItem[] = [
    { label: t('report.download_csv'), icon: 'table', disabled: !answer, onSelect: () => work.text('csv') },
    { label: t('report.download_json'), icon: 'copy', disabled: !answer, onSelect: () => work.text('json') },
    { label: t('report.download_png'), icon: 'chart', disabled: !answer?.rows.length, onSelect: () => void work.picture('png') },
    { label: t('report.download_svg'), icon: 'chart', disabled: !answer?.rows.length, onSelect: () => void work.picture('svg') },
    { label: t('offline.title'), icon: 'save', disabled: !answer, onSelect: () => void work.file() },
  ];
  const more: MenuItem[] = change ? [
    { label: t('report.move_up'), icon: 'sort_up', disabled: index === 0, onSelect: () => void work.move(-1) },
    { label: t('report.move_down'), icon: 'sort_down', disabled: index === last, onSelect: () => void work.move(1) },
    ...(item.subItemIds.length === 0 ? [{ label: t('report.make_drill'), icon: 'add' as const, onSelect: () => void work.drill() }] : []),
    { label: t('report.history'), icon: 'history', onSelect: props.onHistory },
    { label: t('report.delete'), icon: 'trash', danger: true, onSelect: () => void work.remove() },
  ] : [];
  return (
    <div class="report-actions no-print">
      {change && <ButtonLink look="quiet" icon="edit" href={encodeView({ page: 'edit', itemId: item.itemId, parentId: null, month, query: null })}>{t('common.edit')}</ButtonLink>}
      {author && <Button look="quiet" icon="copy" onClick={() => void work.clone()}>{t('report.clone')}</Button>}
      <ButtonLink
        look="quiet" icon="search"
        href={encodeView(exploreView(query, { month, as, from: item.itemId }))}
      >
        {t('report.explore')}
      </ButtonLink>
      <Button
        look="quiet" icon={as === 'chart' ? 'table' : 'chart'} onClick={() => props.onAs(as === 'chart' ? 'table' : 'chart')}
      >
        {as === 'chart' ? t('report.as_table') : t('report.as_chart')}
      </Button>
      <span class="report-menus">
        <Menu label={t('report.download', { title })} icon="download" parts={[{ items: files }]} />
        {more.length > 0 && <Menu label={t('report.actions', { title })} icon="more" parts={[{ items: more }]} />}
      </span>
    </div>
  );
}

/** What the actions do; each tells how it went. */
function useWork({ item, report, title, query, answer, mine, set, index, maxima, hidden, onChanged }: CardProps & {
  item: TaggedItem; report: Report; title: string; query: Query; answer: QueryAnswer | undefined; maxima: Maxima; hidden: ReadonlySet<string>;
}) {
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      onChanged();
    } catch (error) {
      tell(error);
      onChanged();
    }
  };
  const names = [
    ...query.Dimensions.map((one, i) => report.Presentation.dimensions[i]?.friendlyName || one.DataModelName),
    ...query.Measurements.map((one, i) => report.Presentation.measurements[i]?.friendlyName || one.DataModelName),
  ];
  return {
    text(kind: 'csv' | 'json') {
      if (!answer) return;
      const rows = answer.rows;
      if (kind === 'csv') download(fileName(title, 'csv'), toCsv(names, rows), 'text/csv');
      else {
        download(fileName(title, 'json'), toJson(query, {
          ExecutionTime: '', DataResult: rows, ResultIsFromCache: answer.fromCache, ErrorType: 0,
        }), 'application/json');
      }
    },
    async picture(kind: 'png' | 'svg') {
      if (!answer) return;
      try {
        const pictures = await import('../../charts/picture');
        const model = chartModel(query, report.Presentation, answer.rows);
        const options = { title, hidden, maxima };
        if (kind === 'png') download(fileName(title, 'png'), await pictures.toPng(model, options));
        else download(fileName(title, 'svg'), await pictures.toSvg(model, options), 'image/svg+xml');
      } catch (error) {
        tell(error);
      }
    },
    async file() {
      if (!answer) return;
      const [dialog, collect] = await Promise.all([import('../../offline/save_dialog'), import('../../offline/collect')]);
      await dialog.saveAsFile((units) => ({
        title, description: '', notes: collect.notesOf(answer),
        reports: [collect.offlineReport(report, query, answer.rows, units)],
      }));
    },
    clone: () => attempt(async () => {
      const made = await cloneItem(item.itemId);
      if (mine) toast({ text: t('report.cloned', { title }), kind: 'success' });
      else toast({ text: t('report.cloned_to_own', { title }), kind: 'success', action: { label: t('nav.reports'), run: () => go('#/') } });
      void made;
    }),
    async remove() {
      const sure = await confirm({ title: t('report.delete'), text: t('report.delete_question', { title }), action: t('common.delete'), danger: true });
      if (!sure) return;
      await attempt(async () => {
        await deleteItem(item.itemId, item.tag);
        toast({
          text: t('report.deleted', { title }), kind: 'success',
          action: { label: t('common.undo'), run: () => void undeleteItem(item.itemId).then(onChanged, tell) },
        });
      });
    },
    move: (by: number) => attempt(async () => {
      const order = set.subItemIds.filter((id) => id !== item.itemId);
      order.splice(index + by, 0, item.itemId);
      await reorderItem(set.itemId, order, set.tag);
    }),
    drill: () => attempt(async () => {
      await createItem(item.itemId, JSON.stringify({ Title: title, Description: '', MaxCalls: 'Auto', MaxPercentage: 'Auto' }));
    }),
  };
}
