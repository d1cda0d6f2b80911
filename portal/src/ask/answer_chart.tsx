// An answer as bars and lines, each of which can be picked.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { drawChart, type Series } from '../offline/svg_chart';
import { language, t } from '../text/text';
import { formatNumber, lineGroups, unitOf, type Cell, type Presentation, type Unit } from '../query';

export interface Picked {
  row: number;
  /** Place in the measures; null: the whole row. */
  measure: number | null;
  /** Where on the screen, for a menu. */
  x: number;
  y: number;
}

/** Series of a presentation over the rows of an answer. */
export function seriesOf(looks: Presentation, rows: readonly Cell[][]): Series[] {
  const first = looks.dimensions.length;
  return looks.measurements.map((measure, i) => ({
    name: measure.friendlyName, color: measure.color, axis: measure.yaxis, stack: measure.stack,
    line: measure.chartType === 1,
    values: rows.map((row) => {
      const cell = row[first + i];
      return typeof cell === 'number' ? cell : null;
    }),
  }));
}

export function AnswerChart({ title, looks, rows, units, onPick, height }: {
  title: string; looks: Presentation; rows: readonly Cell[][]; units?: ReadonlyMap<string, Unit>; height?: number;
  onPick?: (picked: Picked) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = looks.dimensions.length;
  const series = useMemo(() => seriesOf(looks, rows), [looks, rows]);
  const unit = (axis: 1 | 2) => unitOf(looks.measurements.find((measure) => measure.yaxis === axis)?.DataModelName ?? '', units);
  const locale = language();
  const svg = useMemo(() => (width === 0 ? '' : drawChart({
    title, series, width, height: height ?? Math.min(460, looks.height),
    categories: rows.map((row) => (first === 0 ? t('ask.all') : row.slice(0, first).map((cell) => (cell === '' || cell === null ? t('ask.blank') : String(cell))).join(' · '))),
    lineGroups: lineGroups(looks, rows),
    axisLabels: [looks.chartProperties.yaxes[0]?.axisLabel ?? '', looks.chartProperties.yaxes[1]?.axisLabel ?? ''],
    format: (value, axis) => formatNumber(value, unit(axis), { locale, compact: value >= 10_000 }),
  })), [width, series, rows, looks, height, locale]);

  const pick = (event: MouseEvent) => {
    const mark = (event.target as Element).closest('[data-row]');
    if (!mark || !onPick) return;
    const measure = mark.getAttribute('data-series');
    onPick({ row: Number(mark.getAttribute('data-row')), measure: measure === null ? null : Number(measure), x: event.clientX, y: event.clientY });
  };
  return (
    <div class="answer-chart">
      <div ref={box} class={onPick ? 'answer-picture answer-pickable' : 'answer-picture'} onClick={pick} dangerouslySetInnerHTML={{ __html: svg }} />
      {looks.chartProperties.legend && (
        <ul class="legend">
          {series.map((one, i) => (
            <li key={i}>
              <svg width="14" height="14" aria-hidden="true">
                {one.line ? <circle cx="7" cy="7" r="4.5" fill="none" stroke={one.color} stroke-width="2.5" /> : <rect width="14" height="14" rx="3" fill={one.color} />}
              </svg>
              {one.name}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
