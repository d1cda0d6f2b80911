// What ran: a strip of time with a bar for each run, and the same as a table.
import { json } from '../../api/http';
import { formatNumber, t, type TextKey } from '../../text/text';
import { formatClock, formatDuration, formatTime } from '../../time/zone';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { classes } from '../../ui/classes';
import { useLoad } from '../../ui/load';
import { Failure, Loading } from '../../ui/states';
import { useEffect, useState } from 'preact/hooks';
import { lookOfState, timelineOf, type Run, type RunState } from './model';

const pageSize = 30;

export function Runs({ turn, now }: { turn: number; now: number }) {
  const [most, setMost] = useState(pageSize);
  const [state, setState] = useState('');
  const load = useLoad(
    (signal) => json<{ runs: Run[]; next_cursor: string | null }>(`/api/v1/runs?n=${most}${state && `&state=${state}`}`, { signal }),
    [turn, most, state],
  );
  const runs = load.value?.runs ?? [];
  return (
    <Card
      title={t('health.history')}
      actions={
        <select class="input health-filter" aria-label={t('health.filter_state')} value={state} onChange={(event) => setState(event.currentTarget.value)}>
          <option value="">{t('health.all_states')}</option>
          {(['succeeded', 'partial', 'failed', 'cancelled', 'interrupted'] as RunState[]).map((one) => (
            <option key={one} value={one}>{t(`health.state_${one}` as TextKey)}</option>
          ))}
        </select>
      }
    >
      {load.error !== undefined && <Failure error={load.error} onRetry={load.again} />}
      {!load.value && load.error === undefined && <Loading height={120} />}
      {load.value && runs.length === 0 && <p class="muted">{t('health.no_runs')}</p>}
      {runs.length > 0 && <Strip runs={runs} now={now} />}
      {runs.length > 0 && <RunTable runs={runs} />}
      {load.value?.next_cursor && most < 500 && (
        <div class="row health-more"><Button busy={load.busy} onClick={() => setMost(Math.min(500, most * 2))}>{t('health.more')}</Button></div>
      )}
    </Card>
  );
}

/** Drawn for the eye; the table below says the same in words. */
function Strip({ runs, now }: { runs: readonly Run[]; now: number }) {
  const timeline = timelineOf(runs, now);
  if (!timeline) return null;
  const percent = (part: number) => `${(part * 100).toFixed(3)}%`;
  const day = timeline.to - timeline.from > 20 * 3600_000;
  const label = (at: number) => (day ? formatTime(new Date(at)) : formatClock(new Date(at)));
  return (
    <div class="strip" aria-hidden="true">
      {timeline.lanes.map((lane) => (
        <div class="strip-lane" key={lane.stage}>
          <span class="strip-name">{t(`health.stage_${lane.stage}`)}</span>
          <div class="strip-bars">
            {lane.bars.map(({ run, left, width }) => (
              <span
                key={run.run_id} class={classes('strip-bar', `strip-${lookOfState[run.state] || 'plain'}`)}
                style={{ left: percent(left), width: percent(width) }}
                title={`${formatTime(run.started_at, { seconds: true })} · ${t(`health.state_${run.state}`)}${run.duration_ms === null ? '' : ` · ${formatDuration(run.duration_ms)}`}`}
              />
            ))}
          </div>
        </div>
      ))}
      <div class="strip-axis"><span>{label(timeline.from)}</span><span>{label(timeline.to)}</span></div>
    </div>
  );
}

function RunTable({ runs }: { runs: readonly Run[] }) {
  const longest = Math.max(1, ...runs.map((run) => run.duration_ms ?? 0));
  const [open, setOpen] = useState<string>();
  useEffect(() => {
    if (open !== undefined && !runs.some((run) => run.run_id === open)) setOpen(undefined);
  }, [runs, open]);
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={t('health.history')}>
      <table class="table health-runs">
        <thead>
          <tr class="sticky-first">
            <th scope="col">{t('health.started_at')}</th>
            <th scope="col">{t('health.stage')}</th>
            <th scope="col">{t('health.trigger')}</th>
            <th scope="col">{t('health.state')}</th>
            <th scope="col">{t('health.duration')}</th>
            <th scope="col" class="number">{t('health.rows_read')}</th>
            <th scope="col" class="number">{t('health.rows_new')}</th>
            <th scope="col" class="number">{t('health.rows_updated')}</th>
            <th scope="col" class="number">{t('health.rows_quarantined')}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => <RunRow key={run.run_id} run={run} longest={longest} open={open === run.run_id} onOpen={() => setOpen(open === run.run_id ? undefined : run.run_id)} />)}
        </tbody>
      </table>
    </div>
  );
}

function RunRow({ run, longest, open, onOpen }: { run: Run; longest: number; open: boolean; onOpen: () => void }) {
  const look = lookOfState[run.state];
  const more = run.error !== null || run.warnings.length > 0;
  return (
    <>
      <tr class="sticky-first" data-run={run.run_id} data-state={run.state}>
        <td class="health-when">{formatTime(run.started_at ?? run.queued_at, { seconds: true })}</td>
        <td>{t(`health.stage_${run.stage}`)}{run.kind === 'incremental' ? '' : ` (${run.month ?? run.kind})`}</td>
        <td>{t(`health.trigger_${run.trigger}` as TextKey)}</td>
        <td>
          <span class={classes('badge', look && `badge-${look}`)}>{t(`health.state_${run.state}`)}</span>
          {more && (
            <button type="button" class="link-button" aria-expanded={open} onClick={onOpen}>{t('health.why')}</button>
          )}
        </td>
        <td>
          <div class="health-duration">
            <span>{run.duration_ms === null ? '–' : formatDuration(run.duration_ms)}</span>
            <span class="health-bar" aria-hidden="true"><span style={{ width: `${((run.duration_ms ?? 0) / longest) * 100}%` }} /></span>
          </div>
        </td>
        <td class="number">{formatNumber(run.rows.read)}</td>
        <td class="number">{formatNumber(run.rows.inserted)}</td>
        <td class="number">{formatNumber(run.rows.updated)}</td>
        <td class="number">{run.rows.quarantined > 0 ? <strong>{formatNumber(run.rows.quarantined)}</strong> : 0}</td>
      </tr>
      {open && (
        <tr class="health-why">
          <td colSpan={9} lang="en">
            {run.error && <p><strong>{run.error.message}</strong> {run.error.hint}</p>}
            {run.error?.detail && <p class="small muted">{run.error.detail}</p>}
            {run.warnings.map((warning) => <p key={warning.code}>{warning.message}</p>)}
          </td>
        </tr>
      )}
    </>
  );
}
