// The answer: chart or table, each part of which leads to the next question.
import { useMemo, useState } from 'preact/hooks';
import { listMembers } from '../../api/data';
import { AnswerTable, type Picked, type Sort } from '../../ask/answer_table';
import type { Catalogue } from '../../ask/catalogue';
import { NamePicker } from '../../ask/name_picker';
import { Chart } from '../../charts/chart';
import { chartModel } from '../../charts/model';
import { language, t } from '../../text/text';
import { formatMonth as longMonth } from '../../time/month';
import { formatDuration, formatTime } from '../../time/zone';
import { Card } from '../../ui/card';
import {
  alignPresentation, blankKey, breakDown, defaultPresentation, filterOut, filtersOfMeasure, filterTo, isMonthName, labelOf, memberOfCaption,
  monthFromCaption, parseMonth, sortRows, usualBreakdowns, whyOfMonth, type Cell, type ExploreView, type Member, type Month, type Presentation, type Query,
} from '../../query';
import { Actions } from './answer_actions';
import { changeColumns, comparedChart, comparedLooks, comparedRows } from './compared';
import { EmptyAnswer } from './empty';
import type { Explored } from './index';
import { PickMenu } from './pick_menu';

interface Props {
  view: ExploreView; month: Month; query: Query; catalogue: Catalogue; explored: Explored; isAuthor: boolean;
  onChange: (part: Partial<ExploreView>) => void;
}

/** The key behind a caption: answers carry captions only. */
async function memberOf(name: string, caption: string): Promise<Member> {
  if (caption === '' || caption === blankKey) return { key: blankKey, caption: blankKey };
  try {
    return memberOfCaption(name, caption, (await listMembers(name, caption, 0, 1000)).Members);
  } catch {
    return memberOfCaption(name, caption, []);
  }
}

export function AnswerCard(props: Props) {
  const { view, month, catalogue, explored, onChange } = props;
  const [picked, setPicked] = useState<Picked | null>(null);
  const [choosing, setChoosing] = useState<{ name: string; caption: string } | null>(null);
  const looks = useMemo(() => alignPresentation({ ...defaultPresentation(explored.query, 'flotChart'), height: 420 }, explored.query), [explored]);
  const shown = useMemo(() => (explored.compared && explored.sides
    ? { looks: comparedLooks(looks, explored.sides), rows: comparedRows(explored.compared, looks) }
    : { looks, rows: explored.rows }), [explored, looks]);
  const title = titleOf(explored.query, month);
  const sort: Sort | null = view.sort;
  // A chart is as long as its bars can still be told apart; sorted as the table is.
  const chartRows = useMemo(() => rowsForChart(shown.rows, sort, shown.looks), [shown, sort]);
  const asChart = view.as === 'chart' && explored.query.Dimensions.length <= 2;
  const row = picked ? (asChart ? chartRows : shown.rows)[picked.row] : undefined;

  const ask = async (index: number, act: (query: Query, name: string, member: Member) => Query) => {
    const name = explored.query.Dimensions[index]?.DataModelName;
    if (!name || !row) return;
    const member = await memberOf(name, String(row[index] ?? ''));
    const next = act(view.query, name, member);
    const month = monthPicked(name, member);
    onChange({ query: next, sort: sortFor(next), ...(month && act === filterTo ? { month } : {}) });
  };

  return (
    <Card class="explored">
      <Actions {...props} looks={shown.looks} rows={shown.rows} title={title} asChart={asChart} />
      {shown.rows.length === 0
        ? <EmptyAnswer answer={explored.answer} view={view} month={month} onChange={onChange} />
        : asChart
          ? <AnswerChart title={title} looks={explored.compared ? comparedChart(shown.looks) : shown.looks} query={explored.query} rows={chartRows} catalogue={catalogue} onPick={setPicked} />
          : <AnswerTable title={title} looks={shown.looks} rows={shown.rows} units={catalogue.units} sort={sort}
              {...(explored.compared ? { changes: changeColumns(shown.looks) } : {})} onSort={(next) => onChange({ sort: next })} onPick={setPicked} />}
      {shown.rows.length > 0 && asChart && shown.rows.length > chartRows.length && (
        <p class="muted small">{t('explore.chart_cut', { shown: chartRows.length, count: shown.rows.length })}</p>
      )}
      <Facts explored={explored} />
      {picked && row && (
        <PickMenu
          picked={picked} onClose={() => setPicked(null)} used={explored.query.Dimensions.map((one) => one.DataModelName)}
          members={explored.query.Dimensions.map((one, i) => ({ name: one.DataModelName, caption: String(row[i] ?? '') }))}
          measure={picked.measure === null || explored.compared ? null : explored.query.Measurements[picked.measure]?.DataModelName ?? null}
          onWhy={(caption) => {
            const worse = monthFromCaption(caption);
            if (worse) onChange({ why: whyOfMonth(worse) });
          }}
          onOnly={(i) => void ask(i, filterTo)} onWithout={(i) => void ask(i, filterOut)}
          onBreakDown={(i, by) => void ask(i, (q, name, member) => breakDown(q, { name, member }, by))}
          onOther={(i) => setChoosing({ name: explored.query.Dimensions[i]!.DataModelName, caption: String(row[i] ?? '') })}
          onMeasure={(name) => {
            const filters = filtersOfMeasure(name) ?? [];
            onChange({ query: { ...view.query, Filters: [...view.query.Filters.filter((one) => !filters.some((f) => f.DataModelName === one.DataModelName)), ...filters] } });
          }}
        />
      )}
      {choosing && (
        <NamePicker
          title={t('explore.break_by', { name: choosing.caption || t('ask.blank') })} entries={catalogue.attributes} usual={usualBreakdowns}
          chosen={explored.query.Dimensions.map((one) => one.DataModelName)} onClose={() => setChoosing(null)}
          onPick={(by) => void memberOf(choosing.name, choosing.caption).then((member) => {
            const next = breakDown(view.query, { name: choosing.name, member }, by);
            onChange({ query: next, sort: sortFor(next) });
          })}
        />
      )}
    </Card>
  );
}

/** Picking a month goes to it. */
const monthPicked = (name: string, member: Member): Month | null => (isMonthName(name) ? parseMonth(member.key) : null);

/** Worst first where there is a share of poor streams. */
function sortFor(query: Query): Sort | null {
  const place = query.Measurements.findIndex((one) => /Poor(JPDR)?Percentage\]$/i.test(one.DataModelName));
  return place < 0 ? null : { column: query.Dimensions.length + place, descending: true };
}

const chartMax = 60;
function rowsForChart(rows: readonly Cell[][], sort: Sort | null, looks: Presentation): Cell[][] {
  const order = sort
    ? sortRows(rows, sort.column, sort.descending, new Intl.Collator(language(), { numeric: true }), looks.dimensions[sort.column]?.DataModelName)
    : rows.map((_, i) => i);
  return order.slice(0, chartMax).map((i) => rows[i]!);
}

/** The chart of the report sets, each bar of which can be picked. `rows` and `looks` may be those of a comparison. */
function AnswerChart({ title, looks, query, rows, catalogue, onPick }: {
  title: string; looks: Presentation; query: Query; rows: readonly Cell[][]; catalogue: Catalogue; onPick: (picked: Picked) => void;
}) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const model = useMemo(() => {
    const shown = { ...query, Measurements: looks.measurements.map(({ DataModelName }) => ({ DataModelName })) };
    const made = chartModel(shown, looks, rows, { units: catalogue.units, timeOnly: true });
    const whole = (caption: string) => (query.Dimensions.length === 0 ? t('ask.all') : caption || t('ask.blank'));
    return { ...made, categories: made.categories.map(whole) };
  }, [query, looks, rows, catalogue]);
  return (
    <Chart
      model={model} title={title} height={Math.min(400, looks.height)} hidden={hidden} onHidden={setHidden}
      onPick={(category, series, at) => {
        const row = model.rows[category] ?? -1;
        if (row >= 0) onPick({ row, measure: series ?? null, ...at });
      }}
    />
  );
}

const titleOf = (query: Query, month: Month): string => t('explore.title', {
  measures: query.Measurements.map((one) => labelOf(one.DataModelName)).slice(-1).join(),
  by: query.Dimensions.map((one) => labelOf(one.DataModelName)).join(', ') || t('ask.all'), month: longMonth(month) });

function Facts({ explored }: { explored: Explored }) {
  const { answer } = explored;
  const facts = [
    t('editor.answered', { count: explored.compared?.length ?? answer.rows.length, time: formatDuration(answer.durationMs) }),
    ...(answer.fromCache ? [t('explore.cached')] : []),
    ...(answer.dataVersion ? [t('explore.version', { version: answer.dataVersion })] : []),
    ...(answer.comparison ? [t('explore.compared_version', { version: String(answer.comparison.version), time: formatTime(answer.comparison.publishedAt) })] : []),
    ...(answer.dataAsOf ? [t('explore.as_of', { time: formatTime(answer.dataAsOf) })] : []),
  ];
  return <p class="muted small answer-facts" role="status">{facts.join(' · ')}</p>;
}
