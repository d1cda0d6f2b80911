// One condition: how it compares and with what. Members are looked up while one types, each with its number of streams.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { listMembers, runQuery, type QueryBody } from '../api/data';
import { formatNumber, t, type TextKey } from '../text/text';
import { Button } from '../ui/button';
import { classes } from '../ui/classes';
import { Dialog } from '../ui/dialog';
import { Checkbox, Select, TextField } from '../ui/field';
import { Icon } from '../ui/icon';
import { useLoad } from '../ui/load';
import { Failure, Loading } from '../ui/states';
import {
  blankKey, captionOfKey, captionsOf, formatCaption, formatValues, isMonthName, keyOfMember, labelOf, operands,
  parseValues, takesMembers, twinOf, validateQuery, type Filter, type Member, type Query,
} from '../query';

const pageSize = 50;
export const operandText = (operand: number): string => t(`operand.${operand}` as TextKey);

export interface FilterChoice {
  filter: Filter;
  /** The same condition for either end of the stream. */
  eitherEnd: boolean;
}

export function FilterDialog({ filter, eitherEnd, window, onDone, onClose, isNew }: {
  filter: Filter;
  eitherEnd: boolean;
  /** The question whose time is counted in: its month filters and trend. */
  window: Query;
  onDone: (choice: FilterChoice) => void;
  onClose: () => void;
  isNew?: boolean;
}) {
  const [operand, setOperand] = useState(filter.Operand);
  const [either, setEither] = useState(eitherEnd);
  const [members, setMembers] = useState<Member[]>(() => {
    const captions = captionsOf(filter);
    return parseValues(filter.Value).map((key, i) => ({ key, caption: captions[i] ?? key }));
  });
  const made: Filter = {
    ...filter, Operand: operand, Value: formatValues(members.map((one) => one.key)),
    Caption: formatCaption(members.map((one) => one.caption)),
  };
  const problems = validateQuery({ Dimensions: [], Measurements: [{ DataModelName: '[Measures].[x]' }], Filters: [made] }, null)
    .filter((problem) => problem.part === 'filters');
  const errors = problems.filter((problem) => problem.severity === 'error');
  const name = filter.DataModelName;
  const pickable = takesMembers(operand);
  const toggle = (member: Member) => setMembers(members.some((one) => one.key === member.key)
    ? members.filter((one) => one.key !== member.key) : [...members, member]);

  return (
    <Dialog
      title={t(isNew ? 'ask.filter_new' : 'ask.filter_edit', { name: labelOf(name) })} onClose={onClose} wide
      actions={<>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" disabled={errors.length > 0} onClick={() => onDone({ filter: made, eitherEnd: either })}>
          {t('ask.apply')}
        </Button>
      </>}
    >
      <div class="filter-dialog">
        <div class="filter-how">
          <Select
            label={t('ask.comparison')} value={String(operand)} onChange={(value) => setOperand(Number(value))}
            options={operands.map((one) => ({ value: String(one), label: operandText(one) }))}
          />
          {twinOf(name) && (
            <Checkbox label={t('ask.either_end')} hint={t('ask.either_end_hint')} checked={either} onChange={setEither} />
          )}
        </div>
        <Chosen members={members} onRemove={toggle} />
        {pickable
          ? <MemberList name={name} chosen={members} onToggle={toggle} window={window} />
          : <FreeValues operand={operand} onAdd={(text) => toggle({ key: text, caption: text })} />}
        {problems.filter((problem) => problem.code !== 'value-missing').map((problem) => (
          <p key={problem.code} class={problem.severity === 'error' ? 'field-error' : 'field-hint'}>
            {problemText(problem)}
          </p>
        ))}
      </div>
    </Dialog>
  );
}

/** What `validateReport` found, in a sentence. */
export function problemText(problem: { code: string; name?: string; limit?: number; near?: string[] }): string {
  return t(`problem.${problem.code}` as TextKey, {
    name: problem.name === undefined ? '' : labelOf(problem.name),
    limit: problem.limit ?? 0,
    near: (problem.near ?? []).map(labelOf).join(', ') || '–',
  });
}

function Chosen({ members, onRemove }: { members: readonly Member[]; onRemove: (member: Member) => void }) {
  if (members.length === 0) return <p class="muted">{t('ask.nothing_chosen')}</p>;
  return (
    <ul class="chips" aria-label={t('ask.chosen')}>
      {members.map((member) => (
        <li key={member.key} class="chip">
          <span title={member.key}>{member.caption}</span>
          <Button look="quiet" icon="close" label={t('ask.remove_named', { name: member.caption })} onClick={() => onRemove(member)} />
        </li>
      ))}
    </ul>
  );
}

function FreeValues({ operand, onAdd }: { operand: number; onAdd: (text: string) => void }) {
  const [text, setText] = useState('');
  const add = () => {
    if (text.trim() === '') return;
    onAdd(text.trim());
    setText('');
  };
  return (
    <div class="filter-free">
      <TextField
        label={t('ask.value')} value={text} spellcheck={false} autoFocus
        hint={t(operand === 2 || operand === 8 ? 'ask.contains_hint' : 'ask.value_hint')}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); add(); } }}
      />
      <Button icon="add" onClick={add}>{t('ask.add')}</Button>
    </div>
  );
}

function MemberList({ name, chosen, onToggle, window }: {
  name: string; chosen: readonly Member[]; onToggle: (member: Member) => void; window: Query;
}) {
  const [search, setSearch] = useState('');
  const [wanted, setWanted] = useState('');
  const [shown, setShown] = useState(pageSize);
  useEffect(() => {
    const timer = setTimeout(() => { setWanted(search.trim()); setShown(pageSize); }, 200);
    return () => clearTimeout(timer);
  }, [search]);
  const page = useLoad((signal) => listMembers(name, wanted, 0, shown, signal), [name, wanted, shown]);
  const members = useMemo(() => (page.value?.Members ?? []).map(([key, caption]) =>
    ({ key: keyOfMember(key), caption: caption === '' ? blankKey : caption })), [page.value]);
  const counts = useLoad((signal) => countStreams(name, members, window, signal), [name, members]);
  const total = page.value?.MembersCount ?? 0;
  return (
    <div class="members">
      <TextField
        label={t('ask.find_member')} type="search" value={search} spellcheck={false} autoFocus
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      {page.error !== undefined && <Failure error={page.error} onRetry={page.again} />}
      {!page.value && page.error === undefined && <Loading />}
      {page.value && (
        <>
          <p class="muted small" role="status">{t('ask.members_found', { count: total })}</p>
          <ul class="members-list" aria-label={t('ask.members_of', { name: labelOf(name) })}>
            {members.map((member) => {
              const on = chosen.some((one) => one.key === member.key);
              const count = counts.value?.get(member.caption);
              return (
                <li key={member.key}>
                  <button type="button" class={classes('member', on && 'member-on')} aria-pressed={on} onClick={() => onToggle(member)}>
                    <span class="member-mark">{on && <Icon name="check" size={16} />}</span>
                    <span class="member-name" title={member.key}>{member.caption}</span>
                    <span class="member-count muted">
                      {counts.value ? formatNumber(count ?? 0, 0) : ''}
                    </span>
                  </button>
                </li>
              );
            })}
          </ul>
          {members.length < total && (
            <Button onClick={() => setShown(shown + 4 * pageSize)}>{t('ask.more_members', { count: total - members.length })}</Button>
          )}
          <p class="muted small">{t('ask.counts_are_streams')}</p>
        </>
      )}
    </div>
  );
}

/** Streams of each member in the time of the question; nothing when that cannot be asked. */
async function countStreams(name: string, members: readonly Member[], window: Query, signal: AbortSignal):
    Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (members.length === 0) return counts;
  const filters = window.Filters.filter((one) => isMonthName(one.DataModelName) && one.UnionGroup === '' && !isMonthName(name));
  const body: QueryBody = {
    Dimensions: [{ DataModelName: name }],
    Measurements: [{ DataModelName: '[Measures].[Total Stream Count]' }],
    Filters: [...filters, { DataModelName: name, Operand: 0, Value: formatValues(members.map((one) => one.key)), Caption: '', UnionGroup: '' }],
    ...(window.Trend && !isMonthName(name) ? { Trend: window.Trend } : {}),
  };
  for (const [caption, count] of (await runQuery(body, signal)).rows) {
    if (typeof count === 'number') counts.set(caption === '' || caption === null ? blankKey : String(caption), count);
  }
  return counts;
}

/** What a condition says: "is" and its members. */
export function conditionText(filter: Filter): { operand: string; values: string } {
  const captions = captionsOf(filter).map((caption, i) => caption || captionOfKey(filter.DataModelName, parseValues(filter.Value)[i] ?? ''));
  const shown = captions.slice(0, 4).join(', ');
  const rest = captions.length - 4;
  return { operand: operandText(filter.Operand), values: rest > 0 ? t('ask.and_more', { values: shown, count: rest }) : shown };
}
