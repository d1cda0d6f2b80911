import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { durationOf } from '../src/api/data';
import { allows } from '../src/api/session';
import { href, parseRoute } from '../src/app/route';
import { chooseLanguage } from '../src/text/text';
import { addMonths, compareMonths, monthOf, monthOfCaption, parseMonth, writeMonth } from '../src/time/month';

declare const CQD_PORTAL_DIR: string;

test('addresses of the original lead to their pages', () => {
  const set = parseRoute('#/1652/2015-3');
  assert.equal(set.page, 'set');
  assert.deepEqual(set.segments, ['1652', '2015-3']);
  assert.equal(parseRoute('#/Health').page, 'health');
  assert.equal(parseRoute('').page, '');
  assert.equal(parseRoute('#/').page, '');
});

test('rubbish in an address is no failure', () => {
  for (const hash of ['#%', '#/%E0%A4%A', '#////', '#?', '#/1/2/3/4?a=b&c', '#/<script>', '#\u0000']) {
    assert.ok(typeof parseRoute(hash).page === 'string');
  }
});

test('an address written is the address read', () => {
  const route = parseRoute(href('explore', ['a/b', 'ü ?'], { q: '[x]&=1', empty: '' }));
  assert.equal(route.page, 'explore');
  assert.deepEqual(route.segments, ['a/b', 'ü ?']);
  assert.equal(route.query.get('q'), '[x]&=1');
  assert.equal(route.query.has('empty'), false);
});

test('months count over years', () => {
  assert.deepEqual(parseMonth('2026-03'), { year: 2026, month: 3 });
  assert.equal(parseMonth('2026-13'), undefined);
  assert.equal(parseMonth('26-1'), undefined);
  assert.equal(parseMonth(undefined), undefined);
  assert.equal(writeMonth(addMonths({ year: 2026, month: 1 }, -1)), '2025-12');
  assert.equal(writeMonth(addMonths({ year: 2026, month: 11 }, 14)), '2028-1');
  assert.equal(compareMonths({ year: 2026, month: 1 }, { year: 2025, month: 12 }), 1);
  assert.deepEqual(monthOf(new Date('2026-03-31T23:30:00Z'), 'Europe/Paris'), { year: 2026, month: 4 });
  assert.deepEqual(monthOfCaption('March 2026'), { year: 2026, month: 3 });
  assert.equal(monthOfCaption('Mars 2026'), undefined);
});

test('the published execution time is milliseconds', () => {
  assert.equal(Math.round(durationOf('00:01:02.5000000')), 62_500);
});

test('each role may do what the ones before it may', () => {
  assert.ok(allows('administrator', 'author'));
  assert.ok(!allows('reader', 'author'));
});

test('the language is the first wanted one that there is', () => {
  assert.equal(chooseLanguage(['de-AT', 'fr-CA', 'en']), 'fr');
  assert.equal(chooseLanguage(['zh-Hant-HK']), 'zh-TW');
  assert.equal(chooseLanguage([]), 'en');
});

type Texts = Record<string, string | Record<string, string>>;
const read = (name: string) => JSON.parse(readFileSync(path.join(CQD_PORTAL_DIR, 'texts', name), 'utf8')) as Texts;
const fields = (entry: string | Record<string, string>) =>
  [...new Set(JSON.stringify(entry).match(/\{\w+\}/g) ?? [])].sort().join(' ');

test('every language has every text, with its fields and its plural forms', () => {
  const english = read('en.json');
  for (const name of readdirSync(path.join(CQD_PORTAL_DIR, 'texts'))) {
    const texts = read(name);
    const missing = Object.keys(english).filter((key) => !(key in texts));
    assert.deepEqual(missing, [], `${name} lacks texts`);
    assert.deepEqual(Object.keys(texts).filter((key) => !(key in english)), [], `${name} has texts of its own`);
    assert.deepEqual(Object.keys(texts), Object.keys(texts).slice().sort(), `${name} is not sorted`);
    for (const [key, entry] of Object.entries(texts)) {
      assert.equal(fields(entry), fields(english[key]!), `${name}: ${key} has other fields`);
      if (typeof entry === 'string') assert.notEqual(entry, '', `${name}: ${key} is empty`);
      else {
        const forms = new Intl.PluralRules(name.replace('.json', '')).resolvedOptions().pluralCategories;
        for (const form of forms) assert.ok(entry[form], `${name}: ${key} lacks the form ${form}`);
      }
    }
  }
});
