// "Why is it worse?": the groups of streams that explain a rise of the poor share, best first. A click asks about one of them alone.
import { useMemo, useState } from 'preact/hooks';
import { findCauses } from '../../api/data';
import { formatNumber as plainNumber, language, t } from '../../text/text';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Select, TextField } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { Empty, Failure, Loading } from '../../ui/states';
import {
  addDays, causesBody, daysBefore, filterToCause, formatNumber, labelOf, monthOfDays, writeWhy, type Cause, type Causes, type Days, type ExploreView,
  type Why,
} from '../../query';
import { formatMonth } from '../../time/month';

type Change = (part: Partial<ExploreView>) => void;
const share = (ratio: number) => formatNumber(100 * ratio, '%', { locale: language(), withUnit: true });
const points = (ratio: number) => formatNumber(100 * ratio, '%', { locale: language(), signed: true });

export function WhyCard({ view, why, onChange }: { view: ExploreView; why: Why; onChange: Change }) {
  const body = useMemo(() => causesBody(view.query, why), [view.query, why]);
  const found = useLoad((signal) => findCauses(body, signal), [JSON.stringify(body)]);
  return (
    <Card
      class="why" title={t('explore.why_title', { time: daysText(why.after) })}
      actions={<Button look="quiet" icon="close" label={t('common.close')} onClick={() => onChange({ why: null })} />}
    >
      <Times key={writeWhy(why)} why={why} onChange={onChange} />
      {found.error !== undefined && <Failure error={found.error} onRetry={found.again} height={160} />}
      {found.error === undefined && (found.busy || !found.value) && <Loading height={160} label={t('explore.why_searching')} />}
      {found.error === undefined && !found.busy && found.value && (
        <Result causes={found.value} why={why} onPick={(cause) => onChange({ query: filterToCause(view.query, cause) })} />
      )}
    </Card>
  );
}

/** A whole month by its name, else its days; the last one belongs to it. */
function daysText(days: Days): string {
  const month = monthOfDays(days);
  return month ? formatMonth(month) : t('explore.why_days', { from: dayText(days.from), to: dayText(addDays(days.to, -1)) });
}
const dayText = (day: string) => new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));

/** The two times; asked when "Search" is pressed, not while a date is typed. */
function Times({ why, onChange }: { why: Why; onChange: Change }) {
  const [after, setAfter] = useState(why.after);
  const [before, setBefore] = useState(why.before ?? daysBefore(why.after));
  const [against, setAgainst] = useState<'time' | 'others'>(why.before ? 'time' : 'others');
  const valid = (days: Days) => days.from !== '' && days.to !== '' && days.from < days.to;
  const wrong = !valid(after) || (against === 'time' && !valid(before));
  return (
    <form class="why-times no-print" onSubmit={(event) => {
      event.preventDefault();
      if (!wrong) onChange({ why: { after, before: against === 'time' ? before : null } });
    }}>
      <DayFields days={after} from={t('explore.why_after_from')} to={t('explore.why_after_to')} onChange={setAfter} />
      <Select
        label={t('explore.why_against')} value={against} onChange={setAgainst}
        options={[{ value: 'time', label: t('explore.why_against_time') }, { value: 'others', label: t('explore.why_against_others') }]}
      />
      {against === 'time' && (
        <DayFields days={before} from={t('explore.why_before_from')} to={t('explore.why_before_to')} onChange={setBefore} />
      )}
      <Button type="submit" look="primary" icon="search" disabled={wrong}>{t('explore.why_search')}</Button>
    </form>
  );
}

/** Shown with the last day that belongs to it. */
function DayFields({ days, from, to, onChange }: { days: Days; from: string; to: string; onChange: (days: Days) => void }) {
  const last = days.to === '' ? '' : addDays(days.to, -1);
  const after = (day: string) => (/^\d{4}-\d{2}-\d{2}$/.test(day) ? addDays(day, 1) : '');
  return (
    <>
      <TextField label={from} type="date" value={days.from} onInput={(event) => onChange({ ...days, from: event.currentTarget.value })} />
      <TextField
        label={to} type="date" value={last} error={days.from !== '' && days.to !== '' && days.from >= days.to ? t('explore.why_order') : undefined}
        onInput={(event) => onChange({ ...days, to: after(event.currentTarget.value) })}
      />
    </>
  );
}

function Result({ causes, why, onPick }: { causes: Causes; why: Why; onPick: (cause: Cause) => void }) {
  const says = {
    before: share(causes.before.ratio), after: share(causes.after.ratio), rise: points(causes.rise), low: points(causes.rise_low),
    high: points(causes.rise_high), count: causes.after.classified, groups: causes.groups_tested,
  };
  const story = !why.before ? t('explore.why_stands_out', says)
    : causes.rise > 0 ? t('explore.why_rose', says) : t('explore.why_did_not_rise', says);
  return (
    <div class="stack">
      <p role="status">{story}</p>
      {causes.causes.length === 0
        ? <Empty title={t('explore.why_none')} text={t('explore.why_none_text', { count: causes.groups_tested })} icon="search" />
        : <CauseTable causes={causes.causes} hasBefore={why.before !== null} onPick={onPick} />}
      {causes.causes.length > 0 && <p class="muted small">{t('explore.why_tested', { count: causes.groups_tested })}</p>}
    </div>
  );
}

function CauseTable({ causes, hasBefore, onPick }: { causes: readonly Cause[]; hasBefore: boolean; onPick: (cause: Cause) => void }) {
  const high = Math.max(...causes.map((one) => one.rise_high), 0.001);
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={t('explore.why_causes')}>
      <table class="table causes">
        <thead>
          <tr>
            <th scope="col">{t('explore.why_group')}</th>
            <th scope="col" class="number">{t(hasBefore ? 'explore.why_before' : 'explore.why_others')}</th>
            <th scope="col" class="number">{t(hasBefore ? 'explore.why_after' : 'explore.why_of_group')}</th>
            <th scope="col">{t(hasBefore ? 'explore.why_rise' : 'explore.why_higher')}</th>
            <th scope="col" class="number">{t('explore.why_excess')}</th>
            <th scope="col" class="number">{t('explore.why_streams')}</th>
          </tr>
        </thead>
        <tbody>{causes.map((cause) => <CauseRow key={nameOf(cause)} cause={cause} high={high} onPick={onPick} />)}</tbody>
      </table>
    </div>
  );
}

const nameOf = (cause: Cause): string =>
  cause.members.map((one) => `${labelOf(one.DataModelName)}: ${one.Caption || t('ask.blank')}`).join(` ${t('ask.and')} `);

function CauseRow({ cause, high, onPick }: { cause: Cause; high: number; onPick: (cause: Cause) => void }) {
  const x = (rise: number) => (110 * Math.max(0, rise)) / high + 5;
  return (
    <tr>
      <td>
        <button type="button" class="pick" onClick={() => onPick(cause)}>{nameOf(cause)}</button>
        {cause.same_as.length > 0 && <div class="muted small">{t('explore.why_same', { names: cause.same_as.map(sameText).join(', ') })}</div>}
      </td>
      <td class="number">{share(cause.before.ratio)}</td>
      <td class="number">{share(cause.after.ratio)}</td>
      <td>
        <span class="cause-rise">
          <strong>{points(cause.rise)}</strong>
          <span class="muted small">{t('explore.why_interval', { low: points(cause.rise_low), high: points(cause.rise_high) })}</span>
        </span>
        <svg class="cause-interval" viewBox="0 0 120 10" width="120" height="10" aria-hidden="true">
          <line x1={x(cause.rise_low)} x2={x(cause.rise_high)} y1="5" y2="5" stroke="currentColor" stroke-width="2" />
          <circle cx={x(cause.rise)} cy="5" r="4" fill="var(--poor)" />
        </svg>
      </td>
      <td class="number">{plainNumber(cause.excess, 0)}</td>
      <td class="number">{plainNumber(cause.after.classified, 0)}</td>
    </tr>
  );
}

/** "[Second Building].[City] = Oslo, [A].[B] = x" in words. */
const sameText = (same: string): string =>
  same.replace(/(\[[^\]]*\]\.\[[^\]]*\]) = /g, (_, name: string) => `${labelOf(name)}: `);
