// The server's reasons in the reader's language: told by their code (docs/operations.md, Reason codes), with what the
// status says besides. A code that is not known here, or lacks a number, stays in the server's own words.
import { formatNumber, hasText, t, type TextKey } from '../../text/text';
import { formatDuration, formatRelative } from '../../time/zone';
import { formatBytes, type Reason, type Stage, type Status } from './model';

export interface Explained {
  means: string;
  /** What to do; '' when the server gave nothing either. */
  remedy: string;
  /** The server's own hint about this failure, in English; '' when the remedy says it all. */
  hint: string;
  /** False: the texts are the server's, in English. */
  translated: boolean;
}

/** Codes of the two stages share their texts: archive_late and cube_late are "late". */
export const textOf = (code: string): string => code.replace(/^(archive|cube)_/, '');

/** Their remedy is the cause's: the server knows more than the code. */
const withHint = new Set(['failing', 'partial', 'interrupted']);

type Values = Record<string, string | number>;

const ago = (at: string | null | undefined, now: number): string | undefined =>
  (at ? formatDuration(Math.max(0, now - new Date(at).getTime())) : undefined);
const ratio = (value: number | null | undefined): string | undefined =>
  (value === null || value === undefined ? undefined : formatNumber(value, 2, { style: 'percent' }));

function ofStage(stage: Stage, name: string, reason: Reason, now: number): Record<string, string | number | undefined> {
  const { freshness } = stage;
  const limits: Record<string, number | null> = { late: freshness.warn_after_s * 1000, stale: freshness.error_after_s * 1000, slow: stage.durations.p95_ms };
  const limit = limits[name];
  const age = name === 'late' || name === 'stale'
    ? (freshness.age_s === null ? ago(stage.last_success?.finished_at, now) : formatDuration(freshness.age_s * 1000))
    : ago(name === 'slow' ? stage.current?.started_at : reason.since, now);
  const newest = [stage.last_success, stage.last_failure].sort((a, b) => (b?.seq ?? 0) - (a?.seq ?? 0))[0];
  return {
    stage: t(`health.stage_${stage.stage}`),
    why: stage.last_failure?.error?.message ?? t('reason.no_why'),
    age,
    limit: limit === null || limit === undefined ? undefined : formatDuration(limit),
    met: ratio(freshness.slo?.met),
    target: ratio(freshness.slo?.target),
    ...(name === 'failing' ? { count: stage.consecutive_failures } : {}),
    ...(name === 'rows_quarantined' && newest ? { count: newest.rows.quarantined, total: newest.rows.read } : {}),
  };
}

function ofSource(reason: Reason, status: Status, now: number): Record<string, string | number | undefined> {
  const source = status.sources.find((one) => one.id === reason.source);
  if (!source) return { source: reason.source ?? undefined };
  return {
    source: source.id,
    why: source.error ?? t('reason.no_why'),
    age: reason.code === 'source_clock_skew'
      ? (source.clock_skew_s === null ? undefined : formatDuration(Math.abs(source.clock_skew_s) * 1000))
      : ago(source.last_record_at, now),
    count: source.backlog_rows ?? undefined,
  };
}

function valuesOf(reason: Reason, status: Status, now: number): Values {
  const { storage, mapping } = status;
  const stage = status.stages.find((one) => one.stage === reason.stage);
  const found: Record<string, string | number | undefined> = {
    ...(stage && !reason.source ? ofStage(stage, textOf(reason.code), reason, now) : {}),
    ...(reason.source ? ofSource(reason, status, now) : {}),
    ...(reason.code === 'disk_low' ? { size: storage.disk_free_bytes === null ? undefined : formatBytes(storage.disk_free_bytes) } : {}),
    ...(reason.code === 'disk_full_soon' ? { age: storage.days_until_full === null ? undefined : formatDuration(storage.days_until_full * 86_400_000) } : {}),
    ...(reason.code === 'unmapped_streams' ? { share: mapping.unmapped_streams === null || !storage.rows ? undefined : ratio(mapping.unmapped_streams / storage.rows) } : {}),
  };
  return Object.fromEntries(Object.entries(found).filter((one): one is [string, string | number] => one[1] !== undefined));
}

export function explainReason(reason: Reason, status: Status, now: number): Explained {
  const own: Explained = { means: reason.message, remedy: reason.action, hint: '', translated: false };
  const name = textOf(reason.code);
  const key = `reason.${name}.means`;
  if (!hasText(key)) return own;
  const means = t(key as TextKey, valuesOf(reason, status, now));
  if (/\{\w+\}/.test(means)) return own;
  return { means, remedy: t(`reason.${name}.do` as TextKey), hint: withHint.has(name) ? reason.action : '', translated: true };
}

/** One sentence for the whole: the worst reason, or that all is well. */
export function summaryOf(status: Status, now: number): { text: string; translated: boolean } {
  const worst = status.reasons.find((one) => one.severity === 'fail') ?? status.reasons.find((one) => one.severity === 'warn');
  if (worst) {
    const told = explainReason(worst, status, now);
    return { text: told.means, translated: told.translated };
  }
  const at = status.stages.find((stage) => stage.stage === 'cube')?.last_success?.finished_at;
  return { text: at ? t('health.all_well', { ago: formatRelative(at, now) }) : t('health.all_well_first'), translated: true };
}
