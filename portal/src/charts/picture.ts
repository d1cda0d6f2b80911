// A chart as a file: PNG drawn twice as large as on the screen, SVG as text. Always on white, for documents.
import { SVGRenderer } from 'echarts/renderers';
import { init, optionOf, use } from './engine';
import type { ChartModel } from './model';

use([SVGRenderer]);

export interface PictureOptions {
  title: string;
  hidden: ReadonlySet<string>;
  maxima: [number | undefined, number | undefined];
}
const width = 960;
const height = 480;

const option = (model: ChartModel, { title, hidden, maxima }: PictureOptions) => {
  const base = optionOf(model, { dark: false, hidden, maxima, width, live: false });
  return { ...base, backgroundColor: '#ffffff', grid: { ...(base['grid'] as object), top: 64 }, graphic: heading(model, title, hidden) };
};

/** Title and legend, which the page draws itself. */
function heading(model: ChartModel, title: string, hidden: ReadonlySet<string>): object[] {
  const parts: object[] = [{ type: 'text', left: 12, top: 10, style: { text: title, fontSize: 18, fontWeight: 600, fill: '#16212b' } }];
  let left = 12;
  for (const series of model.series) {
    if (hidden.has(series.name)) continue;
    parts.push({ type: 'rect', left, top: 40, shape: { width: 12, height: 12 }, style: { fill: series.color } });
    parts.push({ type: 'text', left: left + 17, top: 39, style: { text: series.name, fontSize: 13, fill: '#42525f' } });
    left += 40 + series.name.length * 8;
  }
  return parts;
}

export async function toSvg(model: ChartModel, options: PictureOptions): Promise<string> {
  const { GraphicComponent } = await import('echarts/components');
  use([GraphicComponent]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(option(model, options));
  const text = chart.renderToSVGString();
  chart.dispose();
  return text;
}

export async function toPng(model: ChartModel, options: PictureOptions): Promise<Blob> {
  const { GraphicComponent } = await import('echarts/components');
  use([GraphicComponent]);
  const place = document.createElement('div');
  const chart = init(place, null, { renderer: 'canvas', width, height, devicePixelRatio: 2 });
  chart.setOption(option(model, options));
  const canvas = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: '#ffffff' });
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  chart.dispose();
  if (!blob) throw new Error('no picture');
  return blob;
}

