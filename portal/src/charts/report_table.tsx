// The table of a report: sparklines over numbers, or bars behind them.
import { useMemo, useState } from 'preact/hooks';
import { addressKey, isAddressName } from '../query/addresses';
import { formatNumber } from '../query/numbers';
import { language } from '../text/text';
import { Grid, type GridColumn, type GridSort } from '../ui/grid';
import { shownCaption } from './captions';
import { numberOf, type TableModel, type TableRow } from './model';
import { Sparkline } from './sparkline';

export function ReportTable({ model, title, height, showFilter = true, sort: startSort = null, filters: startFilters = [] }: {
  model: TableModel;
  title: string;
  height: number;
  showFilter?: boolean;
  sort?: GridSort | null;
  filters?: readonly string[];
}) {
  const [sort, setSort] = useState<GridSort | null>(startSort);
  const [filters, setFilters] = useState<readonly string[]>(startFilters);
  const spoken = language();
  const columns = useMemo(() => columnsOf(model), [model, spoken]);
  const sparklines = model.months.length > 0;
  return (
    <Grid
      columns={columns} rows={model.rows} label={title} height={height} rowHeight={sparklines ? 62 : 37}
      sort={sort} onSort={setSort} filters={filters} onFilters={setFilters} showFilter={showFilter}
    />
  );
}

function columnsOf(model: TableModel): GridColumn<TableRow>[] {
  const dimensions = model.columns.filter((one) => !one.measure).length;
  return model.columns.map((column, i): GridColumn<TableRow> => {
    if (!column.measure) {
      return {
        key: String(i), name: column.name, width: 150,
        value: (row) => (row.cells[i] === null ? '' : String(row.cells[i])),
        ...(isAddressName(column.attribute) ? { order: (row: TableRow) => addressKey(String(row.cells[i] ?? '')) } : {}),
        cell: (row) => shownCaption(row.cells[i] === null || row.cells[i] === '' ? '–' : String(row.cells[i])),
      };
    }
    const value = (row: TableRow) => numberOf(row.cells[i]);
    // Not Math.max(...): a spread of 100,000 rows overflows the stack.
    const max = model.rows.reduce((most, row) => Math.max(most, value(row) ?? 0), 0);
    return {
      key: String(i), name: column.name, number: true, width: 126, value,
      cell: (row) => {
        const text = formatNumber(value(row), column.unit, { locale: language(), withUnit: column.unit === '%' });
        const trend = row.trends?.[i - dimensions];
        if (trend) return <div class="cell-trend"><Sparkline values={trend} color={column.color} line={column.line} />{text}</div>;
        const share = max > 0 ? Math.max(0, (value(row) ?? 0) / max) : 0;
        return (
          <div class="cell-bar">
            <span>{text}</span>
            <i style={{ width: `${(share * 100).toFixed(1)}%`, background: column.color }} />
          </div>
        );
      },
    };
  });
}
