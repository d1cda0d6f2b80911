// Two months side by side as columns: before, after, change of each measure.
import { t } from '../../text/text';
import type { Cell, ComparedRow, Presentation } from '../../query';

export const comparedRows = (rows: readonly ComparedRow[]): Cell[][] =>
  rows.map((row) => [...row.captions, ...row.cells.flatMap((cell) => [cell.before, cell.after, cell.change])]);

/** Looks for those rows. In a chart, the last measure's two months stand beside each other. */
export function comparedLooks(looks: Presentation, before: string, after: string): Presentation {
  return {
    ...looks,
    measurements: looks.measurements.flatMap((measure) => [
      { ...measure, friendlyName: `${measure.friendlyName} ${before}`, stack: false, color: '#8A99A6' },
      { ...measure, friendlyName: `${measure.friendlyName} ${after}`, stack: false },
      { ...measure, friendlyName: t('explore.change', { name: measure.friendlyName }), stack: false },
    ]),
  };
}
