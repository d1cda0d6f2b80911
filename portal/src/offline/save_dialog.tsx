// "Save as one file": asks before anything about persons goes into it.
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { language, t } from '../text/text';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { download } from '../ui/download';
import { Checkbox } from '../ui/field';
import { explain } from '../ui/states';
import { toast } from '../ui/toast';
import { fileName, labelOf, operands } from '../query';
import { loadCatalogue, type Catalogue } from '../ask/catalogue';
import { operandText } from '../ask/filter_dialog';
import { offlineData, offlineFile, personalNames, type OfflineReport } from './file';
import script from './page.ts?script';
import style from './page.css?style';

interface File {
  title: string;
  description: string;
  notes: string[];
  reports: readonly OfflineReport[];
}

/** Asks and saves; from anywhere, so that pages load this only when it is wanted. */
export async function saveAsFile(load: (units: Catalogue['units']) => File | Promise<File>): Promise<void> {
  try {
    const catalogue = await loadCatalogue();
    const file = await load(catalogue.units);
    const place = document.createElement('div');
    document.body.append(place);
    const done = () => {
      render(null, place);
      place.remove();
    };
    render(<SaveFileDialog {...file} catalogue={catalogue} onClose={done} />, place);
  } catch (error) {
    toast({ text: explain(error), kind: 'error' });
  }
}

function SaveFileDialog({ title, description, notes, reports, catalogue, onClose }: File & { catalogue: Catalogue; onClose: () => void }) {
  const [consent, setConsent] = useState(false);
  const personal = personalNames(reports, catalogue.isPersonal);
  const rows = reports.reduce((sum, report) => sum + report.rows.length, 0);
  const save = () => {
    const head = { title, description, notes, language: language(), texts: texts() };
    const data = offlineData(head, reports, { isPersonal: catalogue.isPersonal, consent });
    download(fileName(title, 'html'), offlineFile(data, script, style), 'text/html');
    onClose();
  };
  return (
    <Dialog
      title={t('offline.title')} onClose={onClose}
      actions={<>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" icon="download" onClick={save}>{t('common.save')}</Button>
      </>}
    >
      <p>{t('offline.text')}</p>
      <p class="muted">{t('offline.size', { reports: reports.length, rows })}</p>
      {personal.length > 0 && (
        <div class="stack">
          <p>{t('offline.personal', { names: personal.map(labelOf).join(', ') })}</p>
          <Checkbox label={t('offline.consent')} hint={t('offline.consent_hint')} checked={consent} onChange={setConsent} />
        </div>
      )}
    </Dialog>
  );
}

/** The words that the page in the file needs. */
function texts(): Record<string, string> {
  const words: Record<string, string> = {};
  for (const name of ['offline.as_chart', 'offline.as_table', 'offline.filter', 'ask.empty', 'ask.blank'] as const) words[name] = t(name);
  for (const operand of operands) words[`operand.${operand}`] = operandText(operand);
  return words;
}
