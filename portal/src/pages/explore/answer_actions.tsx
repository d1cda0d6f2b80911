// What can be done with an answer: shown otherwise, shared, kept, explained.
import { useState } from 'preact/hooks';
import { go } from '../../app/navigation';
import type { Catalogue } from '../../ask/catalogue';
import { copyText, QueryDialog } from '../../ask/query_dialog';
import { notesOf } from '../../offline/collect';
import type { OfflineReport } from '../../offline/file';
import { t } from '../../text/text';
import { Button } from '../../ui/button';
import { download } from '../../ui/download';
import { Menu } from '../../ui/menu';
import { encodeView, fileName, toCsv, unitOf, whyOfMonth, type Cell, type ExploreView, type Month, type Presentation, type Query } from '../../query';
import type { Explored } from './index';

export function Actions({ view, month, query, catalogue, isAuthor, onChange, looks, rows, title, asChart, explored }: {
  view: ExploreView; month: Month; query: Query; catalogue: Catalogue; explored: Explored; isAuthor: boolean;
  looks: Presentation; rows: readonly Cell[][]; title: string; asChart: boolean; onChange: (part: Partial<ExploreView>) => void;
}) {
  const [asksQuery, setAsksQuery] = useState(false);
  const headers = [...looks.dimensions, ...looks.measurements].map((one) => one.friendlyName);
  const saved: OfflineReport = {
    title, description: '', looks: { ...looks, presentationPlugin: asChart ? 'flotChart' : 'dataTable' }, filters: query.Filters, rows,
    units: looks.measurements.map((one) => unitOf(one.DataModelName, catalogue.units)),
  };
  const saveFile = async () => (await import('../../offline/save_dialog')).saveAsFile(() =>
    ({ title, description: '', reports: [saved], notes: notesOf(explored.answer) }));
  const link = () => new URL(encodeView({ ...view, month }), location.href).href;
  return (
    <div class="spread answer-actions">
      <div class="segments" role="group" aria-label={t('editor.form')}>
        <button type="button" class="segment" aria-pressed={asChart} onClick={() => onChange({ as: 'chart' })}
          disabled={explored.query.Dimensions.length > 2}>{t('editor.chart')}</button>
        <button type="button" class="segment" aria-pressed={!asChart} onClick={() => onChange({ as: 'table' })}>{t('editor.table')}</button>
      </div>
      <div class="row">
        <Button look="quiet" icon="help" aria-pressed={view.why !== null} onClick={() => onChange({ why: view.why ? null : whyOfMonth(month, view.compareWith) })}>
          {t('explore.why')}
        </Button>
        <Button look="quiet" icon="link" onClick={() => void copyText(link(), t('explore.link_copied'))}>{t('explore.share')}</Button>
        {isAuthor && (
          <Button look="quiet" icon="save" onClick={() => go(encodeView({ page: 'edit', itemId: null, parentId: null, month, query: view.query }))}>
            {t('explore.save_report')}
          </Button>
        )}
        <Menu
          label={t('explore.more')} icon="download"
          parts={[{ items: [
            { label: t('ask.show_query'), icon: 'link', onSelect: () => setAsksQuery(true) },
            { label: 'CSV', icon: 'download', onSelect: () => download(fileName(title, 'csv'), toCsv(headers, rows), 'text/csv') },
            { label: t('offline.title'), icon: 'save', onSelect: () => void saveFile() },
          ] }]}
        />
      </div>
      {asksQuery && <QueryDialog query={query} onClose={() => setAsksQuery(false)} />}
    </div>
  );
}
