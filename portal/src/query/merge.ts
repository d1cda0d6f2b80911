// Two people changed the same report: what each changed since both read it, and both together.
import { alignPresentation } from './report';
import type { Report } from './model';

/** Parts of a report that are merged as wholes. */
export const reportParts = ['title', 'description', 'dimensions', 'measurements', 'filters', 'trend',
  'looks'] as const;
export type ReportPart = (typeof reportParts)[number];

const read: Record<ReportPart, (report: Report) => unknown> = {
  title: (r) => r.Title,
  description: (r) => r.Description,
  dimensions: (r) => r.Query.Dimensions,
  measurements: (r) => r.Query.Measurements,
  filters: (r) => r.Query.Filters.map((f) => [f.DataModelName, f.Value, f.Operand, f.UnionGroup]),
  trend: (r) => (r.Query.Trend?.EnableTrend ? r.Query.Trend.SpanCount : 0),
  looks: (r) => r.Presentation,
};

/** The parts in which two reports differ. */
export const changedParts = (a: Report, b: Report): ReportPart[] =>
  reportParts.filter((part) => JSON.stringify(read[part](a)) !== JSON.stringify(read[part](b)));

export interface Merge {
  mine: ReportPart[];
  theirs: ReportPart[];
  /** Changed by both, and not to the same. */
  conflicts: ReportPart[];
  /** Their report with my changes; where both changed a part, mine. */
  merged: Report;
}

/** `base` is what both began with. */
export function mergeReports(base: Report, mine: Report, theirs: Report): Merge {
  const changedByMe = changedParts(base, mine);
  const changedByThem = changedParts(base, theirs);
  const differ = new Set(changedParts(mine, theirs));
  // The looks name dimensions and measures one by one: a new one there is no change of the looks.
  const conflicts = changedByMe.filter((part) => changedByThem.includes(part) && differ.has(part) &&
    !(part === 'looks' && !looksClash(base, mine, theirs)));
  const from = (part: ReportPart): Report => (changedByMe.includes(part) ? mine : theirs);
  const query = {
    ...theirs.Query,
    Dimensions: from('dimensions').Query.Dimensions,
    Measurements: from('measurements').Query.Measurements,
    Filters: from('filters').Query.Filters,
  };
  const trend = from('trend').Query.Trend;
  if (trend) query.Trend = trend;
  else delete query.Trend;
  const looks = from('looks').Presentation;
  const merged: Report = {
    ...theirs,
    Title: from('title').Title,
    Description: from('description').Description,
    Query: query,
    Presentation: alignPresentation({
      ...looks,
      dimensions: [...looks.dimensions, ...theirs.Presentation.dimensions],
      measurements: [...looks.measurements, ...theirs.Presentation.measurements],
    }, query),
  };
  return { mine: changedByMe, theirs: changedByThem, conflicts, merged };
}

/** True when something beside the lists of the query was set differently by both. */
function looksClash(base: Report, mine: Report, theirs: Report): boolean {
  const bare = (report: Report) => {
    const { dimensions: _, measurements: __, ...rest } = report.Presentation;
    return JSON.stringify(rest);
  };
  const one = (report: Report, name: string) =>
    JSON.stringify([...report.Presentation.dimensions, ...report.Presentation.measurements]
      .find((entry) => entry.DataModelName === name));
  if (bare(mine) !== bare(base) && bare(theirs) !== bare(base) && bare(mine) !== bare(theirs)) {
    return true;
  }
  return [...base.Presentation.dimensions, ...base.Presentation.measurements].some(
    ({ DataModelName: name }) => {
      const [b, m, t] = [one(base, name), one(mine, name), one(theirs, name)];
      return m !== undefined && t !== undefined && m !== b && t !== b && m !== t;
    });
}
