// The left side: dimensions, measurements and conditions of the report.
import { useState } from 'preact/hooks';
import type { Catalogue } from '../../ask/catalogue';
import { Conditions } from '../../ask/conditions';
import { problemText } from '../../ask/filter_dialog';
import { NamePicker } from '../../ask/name_picker';
import { t } from '../../text/text';
import { Button } from '../../ui/button';
import { Menu } from '../../ui/menu';
import { labelOf, monthName, usualBreakdowns, type NameReference, type Problem, type Query, type Report } from '../../query';
import type { Change } from './editor';

const usualMeasures = [
  '[Measures].[Audio Streams Count]', '[Measures].[Audio Good Streams Count]', '[Measures].[Audio UnClassified Streams Count]',
  '[Measures].[Audio Poor Streams Count]', '[Measures].[AudioPoorPercentage]', '[Measures].[Avg Jitter]',
  '[Measures].[Avg Packet Loss Rate]', '[Measures].[Avg Round Trip]',
];
const usualDimensions = [monthName, ...usualBreakdowns.filter((name) => name !== monthName)];

export function Outline({ report, catalogue, problems, window, onChange }: {
  report: Report; catalogue: Catalogue; problems: readonly Problem[]; window: Query; onChange: Change;
}) {
  const query = report.Query;
  const set = (part: Partial<Query>) => onChange({ Query: { ...query, ...part } });
  return (
    <aside class="editor-outline" aria-label={t('editor.outline')}>
      <NameList
        title={t('editor.dimensions')} hint={t('editor.dimensions_hint')} add={t('editor.add_dimension')} list={query.Dimensions}
        entries={catalogue.attributes} usual={usualDimensions} problems={problems.filter((one) => one.part === 'dimensions')}
        onChange={(Dimensions) => set({ Dimensions })}
      />
      <NameList
        title={t('editor.measurements')} hint={t('editor.measurements_hint')} add={t('editor.add_measurement')} list={query.Measurements}
        entries={catalogue.measures} usual={usualMeasures} problems={problems.filter((one) => one.part === 'measurements')}
        onChange={(Measurements) => set({ Measurements })}
      />
      <section class="outline-part">
        <h2>{t('editor.filters')}</h2>
        <p class="muted small">{t('editor.filters_hint')}</p>
        <Conditions filters={query.Filters} catalogue={catalogue} window={window} problems={problems} onChange={(Filters) => set({ Filters })} />
      </section>
    </aside>
  );
}

function NameList({ title, hint, add, list, entries, usual, problems, onChange }: {
  title: string; hint: string; add: string; list: readonly NameReference[]; entries: Catalogue['attributes'];
  usual: readonly string[]; problems: readonly Problem[]; onChange: (list: NameReference[]) => void;
}) {
  const [open, setOpen] = useState(false);
  const move = (from: number, to: number) => {
    const next = [...list];
    const [one] = next.splice(from, 1);
    if (one) next.splice(to, 0, one);
    onChange(next);
  };
  const without = (index: number) => onChange(list.filter((_, i) => i !== index));
  return (
    <section class="outline-part">
      <div class="spread">
        <h2>{title}</h2>
        <Button look="quiet" icon="add" label={add} onClick={() => setOpen(true)} />
      </div>
      {list.length === 0 && <p class="muted small">{hint}</p>}
      <ol class="outline-list">
        {list.map(({ DataModelName: name }, index) => (
          <li key={`${name} ${index}`}>
            <div class="outline-entry">
              <span title={name}>{labelOf(name)}</span>
              <Menu
                label={t('editor.entry_menu', { name: labelOf(name) })} icon="more"
                parts={[{ items: [
                  { label: t('editor.move_up'), icon: 'sort_up', disabled: index === 0, onSelect: () => move(index, index - 1) },
                  { label: t('editor.move_down'), icon: 'sort_down', disabled: index === list.length - 1, onSelect: () => move(index, index + 1) },
                  { label: t('ask.remove'), icon: 'trash', danger: true, onSelect: () => without(index) },
                ] }]}
              />
            </div>
            {problems.filter((one) => one.index === index).map((one) => (
              <p key={one.code} class={one.severity === 'error' ? 'field-error' : 'field-hint'}>{problemText(one)}</p>
            ))}
          </li>
        ))}
      </ol>
      {open && (
        <NamePicker
          title={add} entries={entries} usual={usual} chosen={list.map((one) => one.DataModelName)} stay
          onPick={(name) => onChange([...list, { DataModelName: name }])} onClose={() => setOpen(false)}
        />
      )}
    </section>
  );
}
