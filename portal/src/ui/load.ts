// Something that is asked of the server, with its three states.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/http';

export interface Load<T> {
  /** The last answer; stays while a newer one is on its way. */
  value: T | undefined;
  error: unknown;
  busy: boolean;
  again: () => void;
}

/** Asks when `keys` change and on again(); what is no longer wanted is broken off. */
export function useLoad<T>(ask: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Load<T> {
  const [state, setState] = useState<{ value: T | undefined; error: unknown; busy: boolean }>(
    { value: undefined, error: undefined, busy: true });
  const [turn, setTurn] = useState(0);
  const asked = useRef(ask);
  asked.current = ask;
  useEffect(() => {
    const control = new AbortController();
    setState((old) => ({ ...old, error: undefined, busy: true }));
    asked.current(control.signal).then(
      (value) => { if (!control.signal.aborted) setState({ value, error: undefined, busy: false }); },
      (error: unknown) => {
        if (control.signal.aborted || (error instanceof ApiError && error.kind === 'aborted')) return;
        setState((old) => ({ ...old, error, busy: false }));
      },
    );
    return () => control.abort();
  }, [...keys, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, again };
}
