// Answers and queries as text to keep or to pass on.
import type { Answer, Cell, Query } from './model';

/** Line ends and quoting of RFC 4180; the mark in front lets spreadsheets read UTF-8. */
export function toCsv(headers: readonly string[], rows: readonly Cell[][]): string {
  const lines = [headers.map(csvText).join(','),
                 ...rows.map((row) => row.map(csvCell).join(','))];
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}
const csvCell = (cell: Cell): string =>
  cell === null ? '' : typeof cell === 'number' ? String(cell) : csvText(cell);
function csvText(text: string): string {
  // A member such as "=cmd()" comes from a device; a spreadsheet must not run it
  // (OWASP, CSV injection).
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Query and answer together, indented: the number and the question it answers. */
export const toJson = (query: Query, answer: Answer): string =>
  `${JSON.stringify({ Query: query, Answer: answer }, null, 2)}\n`;

export const queryText = (query: Query): string => JSON.stringify(query, null, 2);

/** A command for a POSIX shell that asks the same. `origin` is that of the page. */
export function toCurl(query: Query, origin: string): string {
  const body = queryText(query).replaceAll("'", "'\\''");
  const url = `${origin}/QoEDataService/RunQuery`.replaceAll("'", '%27');
  return `curl -s '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

/** A name for a file on any system. */
export function fileName(title: string, extension: string): string {
  const safe = title.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, ' ').replace(/\s+/g, ' ').trim();
  return `${safe.replace(/^\.+/, '').slice(0, 100) || 'report'}.${extension}`;
}
