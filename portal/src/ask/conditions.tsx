// The conditions of a question as blocks joined by "and"; within a block any one is enough ("or").
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../text/text';
import { Button } from '../ui/button';
import { Menu } from '../ui/menu';
import {
  blocksOf, changeFilter, freeGroup, isMonthName, joinByOr, labelOf, parseValues, removeFilters, separate, setEitherEnd, type Block, type Filter,
  type Problem, type Query,
} from '../query';
import type { Catalogue } from './catalogue';
import { conditionText, FilterDialog, problemText } from './filter_dialog';
import { NamePicker } from './name_picker';

const usualFilters = [
  '[Second Building].[Building Name]', '[Second Network Connection Type].[Network Connection Detail]', '[Media Type].[Media Type]',
  '[Scenarios].[ScenarioPair]', '[StreamType].[StreamType]', '[Second User Agent].[User Agent Type]', '[Quality].[Class]',
  '[StartDate].[Date]',
];

/** What is open: choosing an attribute (perhaps to join with `or`), or a condition at `index`. */
type Open =
  | { what: 'name'; or: number | null }
  | { what: 'filter'; index: number | null; filter: Filter; or: number | null };

export function Conditions({ filters, catalogue, window, problems = [], onChange, compact }: {
  filters: readonly Filter[];
  catalogue: Catalogue;
  window: Query;
  problems?: readonly Problem[];
  onChange: (filters: Filter[]) => void;
  /** In one row, without "and". */
  compact?: boolean;
}) {
  const [open, setOpen] = useState<Open | null>(null);
  const blocks = blocksOf(filters);
  const done = (index: number | null, filter: Filter, either: boolean, or: number | null) => {
    setOpen(null);
    onChange(apply(filters, index, filter, either, or));
  };
  return (
    <div class={compact ? 'conditions conditions-row' : 'conditions'}>
      {blocks.map((block, i) => (
        <Fragment key={block.indexes.join()}>
          {i > 0 && !compact && <div class="joint">{t('ask.and')}</div>}
          <BlockCard
            block={block} filters={filters} blocks={blocks} problems={problems} onChange={onChange}
            onEdit={(index) => setOpen({ what: 'filter', index, filter: filters[index]!, or: null })}
            onOr={(index) => setOpen({ what: 'name', or: index })}
          />
        </Fragment>
      ))}
      <Button look="quiet" icon="add" onClick={() => setOpen({ what: 'name', or: null })}>{t('ask.add_filter')}</Button>
      {open?.what === 'name' && (
        <NamePicker
          title={t(open.or === null ? 'ask.choose_filter' : 'ask.choose_or')} entries={catalogue.attributes} usual={usualFilters}
          onClose={() => setOpen((now) => (now?.what === 'name' ? null : now))}
          onPick={(name) => setOpen({ what: 'filter', index: null, or: open.or,
            filter: { DataModelName: name, Value: '', Caption: '', Operand: 0, UnionGroup: '' } })}
        />
      )}
      {open?.what === 'filter' && (
        <FilterDialog
          filter={open.filter} window={window} isNew={open.index === null}
          eitherEnd={open.index !== null && blocks.some((block) => block.kind === 'eitherEnd' && block.indexes.includes(open.index!))}
          onClose={() => setOpen(null)}
          onDone={({ filter, eitherEnd }) => done(open.index, filter, eitherEnd, open.or)}
        />
      )}
    </div>
  );
}

/** A new or changed condition in its place. */
function apply(filters: readonly Filter[], index: number | null, filter: Filter, either: boolean, or: number | null): Filter[] {
  if (index !== null) {
    const wasEither = blocksOf(filters).some((block) => block.kind === 'eitherEnd' && block.indexes.includes(index));
    const { Value, Caption, Operand } = filter;
    const changed = changeFilter(filters, index, { Value, Caption, Operand });
    return wasEither === either ? changed : setEitherEnd(changed, index, either);
  }
  const all = [...filters, filter];
  const at = all.length - 1;
  const joined = or === null ? all : joinByOr(all, at, or);
  return either ? setEitherEnd(joined, at, true) : joined;
}

function BlockCard({ block, filters, blocks, problems, onChange, onEdit, onOr }: {
  block: Block; filters: readonly Filter[]; blocks: readonly Block[]; problems: readonly Problem[];
  onChange: (filters: Filter[]) => void; onEdit: (index: number) => void; onOr: (index: number) => void;
}) {
  const shown = block.kind === 'eitherEnd' ? [block.indexes[0]] : block.indexes;
  return (
    <div class="block">
      {block.kind === 'any' && <div class="block-kind">{t('ask.any_of')}</div>}
      {shown.map((index, i) => {
        const filter = filters[index]!;
        const { operand, values } = ofPage(filter) ? { operand: '', values: t('ask.month_of_page') } : conditionText(filter);
        const name = labelOf(filter.DataModelName);
        const wrong = problems.filter((problem) => problem.part === 'filters' && problem.index === index);
        return (
          <Fragment key={index}>
            {i > 0 && <div class="joint joint-or">{t('ask.or')}</div>}
            <div class="condition">
              <button type="button" class="condition-text" onClick={() => onEdit(index)} title={filter.DataModelName}>
                <strong>{block.kind === 'eitherEnd' ? t('ask.at_either_end', { name: bareName(name) }) : name}</strong>{' '}
                <span class="muted">{operand}</span> {values || '…'}
              </button>
              <BlockMenu {...{ block, index, name, filters, blocks, onChange, onEdit, onOr }} />
            </div>
            {wrong.map((problem) => (
              <p key={problem.code} class={problem.severity === 'error' ? 'field-error' : 'field-hint'}>{problemText(problem)}</p>
            ))}
          </Fragment>
        );
      })}
    </div>
  );
}

/** The month of the page takes the place of a stored one (query/build.ts). */
const ofPage = (filter: Filter): boolean => isMonthName(filter.DataModelName) && filter.Operand === 0 && filter.UnionGroup === '' &&
  parseValues(filter.Value).length === 1;
const bareName = (label: string) => label.replace(/^(First|Second) /, '');

function BlockMenu({ block, index, name, filters, blocks, onChange, onEdit, onOr }: {
  block: Block; index: number; name: string; filters: readonly Filter[]; blocks: readonly Block[];
  onChange: (filters: Filter[]) => void; onEdit: (index: number) => void; onOr: (index: number) => void;
}) {
  const others = blocks.filter((other) => other !== block);
  const whole = block.kind === 'eitherEnd' ? block.indexes : [index];
  const join = (other: number) => {
    // A block that was joined as "either end" goes along with both its conditions.
    const group = filters[other]?.UnionGroup || freeGroup(filters);
    const marked = filters.map((filter, i) => (i === other || whole.includes(i) ? { ...filter, UnionGroup: group } : filter));
    onChange(marked);
  };
  return (
    <Menu
      label={t('ask.condition_menu', { name })} icon="more"
      parts={[
        { items: [
          { label: t('common.edit'), icon: 'edit', onSelect: () => onEdit(index) },
          { label: t('ask.or_new'), icon: 'add', onSelect: () => onOr(index) },
          ...(block.kind === 'any' ? [{ label: t('ask.separate'), onSelect: () => onChange(separate(filters, index)) }] : []),
        ] },
        { heading: t('ask.or_with'), items: others.map((other) => ({
          label: labelOf(filters[other.indexes[0]!]!.DataModelName), onSelect: () => join(other.indexes[0]!) })) },
        { items: [{ label: t('ask.remove'), icon: 'trash', danger: true, onSelect: () => onChange(removeFilters(filters, whole)) }] },
      ]}
    />
  );
}
