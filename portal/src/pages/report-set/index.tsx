// The page people open every morning: a report set, its reports as cards, and the way down.
import { useCallback, useMemo, useState } from 'preact/hooks';
import { getItem, getUser, listAncestors, listUsers, type Ancestor, type TaggedItem, type User } from '../../api/repository';
import { getStatus } from '../../api/status';
import { go, useTitle } from '../../app/navigation';
import { may, type PageProps } from '../../app/page';
import { useReload } from '../../app/settings_menu';
import type { Maxima } from '../../charts/chart';
import { parseReportSet } from '../../query/report';
import { decodeView, encodeView, type ReportSetView } from '../../query/url_state';
import { t } from '../../text/text';
import { compareMonths, monthOf, type Month } from '../../time/month';
import { ButtonLink } from '../../ui/button';
import { useLoad } from '../../ui/load';
import { Empty, Failure, Loading } from '../../ui/states';
import { ReportCard, type ReportMaxima } from './report_card';
import { SummaryPane } from './summary_pane';

interface SetData {
  item: TaggedItem;
  ancestors: Ancestor[];
  owner: User | undefined;
  mine: boolean;
  /** Grows with each load: cards of an older one may be gone. */
  turn: number;
}

let turns = 0;

interface StatusPart {
  stages?: { stage: string; freshness?: { data_through?: string | null } }[];
}
/** The end of the data in the cube; undefined when the server does not say. */
export async function dataThrough(signal?: AbortSignal): Promise<Date | undefined> {
  const status = await getStatus<StatusPart>(signal).catch(() => undefined);
  const text = status?.stages?.find((one) => one.stage === 'cube')?.freshness?.data_through;
  return text ? new Date(text) : undefined;
}

export async function loadSet(id: number | null, signal: AbortSignal): Promise<SetData> {
  // The first contact of a user makes his copy of the default reports, so it goes first.
  const user = await getUser('default', signal);
  const itemId = id ?? user.defaultItemId;
  const [item, ancestors, users] = await Promise.all([
    getItem(itemId, signal), listAncestors(itemId, signal), listUsers(signal).catch(() => [user])]);
  return {
    item, ancestors, turn: ++turns, mine: item.userId === user.userId,
    owner: users.find((one) => one.userId === item.userId),
  };
}

export default function Page(props: PageProps) {
  const view = useMemo(() => {
    const decoded = decodeView(location.hash);
    return decoded.page === 'reportSet' ? decoded : { page: 'reportSet', itemId: null, month: null, span: null, filters: [] } satisfies ReportSetView;
  }, [props.route]);
  const data = useLoad((signal) => loadSet(view.itemId, signal), [view.itemId]);
  const through = useLoad(dataThrough, []);
  const zone = props.me.time_zone ?? 'UTC';
  const latest = through.value ? monthOf(through.value, zone) : undefined;
  const now = monthOf(new Date(), zone);
  const month: Month = view.month ?? (latest && compareMonths(latest, now) < 0 ? latest : now);
  useReload(data.again);

  const set = data.value ? parseReportSet(data.value.item.content) : null;
  const title = set?.Title || t('set.untitled');
  useTitle(data.value ? title : t('page.set'));
  const show = (change: Partial<ReportSetView>) => go(encodeView({ ...view, itemId: view.itemId ?? data.value?.item.itemId ?? null, month, ...change }));

  const known = data.value && (view.itemId === null || data.value.item.itemId === view.itemId);
  if (data.error !== undefined) {
    return (
      <>
        <Failure error={data.error} onRetry={data.again} height={320} />
        {view.itemId !== null && <p class="set-home"><a href="#/">{t('shell.to_start')}</a></p>}
      </>
    );
  }
  if (!known || !data.value || through.busy) return <Loading height={320} />;
  return (
    <div class="set">
      <SummaryPane
        item={data.value.item} set={set} title={title} owner={data.value.owner} mine={data.value.mine} author={may(props, 'author')}
        ancestors={data.value.ancestors} month={month} {...(latest ? { latest } : {})} span={view.span} dataUntil={through.value}
        showDescription={props.settings.showDescriptions} view={view} onMonth={(chosen) => show({ month: chosen })}
        onSpan={(span) => show({ span })} onChanged={data.again}
      />
      <div class="set-main">
        <Path ancestors={data.value.ancestors} owner={data.value.owner} title={title} view={view} month={month} />
        {view.filters.length > 0 && (
          <p class="badge badge-accent">{t('set.filtered', { filters: view.filters.map((one) => `${one.DataModelName} ${one.Value}`).join(', ') })}</p>
        )}
        <Reports
          key={data.value.turn} data={data.value} maxCalls={set?.MaxCalls ?? 'Auto'} maxPercentage={set?.MaxPercentage ?? 'Auto'}
          view={view} month={month} props={props} onChanged={data.again}
        />
      </div>
    </div>
  );
}

function Path({ ancestors, owner, title, view, month }: {
  ancestors: readonly Ancestor[]; owner: User | undefined; title: string; view: ReportSetView; month: Month;
}) {
  const steps = [...ancestors].sort((a, b) => b.distance - a.distance);
  return (
    <nav class="path" aria-label={t('set.path')}>
      <ol>
        {owner && <li class="muted">{owner.loginName}</li>}
        {steps.map((one, i) => (
          // Sets and reports alternate; a report is seen on the page of the set around it.
          <li key={one.itemId}>
            {i % 2 === 0
              ? <a href={encodeView({ ...view, itemId: one.itemId, month })}>{one.title || t('set.untitled')}</a>
              : <span>{one.title}</span>}
          </li>
        ))}
        <li aria-current="page">{title}</li>
      </ol>
    </nav>
  );
}

const ownScales = 'cqd.own_scales';

function Reports({ data, maxCalls, maxPercentage, view, month, props, onChanged }: {
  data: SetData; maxCalls: string; maxPercentage: string; view: ReportSetView; month: Month; props: PageProps; onChanged: () => void;
}) {
  const [same, setSame] = useState(localStorage.getItem(ownScales) !== 'true');
  const [found, setFound] = useState<ReadonlyMap<number, ReportMaxima>>(new Map());
  const note = useCallback((id: number, maxima: ReportMaxima) => setFound((all) => {
    const old = all.get(id);
    return old && old.key === maxima.key && old.maxima.every((one, i) => one === maxima.maxima[i]) ? all : new Map(all).set(id, maxima);
  }), []);
  const fixed = (text: string) => (Number(text) > 0 ? Number(text) : undefined);
  const maximaOf = (key: string): Maxima => {
    const others = same ? [...found.values()].filter((one) => one.key === key) : [];
    const most = (axis: 0 | 1) => Math.max(0, ...others.map((one) => one.maxima[axis])) || undefined;
    return [fixed(maxCalls) ?? most(0), fixed(maxPercentage) ?? most(1)];
  };
  const choose = (shared: boolean) => {
    setSame(shared);
    localStorage.setItem(ownScales, String(!shared));
  };
  const ids = data.item.subItemIds;
  if (ids.length === 0) {
    return (
      <Empty
        title={t('set.empty')} icon="chart" height={320} text={data.mine ? t('set.empty_text') : undefined}
        actions={data.mine && may(props, 'author')
          ? <ButtonLink look="primary" icon="add" href={encodeView({ page: 'edit', itemId: null, parentId: data.item.itemId, month, query: null })}>{t('set.new')}</ButtonLink>
          : undefined}
      />
    );
  }
  return (
    <>
      {ids.length > 1 && (
        <div class="set-tools no-print">
          <label class="check-line">
            <input type="checkbox" checked={same} onChange={(event) => choose(event.currentTarget.checked)} />{t('set.same_scale')}
          </label>
        </div>
      )}
      <div class="reports">
        {ids.map((id, index) => (
          <ReportCard
            key={id} id={id} index={index} set={data.item} mine={data.mine} view={view} month={month} maximaOf={maximaOf} onMaxima={note}
            settings={props.settings} author={may(props, 'author')} onChanged={onChanged}
          />
        ))}
      </div>
    </>
  );
}

