// A chart with its legend. The canvas says nothing to screen readers: the label names what is drawn, the arrow keys read
// out point by point, and the same numbers stand in the table that every report offers.
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { isDark, onThemeChange } from '../app/theme';
import { formatNumber } from '../query/numbers';
import { language, t } from '../text/text';
import { classes } from '../ui/classes';
import { Loading } from '../ui/states';
import { shownCaption } from './captions';
import type { ECharts } from './engine';
import { tilts, type ChartModel } from './model';

export type Maxima = [number | undefined, number | undefined];

export function Chart({ model, title, height, maxima = [undefined, undefined], hidden, onHidden, onPick }: {
  model: ChartModel;
  title: string;
  height: number;
  maxima?: Maxima;
  /** Names of series that are switched off. */
  hidden: ReadonlySet<string>;
  onHidden: (hidden: ReadonlySet<string>) => void;
  /** A click, or Enter, on a category: its index, the series that was hit, and where on the screen. */
  onPick?: (category: number, series: number | undefined, at: { x: number; y: number }) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | undefined>(undefined);
  const picked = useRef(onPick);
  picked.current = onPick;
  const [engine, setEngine] = useState<typeof import('./engine')>();
  const [dark, setDark] = useState(isDark());
  const [at, setAt] = useState(-1);
  const [width, setWidth] = useState(0);
  const keys = useId();

  useEffect(() => onThemeChange(() => setDark(isDark())), []);
  useEffect(() => { void import('./engine').then(setEngine); }, []);

  useEffect(() => {
    if (!engine || !place.current) return undefined;
    const made = engine.init(place.current, null, { renderer: 'canvas' });
    chart.current = made;
    engine.onPicked(made, (category, series, at) => picked.current?.(category, series, at));
    const observer = new ResizeObserver(() => {
      made.resize();
      setWidth(made.getWidth());
    });
    observer.observe(place.current);
    setWidth(made.getWidth());
    const printing = () => made.resize();
    addEventListener('beforeprint', printing);
    return () => {
      observer.disconnect();
      removeEventListener('beforeprint', printing);
      made.dispose();
      chart.current = undefined;
    };
  }, [engine]);

  const shownLanguage = language();
  useEffect(() => {
    if (!engine || !chart.current) return;
    chart.current.setOption(engine.optionOf(model, { dark, hidden, maxima, width, live: true }), { notMerge: true });
  }, [engine, model, dark, hidden, maxima[0], maxima[1], shownLanguage, tilts(model, width) && width]);

  const show = (index: number) => {
    setAt(index);
    if (index < 0) chart.current?.dispatchAction({ type: 'hideTip' });
    else chart.current?.dispatchAction({ type: 'showTip', seriesIndex: 0, dataIndex: index });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = model.categories.length - 1;
    const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      show(to);
    } else if (event.key === 'Escape') show(-1);
    else if (event.key === 'Enter' && at >= 0 && engine && chart.current) {
      event.preventDefault();
      onPick?.(at, undefined, engine.placeOf(chart.current, at));
    }
  };
  const label = useMemo(() => t('chart.label', {
    title, count: model.categories.length, series: model.series.map((one) => one.name).join(', '),
  }), [model, title, shownLanguage]);
  const point = at < 0 ? '' : [
    shownCaption(model.categories[at] ?? ''),
    ...model.series.filter((one) => !hidden.has(one.name))
      .map((one) => `${one.name} ${formatNumber(one.values[at] ?? null, one.unit, { locale: shownLanguage, withUnit: true })}`),
  ].join(', ');

  return (
    <div class="chart">
      <div class="chart-frame" style={{ height: `${height}px` }}>
        {!engine && <Loading height={height} />}
        <div
          ref={place} class={classes('chart-canvas', onPick && 'chart-pick')} role="application" aria-roledescription={t('chart.kind')}
          aria-label={label} aria-describedby={onPick ? keys : undefined} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => chart.current?.dispatchAction({ type: 'hideTip' })}
        />
      </div>
      <div class="only-read-out" role="status">{point}</div>
      {model.legend && <Legend model={model} hidden={hidden} onHidden={onHidden} />}
      {onPick && <p class="muted small chart-keys no-print" id={keys}>{t('chart.pick_hint')}</p>}
    </div>
  );
}

function Legend({ model, hidden, onHidden }: {
  model: ChartModel; hidden: ReadonlySet<string>; onHidden: (hidden: ReadonlySet<string>) => void;
}) {
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onHidden(next);
  };
  return (
    <div class="legend" role="group" aria-label={t('chart.legend')}>
      {model.series.map((one) => (
        <button key={one.name} type="button" class="legend-entry" aria-pressed={!hidden.has(one.name)} onClick={() => toggle(one.name)}>
          <span class={classes('legend-mark', one.line && 'legend-line')} style={one.line ? { borderColor: one.color } : { background: one.color }} />
          {one.name}
        </button>
      ))}
    </div>
  );
}
