// What the health page makes of the status: pure logic.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  currentRuns, endOf, formatBytes, lastFailure, nextRun, overcome, timelineOf, withRun, type Run, type Stage, type Status,
} from '../src/pages/health/model';

const run = (parts: Partial<Run>): Run => ({
  run_id: 'r1', seq: 1, stage: 'cube', kind: 'incremental', month: null, trigger: 'schedule', state: 'succeeded',
  queued_at: '2026-11-21T10:00:00Z', started_at: '2026-11-21T10:00:00Z', finished_at: '2026-11-21T10:00:10Z', duration_ms: 10_000,
  rows: { read: 0, inserted: 0, updated: 0, duplicate: 0, quarantined: 0, repaired: 0, late: 0 }, progress: null, error: null,
  steps: [], warnings: [], ...parts,
});
const stage = (parts: Partial<Stage>): Stage => ({
  stage: 'cube', state: 'idle', outcome: 'ok', verdict: 'on_time', current: null, last_success: null, last_failure: null,
  consecutive_failures: 0, failing_since: null, schedule: { every_s: 60, next_at: null, paused_reason: null },
  freshness: {
    data_through: null, data_age_s: null, age_s: null, warn_after_s: 60, error_after_s: 120, expected_by: null, expected_by_p95: null, slo: null,
  },
  backlog: { rows: null }, durations: { last_ms: null, p50_ms: null, p95_ms: null, n: 0, trend: null }, ...parts,
});
const status = (stages: Stage[]): Status => ({ stages }) as unknown as Status;

test('a running run comes before a waiting one', () => {
  const waiting = run({ run_id: 'a', stage: 'archive', state: 'queued' });
  const running = run({ run_id: 'c', state: 'running' });
  const both = status([stage({ stage: 'archive', current: waiting }), stage({ current: running })]);
  assert.deepEqual(currentRuns(both).map((one) => one.run_id), ['c', 'a']);
  assert.deepEqual(currentRuns(status([stage({})])), []);
});

test('the newest failure, and whether it is over', () => {
  const old = run({ seq: 3, stage: 'archive', state: 'failed', finished_at: '2026-11-21T09:00:00Z' });
  const recent = run({ seq: 5, state: 'failed', finished_at: '2026-11-21T09:30:00Z' });
  const all = status([
    stage({ stage: 'archive', last_failure: old, last_success: run({ seq: 7, stage: 'archive' }) }),
    stage({ last_failure: recent, last_success: run({ seq: 4 }) }),
  ]);
  assert.equal(lastFailure(all)?.seq, 5);
  assert.equal(overcome(all, recent), false);
  assert.equal(overcome(all, old), true);
  assert.equal(lastFailure(status([stage({})])), undefined);
});

test('the end of a run is measured, usual, or unknown; never made up', () => {
  const eta = '2026-11-21T10:02:00Z';
  const progress = { done: 1, total: 2, unit: 'streams', fraction: 0.5, rate_per_s: 1, eta_at: eta };
  assert.deepEqual(endOf(run({ progress }), stage({})), { at: eta, source: 'measured' });
  const usual = stage({ durations: { last_ms: 1, p50_ms: 30_000, p95_ms: 60_000, n: 12, trend: null } });
  assert.deepEqual(endOf(run({}), usual), { at: '2026-11-21T10:00:30.000Z', latest: '2026-11-21T10:01:00.000Z', source: 'usual' });
  assert.equal(endOf(run({}), stage({})), undefined);
  assert.equal(endOf(run({}), undefined), undefined);
});

test('the soonest run that is due', () => {
  const at = (next_at: string | null) => stage({ schedule: { every_s: 60, next_at, paused_reason: null } });
  assert.equal(nextRun(status([at('2026-11-21T11:00:00Z'), at('2026-11-21T10:30:00Z'), at(null)])), '2026-11-21T10:30:00Z');
  assert.equal(nextRun(status([at(null)])), undefined);
});

test('progress of the stream goes to its run and no other', () => {
  const progress = { done: 7, total: null, unit: 'streams', fraction: null, rate_per_s: null, eta_at: null };
  const before = status([stage({ current: run({ state: 'running' }) })]);
  assert.equal(withRun(before, { run_id: 'r1', stage: 'cube', progress }).stages[0]!.current!.progress!.done, 7);
  assert.equal(withRun(before, { run_id: 'other', stage: 'cube', progress }).stages[0]!.current!.progress, null);
});

test('runs lie on the strip by their times', () => {
  const now = Date.parse('2026-11-21T10:10:00Z');
  const strip = timelineOf([
    run({}), run({ run_id: 'r2', stage: 'archive', started_at: '2026-11-21T10:05:00Z', finished_at: null, state: 'running' }),
    run({ run_id: 'r3', started_at: null, state: 'queued' }),
  ], now)!;
  assert.equal(strip.from, Date.parse('2026-11-21T10:00:00Z'));
  assert.deepEqual(strip.lanes.map((lane) => lane.bars.length), [1, 1]);
  assert.deepEqual([strip.lanes[0]!.bars[0]!.left, strip.lanes[0]!.bars[0]!.width], [0.5, 0.5]);
  assert.equal(timelineOf([run({ started_at: null })], now), undefined);
});

test('bytes in the units of disks', () => {
  assert.equal(formatBytes(null), '–');
  assert.equal(formatBytes(0), '0 bytes');
  assert.equal(formatBytes(1_500), '1.5 kB');
  assert.equal(formatBytes(20_372_619_264), '20 GB');
});
