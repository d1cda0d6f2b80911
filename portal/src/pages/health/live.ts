// The status as it changes: told by the server's stream of events, or asked for when there is no stream.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, json, root } from '../../api/http';
import { withRun, type Run, type Status } from './model';

/** Asked this often without a stream; the server answers from memory (docs/api.md, Status). */
const pollMs = 5_000;
/** With a stream: only against what no event tells, such as free room on the disk. */
const slowMs = 30_000;
/** A stream that the server or a proxy refused is tried again after this. */
const reopenMs = 15_000;

const events = [
  'snapshot', 'reset', 'run.queued', 'run.started', 'run.finished', 'data.published', 'stage.verdict_changed', 'reject.sample',
];

/** Differs when a run began or ended between two answers. */
const newestOf = (status: Status): string =>
  status.stages.map((stage) => `${stage.current?.run_id} ${stage.last_success?.seq} ${stage.last_failure?.seq}`).join(';');

export interface Live {
  status: Status | undefined;
  error: unknown;
  /** 'stream' while events come, 'polling' without. */
  how: 'stream' | 'polling';
  /** Grows when a run was queued, started or ended, or records were refused. */
  turn: number;
  /** The server's clock now, in milliseconds since 1970; moves every second. */
  now: number;
  again: () => void;
}

export function useLive(): Live {
  const [status, setStatus] = useState<Status>();
  const [error, setError] = useState<unknown>();
  const [how, setHow] = useState<Live['how']>('polling');
  const [turn, setTurn] = useState(0);
  const [, tick] = useState(0);
  const offset = useRef(0);
  const ask = useRef<() => void>(() => undefined);

  useEffect(() => {
    const control = new AbortController();
    let stream: EventSource | undefined;
    let poll: ReturnType<typeof setTimeout> | undefined;
    let soon: ReturnType<typeof setTimeout> | undefined;
    let reopen: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let wanted = false;
    let open = false;
    let known = '';

    const load = async () => {
      if (asking) {
        wanted = true;
        return;
      }
      asking = true;
      clearTimeout(poll);
      try {
        const answer = await json<Status>('/api/v1/status', { signal: control.signal, timeoutMs: 15_000, repeats: 0 });
        offset.current = new Date(answer.generated_at).getTime() - Date.now();
        setStatus(answer);
        setError(undefined);
        // Without a stream nobody else tells that there is a run more.
        const newest = newestOf(answer);
        if (known !== '' && known !== newest) setTurn((n) => n + 1);
        known = newest;
      } catch (reason) {
        if (control.signal.aborted || (reason instanceof ApiError && reason.kind === 'aborted')) return;
        setError(reason);
      }
      asking = false;
      if (wanted) {
        wanted = false;
        void load();
      } else {
        poll = setTimeout(() => void load(), open ? slowMs : pollMs);
      }
    };
    // Several events of one moment are one question.
    const loadSoon = () => {
      clearTimeout(soon);
      soon = setTimeout(() => void load(), 100);
    };
    const onEvent = (event: MessageEvent<string>) => {
      if (event.type !== 'data.published' && event.type !== 'stage.verdict_changed') setTurn((n) => n + 1);
      loadSoon();
    };
    const onProgress = (event: MessageEvent<string>) => {
      const run = JSON.parse(event.data) as Partial<Run>;
      setStatus((old) => (old ? withRun(old, run) : old));
    };
    const connect = () => {
      stream = new EventSource(`${root()}/api/v1/status/stream`);
      stream.onopen = () => {
        open = true;
        setHow('stream');
      };
      stream.onerror = () => {
        open = false;
        setHow('polling');
        loadSoon();
        // The browser comes back by itself after a break, but not after a refusal.
        if (stream?.readyState === EventSource.CLOSED) reopen = setTimeout(connect, reopenMs);
      };
      for (const name of events) stream.addEventListener(name, onEvent as EventListener);
      stream.addEventListener('run.progress', onProgress as EventListener);
    };

    ask.current = () => void load();
    void load();
    connect();
    const seconds = setInterval(() => tick((n) => n + 1), 1000);
    return () => {
      control.abort();
      stream?.close();
      for (const timer of [poll, soon, reopen]) clearTimeout(timer);
      clearInterval(seconds);
    };
  }, []);

  return { status, error, how, turn, now: Date.now() + offset.current, again: () => ask.current() };
}
