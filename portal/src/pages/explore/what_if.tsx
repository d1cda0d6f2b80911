// "What if the limits were others?": a form of the classifier's limits; the answer shows published and other numbers side by side.
import { useState } from 'preact/hooks';
import type { Limit } from '../../api/data';
import { formatNumber, t } from '../../text/text';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { TextField } from '../../ui/field';
import { mediaOf, writeLimits, type ExploreView, type Limits } from '../../query';
import { compareSort } from './compared';

type Change = (part: Partial<ExploreView>) => void;

/** "JitterInterArrival" in words. */
const wordsOf = (metric: string): string => metric.replace(/([a-z])([A-Z])/g, '$1 $2');
const unitText = (unit: string): string => (unit === '' || unit === 'ratio' ? '' : ` ${unit}`);

/** "Jitter Inter Arrival > 20 ms", for what differs from the published limits. */
export function limitsText(limits: Limits, known: readonly Limit[]): string {
  return Object.entries(limits).flatMap(([medium, metrics]) => Object.entries(metrics).map(([metric, value]) => {
    const limit = known.find((one) => one.medium === medium && one.metric === metric);
    return `${wordsOf(metric)} ${limit?.poor_when === 'below' ? '<' : '>'} ${formatNumber(value, 6)}${unitText(limit?.unit ?? '')}`;
  })).join(', ');
}

export function WhatIfCard({ view, limits, known, onChange }: {
  view: ExploreView; limits: Limits; known: readonly Limit[]; onChange: Change;
}) {
  const medium = mediaOf(view.query);
  const fields = known.filter((one) => one.medium === medium);
  return (
    <Card
      class="what-if no-print" title={t('explore.if_title')}
      actions={<Button look="quiet" icon="close" label={t('common.close')} onClick={() => onChange({ whatIf: null, sort: null })} />}
    >
      <p class="muted">{t('explore.if_text')}</p>
      <Form key={`${medium} ${writeLimits(limits)}`} medium={medium} fields={fields} limits={limits[medium] ?? {}}
        onAsk={(asked) => onChange({ whatIf: asked, compareWith: null, compareVersion: null,
          sort: writeLimits(asked) === '' ? null : compareSort(view.query.Dimensions.length) })} />
    </Card>
  );
}

function Form({ medium, fields, limits, onAsk }: {
  medium: string; fields: readonly Limit[]; limits: Readonly<Record<string, number>>; onAsk: (limits: Limits) => void;
}) {
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(fields.map((one) => [one.metric, String(limits[one.metric] ?? one.published)])));
  const numberOf = (one: Limit) => Number((draft[one.metric] ?? '').replace(',', '.'));
  const bad = (one: Limit) => {
    const value = numberOf(one);
    return (draft[one.metric] ?? '').trim() === '' || !Number.isFinite(value) || value < one.min || value > one.max;
  };
  const ask = () => {
    const changed = fields.filter((one) => numberOf(one) !== one.published);
    onAsk(changed.length === 0 ? {} : { [medium]: Object.fromEntries(changed.map((one) => [one.metric, numberOf(one)])) });
  };
  return (
    <form class="what-if-form" onSubmit={(event) => { event.preventDefault(); if (!fields.some(bad)) ask(); }}>
      {fields.map((one) => (
        <TextField
          key={one.metric} label={t(one.poor_when === 'above' ? 'explore.if_above' : 'explore.if_below', { name: wordsOf(one.metric) })}
          value={draft[one.metric] ?? ''} hint={t('explore.if_was', { value: `${formatNumber(one.published, 6)}${unitText(one.unit)}` })}
          error={bad(one) ? t('explore.if_range', { min: formatNumber(one.min), max: formatNumber(one.max) }) : undefined}
          onInput={(event) => { const { value } = event.currentTarget; setDraft((now) => ({ ...now, [one.metric]: value })); }}
        />
      ))}
      <div class="row what-if-actions">
        <Button type="submit" look="primary" icon="refresh" disabled={fields.some(bad)}>{t('explore.if_count')}</Button>
        <Button onClick={() => onAsk({})}>{t('explore.if_reset')}</Button>
      </div>
    </form>
  );
}
