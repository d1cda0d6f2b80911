// Nothing came: where the streams went, and what to take away to see some.
import type { QueryAnswer } from '../../api/data';
import { conditionText } from '../../ask/filter_dialog';
import { formatNumber, t, type TextKey } from '../../text/text';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/states';
import {
  addMonths, formatValues, isMonthName, keyOfMember, labelOf, parseFunnel, removeFilters, type ExploreView, type Filter,
  type Funnel, type FunnelStep, type Month,
} from '../../query';

type Change = (part: Partial<ExploreView>) => void;

export function EmptyAnswer({ answer, view, month, onChange }: {
  answer: QueryAnswer; view: ExploreView; month: Month; onChange: Change;
}) {
  const funnel = parseFunnel(answer.funnel);
  const filters = view.query.Filters;
  return (
    <div class="stack empty-answer">
      <Empty title={t('ask.empty')} text={funnel?.cause ? causeText(funnel.cause) : t('ask.empty_hint')} icon="search" />
      {funnel && <Steps funnel={funnel} />}
      {funnel?.steps.flatMap((step) => step.unknown).map((unknown) => (
        <NearMembers key={`${unknown.name} ${unknown.value}`} unknown={unknown} filters={filters}
          onChange={(next) => onChange({ query: { ...view.query, Filters: next } })} />
      ))}
      <div class="row empty-ways">
        <Button icon="back" onClick={() => onChange({ month: addMonths(month, -1) })}>{t('editor.earlier')}</Button>
        {filters.map((filter, index) => (isMonthName(filter.DataModelName) ? null : (
          <Button key={index} icon="close" onClick={() => onChange({ query: { ...view.query, Filters: removeFilters(filters, [index]) } })}>
            {t('explore.without_filter', { name: filterText(filter) })}
          </Button>
        )))}
      </div>
    </div>
  );
}

/** A cause that this page does not know yet is told by its name. */
function causeText(cause: string): string {
  const text = t(`funnel.${cause}` as TextKey);
  return text === `funnel.${cause}` ? cause : text;
}
const filterText = (filter: Filter): string => {
  const { operand, values } = conditionText(filter);
  return `${labelOf(filter.DataModelName)} ${operand} ${values}`;
};

function Steps({ funnel }: { funnel: Funnel }) {
  const name = (step: FunnelStep): string => {
    if (step.kind === 'Window') return t('explore.step_window', { from: step.from, to: step.to });
    return step.conditions.map((one) => filterText({ ...one, Caption: '', UnionGroup: '' })).join(` ${t('ask.or')} `) || step.kind;
  };
  return (
    <div class="table-scroll">
      <table class="table funnel">
        <caption>{t('explore.why_empty')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('explore.step')}</th>
            <th scope="col" class="number">{t('explore.removed')}</th>
            <th scope="col" class="number">{t('explore.left')}</th>
          </tr>
        </thead>
        <tbody>
          <tr><td>{t('explore.loaded')}</td><td class="number" /><td class="number">{formatNumber(funnel.loaded, 0)}</td></tr>
          {funnel.steps.map((step, i) => (
            <tr key={i} class={step.left === 0 && step.removed > 0 ? 'funnel-end' : ''}>
              <td>{name(step)}</td>
              <td class="number">{formatNumber(step.removed, 0)}</td>
              <td class="number">{formatNumber(step.left, 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A value that no stream has, and those that look like it. */
function NearMembers({ unknown, filters, onChange }: {
  unknown: FunnelStep['unknown'][number]; filters: readonly Filter[]; onChange: (filters: Filter[]) => void;
}) {
  if (unknown.near.length === 0) return null;
  const place = filters.findIndex((one) => one.DataModelName === unknown.name);
  return (
    <p class="row empty-ways">
      {t('explore.unknown_member', { value: unknown.value, name: labelOf(unknown.name) })}
      {unknown.near.map(([key, caption]) => (
        <Button key={key} onClick={() => onChange(filters.map((one, i) =>
          (i === place ? { ...one, Value: formatValues([keyOfMember(key)]), Caption: caption } : one)))}>{caption}</Button>
      ))}
    </p>
  );
}
