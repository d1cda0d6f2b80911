// The details below the six answers: stages, sources, refused records, storage, alerts.
import { json } from '../../api/http';
import { href } from '../../app/route';
import { formatNumber, t } from '../../text/text';
import { formatDuration, formatRelative, formatTime } from '../../time/zone';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { classes } from '../../ui/classes';
import { Icon } from '../../ui/icon';
import { useLoad } from '../../ui/load';
import { explain, Failure, Loading } from '../../ui/states';
import { toast } from '../../ui/toast';
import { PauseButton, StartButton } from './actions';
import { formatBytes, lookOfVerdict, orDash, type Stage, type Status } from './model';

interface Part { status: Status; now: number; administrator: boolean; again: () => void }

export function Stages({ status, now, administrator, again }: Part) {
  const archive = status.stages.find((stage) => stage.stage === 'archive');
  return (
    <Card
      title={t('health.stages')}
      actions={administrator && archive && <>
        <StartButton stage="archive" again={again} />
        <StartButton stage="cube" again={again} />
        {(archive.schedule.every_s ?? 0) > 0 && <PauseButton stage={archive} again={again} />}
      </>}
    >
      <div class="table-scroll" tabIndex={0} role="region" aria-label={t('health.stages')}>
        <table class="table health-stages">
          <thead>
            <tr class="sticky-first">
              <th scope="col">{t('health.stage')}</th>
              <th scope="col">{t('health.state')}</th>
              <th scope="col">{t('health.outcome')}</th>
              <th scope="col">{t('health.verdict')}</th>
              <th scope="col">{t('health.last_success')}</th>
              <th scope="col" class="number">{t('health.usual_time')}</th>
              <th scope="col" class="number">{t('health.backlog')}</th>
              <th scope="col" class="number">{t('health.slo')}</th>
            </tr>
          </thead>
          <tbody>{status.stages.map((stage) => <StageRow key={stage.stage} stage={stage} now={now} />)}</tbody>
        </table>
      </div>
    </Card>
  );
}

function StageRow({ stage, now }: { stage: Stage; now: number }) {
  const { slo } = stage.freshness;
  const bad = stage.outcome === 'failed' || stage.outcome === 'interrupted';
  return (
    <tr class="sticky-first" data-stage={stage.stage}>
      <th scope="row">{t(`health.stage_${stage.stage}`)}</th>
      <td>{t(`health.state_${stage.state}`)}</td>
      <td>
        <span class={classes('badge', bad && 'badge-danger', stage.outcome === 'partial' && 'badge-warning', stage.outcome.startsWith('ok') && 'badge-success')}>
          {t(`health.outcome_${stage.outcome}`)}
        </span>
        {stage.consecutive_failures > 1 && <span class="small"> ×{formatNumber(stage.consecutive_failures)}</span>}
      </td>
      <td><span class={`badge badge-${lookOfVerdict[stage.verdict]}`}>{t(`health.verdict_${stage.verdict}`)}</span></td>
      <td>
        {stage.last_success?.finished_at
          ? <>{formatTime(stage.last_success.finished_at, { seconds: true })} <span class="muted small">({formatRelative(stage.last_success.finished_at, now)})</span></>
          : '–'}
      </td>
      <td class="number">
        {stage.durations.p50_ms === null ? '–' : formatDuration(stage.durations.p50_ms)}
        {stage.durations.p95_ms !== null && <span class="muted small"> ({t('health.p95', { time: formatDuration(stage.durations.p95_ms) })})</span>}
      </td>
      <td class="number">{orDash(stage.backlog.rows)}</td>
      <td class="number">{slo?.met === null || slo?.met === undefined ? '–' : formatNumber(slo.met, 1, { style: 'percent' })}</td>
    </tr>
  );
}

export function Sources({ status, now }: { status: Status; now: number }) {
  return (
    <Card title={t('health.sources')}>
      {status.sources.length === 0 && <p class="muted">{t('health.no_sources')}</p>}
      <ul class="health-list">
        {status.sources.map((source) => (
          <li key={source.id}>
            <div class="spread">
              <strong>{source.id}</strong>
              <span class={classes('badge', source.reachable === false ? 'badge-danger' : source.reachable && `badge-${lookOfVerdict[source.verdict]}`)}>
                {t(source.reachable === false ? 'health.unreachable_source' : source.reachable ? `health.verdict_${source.verdict}` : 'health.not_asked')}
              </span>
            </div>
            <div class="muted small">
              {t('health.last_contact')}: {source.last_contact_at ? formatRelative(source.last_contact_at, now) : '–'}
              {' · '}{t('health.last_record')}: {source.last_record_at ? formatTime(source.last_record_at) : '–'}
              {source.backlog_rows ? ` · ${t('health.backlog')}: ${formatNumber(source.backlog_rows)}` : ''}
              {source.clock_skew_s !== null && Math.abs(source.clock_skew_s) >= 1 ? ` · ${t('health.skew', { time: formatDuration(Math.abs(source.clock_skew_s) * 1000) })}` : ''}
            </div>
            {source.error && <div class="small health-error" lang="en">{source.error}</div>}
            {source.remarks.map((remark) => <div class="small" lang="en" key={remark}>{remark}</div>)}
          </li>
        ))}
      </ul>
    </Card>
  );
}

interface RejectReason {
  reason: string; source: string; entries: number; refusals: number; last_at: string; meaning: string | null; action: string | null;
}

export function Rejects({ turn, administrator }: { turn: number; administrator: boolean }) {
  const load = useLoad((signal) => json<{ entries: number; reasons: RejectReason[] }>('/api/v1/quarantine/reasons', { signal }), [turn]);
  return (
    <Card
      title={t('health.rejects')}
      actions={administrator && load.value && load.value.entries > 0 && <a href={href('admin', ['quarantine'])}>{t('health.open_quarantine')}</a>}
    >
      {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
      {!load.value && load.error === undefined && <Loading />}
      {load.value?.reasons.length === 0 && <p class="health-fine"><Icon name="check" />{t('health.no_rejects')}</p>}
      <ul class="health-list">
        {load.value?.reasons.map((one) => (
          <li key={`${one.reason} ${one.source}`}>
            <div class="spread">
              <strong>{one.reason}</strong>
              <span>{t('health.records', { count: one.entries })}</span>
            </div>
            <div class="small" lang="en">{one.meaning}</div>
            <div class="small" lang="en"><strong>{one.action}</strong></div>
            <div class="muted small">{one.source} · {formatTime(one.last_at)}</div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Storage({ status }: { status: Status }) {
  const { storage, cache, mapping } = status;
  const full = storage.days_until_full;
  const rows: [string, string][] = [
    [t('health.storage_free'), formatBytes(storage.disk_free_bytes)],
    [t('health.storage_archive'), formatBytes(storage.archive_bytes)],
    [t('health.storage_cube'), formatBytes(storage.cube_bytes)],
    [t('health.storage_rows'), orDash(storage.rows)],
    [t('health.storage_span'), storage.oldest_at && storage.newest_at ? `${formatTime(storage.oldest_at)} – ${formatTime(storage.newest_at)}` : '–'],
    [t('health.cache'), cache ? t('health.cache_text', { entries: cache.entries, hits: formatNumber(cache.hit_ratio ?? 0, 0, { style: 'percent' }) }) : '–'],
    [t('health.unmapped'), mapping.unmapped_subnets === null ? '–' : t('health.unmapped_text', { subnets: mapping.unmapped_subnets, streams: mapping.unmapped_streams ?? 0 })],
  ];
  return (
    <Card title={t('health.storage')}>
      <p class="health-forecast">
        {full === null ? t('health.no_forecast') : t('health.days_until_full', { count: Math.floor(full) })}
      </p>
      <dl class="health-facts">
        {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
    </Card>
  );
}

export function Alerts({ status, author, again }: { status: Status; author: boolean; again: () => void }) {
  const take = async (id: string) => {
    try {
      await json(`/api/v1/alerts/${encodeURIComponent(id)}/ack`, { method: 'POST' });
      toast({ text: t('health.alert_taken'), kind: 'success' });
    } catch (error) {
      toast({ text: explain(error), kind: 'error' });
    }
    again();
  };
  return (
    <Card title={t('health.alerts')}>
      {status.alerts.length === 0 && <p class="health-fine"><Icon name="check" />{t('health.no_alerts')}</p>}
      <ul class="health-list">
        {status.alerts.map((alert) => (
          <li key={alert.id}>
            <div class="spread">
              <strong>{alert.rule}</strong>
              {alert.acked
                ? <span class="badge badge-success">{alert.acked_by ? t('health.acked_by', { name: alert.acked_by }) : t('health.acked')}</span>
                : author && <Button onClick={() => void take(alert.id)}>{t('health.take')}</Button>}
            </div>
            <div class="muted small">{t('health.alert_since', { time: formatTime(alert.since) })}</div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
