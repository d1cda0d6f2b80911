// Two answers side by side as columns: before, after, change of each measure, shares first.
import { t } from '../../text/text';
import type { Cell, ComparedRow, Presentation } from '../../query';

/** What the two columns of a measure are called besides its name. */
export interface Sides { before: string; after: string }

/** Columns of one measure. */
const columnsEach = 3;

/** Places of the measures: what tells most comes first, as the columns get many. */
function orderOf(looks: Presentation): number[] {
  const places = looks.measurements.map((_, i) => i);
  const isShare = (i: number) => (/percentage\]$/i.test(looks.measurements[i]!.DataModelName) ? 0 : 1);
  return places.sort((a, b) => isShare(a) - isShare(b) || a - b);
}

/** `looks` is that of the question. */
export const comparedRows = (rows: readonly ComparedRow[], looks: Presentation): Cell[][] => {
  const order = orderOf(looks);
  return rows.map((row) => [...row.captions, ...order.flatMap((i) => {
    const cell = row.cells[i];
    return [cell?.before ?? null, cell?.after ?? null, cell?.change ?? null];
  })]);
};

/** Looks for those rows. */
export function comparedLooks(looks: Presentation, { before, after }: Sides): Presentation {
  return {
    ...looks,
    measurements: orderOf(looks).map((i) => looks.measurements[i]!).flatMap((measure) => [
      { ...measure, friendlyName: `${measure.friendlyName} ${before}`, stack: false, chartType: 0 as const, yaxis: 1 as const, color: '#8A99A6' },
      { ...measure, friendlyName: `${measure.friendlyName} ${after}`, stack: false, chartType: 0 as const, yaxis: 1 as const },
      { ...measure, friendlyName: t('explore.change', { name: measure.friendlyName }), stack: false },
    ]),
  };
}

/** For a chart: the first measure on both sides. */
export const comparedChart = (looks: Presentation): Presentation => ({
  ...looks, measurements: looks.measurements.slice(0, 2),
  chartProperties: { ...looks.chartProperties, yaxes: looks.chartProperties.yaxes.map((axis) => ({ ...axis, axisLabel: '' })) },
});

/** Which columns of measures are changes. */
export const changeColumns = (looks: Presentation): boolean[] => looks.measurements.map((_, i) => i % columnsEach === columnsEach - 1);

/** Sorted by what rose most. */
export const compareSort = (dimensionCount: number) => ({ column: dimensionCount + columnsEach - 1, descending: true });
