// Nothing came: where the streams went, and what to take away to see some.
import type { QueryAnswer } from '../../api/data';
import { conditionText } from '../../ask/filter_dialog';
import { formatNumber, t } from '../../text/text';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/states';
import { addMonths, isMonthName, labelOf, removeFilters, type ExploreView, type Query } from '../../query';

/** A step of the server's account, where it gives one. */
interface Step { step: string; name?: string; removed: number; left: number }

function stepsOf(answer: QueryAnswer): Step[] {
  const funnel = (answer as { funnel?: unknown }).funnel;
  return Array.isArray(funnel) ? funnel as Step[] : [];
}

export function EmptyAnswer({ funnel, view, onChange }: {
  funnel: QueryAnswer; query: Query; view: ExploreView; onChange: (part: Partial<ExploreView>) => void;
}) {
  const steps = stepsOf(funnel);
  const filters = view.query.Filters;
  return (
    <div class="stack empty-answer">
      <Empty title={t('ask.empty')} text={t('ask.empty_hint')} icon="search" />
      {steps.length > 0 && (
        <table class="table">
          <caption class="only-read-out">{t('explore.why_empty')}</caption>
          <thead><tr><th scope="col">{t('explore.step')}</th><th scope="col" class="number">{t('explore.removed')}</th><th scope="col" class="number">{t('explore.left')}</th></tr></thead>
          <tbody>{steps.map((step, i) => (
            <tr key={i}><td>{step.name ? labelOf(step.name) : step.step}</td><td class="number">{formatNumber(step.removed)}</td><td class="number">{formatNumber(step.left)}</td></tr>
          ))}</tbody>
        </table>
      )}
      <div class="row empty-ways">
        <Button icon="back" onClick={() => view.month && onChange({ month: addMonths(view.month, -1) })}>{t('editor.earlier')}</Button>
        {filters.map((filter, index) => (isMonthName(filter.DataModelName) ? null : (
          <Button key={index} icon="close" onClick={() => onChange({ query: { ...view.query, Filters: removeFilters(filters, [index]) } })}>
            {t('explore.without_filter', { name: `${labelOf(filter.DataModelName)} ${conditionText(filter).operand} ${conditionText(filter).values}` })}
          </Button>
        )))}
      </div>
    </div>
  );
}
