// The status of the server as its documents say it (docs/openapi.json, Status), and what the page makes of it.
import { formatNumber, language } from '../../text/text';

export type StageName = 'archive' | 'cube';
export type Health = 'pass' | 'warn' | 'fail';
export type Verdict = 'on_time' | 'late' | 'stale';
export type RunState =
  | 'queued' | 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'interrupted' | 'skipped';

export interface Progress {
  done: number; total: number | null; unit: string; fraction: number | null; rate_per_s: number | null; eta_at: string | null;
}
export interface Rows {
  read: number; inserted: number; updated: number; duplicate: number; quarantined: number; repaired: number; late: number;
}
export interface RunError { code: string; message: string; hint?: string | null; step?: string | null; detail?: string }
export interface Run {
  run_id: string; seq: number; stage: StageName; kind: string; month: string | null; trigger: string; state: RunState;
  queued_at: string; started_at: string | null; finished_at: string | null; duration_ms: number | null;
  rows: Rows; progress: Progress | null; error: RunError | null;
  steps: { name: string; state: string; rows: number | null }[];
  warnings: { code: string; count: number; message: string }[];
}
export interface Reason {
  code: string; severity: Health; stage: StageName | null; source: string | null; since: string | null; message: string; action: string;
}
export interface Stage {
  stage: StageName; state: 'never_run' | 'idle' | 'queued' | 'running' | 'paused' | 'disabled';
  outcome: 'none' | 'ok' | 'ok_empty' | 'partial' | 'failed' | 'interrupted'; verdict: Verdict;
  current: Run | null; last_success: Run | null; last_failure: Run | null; consecutive_failures: number; failing_since: string | null;
  schedule: { every_s: number | null; next_at: string | null; paused_reason: string | null; paused_by?: string | null };
  freshness: {
    data_through: string | null; data_age_s: number | null; age_s: number | null; warn_after_s: number; error_after_s: number;
    expected_by: string | null; expected_by_p95: string | null; slo: { target: number; met: number | null } | null;
  };
  backlog: { rows: number | null };
  durations: { last_ms: number | null; p50_ms: number | null; p95_ms: number | null; n: number; trend: number | null };
}
export interface Source {
  id: string; kind: string; verdict: Verdict; reachable: boolean | null; last_contact_at: string | null; last_record_at: string | null;
  backlog_rows: number | null; clock_skew_s: number | null; error: string | null; remarks: string[];
}
export interface Status {
  generated_at: string; status: Health; summary: string; reasons: Reason[]; stages: Stage[]; sources: Source[];
  storage: {
    disk_free_bytes: number | null; archive_bytes: number | null; cube_bytes: number | null; rows: number | null;
    oldest_at: string | null; newest_at: string | null; days_until_full: number | null;
  };
  cache: { entries: number; hit_ratio: number | null } | null;
  mapping: { unmapped_subnets: number | null; unmapped_streams: number | null };
  alerts: { id: string; rule: string; since: string; acked: boolean; acked_by?: string | null }[];
}

/** The run of a stage that is under way, else the one that waits. */
export function currentRuns(status: Status): Run[] {
  const runs = status.stages.flatMap((stage) => (stage.current ? [stage.current] : []));
  return runs.sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running'));
}

/** True before anything has ever run: nothing is wrong, and nothing is there. */
export const isFirst = (status: Status): boolean =>
  status.reasons.every((reason) => reason.severity === 'pass')
  && status.stages.every((stage) => stage.current === null && stage.last_success === null && stage.last_failure === null);

/** A database is set up, or devices have reported: the collector itself is always listed. */
export const hasSource = (status: Status): boolean =>
  status.sources.some((source) => source.id !== 'collector' || source.last_record_at !== null);

/** The newest failure of all stages; undefined: none is remembered. */
export function lastFailure(status: Status): Run | undefined {
  return status.stages
    .flatMap((stage) => (stage.last_failure ? [stage.last_failure] : []))
    .sort((a, b) => (a.finished_at ?? '').localeCompare(b.finished_at ?? ''))
    .at(-1);
}

/** True when the stage has succeeded since. */
export function overcome(status: Status, failure: Run): boolean {
  const success = status.stages.find((stage) => stage.stage === failure.stage)?.last_success;
  return success !== null && success !== undefined && success.seq > failure.seq;
}

/** The soonest run that is due; undefined when the schedule starts none. */
export function nextRun(status: Status): string | undefined {
  return status.stages.flatMap((stage) => (stage.schedule.next_at ? [stage.schedule.next_at] : [])).sort()[0];
}

export interface End { at: string; latest?: string; source: 'measured' | 'usual' }

/** When a run ends: by its progress, else by how long such runs took before; undefined: nobody can know. */
export function endOf(run: Run, stage: Stage | undefined): End | undefined {
  if (run.progress?.eta_at) return { at: run.progress.eta_at, source: 'measured' };
  const from = run.started_at ?? run.queued_at;
  const usual = stage?.durations;
  if (!usual || usual.p50_ms === null || usual.n < 1) return undefined;
  const after = (ms: number) => new Date(new Date(from).getTime() + ms).toISOString();
  return { at: after(usual.p50_ms), ...(usual.p95_ms === null ? {} : { latest: after(usual.p95_ms) }), source: 'usual' };
}

/** A run of the stream put in the place of the run it is about; the status itself otherwise. */
export function withRun(status: Status, run: Partial<Run>): Status {
  return {
    ...status,
    stages: status.stages.map((stage) =>
      (stage.stage === run.stage && stage.current?.run_id === run.run_id
        ? { ...stage, current: { ...stage.current, ...run } as Run }
        : stage)),
  };
}

export interface Bar { run: Run; left: number; width: number }
export interface Lane { stage: StageName; bars: Bar[] }
export interface Timeline { from: number; to: number; lanes: Lane[] }

/** Where each run lies between the start of the oldest and `now`, in parts of 1; times in milliseconds. */
export function timelineOf(runs: readonly Run[], now: number): Timeline | undefined {
  const started = runs.filter((run) => run.started_at !== null);
  if (started.length === 0) return undefined;
  const begin = (run: Run) => new Date(run.started_at!).getTime();
  const from = Math.min(...started.map(begin));
  const to = Math.max(now, from + 60_000);
  const lanes = (['archive', 'cube'] as const).map((stage) => ({
    stage,
    bars: started.filter((run) => run.stage === stage).map((run) => {
      const end = run.finished_at ? new Date(run.finished_at).getTime() : now;
      return { run, left: (begin(run) - from) / (to - from), width: Math.max(0, end - begin(run)) / (to - from) };
    }),
  }));
  return { from, to, lanes };
}

/** "1.2 GB"; decimal units, as disks are sold. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '–';
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(language(), {
    style: 'unit', unit: units[step]!, unitDisplay: step === 0 ? 'long' : 'short', maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

/** A number, or a dash for what is not known. */
export const orDash = (value: number | null | undefined): string =>
  (value === null || value === undefined ? '–' : formatNumber(value, 0));

export const lookOfState: Record<RunState, '' | 'success' | 'warning' | 'danger' | 'accent'> = {
  queued: 'accent', running: 'accent', succeeded: 'success', partial: 'warning', failed: 'danger', cancelled: '',
  interrupted: 'danger', skipped: '',
};
export const lookOfVerdict: Record<Verdict, 'success' | 'warning' | 'danger'> = {
  on_time: 'success', late: 'warning', stale: 'danger',
};
