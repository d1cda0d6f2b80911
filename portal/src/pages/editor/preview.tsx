// How the report looks, drawn again as it changes.
import { useEffect, useState } from 'preact/hooks';
import { runQuery, type QueryAnswer } from '../../api/data';
import { ApiError } from '../../api/http';
import { ReportView } from '../../charts/report_view';
import { t } from '../../text/text';
import { formatDuration } from '../../time/zone';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Checkbox, TextField } from '../../ui/field';
import { MonthPicker } from '../../ui/month_picker';
import { Empty, Failure, Loading } from '../../ui/states';
import {
  canShowSparklines, hasErrors, spanDefault, withTrend, type Month, type Problem, type Query, type Report,
} from '../../query';
import type { Change } from './editor';

const autoKey = 'cqd.editor.auto';

interface Shown { answer: QueryAnswer; report: Report; query: Query }

export function Preview({ report, query, problems, month, onMonth, onChange }: {
  report: Report; query: Query; problems: readonly Problem[]; month: Month;
  onMonth: (month: Month) => void; onChange: Change;
}) {
  const [auto, setAuto] = useState(localStorage.getItem(autoKey) !== 'off');
  const [turn, setTurn] = useState(0);
  const [shown, setShown] = useState<Shown | null>(null);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const blocked = hasErrors(problems.filter((problem) => problem.part !== 'title' && problem.part !== 'presentation'));
  const key = JSON.stringify(query);
  const wanted = auto || turn > 0 ? `${auto ? key : ''} ${turn}` : '';

  useEffect(() => {
    if (blocked || (!auto && turn === 0)) {
      setBusy(false);
      return undefined;
    }
    const control = new AbortController();
    setBusy(true);
    // Typing and quick choices do not each ask the server.
    const timer = setTimeout(() => {
      runQuery(query, control.signal).then(
        (answer) => { setShown({ answer, report, query }); setError(undefined); setBusy(false); },
        (reason: unknown) => {
          if (reason instanceof ApiError && reason.kind === 'aborted') return;
          setError(reason);
          setBusy(false);
        });
    }, 250);
    return () => { clearTimeout(timer); control.abort(); };
  }, [wanted, blocked]);

  const looks = shown ? sameShape(shown.report, report) ? report : shown.report : report;
  const setAutoStored = (on: boolean) => {
    setAuto(on);
    localStorage.setItem(autoKey, on ? 'on' : 'off');
  };
  return (
    <Card class="editor-preview">
      <Toolbar report={report} month={month} onMonth={onMonth} onChange={onChange} />
      <div class="preview-picture" aria-busy={busy}>
        {error !== undefined && <Failure error={error} onRetry={() => setTurn(turn + 1)} height={260} />}
        {error === undefined && blocked && <Empty title={t('editor.preview_blocked')} icon="alert" height={260} />}
        {error === undefined && !blocked && !shown && (busy ? <Loading height={260} /> : <Empty title={t('editor.preview_off')} icon="eye" height={260} />)}
        {error === undefined && !blocked && shown && <Answer report={looks} query={shown.query} answer={shown.answer} />}
      </div>
      <div class="spread preview-foot">
        <div class="row">
          <Checkbox label={t('editor.auto_update')} checked={auto} onChange={setAutoStored} />
          {!auto && <Button icon="refresh" busy={busy} onClick={() => setTurn(turn + 1)}>{t('editor.update_now')}</Button>}
        </div>
        <span class="muted small" role="status">
          {busy ? t('common.loading') : shown && t('editor.answered', {
            count: shown.answer.rows.length, time: formatDuration(shown.answer.durationMs) })}
        </span>
      </div>
    </Card>
  );
}

const sameShape = (a: Report, b: Report): boolean =>
  JSON.stringify([a.Query.Dimensions, a.Query.Measurements]) === JSON.stringify([b.Query.Dimensions, b.Query.Measurements]);

function Answer({ report, query, answer }: { report: Report; query: Query; answer: QueryAnswer }) {
  const looks = report.Presentation;
  return (
    <ReportView
      title={report.Title || t('editor.preview')} query={query} presentation={looks} rows={answer.rows}
      as={looks.presentationPlugin === 'dataTable' ? 'table' : 'chart'} height={Math.min(looks.height, 520)}
    />
  );
}

function Toolbar({ report, month, onMonth, onChange }: {
  report: Report; month: Month; onMonth: (month: Month) => void; onChange: Change;
}) {
  const { Presentation: looks, Query: query } = report;
  const trend = query.Trend?.EnableTrend === true;
  const span = query.Trend?.SpanCount ?? spanDefault;
  const setLooks = (part: Partial<Report['Presentation']>) => onChange({ Presentation: { ...looks, ...part } });
  return (
    <div class="preview-tools">
      <Segments
        label={t('editor.form')} value={looks.presentationPlugin}
        options={[['flotChart', t('editor.chart')], ['dataTable', t('editor.table')]]}
        onChange={(presentationPlugin) => setLooks({ presentationPlugin })}
      />
      <Segments
        label={t('editor.time')} value={trend ? 'trend' : 'month'} options={[['trend', t('editor.trend')], ['month', t('editor.one_month')]]}
        onChange={(value) => onChange({ Query: withTrend(query, value === 'trend', span, month) })}
      />
      {trend && (
        <div class="preview-span">
          <TextField
            label={t('editor.months')} type="number" min={1} max={600} value={String(span)}
            onInput={(event) => onChange({ Query: withTrend(query, true, Number(event.currentTarget.value), month) }, 'span')}
          />
        </div>
      )}
      <MonthPicker month={month} onChange={onMonth} />
      {looks.presentationPlugin === 'dataTable' && (
        <Checkbox
          label={t('editor.sparklines')} checked={looks.sparklineEnable} disabled={!looks.sparklineEnable && !canShowSparklines(query)}
          onChange={(on) => setLooks({ sparklineEnable: on, tableProperties: { ...looks.tableProperties, trend: on } })}
        />
      )}
    </div>
  );
}

function Segments<T extends string>({ label, value, options, onChange }: {
  label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void;
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([one, name]) => (
        <button key={one} type="button" class="segment" aria-pressed={one === value} onClick={() => onChange(one)}>{name}</button>
      ))}
    </div>
  );
}
