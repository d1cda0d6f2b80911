// Explore: ask, click what stands out, ask again. The whole view is in the address, so that going back and sharing just work.
import { useMemo } from 'preact/hooks';
import { runQuery, type QueryAnswer } from '../../api/data';
import { go, useTitle } from '../../app/navigation';
import { may, type PageProps } from '../../app/page';
import { useCatalogue, type Catalogue } from '../../ask/catalogue';
import { useMonth } from '../../ask/latest';
import { t } from '../../text/text';
import { useLoad, type Load } from '../../ui/load';
import { Failure, Loading } from '../../ui/states';
import {
  buildQuery, compareAnswers, decodeView, encodeView, forOneMonth, type Cell, type ComparedRow, type ExploreView, type Month,
  type Query,
} from '../../query';
import { AnswerCard } from './answer';
import { compareSort } from './compared';
import { Question } from './question';

/** What is asked when nothing is asked yet: where are the poor streams this month, worst first. */
export const firstQuestion: Query = {
  Dimensions: [{ DataModelName: '[Second Building].[Building Name]' }],
  Measurements: ['[Measures].[Audio Good Streams Count]', '[Measures].[Audio UnClassified Streams Count]',
    '[Measures].[Audio Poor Streams Count]', '[Measures].[AudioPoorPercentage]'].map((DataModelName) => ({ DataModelName })),
  Filters: [],
};

/** An answer, with the other month's when two are compared. */
export interface Explored {
  query: Query;
  answer: QueryAnswer;
  rows: Cell[][];
  compared: ComparedRow[] | null;
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
  const query = useMemo(() => asked(view.query, month), [address, month.year, month.month]);
  const explored = useLoad((signal) => ask(query, view.compareWith, signal), [query]);
  const change = (part: Partial<ExploreView>) => go(encodeView({ ...view, month, ...part }));
  return (
    <div class="stack explore">
      <Question view={view} month={month} query={query} catalogue={catalogue} onChange={change} />
      <Shown
        view={{ ...view, month }} month={month} query={query} catalogue={catalogue} explored={explored} isAuthor={isAuthor} onChange={change}
      />
    </div>
  );
}

function startOf(view: ExploreView): ExploreView {
  if (view.query.Dimensions.length + view.query.Measurements.length > 0) {
    return view.query.Measurements.length > 0 ? view : { ...view, query: { ...view.query, Measurements: firstQuestion.Measurements } };
  }
  return { ...view, query: { ...firstQuestion, Filters: view.query.Filters }, as: 'table', sort: view.sort ?? (view.compareWith ? compareSort(1) : { column: 4, descending: true }) };
}

/** What is sent: the month of the view, or its window. */
function asked(query: Query, month: Month): Query {
  return query.Trend?.EnableTrend ? buildQuery(query, { month }) : forOneMonth(query, month);
}

async function ask(query: Query, compareWith: Month | null, signal: AbortSignal): Promise<Explored> {
  const funnel = { Funnel: true };
  if (!compareWith || query.Trend?.EnableTrend) {
    const answer = await runQuery({ ...query, ...funnel }, signal);
    return { query, answer, rows: answer.rows, compared: null };
  }
  const [answer, before] = await Promise.all([
    runQuery({ ...query, ...funnel }, signal), runQuery(forOneMonth(query, compareWith), signal)]);
  const rows = answer.rows;
  return { query, answer, rows, compared: compareAnswers(before.rows, rows, query.Dimensions.length) };
}

function Shown({ explored, ...rest }: {
  view: ExploreView; month: Month; query: Query; catalogue: Catalogue; explored: Load<Explored>; isAuthor: boolean;
  onChange: (part: Partial<ExploreView>) => void;
}) {
  if (explored.error !== undefined) return <Failure error={explored.error} onRetry={explored.again} height={320} />;
  // The answer before belongs to another question: its columns are not those of the new one.
  if (!explored.value || (explored.busy && explored.value.query !== rest.query)) return <Loading height={320} />;
  return <AnswerCard {...rest} explored={explored.value} />;
}
