// Explore: ask, click what stands out, ask again. The whole view is in the address, so that going back and sharing just work.
import { useMemo } from 'preact/hooks';
import { listDataVersions, runQuery, type DataVersion, type QueryAnswer } from '../../api/data';
import { go, useTitle } from '../../app/navigation';
import { may, type PageProps } from '../../app/page';
import { useCatalogue, type Catalogue } from '../../ask/catalogue';
import { useMonth } from '../../ask/latest';
import { t } from '../../text/text';
import { Button } from '../../ui/button';
import { useLoad, type Load } from '../../ui/load';
import { Failure, Loading } from '../../ui/states';
import {
  buildQuery, compareAnswers, decodeView, encodeView, forOneMonth, type Cell, type ComparedRow, type ExploreView, type Month,
  type Query,
} from '../../query';
import { AnswerCard } from './answer';
import { compareSort, type Sides } from './compared';
import { Question } from './question';
import { sidesOf } from './versions';
import { WhyCard } from './why';

/** What is asked when nothing is asked yet: where are the poor streams this month, worst first. */
export const firstQuestion: Query = {
  Dimensions: [{ DataModelName: '[Second Building].[Building Name]' }],
  Measurements: ['[Measures].[Audio Good Streams Count]', '[Measures].[Audio UnClassified Streams Count]',
    '[Measures].[Audio Poor Streams Count]', '[Measures].[AudioPoorPercentage]'].map((DataModelName) => ({ DataModelName })),
  Filters: [],
};

/** An answer, with the other month's or data version's when two are compared. */
export interface Explored {
  query: Query;
  answer: QueryAnswer;
  rows: Cell[][];
  compared: ComparedRow[] | null;
  /** What the compared columns are called. */
  sides: Sides | null;
}

export default function Page(props: PageProps) {
  useTitle(t('page.explore'));
  const { route, me } = props;
  const address = `#/Explore/${route.segments.map(encodeURIComponent).join('/')}?${route.query.toString()}`;
  const view = useMemo(() => startOf(decodeView(address) as ExploreView), [address]);
  const month = useMonth(view.month, me.time_zone);
  const catalogue = useCatalogue();
  if (catalogue.error !== undefined) return <Failure error={catalogue.error} onRetry={catalogue.again} height={320} />;
  if (!catalogue.value || !month) return <Loading height={320} />;
  return <Explore address={address} view={view} month={month} catalogue={catalogue.value} isAuthor={may(props, 'author')} />;
}

function Explore({ address, view, month, catalogue, isAuthor }: {
  address: string; view: ExploreView; month: Month; catalogue: Catalogue; isAuthor: boolean;
}) {
  const query = useMemo(() => asked(view, month), [address, month.year, month.month]);
  const explored = useLoad((signal) => ask(query, view, month, signal), [query]);
  const versions = useLoad((signal) => listDataVersions(signal).catch((): DataVersion[] => []), [explored.value?.answer.dataVersion]);
  const change = (part: Partial<ExploreView>) => go(encodeView({ ...view, month, ...part }));
  return (
    <div class="stack explore">
      <Question view={view} month={month} query={query} catalogue={catalogue} versions={versions.value ?? []} onChange={change} />
      <Shown
        view={{ ...view, month }} month={month} query={query} catalogue={catalogue} explored={explored} isAuthor={isAuthor} onChange={change}
      />
      {view.why && <WhyCard view={view} why={view.why} onChange={change} />}
    </div>
  );
}

function startOf(view: ExploreView): ExploreView {
  if (view.query.Dimensions.length + view.query.Measurements.length > 0) {
    return view.query.Measurements.length > 0 ? view : { ...view, query: { ...view.query, Measurements: firstQuestion.Measurements } };
  }
  return { ...view, query: { ...firstQuestion, Filters: view.query.Filters }, as: 'table', sort: view.sort ?? (view.compareWith ? compareSort(1) : { column: 4, descending: true }) };
}

/** What is sent: the month of the view, or its window, over the state of the data that it wants. */
function asked({ query, asOf, compareVersion }: ExploreView, month: Month): Query {
  const timed = query.Trend?.EnableTrend ? buildQuery(query, { month }) : forOneMonth(query, month);
  return { ...timed, ...(asOf === null ? {} : { AsOf: asOf }), ...(compareVersion === null ? {} : { CompareTo: compareVersion }) };
}

async function ask(query: Query, view: ExploreView, month: Month, signal: AbortSignal): Promise<Explored> {
  const otherMonth = query.Trend?.EnableTrend ? null : view.compareWith;
  const [answer, before] = await Promise.all([
    runQuery({ ...query, Funnel: true }, signal), otherMonth ? runQuery(forOneMonth(query, otherMonth), signal) : null]);
  const { rows, comparison } = answer;
  const other = comparison?.rows ?? before?.rows;
  return {
    query, answer, rows, compared: other ? compareAnswers(other, rows, query.Dimensions.length) : null,
    sides: other ? sidesOf(answer, otherMonth, month) : null,
  };
}

function Shown({ explored, ...rest }: {
  view: ExploreView; month: Month; query: Query; catalogue: Catalogue; explored: Load<Explored>; isAuthor: boolean;
  onChange: (part: Partial<ExploreView>) => void;
}) {
  const { view, onChange } = rest;
  if (explored.error !== undefined) {
    return (
      <>
        <Failure error={explored.error} onRetry={explored.again} height={320} />
        {(view.asOf !== null || view.compareVersion !== null) && (
          <p class="row empty-ways">
            <Button look="primary" icon="refresh" onClick={() => onChange({ asOf: null, compareVersion: null })}>{t('explore.newest_data')}</Button>
          </p>
        )}
      </>
    );
  }
  // The answer before belongs to another question: its columns are not those of the new one.
  if (!explored.value || (explored.busy && explored.value.query !== rest.query)) return <Loading height={320} />;
  return <AnswerCard {...rest} explored={explored.value} />;
}
