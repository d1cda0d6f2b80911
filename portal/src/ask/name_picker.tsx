// Search among attributes or measures by name, description and unit; keyboard as WAI-ARIA's combobox with a list says.
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../text/text';
import { classes } from '../ui/classes';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { sameName } from '../query';
import { searchEntries, type Entry } from './catalogue';

export function NamePicker({ title, entries, chosen = [], usual = [], onPick, onClose, stay = false }: {
  title: string;
  entries: readonly Entry[];
  /** Already in use: marked, and picked again without effect. */
  chosen?: readonly string[];
  /** Shown first while nothing is searched. */
  usual?: readonly string[];
  onPick: (name: string) => void;
  onClose: () => void;
  /** Several may be picked before the dialog is closed. */
  stay?: boolean;
}) {
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const groups = useMemo(() => groupsOf(entries, search, usual), [entries, search, usual]);
  const flat = useMemo(() => groups.flatMap((group) => group.entries), [groups]);
  const isChosen = (name: string) => chosen.some((one) => sameName(one, name));

  useEffect(() => input.current?.focus(), []);
  useEffect(() => setActive(0), [search]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const pick = (entry: Entry | undefined) => {
    if (!entry) return;
    if (!isChosen(entry.name)) onPick(entry.name);
    if (!stay) onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 10, PageUp: active - 10 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setActive(Math.max(0, Math.min(flat.length - 1, to)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      pick(flat[active]);
    }
  };
  let index = -1;
  return (
    <Dialog title={title} onClose={onClose} wide>
      <div class="picker">
        <div class="picker-search">
          <Icon name="search" />
          <input
            {...{ role: 'combobox' } as object} ref={input} class="input" type="text" aria-expanded="true" aria-autocomplete="list"
            aria-controls={`${id}-list`} aria-activedescendant={flat[active] ? `${id}-${active}` : undefined}
            aria-label={t('ask.search')} aria-describedby={`${id}-hint`} value={search} spellcheck={false}
            onInput={(event) => setSearch(event.currentTarget.value)} onKeyDown={onKeyDown}
          />
          <span class="muted small" role="status">{t('ask.found', { count: flat.length })}</span>
          <span class="field-hint picker-hint" id={`${id}-hint`}>{t('ask.search_hint')}</span>
        </div>
        <div class="picker-list" role="listbox" id={`${id}-list`} ref={list} aria-label={title} tabIndex={-1}>
          {flat.length === 0 && <div class="picker-none" role="option" aria-selected="false" aria-disabled="true">{t('ask.none')}</div>}
          {groups.map((group) => (
            <div key={group.name} role="group" aria-label={group.name} class="picker-group">
              {group.name && <div class="picker-heading" role="presentation">{group.name}</div>}
              {group.entries.map((entry) => {
                index += 1;
                const at = index;
                return (
                  <div
                    key={entry.name} id={`${id}-${at}`} role="option" aria-selected={at === active}
                    class={classes('picker-entry', at === active && 'picker-active')}
                    onClick={() => pick(entry)} onMouseMove={() => { if (at !== active) setActive(at); }}
                  >
                    <span class="picker-name">
                      {isChosen(entry.name) && <Icon name="check" size={16} />}
                      {entry.label === 'Metric' ? entry.category : entry.label}
                      {(search !== '' || group.name === t('ask.usual')) && entry.category && entry.label !== 'Metric' && <span class="picker-category">{entry.category}</span>}
                    </span>
                    <span class="picker-about">
                      {entry.description}
                      {entry.unit && <span class="badge">{entry.unit}</span>}
                      {entry.personal && <span class="badge badge-warning">{t('ask.personal')}</span>}
                    </span>
                  </div>
                );
              })}
            </div>
          ))}
        </div>
        <p class="muted small">{t(stay ? 'ask.keys_stay' : 'ask.keys')}</p>
      </div>
    </Dialog>
  );
}

/** While searching one list, best first; else by category behind the usual ones. */
function groupsOf(entries: readonly Entry[], search: string, usual: readonly string[]): { name: string; entries: Entry[] }[] {
  if (search.trim() !== '') return [{ name: '', entries: searchEntries(entries, search) }];
  const first = usual.map((name) => entries.find((entry) => sameName(entry.name, name)))
    .filter((entry): entry is Entry => entry !== undefined);
  const groups = first.length > 0 ? [{ name: t('ask.usual'), entries: first }] : [];
  const byCategory = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (first.includes(entry)) continue;
    byCategory.set(entry.category, [...(byCategory.get(entry.category) ?? []), entry]);
  }
  for (const [name, list] of byCategory) groups.push({ name, entries: list });
  return groups;
}
