// The page within a saved file: draws what the file holds. Runs without a server and without a library.
import { formatNumber } from '../query/numbers';
import { lineGroups, sortRows } from '../query/compare';
import type { OfflineData } from './file';
import { drawChart } from './svg_chart';

type SavedReport = OfflineData['reports'][number];

const data = JSON.parse(document.getElementById('data')!.textContent!) as OfflineData;
const page = document.getElementById('page')!;
const text = (name: string): string => data.texts[name] ?? name;

/** An element with attributes and children. */
function make(tag: string, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class ReportView {
  readonly element = make('section');
  private readonly body = make('div');
  private asTable: boolean;
  private sort: { column: number; descending: boolean } | null = null;
  private readonly wanted: string[];
  private rows: SavedReport['rows'];

  constructor(private readonly report: SavedReport, private readonly index: number) {
    this.asTable = report.looks.presentationPlugin === 'dataTable';
    this.wanted = report.looks.dimensions.map(() => '');
    this.rows = report.rows;
    const toggle = make('button', { type: 'button', class: 'toggle' });
    const name = () => { toggle.textContent = text(this.asTable ? 'offline.as_chart' : 'offline.as_table'); };
    toggle.addEventListener('click', () => { this.asTable = !this.asTable; name(); this.draw(); });
    name();
    this.element.append(
      make('header', {}, make('h2', {}, report.title), toggle),
      ...(report.description ? [make('p', {}, report.description)] : []),
      ...(report.conditions.length > 0 ? [make('ul', { class: 'conditions' }, ...report.conditions.map((one) => make('li', {}, one)))] : []),
      this.filters(), this.body);
    this.draw();
  }

  /** One field for each dimension: rows stay whose caption has the text. */
  private filters(): HTMLElement {
    const box = make('div', { class: 'filters', role: 'group', 'aria-label': text('offline.filter') });
    this.report.looks.dimensions.forEach((dimension, i) => {
      const id = `filter-${this.index}-${i}`;
      const input = make('input', { type: 'search', id }) as HTMLInputElement;
      input.addEventListener('input', () => {
        this.wanted[i] = input.value.toLowerCase();
        this.rows = this.report.rows.filter((row) =>
          this.wanted.every((wanted, n) => String(row[n] ?? '').toLowerCase().includes(wanted)));
        this.draw();
      });
      box.append(make('label', { for: id }, dimension.friendlyName, input));
    });
    return box;
  }

  draw(): void {
    const order = this.sort
      ? sortRows(this.rows, this.sort.column, this.sort.descending, new Intl.Collator(data.language, { numeric: true }),
        this.report.looks.dimensions[this.sort.column]?.DataModelName)
      : this.rows.map((_, i) => i);
    const rows = order.map((i) => this.rows[i]!);
    if (rows.length === 0) this.body.replaceChildren(make('p', { class: 'none' }, text('ask.empty')));
    else if (this.asTable) this.body.replaceChildren(this.table(rows));
    else this.body.replaceChildren(this.chart(rows));
  }

  private chart(rows: SavedReport['rows']): HTMLElement {
    const { looks, title, units } = this.report;
    const first = looks.dimensions.length;
    const box = make('div', { class: 'chart' });
    const width = Math.max(320, Math.min(1100, document.documentElement.clientWidth - 80));
    box.innerHTML = drawChart({
      title, width, height: Math.min(460, looks.height),
      categories: rows.map((row) => row.slice(0, first).map((cell) => String(cell ?? '')).join(' · ')),
      series: looks.measurements.map((one, i) => ({
        name: one.friendlyName, color: one.color, axis: one.yaxis, stack: one.stack, line: one.chartType === 1,
        values: rows.map((row) => { const cell = row[first + i]; return typeof cell === 'number' ? cell : null; }),
      })),
      lineGroups: lineGroups(looks, rows),
      axisLabels: [looks.chartProperties.yaxes[0]?.axisLabel ?? '', looks.chartProperties.yaxes[1]?.axisLabel ?? ''],
      format: (value, axis) => formatNumber(value, units[looks.measurements.findIndex((one) => one.yaxis === axis)] ?? '',
        { locale: data.language, compact: value >= 10_000 }),
    });
    const legend = make('ul', { class: 'legend' }, ...looks.measurements.map((one) => {
      const mark = make('span', { class: 'mark' });
      mark.style.background = one.color;
      return make('li', {}, mark, one.friendlyName);
    }));
    box.append(legend);
    return box;
  }

  private table(rows: SavedReport['rows']): HTMLElement {
    const { looks, units, title } = this.report;
    const first = looks.dimensions.length;
    const head = make('tr', {}, ...[...looks.dimensions, ...looks.measurements].map((one, column) => {
      const now = this.sort?.column === column ? (this.sort.descending ? 'descending' : 'ascending') : 'none';
      const button = make('button', { type: 'button' }, `${one.friendlyName}${{ none: '', ascending: ' ▲', descending: ' ▼' }[now]}`);
      button.addEventListener('click', () => {
        this.sort = { column, descending: now === 'none' ? column >= first : now === 'ascending' };
        this.draw();
        this.body.querySelectorAll<HTMLElement>('th button')[column]?.focus();
      });
      return make('th', { scope: 'col', 'aria-sort': now, ...(column >= first ? { class: 'number' } : {}) }, button);
    }));
    const body = make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((cell, column) => (column < first
      ? make('td', {}, cell === null || cell === '' ? text('ask.blank') : String(cell))
      : make('td', { class: 'number' }, formatNumber(typeof cell === 'number' ? cell : null, units[column - first] ?? '',
        { locale: data.language, withUnit: true })))))));
    return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
      make('table', {}, make('thead', {}, head), body));
  }
}

const views = data.reports.map((report, index) => new ReportView(report, index));
page.append(
  make('h1', {}, data.title), ...(data.description ? [make('p', {}, data.description)] : []),
  make('p', { class: 'notes' }, data.notes.join(' · ')), ...views.map((view) => view.element));
let timer = 0;
addEventListener('resize', () => {
  clearTimeout(timer);
  timer = window.setTimeout(() => { for (const view of views) view.draw(); }, 150);
});
