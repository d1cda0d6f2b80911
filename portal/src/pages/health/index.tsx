// Health: is it working, how old is the data, what runs now, when will it end, what broke last, what must I do.
import type { ComponentChildren } from 'preact';
import { may, type PageProps } from '../../app/page';
import { useTitle } from '../../app/navigation';
import { t } from '../../text/text';
import { formatClock, formatDuration, formatRelative, formatTime } from '../../time/zone';
import { classes } from '../../ui/classes';
import { Icon } from '../../ui/icon';
import { Failure, Loading } from '../../ui/states';
import { CancelButton } from './actions';
import { useLive, type Live } from './live';
import { currentRuns, endOf, hasSource, isFirst, lastFailure, nextRun, orDash, overcome, type Reason, type Run, type Status } from './model';
import { Alerts, Rejects, Sources, Stages, Storage } from './parts';
import { explainReason, summaryOf, type Explained } from './reasons';
import { Runs } from './runs';

export default function Page(props: PageProps) {
  useTitle(t('page.health'));
  const live = useLive();
  const administrator = may(props, 'administrator');
  const { status } = live;
  if (!status) {
    return (
      <div class="stack">
        <h1>{t('page.health')}</h1>
        {live.error !== undefined ? <Failure error={live.error} onRetry={live.again} height={320} /> : <Loading height={320} />}
      </div>
    );
  }
  return (
    <div class="stack health">
      <div class="spread">
        <h1>{t('page.health')}</h1>
        <Clock live={live} />
      </div>
      {live.error !== undefined && <p class="health-break" role="alert"><Icon name="alert" />{t('health.unreachable', { time: formatTime(status.generated_at, { seconds: true }) })}</p>}
      <div class="health-answers">
        <Working status={status} now={live.now} />
        <Age status={status} now={live.now} />
        <Now status={status} now={live.now} administrator={administrator} again={live.again} />
        <Ends status={status} now={live.now} />
        <Broke status={status} now={live.now} />
        <Todo status={status} now={live.now} />
      </div>
      <Stages status={status} now={live.now} administrator={administrator} again={live.again} />
      <Runs turn={live.turn} now={live.now} />
      <div class="health-columns">
        <div>
          <Sources status={status} now={live.now} />
          <Rejects turn={live.turn} administrator={administrator} />
          <Alerts status={status} author={may(props, 'author')} again={live.again} />
        </div>
        <div><Storage status={status} /></div>
      </div>
    </div>
  );
}

function Clock({ live }: { live: Live }) {
  return (
    <div class="row small">
      <span class="muted">{t('health.server_time', { time: formatClock(new Date(live.now)) })}</span>
      <span class={classes('badge', live.how === 'stream' ? 'badge-success' : 'badge-warning')} data-live={live.how}>
        {t(live.how === 'stream' ? 'health.live' : 'health.polling')}
      </span>
    </div>
  );
}

/** One of the six questions with its answer. */
function Answer({ question, look, children, name }: {
  question: string; look?: string | undefined; children: ComponentChildren; name: string;
}) {
  return (
    <section class={classes('card', 'answer', look && `answer-${look}`)} data-answer={name}>
      <h2 class="answer-question">{question}</h2>
      {children}
    </section>
  );
}

function Working({ status, now }: { status: Status; now: number }) {
  const told = isFirst(status) ? { text: t('health.first'), translated: true } : summaryOf(status, now);
  const look = { pass: 'success', warn: 'warning', fail: 'danger' }[status.status];
  const icon = status.status === 'pass' ? 'check' as const : 'alert' as const;
  return (
    <Answer question={t('health.q_working')} look={look} name="working">
      <p class="answer-main" role="status"><span class={`lamp lamp-${look}`}><Icon name={icon} size={22} /></span>{t(`health.lamp_${status.status}`)}</p>
      <p {...(told.translated ? {} : { lang: 'en' })}>{told.text}</p>
    </Answer>
  );
}

function Age({ status, now }: { status: Status; now: number }) {
  const cube = status.stages.find((stage) => stage.stage === 'cube') ?? status.stages[0];
  const through = cube?.freshness.data_through ?? null;
  const look = cube && { on_time: undefined, late: 'warning', stale: 'danger' }[cube.verdict];
  return (
    <Answer question={t('health.q_age')} look={look} name="age">
      {through === null
        ? <p class="answer-main">{t('health.no_data')}</p>
        : <p class="answer-main">{t('health.age', { age: formatDuration(Math.max(0, now - new Date(through).getTime())) })}</p>}
      {through !== null && <p>{t('health.newest_record', { time: formatTime(through, { seconds: true }) })}</p>}
      {cube?.last_success?.finished_at && (
        <p class="muted small">
          {t('health.processed', { ago: formatRelative(cube.last_success.finished_at, now) })}
          {' '}{t('health.limit', { limit: formatDuration(cube.freshness.warn_after_s * 1000) })}
        </p>
      )}
    </Answer>
  );
}

function Now({ status, now, administrator, again }: { status: Status; now: number; administrator: boolean; again: () => void }) {
  const [run] = currentRuns(status);
  const next = nextRun(status);
  const paused = status.stages.find((stage) => stage.state === 'paused' || stage.schedule.paused_reason !== null);
  if (run) {
    return (
      <Answer question={t('health.q_now')} look="accent" name="now">
        <p class="answer-main">{t(`health.stage_${run.stage}`)}: {t(`health.state_${run.state}`)}</p>
        <RunProgress run={run} now={now} />
        {administrator && <div class="row"><CancelButton run={run} again={again} /></div>}
      </Answer>
    );
  }
  return (
    <Answer question={t('health.q_now')} look={paused ? 'warning' : undefined} name="now">
      <p class="answer-main">{paused ? t('health.is_paused') : t('health.nothing_runs')}</p>
      {paused?.schedule.paused_reason && <p>{paused.schedule.paused_reason}</p>}
      {next && !paused && <p>{t('health.next', { time: formatTime(next, { seconds: true }) })} <span class="muted">({formatRelative(next, now)})</span></p>}
      {!next && !paused && <p class="muted">{t('health.no_schedule')}</p>}
    </Answer>
  );
}

function RunProgress({ run, now }: { run: Run; now: number }) {
  const step = run.steps.find((one) => one.state === 'running')?.name;
  const { progress } = run;
  const fraction = progress?.fraction ?? null;
  return (
    <>
      <progress class="health-progress" aria-label={t('health.progress')} max={1} {...(fraction === null ? {} : { value: fraction })} />
      <p class="small">
        {progress && progress.total !== null && t('health.done_of', { done: progress.done, total: progress.total })}
        {progress && progress.total === null && progress.done > 0 && t('health.done', { done: progress.done })}
        {progress?.rate_per_s ? ` · ${t('health.rate', { rate: orDash(progress.rate_per_s) })}` : ''}
        {run.started_at && ` · ${t('health.since', { ago: formatDuration(Math.max(0, now - new Date(run.started_at).getTime())) })}`}
      </p>
      {step && <p class="muted small" lang="en">{step}</p>}
    </>
  );
}

function Ends({ status, now }: { status: Status; now: number }) {
  const [run] = currentRuns(status);
  if (run) {
    const end = endOf(run, status.stages.find((stage) => stage.stage === run.stage));
    const over = end && new Date(end.latest ?? end.at).getTime() < now;
    return (
      <Answer question={t('health.q_ends')} look={over ? 'warning' : undefined} name="ends">
        <p class="answer-main">{end ? formatClock(end.at) : t('health.unknown_end')}</p>
        {end && <p>{t(end.source === 'measured' ? 'health.end_measured' : 'health.end_usual')}</p>}
        {end?.latest && <p class="muted small">{t('health.end_latest', { time: formatClock(end.latest) })}</p>}
        {over && <p>{t('health.end_over')}</p>}
      </Answer>
    );
  }
  const cube = status.stages.find((stage) => stage.stage === 'cube');
  const by = cube?.freshness.expected_by;
  return (
    <Answer question={t('health.q_ends')} name="ends">
      <p class="answer-main">{t('health.nothing_to_wait')}</p>
      {by && <p>{t('health.expected', { time: formatTime(by, { seconds: true }) })}</p>}
      {cube?.freshness.expected_by_p95 && <p class="muted small">{t('health.end_latest', { time: formatTime(cube.freshness.expected_by_p95, { seconds: true }) })}</p>}
    </Answer>
  );
}

function Broke({ status, now }: { status: Status; now: number }) {
  const failure = lastFailure(status);
  if (!failure) {
    return (
      <Answer question={t('health.q_broke')} name="broke">
        <p class="answer-main">{t('health.nothing_broke')}</p>
      </Answer>
    );
  }
  const done = overcome(status, failure);
  return (
    <Answer question={t('health.q_broke')} look={done ? undefined : 'danger'} name="broke">
      <p class="answer-main">{t(`health.stage_${failure.stage}`)}: {t(`health.state_${failure.state}`)}</p>
      <p lang="en">{failure.error?.message}</p>
      <p class="muted small">
        {formatTime(failure.finished_at, { seconds: true })} ({formatRelative(failure.finished_at ?? failure.queued_at, now)})
        {done && ` · ${t('health.overcome')}`}
      </p>
    </Answer>
  );
}

function Todo({ status, now }: { status: Status; now: number }) {
  const alarms = status.reasons.filter((reason) => reason.severity !== 'pass');
  const notes = status.reasons.filter((reason) => reason.severity === 'pass');
  const look = alarms.some((reason) => reason.severity === 'fail') ? 'danger' : alarms.length > 0 ? 'warning' : undefined;
  return (
    <Answer question={t('health.q_todo')} look={look} name="todo">
      {alarms.length === 0 && (isFirst(status) ? <FirstSteps status={status} /> : <p class="answer-main">{t('health.nothing_to_do')}</p>)}
      {[...alarms, ...notes].map((reason) => <ToDo key={`${reason.code} ${reason.stage} ${reason.source}`} reason={reason} told={explainReason(reason, status, now)} />)}
    </Answer>
  );
}

/** What a server without data needs, in the order of doing it. */
function FirstSteps({ status }: { status: Status }) {
  return (
    <ol class="health-first">
      {!hasSource(status) && <li>{t('health.first_source')}</li>}
      <li>{t('health.first_run')}</li>
      <li>{t('health.first_buildings')}</li>
    </ol>
  );
}

function ToDo({ reason, told }: { reason: Reason; told: Explained }) {
  return (
    <div class="health-reason" {...(told.translated ? {} : { lang: 'en' })}>
      <span class={classes('badge', reason.severity === 'fail' && 'badge-danger', reason.severity === 'warn' && 'badge-warning')}>{reason.code}</span>
      <p>{told.means}</p>
      <p><strong>{told.remedy}</strong></p>
      {told.hint && <p class="small" lang="en">{told.hint}</p>}
      {told.translated && (
        <details class="small">
          <summary>{t('reason.in_server_words')}</summary>
          <p lang="en">{reason.message}</p>
          {!told.hint && <p lang="en">{reason.action}</p>}
        </details>
      )}
    </div>
  );
}
