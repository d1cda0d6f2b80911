// What is asked: grouped by, measured, only where, and when. Everything can be changed on the spot.
import { useState } from 'preact/hooks';
import type { DataVersion } from '../../api/data';
import type { Catalogue } from '../../ask/catalogue';
import { Conditions } from '../../ask/conditions';
import { NamePicker } from '../../ask/name_picker';
import { t } from '../../text/text';
import { formatMonth as longMonth } from '../../time/month';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Select } from '../../ui/field';
import { MonthPicker } from '../../ui/month_picker';
import {
  addMonths, compareMonths, formatMonth, isMonthName, labelOf, monthName, parseMonth, spanDefault, usualBreakdowns, withTrend,
  type ExploreView, type Month, type NameReference, type Query,
} from '../../query';

import { compareSort } from './compared';
import { Versions } from './versions';

type Change = (part: Partial<ExploreView>) => void;

export function Question({ view, month, query, catalogue, versions, onChange }: {
  view: ExploreView; month: Month; query: Query; catalogue: Catalogue; versions: readonly DataVersion[]; onChange: Change;
}) {
  const hasStates = versions.length > 1 || view.asOf !== null || view.compareVersion !== null;
  const set = (part: Partial<Query>) => onChange({ query: { ...view.query, ...part }, sort: part.Dimensions || part.Measurements ? null : view.sort });
  return (
    <Card class="question">
      <h1>{t('page.explore')}</h1>
      <div class="question-rows">
        <span class="question-name" id="ask-by">{t('explore.by')}</span>
        <Names labelledBy="ask-by" list={view.query.Dimensions} entries={catalogue.attributes} usual={usualBreakdowns} add={t('explore.add_by')}
          onChange={(Dimensions) => set({ Dimensions })} />
        <span class="question-name" id="ask-measure">{t('explore.measure')}</span>
        <Names labelledBy="ask-measure" list={view.query.Measurements} entries={catalogue.measures} usual={[]} add={t('editor.add_measurement')}
          onChange={(Measurements) => set({ Measurements })} />
        <span class="question-name">{t('explore.only')}</span>
        <Conditions
          compact filters={view.query.Filters.filter((one) => !isMonthName(one.DataModelName) || one.UnionGroup !== '')}
          catalogue={catalogue} window={query} onChange={(Filters) => set({ Filters })}
        />
        <span class="question-name">{t('explore.when')}</span>
        <When view={view} month={month} onChange={onChange} />
        {hasStates && <span class="question-name">{t('explore.data')}</span>}
        {hasStates && <Versions view={view} versions={versions} onChange={onChange} />}
      </div>
    </Card>
  );
}

function Names({ labelledBy, list, entries, usual, add, onChange }: {
  labelledBy: string; list: readonly NameReference[]; entries: Catalogue['attributes']; usual: readonly string[]; add: string;
  onChange: (list: NameReference[]) => void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <div class="row" role="group" aria-labelledby={labelledBy}>
      {list.map(({ DataModelName: name }, index) => (
        <span key={name} class="chip" title={name}>
          {labelOf(name)}
          <Button look="quiet" icon="close" label={t('ask.remove_named', { name: labelOf(name) })}
            onClick={() => onChange(list.filter((_, i) => i !== index))} />
        </span>
      ))}
      <Button look="quiet" icon="add" label={add} onClick={() => setOpen(true)}>{list.length === 0 ? add : undefined}</Button>
      {open && (
        <NamePicker title={add} entries={entries} usual={usual} chosen={list.map((one) => one.DataModelName)}
          onPick={(name) => onChange([...list, { DataModelName: name }])} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}

function When({ view, month, onChange }: { view: ExploreView; month: Month; onChange: Change }) {
  const trend = view.query.Trend?.EnableTrend === true;
  const setTrend = (on: boolean) => {
    const query = withTrend(view.query, on, spanDefault, month);
    const byMonth = query.Dimensions.some((one) => isMonthName(one.DataModelName));
    // A trend without the month would add its months up.
    onChange({ compareWith: null, sort: null, query: on && !byMonth ? { ...query, Dimensions: [...query.Dimensions, { DataModelName: monthName }] } : query });
  };
  const months = [...new Map([1, 2, 3, 6, 12].map((back) => addMonths(month, -back))
    .concat(view.compareWith ? [view.compareWith] : []).map((one) => [formatMonth(one), one])).values()].sort(compareMonths).reverse();
  return (
    <div class="row question-when">
      <MonthPicker month={month} onChange={(chosen) => onChange({ month: chosen })} />
      <div class="segments" role="group" aria-label={t('editor.time')}>
        <button type="button" class="segment" aria-pressed={!trend} onClick={() => setTrend(false)}>{t('editor.one_month')}</button>
        <button type="button" class="segment" aria-pressed={trend} onClick={() => setTrend(true)}>{t('explore.months', { count: spanDefault })}</button>
      </div>
      {!trend && (
        <Select
          label={t('explore.compare')} quietLabel value={view.compareWith ? formatMonth(view.compareWith) : ''}
          options={[{ value: '', label: t('explore.no_compare') },
            ...months.map((one) => ({ value: formatMonth(one), label: t('explore.compare_with', { month: longMonth(one) }) }))]}
          onChange={(value) => onChange({ compareWith: parseMonth(value), compareVersion: null,
            sort: value === '' ? null : compareSort(view.query.Dimensions.length) })}
        />
      )}
    </div>
  );
}
