// The parts of ECharts that are used, and a chart as its options. Loaded when the first chart is drawn.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { formatNumber } from '../query/numbers';
import { language } from '../text/text';
import { monthOfCaption } from '../time/month';
import { shownCaption } from './captions';
import { roundUp, tilts, type ChartModel, type Series } from './model';

use([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

export { init, use, type ECharts };

export interface ChartOptions {
  dark: boolean;
  hidden: ReadonlySet<string>;
  /** Of the left and the right axis; undefined: as the data wants. */
  maxima: [number | undefined, number | undefined];
  /** Of the whole picture, in px. */
  width: number;
  /** False for pictures: no tooltip, no movement. */
  live: boolean;
}

const number = (value: number | null, unit: string, compact: boolean) =>
  formatNumber(value, unit, { locale: language(), compact, withUnit: !compact });

/** As DOM, because the page's policy refuses style in markup. */
function tooltip(model: ChartModel, index: number, hidden: ReadonlySet<string>): HTMLElement {
  const box = document.createElement('div');
  box.className = 'tip';
  const head = document.createElement('strong');
  head.textContent = shownCaption(model.categories[index] ?? '') || '–';
  box.append(head);
  for (const series of model.series) {
    if (hidden.has(series.name)) continue;
    const line = document.createElement('div');
    line.className = 'tip-line';
    const mark = document.createElement('i');
    mark.style.background = series.color;
    const name = document.createElement('span');
    name.textContent = series.name;
    const value = document.createElement('b');
    value.textContent = number(series.values[index] ?? null, series.unit, false);
    line.append(mark, name, value);
    box.append(line);
  }
  return box;
}

/** Characters of a caption at the axis; the tooltip and the table have the whole. */
const captionMax = 18;

/** A month on two lines, so that more of them fit; the year only where it begins. */
function axisCaption(model: ChartModel, caption: string, index: number): string {
  const month = model.byMonth ? monthOfCaption(caption) : undefined;
  if (!month) {
    const shown = shownCaption(caption, 'short') || '–';
    return shown.length > captionMax ? `${shown.slice(0, captionMax - 1)}…` : shown;
  }
  const name = new Intl.DateTimeFormat(language(), { month: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(month.year, month.month - 1, 1)));
  return index === 0 || month.month === 1 ? `${name}\n${month.year}` : `${name}\n`;
}

/** Where category `index` stands on the screen. */
export function placeOf(chart: ECharts, index: number): { x: number; y: number } {
  const box = chart.getDom().getBoundingClientRect();
  return { x: box.left + Number(chart.convertToPixel({ xAxisIndex: 0 }, index)), y: box.top + box.height / 3 };
}

/** Clicks on a bar or point, or anywhere above or below one: small bars are hard to hit. */
export function onPicked(chart: ECharts, pick: (category: number, series: number | undefined, at: { x: number; y: number }) => void): void {
  const at = (event: { offsetX: number; offsetY: number }) => {
    const box = chart.getDom().getBoundingClientRect();
    return { x: box.left + event.offsetX, y: box.top + event.offsetY };
  };
  chart.on('click', (event) => {
    if (event.componentType === 'series') pick(event.dataIndex, seriesOfId(event.seriesId ?? ''), at(event.event as never));
  });
  chart.getZr().on('click', (event) => {
    const point = [event.offsetX, event.offsetY];
    if (event.target || !chart.containPixel('grid', point)) return;
    pick(Number(chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX)), undefined, at(event));
  });
}

/** `id` tells the place of the series in the model, whatever is hidden or in parts. */
const seriesOfId = (id: string): number => Number(id.split(' ')[0]);

interface LinePart { values: Series['values']; joined: boolean }
/** A line in as many parts as there are groups of several points; points alone are one part that is not joined. */
function lineParts(model: ChartModel, values: Series['values']): LinePart[] {
  const groups = model.lineGroups;
  if (!groups) return [{ values, joined: true }];
  const counts = new Map<string, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const parts = new Map<string, LinePart>();
  values.forEach((value, i) => {
    const joined = counts.get(groups[i] ?? '') !== 1;
    const key = joined ? `group ${groups[i]}` : 'alone';
    if (!parts.has(key)) parts.set(key, { values: values.map(() => null), joined });
    parts.get(key)!.values[i] = value;
  });
  return [...parts.values()];
}

function seriesOptions(model: ChartModel, hidden: ReadonlySet<string>, dark: boolean): object[] {
  return model.series.flatMap((one, index): object[] => {
    if (hidden.has(one.name)) return [];
    if (!one.line) {
      return [{
        type: 'bar', id: String(index), name: one.name, yAxisIndex: one.axis, data: one.values,
        ...(one.stacked ? { stack: `stack${one.axis}` } : {}),
        barMaxWidth: 56, itemStyle: { color: one.color },
      }];
    }
    return lineParts(model, one.values).map(({ values, joined }, part) => ({
      type: 'line', id: `${index} ${part}`, name: one.name, yAxisIndex: one.axis, data: values, z: 3,
      // A gap stays a gap.
      connectNulls: false, symbol: 'circle', symbolSize: 8, showAllSymbol: true,
      lineStyle: { color: one.color, width: joined ? 2.5 : 0 },
      itemStyle: { color: dark ? '#182129' : '#ffffff', borderColor: one.color, borderWidth: 2.5 },
      emphasis: { scale: 1.3 },
    }));
  });
}

export function optionOf(model: ChartModel, { dark, hidden, maxima, width, live }: ChartOptions): Record<string, unknown> {
  const text = dark ? '#c3d0da' : '#42525f';
  const line = dark ? '#34434f' : '#dfe6ec';
  const rightUsed = model.series.some((one) => one.axis === 1);
  const share = (axis: number) => model.series.some((one) => one.axis === axis && one.unit === '%');
  const axis = (index: 0 | 1) => ({
    type: 'value',
    position: index === 0 ? 'left' : 'right',
    show: index === 0 || rightUsed,
    min: 0,
    ...(maxima[index] === undefined ? {} : { max: roundUp(maxima[index]!) }),
    name: model.axisLabels[index],
    nameLocation: 'middle',
    nameGap: 48,
    nameTextStyle: { color: text, fontSize: 12 },
    axisLabel: { color: text, formatter: (value: number) => number(value, '', true) + (share(index) ? ' %' : '') },
    splitLine: { show: index === 0, lineStyle: { color: line } },
    splitNumber: 5,
  });
  return {
    animation: false,
    textStyle: { fontFamily: 'Segoe UI, system-ui, Noto Sans, DejaVu Sans, sans-serif' },
    grid: { left: 6, right: rightUsed ? 6 : 16, top: 14, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    ...(live ? {
      tooltip: {
        trigger: 'axis',
        axisPointer: { type: 'shadow' },
        confine: true,
        padding: 0,
        borderWidth: 0,
        backgroundColor: 'transparent',
        extraCssText: 'box-shadow: none;',
        formatter: (points: { dataIndex: number }[]) => tooltip(model, points[0]?.dataIndex ?? 0, hidden),
      },
    } : {}),
    xAxis: {
      type: 'category',
      data: model.categories.map((caption, i) => axisCaption(model, caption, i)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: dark ? '#71828f' : '#8a99a6' } },
      axisLabel: {
        color: text, hideOverlap: true, ...(model.byMonth ? { lineHeight: 16 } : {}),
        // A line of text is 15 px high: where the bars are narrower, every n-th has its caption.
        ...(tilts(model, width) ? { rotate: 38, interval: Math.max(0, Math.ceil((15 * model.categories.length) / (width - 120)) - 1) } : {}),
      },
    },
    yAxis: [axis(0), axis(1)],
    series: seriesOptions(model, hidden, dark),
  };
}
