// Beside the reports: the month, what this set is about, and what can be done with the whole of it.
import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/http';
import {
  cloneItem, deleteItem, exportItem, getItem, importItems, undeleteItem, updateItem, type Ancestor, type TaggedItem, type User,
} from '../../api/repository';
import { go } from '../../app/navigation';
import { setHref } from '../../app/route';
import { fileName } from '../../query/export';
import type { ReportSet } from '../../query/model';
import { encodeView, type ReportSetView } from '../../query/url_state';
import { t } from '../../text/text';
import type { Month } from '../../time/month';
import { formatTime } from '../../time/zone';
import { Button, ButtonLink } from '../../ui/button';
import { confirm, Dialog } from '../../ui/dialog';
import { download } from '../../ui/download';
import { Select, TextArea, TextField } from '../../ui/field';
import { MonthPicker } from '../../ui/month_picker';
import { explain } from '../../ui/states';
import { toast } from '../../ui/toast';

const spans = ['', '1', '3', '6', '7', '12', '13', '24', '36'];

export function SummaryPane(props: {
  item: TaggedItem; set: ReportSet | null; title: string; owner: User | undefined; mine: boolean; author: boolean;
  ancestors: readonly Ancestor[]; month: Month; latest?: Month; span: number | null; dataUntil: Date | undefined;
  showDescription: boolean; view: ReportSetView; onMonth: (month: Month) => void; onSpan: (span: number | null) => void; onChanged: () => void;
}) {
  const { item, set, title, owner, mine, author, month, span } = props;
  const [editing, setEditing] = useState(false);
  const change = mine && author;
  const chosen = span === null ? '' : String(span);
  return (
    <aside class="summary" aria-label={title}>
      <MonthPicker month={month} onChange={props.onMonth} {...(props.latest ? { latest: props.latest } : {})} />
      <div class="summary-span">
        <Select
          label={t('month.span')} value={chosen} onChange={(text) => props.onSpan(text === '' ? null : Number(text))}
          options={(spans.includes(chosen) ? spans : [...spans, chosen]).map((one) => ({
            value: one, label: one === '' ? t('month.span_stored') : t('month.span_months', { count: Number(one) }),
          }))}
        />
      </div>
      <div class="summary-text">
        <h1>{title}</h1>
        {props.showDescription && set?.Description && <p>{set.Description}</p>}
        {props.dataUntil && <p class="muted small">{t('set.data_until', { time: formatTime(props.dataUntil) })}</p>}
        {!mine && owner && author && <p class="small summary-owner">{t('set.not_yours', { name: owner.loginName })}</p>}
      </div>
      <Tools {...props} change={change} onEdit={() => setEditing(true)} />
      {editing && set && <SetDialog item={item} set={set} onClose={() => setEditing(false)} onSaved={props.onChanged} />}
    </aside>
  );
}

function Tools({ item, title, author, change, ancestors, month, view, onEdit, onChanged }: {
  item: TaggedItem; title: string; author: boolean; change: boolean; ancestors: readonly Ancestor[]; month: Month;
  view: ReportSetView; onEdit: () => void; onChanged: () => void;
}) {
  const file = useRef<HTMLInputElement>(null);
  const tell = (error: unknown) => toast({ text: explain(error), kind: 'error' });
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    try {
      const { itemCount } = await importItems(item.itemId, await chosen.text());
      toast({ text: t('set.imported', { count: itemCount }), kind: 'success' });
      onChanged();
    } catch (error) {
      const bad = error instanceof ApiError && error.status === 400;
      toast({ text: bad ? `${t('set.import_bad')} ${error.detail}` : explain(error), kind: 'error' });
    }
    if (file.current) file.current.value = '';
  };
  const remove = async () => {
    const sure = await confirm({ title: t('set.delete'), text: t('report.delete_question', { title }), action: t('common.delete'), danger: true });
    if (!sure) return;
    try {
      await deleteItem(item.itemId, item.tag);
      toast({
        text: t('report.deleted', { title }), kind: 'success',
        action: { label: t('common.undo'), run: () => void undeleteItem(item.itemId).then(() => go(setHref(item.itemId)), tell) },
      });
      // Sets and reports alternate: the one around this set is two up.
      const around = ancestors.find((one) => one.distance === 1);
      go(around ? setHref(around.itemId) : '#/');
    } catch (error) {
      tell(error);
      onChanged();
    }
  };
  const save = () => void exportItem(item.itemId).then(
    (template) => download(fileName(title, 'cqdx'), typeof template === 'string' ? template : JSON.stringify(template), 'application/json'), tell);
  const saveFile = async () => {
    const [dialog, collect] = await Promise.all([import('../../offline/save_dialog'), import('../../offline/collect')]);
    await dialog.saveAsFile((units) => collect.collectSet(item, view, month, units));
  };
  const clone = () => void cloneItem(item.itemId).then(
    () => toast({ text: t('report.cloned_to_own', { title }), kind: 'success', action: { label: t('nav.reports'), run: () => go('#/') } }), tell);
  return (
    <div class="summary-tools no-print">
      {change && <Button icon="edit" onClick={onEdit}>{t('common.edit')}</Button>}
      {change && <ButtonLink look="primary" icon="add" href={encodeView({ page: 'edit', itemId: null, parentId: item.itemId, month, query: null })}>{t('set.new')}</ButtonLink>}
      {change && <Button icon="upload" onClick={() => file.current?.click()}>{t('set.import')}</Button>}
      <Button icon="download" onClick={save}>{t('set.export')}</Button>
      {item.subItemIds.length > 0 && <Button icon="save" onClick={() => void saveFile()}>{t('offline.title')}</Button>}
      {change && ancestors.length > 0 && <Button icon="trash" onClick={() => void remove()}>{t('common.delete')}</Button>}
      {!change && author && <Button icon="copy" onClick={clone}>{t('report.clone')}</Button>}
      <input ref={file} type="file" accept=".cqdx,.json,application/json" hidden onChange={(event) => void take(event.currentTarget.files?.[0])} />
    </div>
  );
}

function SetDialog({ item, set, onClose, onSaved }: { item: TaggedItem; set: ReportSet; onClose: () => void; onSaved: () => void }) {
  const [draft, setDraft] = useState(set);
  const [busy, setBusy] = useState(false);
  const [conflict, setConflict] = useState(false);
  const [error, setError] = useState('');
  const bad = (text: string) => (text === '' || text.toLowerCase() === 'auto' || Number(text) > 0 ? undefined : t('set.max_hint'));
  const wrong = bad(draft.MaxCalls) ?? bad(draft.MaxPercentage);
  const save = async (tag: string) => {
    setBusy(true);
    setError('');
    try {
      await updateItem(item.itemId, JSON.stringify({
        ...draft, MaxCalls: draft.MaxCalls || 'Auto', MaxPercentage: draft.MaxPercentage || 'Auto',
      }), tag);
      toast({ text: t('set.saved'), kind: 'success' });
      onClose();
      onSaved();
    } catch (reason) {
      if (reason instanceof ApiError && reason.status === 412) setConflict(true);
      else setError(explain(reason));
      setBusy(false);
    }
  };
  const input = (name: 'Title' | 'Description' | 'MaxCalls' | 'MaxPercentage') =>
    (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      // The event is over when the state is set.
      const { value } = event.currentTarget;
      setDraft((old) => ({ ...old, [name]: value }));
    };
  return (
    <Dialog
      title={t('set.edit')} onClose={onClose}
      actions={conflict ? <>
        <Button onClick={() => { onClose(); onSaved(); }}>{t('set.reload')}</Button>
        <Button look="danger" onClick={() => void getItem(item.itemId).then((now) => save(now.tag), (reason) => setError(explain(reason)))}>{t('set.overwrite')}</Button>
      </> : <>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" icon="save" busy={busy} disabled={wrong !== undefined || draft.Title.trim() === ''} onClick={() => void save(item.tag)}>{t('common.save')}</Button>
      </>}
    >
      {conflict && <p class="field-error" role="alert">{t('error.changed_meanwhile')}</p>}
      {error && <p class="field-error" role="alert">{error}</p>}
      <TextField label={t('set.title')} value={draft.Title} onInput={input('Title')} required />
      <TextArea label={t('set.description')} value={draft.Description} onInput={input('Description')} rows={4} />
      <TextField label={t('set.max_calls')} value={draft.MaxCalls} onInput={input('MaxCalls')} hint={t('set.max_hint')} error={bad(draft.MaxCalls)} />
      <TextField label={t('set.max_percentage')} value={draft.MaxPercentage} onInput={input('MaxPercentage')} error={bad(draft.MaxPercentage)} />
    </Dialog>
  );
}
