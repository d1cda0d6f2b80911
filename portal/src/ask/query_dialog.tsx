// "Show the query": the question as JSON and as a command, to copy.
import { useState } from 'preact/hooks';
import { root } from '../api/http';
import { t } from '../text/text';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { toast } from '../ui/toast';
import { queryText, toCurl, type Query } from '../query';

export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast({ text: done, kind: 'success' });
  } catch {
    // Browsers refuse without https or permission; the text stands there to be marked by hand.
    toast({ text: t('ask.copy_refused'), kind: 'error' });
  }
}

export function QueryDialog({ query, onClose }: { query: Query; onClose: () => void }) {
  const [form, setForm] = useState<'json' | 'curl'>('json');
  const text = form === 'json' ? queryText(query) : toCurl(query, root());
  return (
    <Dialog
      title={t('ask.query')} onClose={onClose} wide
      actions={<>
        <Button onClick={onClose}>{t('common.close')}</Button>
        <Button look="primary" icon="copy" onClick={() => void copyText(text, t('ask.copied'))}>{t('ask.copy')}</Button>
      </>}
    >
      <div class="segments" role="group" aria-label={t('ask.query_form')}>
        {(['json', 'curl'] as const).map((one) => (
          <button key={one} type="button" class="segment" aria-pressed={form === one} onClick={() => setForm(one)}>
            {one === 'json' ? 'JSON' : 'curl'}
          </button>
        ))}
      </div>
      <p class="muted small">{t('ask.query_hint')}</p>
      <pre class="query-text" tabIndex={0} aria-label={t('ask.query')}>{text}</pre>
    </Dialog>
  );
}
