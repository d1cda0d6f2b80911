// Short messages at the edge of the page, also read out by screen readers.
import { useEffect, useState } from 'preact/hooks';
import { t } from '../text/text';
import { Button } from './button';
import { classes } from './classes';

export interface Toast {
  text: string;
  kind?: 'info' | 'success' | 'error';
  /** One thing that can be done about it, for example to take it back. */
  action?: { label: string; run: () => void };
}

interface Shown extends Toast { id: number }

let next = 1;
let show: ((toast: Shown) => void) | undefined;

export function toast(message: Toast): void {
  show?.({ ...message, id: next++ });
}

/** One on the page, by the shell. */
export function Toasts() {
  const [shown, setShown] = useState<Shown[]>([]);
  const drop = (id: number) => setShown((all) => all.filter((one) => one.id !== id));
  useEffect(() => {
    show = (one) => setShown((all) => [...all.slice(-3), one]);
    return () => { show = undefined; };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((one) => <Line key={one.id} one={one} onDone={() => drop(one.id)} />)}
    </div>
  );
}

function Line({ one, onDone }: { one: Shown; onDone: () => void }) {
  useEffect(() => {
    // What can be acted on, or went wrong, stays longer.
    const timer = setTimeout(onDone, one.action || one.kind === 'error' ? 12_000 : 5_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={classes('toast', `toast-${one.kind ?? 'info'}`)}>
      <span>{one.text}</span>
      {one.action && <Button look="quiet" onClick={() => { one.action!.run(); onDone(); }}>{one.action.label}</Button>}
      <Button look="quiet" icon="close" label={t('common.close')} onClick={onDone} />
    </div>
  );
}
