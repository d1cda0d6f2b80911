// An answer as its report wants it shown: a chart, or a table; and the table behind every chart.
import { useMemo, useState } from 'preact/hooks';
import type { Cell, Presentation, Query } from '../query/model';
import { canShowSparklines } from '../query/report';
import { t } from '../text/text';
import { Empty } from '../ui/states';
import { Chart, type Maxima } from './chart';
import { chartModel, tableModel } from './model';
import { ReportTable } from './report_table';

export function ReportView({ title, query, presentation, rows, as, maxima, height, hidden: outerHidden, onHidden }: {
  title: string;
  /** As it was asked, with the months of the page. */
  query: Query;
  presentation: Presentation;
  rows: readonly Cell[][];
  as: 'chart' | 'table';
  maxima?: Maxima;
  height?: number;
  /** Series that are switched off; kept inside when missing. */
  hidden?: ReadonlySet<string>;
  onHidden?: (hidden: ReadonlySet<string>) => void;
}) {
  const [own, setOwn] = useState<ReadonlySet<string>>(new Set());
  const chart = useMemo(() => (as === 'chart' ? chartModel(query, presentation, rows) : undefined), [as, query, presentation, rows]);
  const table = useMemo(
    () => (as === 'table' ? tableModel(query, presentation, rows, wantsSparklines(query, presentation)) : undefined),
    [as, query, presentation, rows]);
  const tall = height ?? Math.min(Math.max(presentation.height || 390, 200), 900);
  if (rows.length === 0) return <Empty title={t('report.no_data')} text={t('report.no_data_text')} height={tall} />;
  if (chart) {
    return (
      <Chart
        model={chart} title={title} height={tall - 60} {...(maxima ? { maxima } : {})} hidden={outerHidden ?? own} onHidden={onHidden ?? setOwn}
      />
    );
  }
  const properties = presentation.tableProperties;
  return (
    <ReportTable
      model={table!} title={title} height={tall} showFilter={properties.showFilter}
      sort={{ column: properties.columnSortIndex, descending: properties.columnSortDesc }}
      filters={properties.columnFilters}
    />
  );
}

export const wantsSparklines = (query: Query, presentation: Presentation): boolean =>
  (presentation.sparklineEnable || presentation.tableProperties.trend) && canShowSparklines(query);
