// How the answer is drawn: names, colours, axes, bars or lines, size.
import { t } from '../../text/text';
import { Card } from '../../ui/card';
import { Checkbox, Select, TextField } from '../../ui/field';
import { isColor, labelOf, type Presentation, type PresentedMeasure, type Report } from '../../query';
import type { Change } from './editor';

export function Looks({ report, onChange }: { report: Report; onChange: Change }) {
  const looks = report.Presentation;
  const set = (part: Partial<Presentation>, topic?: string) => onChange({ Presentation: { ...looks, ...part } }, topic);
  const setMeasure = (index: number, part: Partial<PresentedMeasure>, topic?: string) =>
    set({ measurements: looks.measurements.map((one, i) => (i === index ? { ...one, ...part } : one)) }, topic && `${topic} ${index}`);
  const isChart = looks.presentationPlugin === 'flotChart';
  return (
    <Card title={t('editor.looks')}>
      <div class="table-scroll">
        <table class="table looks-table">
          <thead>
            <tr>
              <th scope="col">{t('editor.column')}</th>
              <th scope="col">{t('editor.shown_as')}</th>
              {isChart && <><th scope="col">{t('editor.drawn_as')}</th><th scope="col">{t('editor.axis')}</th><th scope="col">{t('editor.stacked')}</th></>}
              <th scope="col">{t('editor.color')}</th>
            </tr>
          </thead>
          <tbody>
            {looks.dimensions.map((one, i) => (
              <tr key={`d${i}`}>
                <th scope="row">{labelOf(one.DataModelName)}</th>
                <td>
                  <TextField label={t('editor.shown_as_named', { name: labelOf(one.DataModelName) })} quietLabel value={one.friendlyName}
                    onInput={(event) => set({ dimensions: looks.dimensions.map((d, n) =>
                      (n === i ? { ...d, friendlyName: event.currentTarget.value } : d)) }, `dimension ${i}`)} />
                </td>
                <td colSpan={isChart ? 4 : 1} />
              </tr>
            ))}
            {looks.measurements.map((one, i) => (
              <MeasureRow key={`m${i}`} measure={one} isChart={isChart} onChange={(part, topic) => setMeasure(i, part, topic)} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="looks-more">
        {isChart ? <ChartOptions looks={looks} set={set} /> : (
          <Checkbox label={t('editor.column_filters')} checked={looks.tableProperties.showFilter}
            onChange={(showFilter) => set({ tableProperties: { ...looks.tableProperties, showFilter } })} />
        )}
        <TextField label={t('editor.width')} type="number" min={200} max={4000} value={String(looks.width)}
          onInput={(event) => set({ width: Number(event.currentTarget.value) }, 'width')} />
        <TextField label={t('editor.height')} type="number" min={100} max={4000} value={String(looks.height)}
          onInput={(event) => set({ height: Number(event.currentTarget.value) }, 'height')} />
      </div>
    </Card>
  );
}

function ChartOptions({ looks, set }: { looks: Presentation; set: (part: Partial<Presentation>, topic?: string) => void }) {
  const chart = looks.chartProperties;
  const setLabel = (index: number, axisLabel: string) => set({ chartProperties: { ...chart,
    yaxes: chart.yaxes.map((axis, i) => (i === index ? { ...axis, axisLabel } : axis)) } }, `axis ${index}`);
  return (
    <>
      <TextField label={t('editor.left_axis')} value={chart.yaxes[0]?.axisLabel ?? ''} onInput={(event) => setLabel(0, event.currentTarget.value)} />
      <TextField label={t('editor.right_axis')} value={chart.yaxes[1]?.axisLabel ?? ''} onInput={(event) => setLabel(1, event.currentTarget.value)} />
      <Checkbox label={t('editor.legend')} checked={chart.legend} onChange={(legend) => set({ chartProperties: { ...chart, legend } })} />
    </>
  );
}

function MeasureRow({ measure, isChart, onChange }: {
  measure: PresentedMeasure; isChart: boolean; onChange: (part: Partial<PresentedMeasure>, topic?: string) => void;
}) {
  const name = labelOf(measure.DataModelName);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <TextField label={t('editor.shown_as_named', { name })} quietLabel value={measure.friendlyName}
          onInput={(event) => onChange({ friendlyName: event.currentTarget.value }, 'measure')} />
      </td>
      {isChart && (
        <>
          <td>
            <Select label={t('editor.drawn_as_named', { name })} quietLabel value={String(measure.chartType) as '0' | '1'}
              options={[{ value: '0', label: t('editor.bar') }, { value: '1', label: t('editor.line') }]}
              onChange={(value) => onChange({ chartType: value === '1' ? 1 : 0 })} />
          </td>
          <td>
            <Select label={t('editor.axis_named', { name })} quietLabel value={String(measure.yaxis) as '1' | '2'}
              options={[{ value: '1', label: t('editor.left') }, { value: '2', label: t('editor.right') }]}
              onChange={(value) => onChange({ yaxis: value === '2' ? 2 : 1 })} />
          </td>
          <td>
            <input type="checkbox" class="looks-check" aria-label={t('editor.stacked_named', { name })} checked={measure.stack}
              disabled={measure.chartType === 1} onChange={(event) => onChange({ stack: event.currentTarget.checked })} />
          </td>
        </>
      )}
      <td>
        <input type="color" class="looks-color" aria-label={t('editor.color_named', { name })}
          value={isColor(measure.color) ? longColor(measure.color) : '#888888'}
          onInput={(event) => onChange({ color: event.currentTarget.value.toUpperCase() }, 'color')} />
      </td>
    </tr>
  );
}

/** The field takes six digits only. */
const longColor = (color: string): string =>
  color.length === 4 ? `#${[...color.slice(1)].map((digit) => digit + digit).join('')}` : color;
