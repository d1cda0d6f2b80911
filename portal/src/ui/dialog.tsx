// Modal dialogs on the browser's own <dialog>: focus stays inside, Escape closes.
import type { ComponentChildren } from 'preact';
import { render } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../text/text';
import { Button } from './button';
import { classes } from './classes';

export function Dialog({ title, children, actions, onClose, wide }: {
  title: string; children?: ComponentChildren; actions?: ComponentChildren; onClose: () => void; wide?: boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const back = document.activeElement;
    const dialog = box.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (back instanceof HTMLElement) back.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={classes('dialog', wide && 'dialog-wide')}
      aria-labelledby={name}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onMouseDown={(event) => { if (event.target === box.current) onClose(); }}
    >
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={name}>{title}</h2>
          <Button look="quiet" icon="close" label={t('common.close')} onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer class="dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}

/** Asks one question; true when the answer is `action`. */
export function confirm(question: { title: string; text: ComponentChildren; action: string; danger?: boolean }): Promise<boolean> {
  return new Promise((resolve) => {
    const place = document.createElement('div');
    document.body.append(place);
    const done = (answer: boolean) => {
      render(null, place);
      place.remove();
      resolve(answer);
    };
    render(
      <Dialog
        title={question.title}
        onClose={() => done(false)}
        actions={<>
          <Button onClick={() => done(false)}>{t('common.cancel')}</Button>
          <Button look={question.danger ? 'danger' : 'primary'} onClick={() => done(true)}>{question.action}</Button>
        </>}
      >
        <p>{question.text}</p>
      </Dialog>,
      place,
    );
  });
}
