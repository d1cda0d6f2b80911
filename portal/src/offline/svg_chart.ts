// Bars and lines as one SVG text, without a library: for files that open without a server, where
// every kilobyte travels, and where only presentation attributes are sure to be allowed.

export interface Series {
  name: string;
  color: string;
  /** Null is a gap. */
  values: readonly (number | null)[];
  axis: 1 | 2;
  /** Bars of one axis that stack stand on each other. */
  stack: boolean;
  line: boolean;
}
export interface Chart {
  /** What the picture shows, read out by screen readers. */
  title: string;
  categories: readonly string[];
  series: readonly Series[];
  width: number;
  height: number;
  axisLabels: readonly [string, string];
  /** Lines join neighbours of one group only; without it all. */
  lineGroups?: readonly string[];
  /** Fixed maxima of the axes; 0 chooses. */
  maxima?: readonly [number, number];
  format: (value: number, axis: 1 | 2) => string;
}

const edge = { top: 14, left: 76, right: 56 };

/** `currentColor` is the colour of text: set `color` on what the picture stands in. */
export function drawChart(chart: Chart): string {
  const tilted = chart.categories.length * 84 > chart.width - edge.left - edge.right;
  const bottom = tilted ? 96 : 34;
  const area = { x: edge.left, y: edge.top,
                 width: Math.max(40, chart.width - edge.left - edge.right),
                 height: Math.max(40, chart.height - edge.top - bottom) };
  const axes = ([1, 2] as const).map((axis) => {
    const used = chart.series.some((series) => series.axis === axis);
    const top = chart.maxima?.[axis - 1] || largest(chart, axis);
    return { axis, used, ...ticksTo(top) };
  });
  const left = axes[0]!;
  const right = axes[1]!;
  const y = (value: number, axis: 1 | 2) =>
    area.y + area.height * (1 - Math.max(0, value) / (axis === 1 ? left.max : right.max));
  const slot = area.width / Math.max(1, chart.categories.length);
  const x = (index: number) => area.x + slot * (index + 0.5);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${chart.width} ${chart.height}" ` +
    `width="${chart.width}" height="${chart.height}" role="img" aria-label="${escapeText(chart.title)}" ` +
    `font-family="system-ui,sans-serif" font-size="12" fill="currentColor">` +
    grid(chart, area, left, y, 1) + (right.used ? grid(chart, area, right, y, 2) : '') +
    bars(chart, x, y, slot, area) + lines(chart, x, y) + labels(chart, x, area, tilted, slot) +
    '</svg>';
}

interface Area { x: number; y: number; width: number; height: number }
interface Ticks { max: number; step: number }
type Place = (value: number, axis: 1 | 2) => number;

function largest(chart: Chart, axis: 1 | 2): number {
  let max = 0;
  for (let i = 0; i < chart.categories.length; ++i) {
    let stacked = 0;
    for (const series of chart.series) {
      if (series.axis !== axis) continue;
      const value = series.values[i] ?? 0;
      if (series.stack && !series.line) stacked += value;
      else max = Math.max(max, value);
    }
    max = Math.max(max, stacked);
  }
  return max;
}

/** About five round steps that reach `top`. */
function ticksTo(top: number): Ticks {
  if (!(top > 0)) return { max: 1, step: 0.25 };
  const rough = top / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return { max: Math.ceil(top / step - 1e-9) * step, step };
}

function grid(chart: Chart, area: Area, ticks: Ticks, y: Place, axis: 1 | 2): string {
  const parts: string[] = [];
  const at = axis === 1 ? area.x - 8 : area.x + area.width + 8;
  const anchor = axis === 1 ? 'end' : 'start';
  for (let n = 0; n * ticks.step <= ticks.max * (1 + 1e-9); ++n) {
    const value = n * ticks.step;
    const level = y(value, axis).toFixed(1);
    if (axis === 1) {
      parts.push(`<line x1="${area.x}" x2="${area.x + area.width}" y1="${level}" y2="${level}" ` +
        `stroke="currentColor" stroke-opacity="${n === 0 ? 0.5 : 0.14}"/>`);
    }
    parts.push(`<text x="${at}" y="${level}" dy="4" text-anchor="${anchor}">` +
      `${escapeText(chart.format(value, axis))}</text>`);
  }
  const label = chart.axisLabels[axis - 1];
  const middle = area.y + area.height / 2;
  const side = axis === 1 ? 13 : chart.width - 6;
  if (label) {
    parts.push(`<text transform="rotate(-90 ${side} ${middle})" x="${side}" y="${middle}" ` +
      `text-anchor="middle" fill-opacity="0.8">${escapeText(label)}</text>`);
  }
  return parts.join('');
}

function bars(chart: Chart, x: (i: number) => number, y: Place, slot: number, area: Area): string {
  const shown = chart.series.map((series, index) => ({ series, index }))
    .filter(({ series }) => !series.line);
  const alone = shown.filter(({ series }) => !series.stack);
  const columns = alone.length + (shown.length > alone.length ? 1 : 0);
  const width = Math.min(64, (slot * 0.66) / Math.max(1, columns));
  const parts: string[] = [];
  const bar = (i: number, index: number, from: number, to: number, left: number) => {
    const series = chart.series[index]!;
    const top = y(to, series.axis);
    const height = Math.max(0, y(from, series.axis) - top);
    parts.push(`<rect data-row="${i}" data-series="${index}" x="${left.toFixed(1)}" ` +
      `y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" ` +
      `fill="${escapeText(series.color)}"><title>${escapeText(chart.categories[i] ?? '')}: ` +
      `${escapeText(series.name)} ${escapeText(chart.format(to - from, series.axis))}</title></rect>`);
  };
  chart.categories.forEach((_, i) => {
    const begin = x(i) - (columns * width) / 2;
    let stacked = 0;
    for (const { series, index } of shown) {
      const value = series.values[i];
      if (value === null || value === undefined || !series.stack) continue;
      bar(i, index, stacked, stacked + value, begin);
      stacked += value;
    }
    const offset = shown.length > alone.length ? 1 : 0;
    alone.forEach(({ series, index }, n) => {
      const value = series.values[i];
      if (value !== null && value !== undefined) bar(i, index, 0, value, begin + (n + offset) * width);
    });
    // Small bars are hard to hit: the whole column of a category can be clicked, under the bars.
    parts.unshift(`<rect data-row="${i}" x="${(x(i) - slot / 2).toFixed(1)}" y="${area.y}" ` +
      `width="${slot.toFixed(1)}" height="${area.height}" fill="transparent"/>`);
  });
  return parts.join('');
}

function lines(chart: Chart, x: (i: number) => number, y: Place): string {
  return chart.series.map((series, index) => {
    if (!series.line) return '';
    let path = '';
    let pen = false;
    const dots: string[] = [];
    series.values.forEach((value, i) => {
      if (value === null) {
        pen = false;
        return;
      }
      const [px, py] = [x(i).toFixed(1), y(value, series.axis).toFixed(1)];
      const joins = pen && (!chart.lineGroups || chart.lineGroups[i] === chart.lineGroups[i - 1]);
      path += `${joins ? 'L' : 'M'}${px} ${py}`;
      pen = true;
      dots.push(`<circle data-row="${i}" data-series="${index}" cx="${px}" cy="${py}" r="4.5" ` +
        `fill="Canvas" stroke="${escapeText(series.color)}" stroke-width="2.5"><title>` +
        `${escapeText(chart.categories[i] ?? '')}: ${escapeText(series.name)} ` +
        `${escapeText(chart.format(value, series.axis))}</title></circle>`);
    });
    return `<path d="${path}" fill="none" stroke="${escapeText(series.color)}" stroke-width="2.5"/>` +
      dots.join('');
  }).join('');
}

function labels(chart: Chart, x: (i: number) => number, area: Area, tilted: boolean,
                slot: number): string {
  const base = area.y + area.height;
  // Where labels would overlap, every n-th is written.
  const every = Math.max(1, Math.ceil(15 / slot));
  return chart.categories.map((name, i) => {
    if (i % every !== 0) return '';
    const at = x(i).toFixed(1);
    const text = name.length > 20 ? `${name.slice(0, 19)}…` : name;
    return tilted
      ? `<text x="${at}" y="${base + 14}" text-anchor="end" ` +
        `transform="rotate(-38 ${at} ${base + 14})">${escapeText(text)}</text>`
      : `<text x="${at}" y="${base + 20}" text-anchor="middle">${escapeText(text)}</text>`;
  }).join('');
}

/** Text for markup and for attribute values. */
export const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
