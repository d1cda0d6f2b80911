// Which state of the data answers: the newest, or one that was published before; and two of them side by side.
import type { DataVersion, QueryAnswer } from '../../api/data';
import { formatNumber, t } from '../../text/text';
import { formatMonth } from '../../time/month';
import { formatTime } from '../../time/zone';
import { Select } from '../../ui/field';
import type { ExploreView, Month } from '../../query';
import { compareSort, type Sides } from './compared';

/** Names of the two sides of a comparison. */
export const sidesOf = (answer: QueryAnswer, before: Month | null, after: Month): Sides => (answer.comparison
  ? { before: t('explore.version', { version: String(answer.comparison.version) }), after: t('explore.version', { version: answer.dataVersion }) }
  : { before: before ? formatMonth(before, 'short') : '', after: formatMonth(after, 'short') });

/** A version that is gone stays in the list while the address names it. */
function optionsOf(versions: readonly DataVersion[], chosen: number | null) {
  const known = versions.map((one) => ({
    value: String(one.data_version),
    label: t('explore.version_of', { version: String(one.data_version), time: formatTime(one.published_at), streams: formatNumber(one.streams, 0) }),
  }));
  if (chosen === null || versions.some((one) => one.data_version === chosen)) return known;
  return [...known, { value: String(chosen), label: t('explore.version', { version: String(chosen) }) }];
}
const numberOrNull = (value: string): number | null => (value === '' ? null : Number(value));

/** Nothing while there is but one state. */
export function Versions({ view, versions, onChange }: {
  view: ExploreView; versions: readonly DataVersion[]; onChange: (part: Partial<ExploreView>) => void;
}) {
  return (
    <div class="row question-when">
      <Select
        label={t('explore.data_of')} quietLabel value={view.asOf === null ? '' : String(view.asOf)}
        options={[{ value: '', label: t('explore.newest_data') }, ...optionsOf(versions, view.asOf)]}
        onChange={(value) => onChange({ asOf: numberOrNull(value) })}
      />
      <Select
        label={t('explore.compare_data')} quietLabel value={view.compareVersion === null ? '' : String(view.compareVersion)}
        options={[{ value: '', label: t('explore.no_compare') }, ...optionsOf(versions, view.compareVersion)]}
        onChange={(value) => onChange({ compareVersion: numberOrNull(value), compareWith: null,
          sort: value === '' ? null : compareSort(view.query.Dimensions.length) })}
      />
    </div>
  );
}
