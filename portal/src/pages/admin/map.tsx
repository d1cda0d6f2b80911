// Buildings where they stand: a dot each, larger for more streams, redder for a larger poor share; the same as a table.
import { useMemo, useRef, useState } from 'preact/hooks';
import { runQuery, type QueryBody } from '../../api/data';
import { ApiError, json } from '../../api/http';
import { href } from '../../app/route';
import { formatValues, monthKey, monthWindow } from '../../query/values';
import { formatNumber, t } from '../../text/text';
import { monthOf } from '../../time/month';
import { Button, ButtonLink } from '../../ui/button';
import { Card } from '../../ui/card';
import { classes } from '../../ui/classes';
import { Select } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { Empty, Failure, Loading } from '../../ui/states';
import { around, fit, gridOf, isArrow, middleOf, neighbour, pointOf, zoom, type Place, type View } from './plate';
import type { Page } from './tables';

const size = { width: 720, height: 460 };
const radius = { least: 5, most: 22 };
/** Rows the server gives at once, and pages taken: a map of more dots tells nothing. */
const pageRows = 1000;
const pagesMax = 5;

interface Traffic { ends: number; poor: number; judged: number }
interface Building extends Place { key: string; name: string; city: string; traffic: Traffic }
interface Loaded { buildings: Building[]; without: number }

const shareOf = ({ traffic }: Building): number | null => (traffic.judged > 0 ? traffic.poor / traffic.judged : null);
const percent = (share: number | null): string => (share === null ? '–' : formatNumber(share, 1, { style: 'percent' }));

/** Stream ends by name of building: a stream with both ends in a building counts twice, as in the list of subnets. */
async function trafficByName(months: number, signal: AbortSignal): Promise<Map<string, Traffic>> {
  const last = monthOf(new Date(), 'UTC');
  const value = formatValues(monthWindow(last, months).map(monthKey));
  const found = new Map<string, Traffic>();
  for (const end of ['First', 'Second']) {
    const body: QueryBody = {
      Dimensions: [{ DataModelName: `[${end} Building].[Building Name]` }],
      Measurements: ['Total Stream Count', 'Audio Poor Streams Count', 'Audio Good Streams Count'].map((one) => ({ DataModelName: `[Measures].[${one}]` })),
      Filters: [{ DataModelName: '[StartDate].[Month]', Value: value, Operand: 0, Caption: '', UnionGroup: '' }],
    };
    for (const [name, total, poor, good] of (await runQuery(body, signal)).rows) {
      const sum = found.get(String(name)) ?? { ends: 0, poor: 0, judged: 0 };
      found.set(String(name), { ends: sum.ends + Number(total ?? 0), poor: sum.poor + Number(poor ?? 0), judged: sum.judged + Number(poor ?? 0) + Number(good ?? 0) });
    }
  }
  return found;
}

async function load(months: number, signal: AbortSignal): Promise<Loaded> {
  // Before the first processing there are buildings and no streams.
  const traffic = await trafficByName(months, signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.kind === 'query' && error.code === '3') return new Map<string, Traffic>();
    throw error;
  });
  const buildings: Building[] = [];
  let without = 0;
  for (let cursor: string | null = '0', pages = 0; cursor !== null && pages < pagesMax; ++pages) {
    const page: Page = await json<Page>(`/api/v1/customer-tables/buildings?n=${pageRows}&cursor=${cursor}`, { signal });
    const cell = (row: (string | null)[], column: string) => row[page.columns.indexOf(column)] ?? '';
    for (const row of page.rows) {
      const [key, name] = [cell(row, 'BuildingKey'), cell(row, 'BuildingName')];
      if (key === '0') continue;
      if (cell(row, 'Latitude') === '' || cell(row, 'Longitude') === '') { ++without; continue; }
      buildings.push({
        key, name, city: cell(row, 'CityName'), latitude: Number(cell(row, 'Latitude')), longitude: Number(cell(row, 'Longitude')),
        traffic: traffic.get(name) ?? { ends: 0, poor: 0, judged: 0 },
      });
    }
    cursor = page.next_cursor;
  }
  // The worst is drawn over its neighbours, small dots over large ones that are as bad.
  buildings.sort((a, b) => (shareOf(a) ?? -1) - (shareOf(b) ?? -1) || b.traffic.ends - a.traffic.ends);
  return { buildings, without };
}

export function BuildingMap({ turn }: { turn: number }) {
  const [months, setMonths] = useState('3');
  const [active, setActive] = useState<string>();
  const loaded = useLoad((signal) => load(Number(months), signal), [turn, months]);
  const value = loaded.value;
  return (
    <Card
      title={t('admin.map')}
      actions={<ButtonLink icon="table" href={href('admin', ['tables', 'buildings'])}>{t('admin.as_table')}</ButtonLink>}
    >
      <div class="stack">
        <div class="admin-search">
          <Select
            label={t('admin.months')} value={months} onChange={setMonths}
            options={['1', '3', '7', '13'].map((one) => ({ value: one, label: t('admin.month_count', { count: Number(one) }) }))}
          />
        </div>
        {loaded.error !== undefined && <Failure error={loaded.error} onRetry={loaded.again} />}
        {!value && loaded.error === undefined && <Loading height={320} />}
        {value && value.buildings.length === 0 && (
          <Empty title={t('admin.map_none')} text={t('admin.map_none_text')} actions={<ButtonLink icon="upload" href={href('admin', ['tables', 'buildings'])}>{t('admin.as_table')}</ButtonLink>} />
        )}
        {value && value.buildings.length > 0 && (
          <div class="map-columns">
            <Plate buildings={value.buildings} active={active} onActive={setActive} />
            <Beside buildings={value.buildings} active={active} onActive={setActive} />
          </div>
        )}
        {value && value.without > 0 && <p class="muted">{t('admin.map_without', { count: value.without })}</p>}
      </div>
    </Card>
  );
}

interface Chosen { buildings: Building[]; active: string | undefined; onActive: (key: string | undefined) => void }

function Plate({ buildings, active, onActive }: Chosen) {
  const whole = useMemo(() => fit(buildings, size.width, size.height), [buildings]);
  const [view, setView] = useState<View>();
  const seen = view ?? whole;
  const dots = useRef<(SVGGElement | null)[]>([]);
  const most = Math.max(1, ...buildings.map((one) => one.traffic.ends));
  const worst = Math.max(0, ...buildings.map((one) => shareOf(one) ?? 0));
  const points = buildings.map((one) => pointOf(seen, one));
  const found = buildings.findIndex((one) => one.key === active);
  const at = found < 0 ? buildings.length - 1 : found;  // the keyboard begins at the worst
  const nearer = (times: number) => setView(zoom(seen, active === undefined ? middleOf(seen) : buildings[at]!, times));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === '+' || event.key === '-') nearer(event.key === '+' ? 2 : 0.5);
    if (!isArrow(event.key)) return;
    event.preventDefault();
    const next = neighbour(points, at, event.key);
    const point = points[next]!;
    if (point.x < 0 || point.y < 0 || point.x > size.width || point.y > size.height)
      setView(around(buildings[next]!, size.height / seen.scale, size.width / seen.scale / seen.squeeze, size.width, size.height));
    dots.current[next]?.focus();
  };
  const shown = active === undefined ? undefined : buildings[at];
  return (
    <div class="map-plate">
      <svg viewBox={`0 0 ${size.width} ${size.height}`} role="group" aria-label={t('admin.map_label')} onKeyDown={onKeyDown} onMouseLeave={() => onActive(undefined)}>
        <Graticule view={seen} />
        {buildings.map((one, i) => {
          const share = shareOf(one);
          const mix = worst > 0 && share !== null ? Math.round((share / worst) * 100) : 0;
          return (
            <g
              key={one.key} ref={(element) => { dots.current[i] = element; }} class={classes('map-dot', one.key === active && 'map-dot-active')}
              transform={`translate(${points[i]!.x.toFixed(1)} ${points[i]!.y.toFixed(1)})`} role="img" tabIndex={i === at ? 0 : -1}
              aria-label={describe(one)} onFocus={() => onActive(one.key)} onBlur={() => onActive(undefined)} onMouseEnter={() => onActive(one.key)}
            >
              <circle r={radiusOf(one, most)} style={{ fill: share === null ? 'var(--line-strong)' : `color-mix(in srgb, var(--poor) ${mix}%, var(--good))` }} />
            </g>
          );
        })}
        {shown && <Label building={shown} point={points[at]!} beside={radiusOf(shown, most) + 6} />}
      </svg>
      <p class="map-chosen">{shown ? describe(shown) : <span class="muted">{t('admin.map_hint')}</span>}</p>
      <div class="spread">
        <p class="small muted map-legend">
          <span class="map-scale" aria-hidden="true" /> {t('admin.map_legend', { worst: percent(worst) })}
        </p>
        <div class="row">
          <Button look="quiet" onClick={() => nearer(2)} aria-label={t('admin.map_nearer')}>+</Button>
          <Button look="quiet" onClick={() => nearer(0.5)} aria-label={t('admin.map_farther')}>−</Button>
          <Button disabled={view === undefined} onClick={() => setView(undefined)}>{t('admin.map_all')}</Button>
        </div>
      </div>
    </div>
  );
}

/** Its area grows with the streams. */
const radiusOf = (one: Building, most: number): number => radius.least + (radius.most - radius.least) * Math.sqrt(one.traffic.ends / most);

const describe = (one: Building): string =>
  t('admin.map_dot', { name: one.name || one.key, ends: one.traffic.ends, share: percent(shareOf(one)) });

function Label({ building, point, beside }: { building: Building; point: { x: number; y: number }; beside: number }) {
  const end = point.x > size.width / 2;
  const x = point.x + (end ? -beside : beside);
  const y = Math.min(size.height - 26, Math.max(20, point.y));
  return (
    <g class="map-label" aria-hidden="true" text-anchor={end ? 'end' : 'start'}>
      <text x={x} y={y - 3} class="map-label-name">{building.name || building.key}</text>
      <text x={x} y={y + 15}>{t('admin.map_label_text', { ends: building.traffic.ends, share: percent(shareOf(building)) })}</text>
    </g>
  );
}

/** "48° N", "0.5° W". */
const degrees = (value: number, letters: readonly [string, string]): string =>
  `${formatNumber(Math.abs(value), 2)}°${value === 0 ? '' : ` ${letters[value > 0 ? 0 : 1]}`}`;

function Graticule({ view }: { view: View }) {
  const grid = gridOf(view);
  return (
    <g class="map-grid" aria-hidden="true">
      {grid.latitudes.map((one) => {
        const { y } = pointOf(view, { latitude: one, longitude: 0 });
        return <g key={`y${one}`}><line x1={0} x2={size.width} y1={y} y2={y} /><text x={4} y={y - 4}>{degrees(one, ['N', 'S'])}</text></g>;
      })}
      {grid.longitudes.map((one) => {
        const { x } = pointOf(view, { latitude: 0, longitude: one });
        return <g key={`x${one}`}><line x1={x} x2={x} y1={0} y2={size.height} /><text x={x + 4} y={size.height - 6}>{degrees(one, ['E', 'W'])}</text></g>;
      })}
    </g>
  );
}

/** The same as a table, the worst first. */
function Beside({ buildings, active, onActive }: Chosen) {
  const rows = [...buildings].sort((a, b) => (shareOf(b) ?? -1) - (shareOf(a) ?? -1) || b.traffic.ends - a.traffic.ends);
  return (
    <div class="table-scroll map-table" tabIndex={0} role="region" aria-label={t('admin.table_buildings')}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.building')}</th>
            <th scope="col" class="number">{t('admin.stream_ends')}</th>
            <th scope="col" class="number">{t('admin.map_poor')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.key} class={one.key === active ? 'map-row-active' : undefined} onMouseEnter={() => onActive(one.key)} onMouseLeave={() => onActive(undefined)}>
              <th scope="row">{one.name || one.key}{one.city && <span class="muted small"> {one.city}</span>}</th>
              <td class="number">{formatNumber(one.traffic.ends)}</td>
              <td class="number">{percent(shareOf(one))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
