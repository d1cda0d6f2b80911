// Promises: every reason code of the server has its meaning and remedy in every language; numbers are filled in; what
// is not known stays in the server's words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import type { Reason, Stage, Status } from '../src/pages/health/model';
import { explainReason, summaryOf, textOf } from '../src/pages/health/reasons';
import { hasText } from '../src/text/text';

declare const CQD_PORTAL_DIR: string;

const now = Date.parse('2026-11-21T10:00:00Z');
const stage = (name: 'archive' | 'cube'): Stage => {
  const run = {
    run_id: 'r', seq: 7, stage: name, kind: 'incremental', month: null, trigger: 'schedule', state: 'failed', queued_at: '2026-11-21T08:00:00Z',
    started_at: '2026-11-21T08:00:00Z', finished_at: '2026-11-21T08:00:10Z', duration_ms: 10_000,
    rows: { read: 1000, inserted: 0, updated: 0, duplicate: 0, quarantined: 25, repaired: 0, late: 0 }, progress: null,
    error: { code: 'disk_full', message: 'the disk is full' }, steps: [], warnings: [],
  } as Stage['last_success'];
  return {
    stage: name, state: 'idle', outcome: 'failed', verdict: 'late', current: run, last_success: run, last_failure: run, consecutive_failures: 2,
    failing_since: null, schedule: { every_s: 60, next_at: null, paused_reason: null },
    freshness: {
      data_through: null, data_age_s: null, age_s: 7190, warn_after_s: 3600, error_after_s: 7200, expected_by: null, expected_by_p95: null,
      slo: { target: 0.99, met: 0.95 },
    },
    backlog: { rows: null }, durations: { last_ms: null, p50_ms: 1000, p95_ms: 2000, n: 20, trend: null },
  };
};
const status = (reasons: Reason[]): Status => ({
  generated_at: new Date(now).toISOString(), status: 'fail', summary: 'In English', reasons, stages: [stage('archive'), stage('cube')],
  sources: [{
    id: 'qoe', kind: 'qoe_metrics', verdict: 'late', reachable: false, last_contact_at: null, last_record_at: '2026-11-20T10:00:00Z', backlog_rows: 12,
    clock_skew_s: -90, error: 'no answer', remarks: [],
  }],
  storage: { disk_free_bytes: 5e8, archive_bytes: 1, cube_bytes: 1, rows: 100, oldest_at: null, newest_at: null, days_until_full: 2 },
  cache: null, mapping: { unmapped_subnets: 3, unmapped_streams: 60 }, alerts: [],
});
const reason = (code: string, parts: Partial<Reason> = {}): Reason => ({
  code, severity: 'warn', stage: /^cube|^unmapped/.test(code) ? 'cube' : /^(disk|clock|log)/.test(code) ? null : 'archive',
  source: code.startsWith('source_') ? 'qoe' : null, since: '2026-11-21T09:00:00Z', message: 'In the server\'s words', action: 'Do this.', ...parts,
});

const source = readFileSync(path.join(CQD_PORTAL_DIR, '../src/cqd/integration/internal/reasons_system.cc'), 'utf8');
const codes = [...source.slice(source.indexOf('kCodes'), source.indexOf('};')).matchAll(/"([a-z_]+)"/g)].map((one) => one[1]!);

test('every code of the server is told with its numbers', () => {
  assert.ok(codes.length >= 34, `${codes.length} codes found`);
  for (const code of codes) {
    // That every language has them is the promise of foundation.test.ts.
    for (const part of ['means', 'do']) assert.ok(hasText(`reason.${textOf(code)}.${part}`), `reason.${textOf(code)}.${part} is missing`);
    const told = explainReason(reason(code), status([]), now);
    assert.ok(told.translated, `${code} lacks a number`);
    assert.doesNotMatch(told.means + told.remedy, /\{|undefined|NaN/, code);
  }
});

test('numbers are those of the status', () => {
  const means = (code: string) => explainReason(reason(code), status([]), now).means;
  assert.match(means('cube_failing'), /^Cube: the last 2 runs failed: the disk is full$/);
  assert.match(means('archive_late'), /Archive.*2 hr?.*1 hr?/);
  assert.match(means('source_clock_skew'), /qoe.*1 min 30 sec/);
  assert.match(means('rows_quarantined'), /25 of 1,000/);
  assert.match(means('disk_low'), /500 MB/);
  assert.match(means('slo_missed'), /95%.*99%/);
  assert.match(means('unmapped_streams'), /60%/);
  assert.equal(explainReason(reason('cube_failing'), status([]), now).hint, 'Do this.');
  assert.equal(explainReason(reason('cube_late'), status([]), now).hint, '');
});

test('what is not known stays in the words of the server', () => {
  for (const one of [reason('brand_new'), reason('source_unreachable', { source: 'other' }), reason('constructor')]) {
    const told = explainReason(one, status([]), now);
    assert.deepEqual(told, { means: one.message, remedy: 'Do this.', hint: '', translated: false });
  }
});

test('one sentence says it all, the worst first', () => {
  assert.match(summaryOf(status([reason('archive_late'), reason('disk_low', { severity: 'fail' })]), now).text, /Only 500 MB/);
  assert.match(summaryOf(status([reason('unmapped_streams', { severity: 'pass' })]), now).text, /All is well; the cube was processed 1 hour ago/);
  assert.deepEqual(summaryOf(status([reason('brand_new')]), now), { text: 'In the server\'s words', translated: false });
});
