import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/http';
import { createItem, getItem, updateItem } from '../../api/repository';
import { go, useLeaveGuard } from '../../app/navigation';
import { setHref } from '../../app/route';
import type { Catalogue } from '../../ask/catalogue';
import { QueryDialog } from '../../ask/query_dialog';
import { t } from '../../text/text';
import { writeMonth } from '../../time/month';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { confirm } from '../../ui/dialog';
import { TextArea, TextField } from '../../ui/field';
import { explain } from '../../ui/states';
import { toast } from '../../ui/toast';
import {
  alignPresentation, buildQuery, change, formatContent, hasErrors, parseReport, redo, startHistory, undo, validateReport,
  type Month, type Report,
} from '../../query';
import { ConflictDialog, type Conflict } from './conflict';
import type { Start } from './index';
import { Looks } from './looks';
import { Outline } from './outline';
import { Preview } from './preview';
import { ProblemList } from './problems';

/** Changes the report; `topic` joins quick changes of one thing to one step of undo. */
export type Change = (report: Partial<Report>, topic?: string) => void;

export function Editor({ start, catalogue, month, onReload }: {
  start: Start; catalogue: Catalogue; month: Month; onReload: () => void;
}) {
  const [history, setHistory] = useState(() => startHistory(start.report));
  const [base, setBase] = useState({ report: start.report, tag: start.item?.tag ?? '' });
  const [shownMonth, setMonth] = useState(month);
  const [asksQuery, setAsksQuery] = useState(false);
  const report = history.present;
  const changed = formatContent(report) !== formatContent(base.report) || (start.item === null && history.past.length > 0);
  const problems = useMemo(() => validateReport(report, catalogue.structure), [report, catalogue]);
  const query = useMemo(() => buildQuery(report.Query, { month: shownMonth }), [report, shownMonth]);
  const saving = useSaving(start, base.report, catalogue, shownMonth);
  const leave = useLeave(changed && !saving.busy);

  const edit: Change = useCallback((part, topic) => setHistory((now) => {
    const next = { ...now.present, ...part };
    if (part.Query) next.Presentation = alignPresentation(next.Presentation, part.Query);
    return change(now, next, topic);
  }), []);
  useUndoKeys(() => setHistory(undo), () => setHistory(redo));
  const { tried } = saving;
  return (
    <div class="editor">
      <Head
        report={report} changed={changed} own={start.own} isNew={start.item === null} saving={saving.busy}
        canUndo={history.past.length > 0} canRedo={history.future.length > 0} onChange={edit} tried={tried}
        onUndo={() => setHistory(undo)} onRedo={() => setHistory(redo)} onShowQuery={() => setAsksQuery(true)}
        onCancel={() => go(saving.back)} onSave={() => void saving.save(report, base.tag, leave.free)}
      />
      <Outline report={report} catalogue={catalogue} problems={problems} window={query} onChange={edit} />
      <div class="editor-work">
        {(tried || problems.some((problem) => problem.severity === 'warning' || problem.part !== 'title')) && (
          <ProblemList problems={tried ? problems : problems.filter((problem) => problem.code !== 'title-missing')} catalogue={catalogue} />
        )}
        <Preview report={report} query={query} problems={problems} month={shownMonth} onMonth={setMonth} onChange={edit} />
        <DescriptionCard report={report} onChange={edit} />
        <Looks report={report} onChange={edit} />
      </div>
      {asksQuery && <QueryDialog query={query} onClose={() => setAsksQuery(false)} />}
      {saving.conflict && (
        <ConflictDialog
          conflict={saving.conflict} onClose={saving.forget} onCopy={() => void saving.saveCopy(saving.conflict!.mine, leave.free)}
          onTheirs={() => { leave.free(); saving.forget(); onReload(); }}
          onSave={(chosen) => {
            const { theirs, tag } = saving.conflict!;
            saving.forget();
            setBase({ report: theirs, tag });
            void saving.save(chosen, tag, leave.free);
          }}
        />
      )}
    </div>
  );
}

function DescriptionCard({ report, onChange }: { report: Report; onChange: Change }) {
  return (
    <Card title={t('editor.description')}>
      <TextArea
        label={t('editor.description')} quietLabel value={report.Description} rows={4} hint={t('editor.description_hint')}
        onInput={(event) => onChange({ Description: event.currentTarget.value }, 'description')}
      />
    </Card>
  );
}

interface Saving {
  busy: boolean;
  /** Saving was tried: what is missing is told from then on. */
  tried: boolean;
  /** Somebody else saved meanwhile. */
  conflict: Conflict | null;
  /** The page that the editor was opened from. */
  back: string;
  /** `free` lets the way out pass without a question. */
  save: (content: Report, tag: string, free: () => void) => Promise<void>;
  saveCopy: (mine: Report, free: () => void) => Promise<void>;
  forget: () => void;
}

/** Storing the report: a new one, a changed one, or a copy of somebody else's. `base` is what the changes began with. */
function useSaving(start: Start, base: Report, catalogue: Catalogue, month: Month): Saving {
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const back = setHref(start.parentId ?? start.homeId, writeMonth(month));
  const done = (free: () => void, to: string, text: string) => {
    free();
    toast({ text, kind: 'success' });
    go(to);
  };
  const save: Saving['save'] = async (content, tag, free) => {
    setTried(true);
    if (hasErrors(validateReport(content, catalogue.structure))) {
      document.getElementById('editor-problems')?.focus();
      return;
    }
    setBusy(true);
    try {
      await store(start, content, tag);
      if (start.own) done(free, back, t('editor.saved'));
      else done(free, setHref(start.homeId, writeMonth(month)), t('editor.saved_copy'));
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.status === 412 && start.item) await readTheirs(start.item.itemId, content);
      else toast({ text: explain(error), kind: 'error', action: { label: t('common.retry'), run: () => void save(content, tag, free) } });
    }
  };
  const readTheirs = async (itemId: number, mine: Report) => {
    try {
      const item = await getItem(itemId);
      const theirs = parseReport(item.content);
      if (theirs) setConflict({ base, mine, theirs, tag: item.tag });
    } catch (error) {
      toast({ text: explain(error), kind: 'error' });
    }
  };
  const saveCopy: Saving['saveCopy'] = async (mine, free) => {
    try {
      const copy = { ...mine, Title: t('editor.copy_title', { title: mine.Title }) };
      await createItem(start.parentId ?? start.homeId, formatContent(copy));
      done(free, back, t('editor.saved_copy'));
    } catch (error) {
      toast({ text: explain(error), kind: 'error' });
    }
  };
  return { busy, tried, conflict, back, save, saveCopy, forget: () => setConflict(null) };
}

async function store(start: Start, content: Report, tag: string): Promise<void> {
  if (start.item === null) await createItem(start.parentId ?? start.homeId, formatContent(content));
  else if (start.own) await updateItem(start.item.itemId, formatContent(content), tag);
  else await createItem(start.homeId, formatContent(content));
}

/** Asks before unsaved changes are left; `free` lets the next way out pass. */
function useLeave(active: boolean): { free: () => void } {
  const freed = useRef(false);
  const ask = useCallback(() => freed.current || confirm({
    title: t('editor.leave_title'), text: t('editor.leave_text'), action: t('editor.leave_action'), danger: true,
  }), []);
  useLeaveGuard(active, ask);
  return { free: () => { freed.current = true; } };
}

/** Ctrl+Z and Ctrl+Y or Ctrl+Shift+Z, unless a field has its own undo. */
function useUndoKeys(onUndo: () => void, onRedo: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest('dialog, textarea') || (target.matches('input') && !target.matches('[type=checkbox]'))) return;
      const key = event.key.toLowerCase();
      if (key !== 'z' && key !== 'y') return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) onRedo();
      else onUndo();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}

function Head({ report, changed, own, isNew, saving, canUndo, canRedo, tried, onChange, onUndo, onRedo, onShowQuery, onCancel, onSave }: {
  report: Report; changed: boolean; own: boolean; isNew: boolean; saving: boolean; canUndo: boolean; canRedo: boolean; tried: boolean;
  onChange: Change; onUndo: () => void; onRedo: () => void; onShowQuery: () => void; onCancel: () => void; onSave: () => void;
}) {
  return (
    <div class="editor-head">
      <h1 class="only-read-out">{t('page.editor')}</h1>
      <div class="editor-title">
        <TextField
          label={t('editor.title')} value={report.Title} maxLength={300} required autoFocus={isNew}
          error={tried && report.Title.trim() === '' ? t('problem.title-missing') : undefined}
          hint={report.Title === '' ? t('editor.title_hint') : undefined} onInput={(event) => onChange({ Title: event.currentTarget.value }, 'title')}
        />
      </div>
      <div class="row editor-actions">
        <span class="editor-state" role="status">
          {!own ? <span class="badge badge-warning">{t('editor.foreign')}</span> : changed && <span class="badge badge-accent">{t('editor.unsaved')}</span>}
        </span>
        <Button look="quiet" icon="undo" label={t('common.undo')} disabled={!canUndo} onClick={onUndo} />
        <Button look="quiet" icon="redo" label={t('editor.redo')} disabled={!canRedo} onClick={onRedo} />
        <Button look="quiet" icon="link" onClick={onShowQuery}>{t('ask.show_query')}</Button>
        <Button onClick={onCancel}>{t('common.cancel')}</Button>
        <Button look="primary" icon="save" busy={saving} onClick={onSave}>{t(own ? 'common.save' : 'editor.save_copy')}</Button>
      </div>
    </div>
  );
}
