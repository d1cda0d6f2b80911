// Somebody saved the same report meanwhile: what each changed, and what can be done about it.
import { t, type TextKey } from '../../text/text';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { mergeReports, type Report, type ReportPart } from '../../query';

export interface Conflict {
  /** What both began with. */
  base: Report;
  mine: Report;
  theirs: Report;
  /** Entity tag of theirs. */
  tag: string;
}

export function ConflictDialog({ conflict, onSave, onTheirs, onCopy, onClose }: {
  conflict: Conflict; onSave: (report: Report) => void; onTheirs: () => void; onCopy: () => void; onClose: () => void;
}) {
  const merge = mergeReports(conflict.base, conflict.mine, conflict.theirs);
  const names = (parts: readonly ReportPart[]) =>
    parts.map((part) => t(`editor.part_${part}` as TextKey)).join(', ') || t('editor.part_none');
  const clean = merge.conflicts.length === 0;
  return (
    <Dialog title={t('editor.conflict_title')} onClose={onClose} wide>
      <p>{t(clean ? 'editor.conflict_clean' : 'editor.conflict_text')}</p>
      <table class="table">
        <tbody>
          <tr><th scope="row">{t('editor.conflict_mine')}</th><td>{names(merge.mine)}</td></tr>
          <tr><th scope="row">{t('editor.conflict_theirs')}</th><td>{names(merge.theirs)}</td></tr>
          {!clean && <tr><th scope="row">{t('editor.conflict_both')}</th><td><strong>{names(merge.conflicts)}</strong></td></tr>}
        </tbody>
      </table>
      <div class="conflict-choices">
        {clean && <Choice look="primary" name={t('editor.conflict_merge')} text={t('editor.conflict_merge_text')} onClick={() => onSave(merge.merged)} />}
        <Choice look={clean ? 'plain' : 'primary'} name={t('editor.conflict_copy')} text={t('editor.conflict_copy_text')} onClick={onCopy} />
        <Choice name={t('editor.conflict_keep_theirs')} text={t('editor.conflict_keep_theirs_text')} onClick={onTheirs} />
        <Choice look="danger" name={t('editor.conflict_keep_mine')} text={t('editor.conflict_keep_mine_text')} onClick={() => onSave(conflict.mine)} />
        <Choice name={t('editor.conflict_back')} text={t('editor.conflict_back_text')} onClick={onClose} />
      </div>
    </Dialog>
  );
}

function Choice({ look = 'plain', name, text, onClick }: {
  look?: 'primary' | 'plain' | 'danger'; name: string; text: string; onClick: () => void;
}) {
  return (
    <div class="conflict-choice">
      <Button look={look} onClick={onClick}>{name}</Button>
      <span class="muted">{text}</span>
    </div>
  );
}
