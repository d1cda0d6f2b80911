// Whether the page is being put on paper: then it is light, and tables are whole.
import { useEffect, useState } from 'preact/hooks';

const media = typeof matchMedia === 'function' ? matchMedia('print') : undefined;
let between = false;
const listeners = new Set<() => void>();

export const isPrinting = (): boolean => between || media?.matches === true;

export function onPrinting(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
const tell = () => { for (const listener of listeners) listener(); };

// Some browsers tell by events, some by the medium, some by both.
if (media) {
  addEventListener('beforeprint', () => { between = true; tell(); });
  addEventListener('afterprint', () => { between = false; tell(); });
  media.addEventListener('change', tell);
}

/** Draws the component again when printing begins and ends. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(isPrinting());
  useEffect(() => onPrinting(() => setPrinting(isPrinting())), []);
  return printing;
}
