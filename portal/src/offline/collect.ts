// What goes into a file of stored reports: each with its answer in the month of the page.
import { runQuery, type QueryAnswer } from '../api/data';
import { getItem, type TaggedItem } from '../api/repository';
import { t } from '../text/text';
import { formatTime } from '../time/zone';
import {
  buildQuery, isMonthName, parseReport, parseReportSet, unitOf, type Cell, type Month, type Query, type Report, type ReportSetView, type Unit,
} from '../query';
import type { OfflineReport } from './file';

export const offlineReport = (report: Report, query: Query, rows: readonly Cell[][], units: ReadonlyMap<string, Unit>): OfflineReport => ({
  title: report.Title, description: report.Description, looks: report.Presentation, rows,
  // With a trend the month filters do not apply (docs/api-query.md).
  filters: query.Trend?.EnableTrend ? query.Filters.filter((one) => !isMonthName(one.DataModelName) || one.UnionGroup !== '') : query.Filters,
  units: query.Measurements.map((one) => unitOf(one.DataModelName, units)),
});

/** When the file was made, and how far its data goes. */
export const notesOf = (answer: QueryAnswer | undefined): string[] => [
  t('offline.made', { time: formatTime(new Date()) }),
  ...(answer?.dataAsOf ? [t('explore.as_of', { time: formatTime(answer.dataAsOf) })] : []),
];

/** All reports of a set. Errors: as the calls'; a file that silently lacked a report would mislead. */
export async function collectSet(set: TaggedItem, view: ReportSetView, month: Month, units: ReadonlyMap<string, Unit>) {
  const content = parseReportSet(set.content);
  const asked = await Promise.all(set.subItemIds.map(async (id) => {
    const report = parseReport((await getItem(id)).content);
    if (!report) return null;
    const query = buildQuery(report.Query, { month, filters: view.filters, ...(view.span === null ? {} : { span: view.span }) });
    return { report, query, answer: await runQuery(query) };
  }));
  const reports = asked.filter((one) => one !== null);
  return {
    title: content?.Title ?? '', description: content?.Description ?? '', notes: notesOf(reports[0]?.answer),
    reports: reports.map(({ report, query, answer }) => offlineReport(report, query, answer.rows, units)),
  };
}
