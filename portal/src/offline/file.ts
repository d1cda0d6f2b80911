// A report as one HTML file that opens without a server: its slice of data, and a page that sorts, filters and draws it.
import type { Cell, Filter, Presentation } from '../query';
import { captionsOf, labelOf } from '../query';
import { escapeText } from './svg_chart';

/** One report with the rows that it showed. */
export interface OfflineReport {
  title: string;
  description: string;
  looks: Presentation;
  filters: readonly Filter[];
  rows: readonly Cell[][];
  /** Of each measure, in their order. */
  units: readonly string[];
}
/** Words of the page, by name, in the language of the one who saves. */
export type OfflineTexts = Readonly<Record<string, string>>;

/** What the file holds; the page reads nothing else. */
export interface OfflineData {
  title: string;
  description: string;
  /** Lines about where and when from. */
  notes: string[];
  language: string;
  texts: OfflineTexts;
  reports: {
    title: string; description: string; looks: Presentation; rows: Cell[][]; units: string[]; conditions: string[];
  }[];
}

/** Names of attributes in these reports that tell of persons: as columns or in conditions. */
export function personalNames(reports: readonly OfflineReport[], isPersonal: (name: string) => boolean): string[] {
  const names = reports.flatMap((report) => [
    ...report.looks.dimensions.map((one) => one.DataModelName), ...report.filters.map((one) => one.DataModelName)]);
  return [...new Set(names)].filter(isPersonal);
}

/**
 * The slice of data for a file. Without consent a person is a number: the same for the same member in the whole file, so that rows
 * can still be told apart, and conditions on persons tell no values.
 */
export function offlineData(
  head: { title: string; description: string; notes: string[]; language: string; texts: OfflineTexts },
  reports: readonly OfflineReport[],
  privacy: { isPersonal: (name: string) => boolean; consent: boolean },
): OfflineData {
  const numbers = new Map<string, number>();
  const hidden = (name: string) => !privacy.consent && privacy.isPersonal(name);
  const mask = (cell: Cell): Cell => {
    if (cell === null || cell === '') return cell;
    const key = String(cell);
    if (!numbers.has(key)) numbers.set(key, numbers.size + 1);
    return `#${numbers.get(key)}`;
  };
  const condition = (filter: Filter): string => {
    const values = hidden(filter.DataModelName) ? '…' : captionsOf(filter).join(', ');
    return `${labelOf(filter.DataModelName)} ${head.texts[`operand.${filter.Operand}`] ?? ''} ${values}`;
  };
  return {
    ...head,
    reports: reports.map((report) => {
      const personal = report.looks.dimensions.map((one) => hidden(one.DataModelName));
      return {
        title: report.title, description: report.description, looks: withoutColumnFilters(report.looks), units: [...report.units],
        conditions: report.filters.map(condition),
        rows: report.rows.map((row) => row.map((cell, i) => (personal[i] ? mask(cell) : cell))),
      };
    }),
  };
}
/** Stored column filters may quote members. */
const withoutColumnFilters = (looks: Presentation): Presentation =>
  ({ ...looks, tableProperties: { ...looks.tableProperties, columnFilters: [] } });

/** The whole file. `script` and `style` are those of the page; nothing in it asks any server. */
export function offlineFile(data: OfflineData, script: string, style: string): string {
  // "<" could end the element early or begin a comment in it; in JSON it may be written as an escape.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  const safeScript = script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  return `<!doctype html>
<html lang="${escapeText(data.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>${escapeText(data.title)}</title>
<style>${style}</style>
</head>
<body>
<main id="page"></main>
<script type="application/json" id="data">${json}</script>
<script>${safeScript}</script>
</body>
</html>
`;
}
