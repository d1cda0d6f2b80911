// Earlier contents of an item, and the way back to one.
import { listHistory, restoreRevision, type TaggedItem } from '../../api/repository';
import { t, type TextKey } from '../../text/text';
import { formatTime } from '../../time/zone';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useLoad } from '../../ui/load';
import { explain, Failure, Loading } from '../../ui/states';
import { toast } from '../../ui/toast';

export function History({ item, title, onClose, onRestored }: {
  item: TaggedItem; title: string; onClose: () => void; onRestored: () => void;
}) {
  const history = useLoad(() => listHistory(item.itemId), [item.itemId]);
  const restore = async (version: number) => {
    try {
      await restoreRevision(item.itemId, version, item.tag);
      toast({ text: t('report.history_restored', { version }), kind: 'success' });
    } catch (error) {
      toast({ text: explain(error), kind: 'error' });
    }
    onClose();
    onRestored();
  };
  return (
    <Dialog title={t('report.history')} onClose={onClose} wide>
      <p>{t('report.history_text', { title })}</p>
      {history.error !== undefined && <Failure error={history.error} onRetry={history.again} />}
      {!history.value && history.error === undefined && <Loading />}
      {history.value && (
        <div class="table-scroll">
          <table class="table">
            <tbody>
              {history.value.map((one) => (
                <tr key={one.version}>
                  <th scope="row">{t('report.history_version', { version: one.version })}</th>
                  <td>{formatTime(one.at, { seconds: true })}</td>
                  <td>{t(`report.history_action_${one.action}` as TextKey)}</td>
                  <td>{one.title}</td>
                  <td>
                    {one.current
                      ? <span class="badge badge-accent">{t('report.history_current')}</span>
                      : <Button icon="undo" onClick={() => void restore(one.version)}>{t('report.history_restore')}</Button>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Dialog>
  );
}
