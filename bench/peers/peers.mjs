// The eight queries of cube_queries.h on DuckDB and ClickHouse over the rows that cube_scale_bench exports.
//   node peers.mjs load EXPORT STORE PORT          makes their databases below STORE
//   node peers.mjs measure EXPORT STORE PORT RUNS  one JSON line for each engine and query
// PORT: HTTP port of a ClickHouse server on 127.0.0.1; 0 leaves it out. Both store small integers and the class
// ready made, which is the best case for them; captions are looked up here, outside the times.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { DuckDBInstance } from '@duckdb/node-api';

const [command, folder, store, port, runs = '9'] = process.argv.slice(2);
const members = ['first_link', 'second_is_server', 'first_country', 'first_building', 'second_building',
  'first_inside', 'second_subnet', 'first_agent', 'codec'];
// Stored integers to units: milliseconds, ratio, milliseconds, MOS points, MOS.
const metrics = { jitter: 1e-3, loss: 1e-6, rtt: 1e-3, degradation: 1e-3, mos: 1e-3 };
const wide = new Set(['first_building', 'second_building', 'second_subnet']);
const columns = [['month', 1], ['day', 2], ['class', 1], ...members.map((name) => [name, wide.has(name) ? 2 : 1]),
  ...Object.keys(metrics).map((name) => [name, 4])];

const captions = {};
for (const name of members) {
  captions[name] = readFileSync(`${folder}/${name}.tsv`, 'utf8').trimEnd().split('\n').map((line) => line.split('\t')[1]);
}
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July'];
captions.month = [undefined, ...months.map((name) => `${name} 2015`)];
const code = (name, caption) => captions[name].indexOf(caption);

/** Q1 to Q8 in the dialect whose conditional count is `count(class)`. */
function queries(count) {
  const counts = [0, 1, 2].map(count).join(', ');
  const wired = `first_link = ${code('first_link', 'Wired')}`;
  const inside = `first_inside = ${code('first_inside', 'Inside')}`;
  const some = ['Building 3', 'Building 40', 'Building 77'].map((name) => [code('first_building', name), code('second_building', name)]);
  const averages = Object.keys(metrics).map((name) => `avg(${name})`).join(', ');
  const grouped = (keys, what, where) => `SELECT ${keys}, ${what} FROM s ${where ? `WHERE ${where} ` : ''}GROUP BY ${keys}`;
  return {
    Q1: [['month'], grouped('month', counts)],
    Q2: [['month'], grouped('month', counts, `first_link = ${code('first_link', 'Wifi')} AND second_is_server = ${code('second_is_server', 'Client')} AND first_country = ${code('first_country', 'C3')}`)],
    Q3: [['first_building', 'month'], grouped('first_building, month', counts, `${inside} AND ${wired}`)],
    Q4: [['second_subnet'], `${grouped('second_subnet', counts, 'month = 3')} ORDER BY ${count(1)} DESC LIMIT 100`],
    Q4all: [['second_subnet'], grouped('second_subnet', counts, 'month = 3')],
    Q5: [['first_agent', 'codec', 'first_link'], grouped('first_agent, codec, first_link', counts, 'month >= 2 AND month <= 4')],
    Q6: [['first_building'], 'SELECT DISTINCT first_building FROM s'],
    Q7: [['day'], grouped('day', averages, `${inside} AND ${wired} AND month = 4`)],
    Q8: [['month'], grouped('month', counts, `first_building IN (${some.map((s) => s[0])}) OR second_building IN (${some.map((s) => s[1])})`)],
  };
}

/** The digest of cube_scale_bench: FNV-1a over the sorted lines. */
function digest(keys, name, rows) {
  const scales = Object.values(metrics);
  // Of the first rows by a measure, that measure alone: several members may have the last of its values.
  const lines = name === 'Q4' ? rows.map((row) => `${row[2]}\t`).sort() : rows.map((row) => row.map((value, at) => {
    if (at < keys.length) {
      if (keys[at] === 'day') return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
      return captions[keys[at]][Number(value)];
    }
    if (name !== 'Q7') return String(value);
    const scaled = Number(value) * scales[at - keys.length];
    return (Math.round(scaled * 1000) / 1000).toFixed(3);
  }).join('\t') + '\t').sort();
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8')) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}

async function measure(engine, count, ask) {
  for (const [name, [keys, sql]] of Object.entries(queries(count))) {
    const times = [];
    let rows;
    for (let run = 0; run < Number(runs); ++run) {
      const begin = process.hrtime.bigint();
      rows = await ask(sql);
      times.push(Number(process.hrtime.bigint() - begin) / 1e6);
    }
    times.sort((a, b) => a - b);
    console.log(JSON.stringify({ engine, query: name, median: times[times.length >> 1], least: times[0], rows: rows.length, digest: digest(keys, name, rows) }));
  }
}

async function duckdb() {
  const instance = await DuckDBInstance.create(`${store}/duckdb`, { threads: '2' });
  return instance.connect();
}

const agent = new http.Agent({ keepAlive: true });
function clickhouse(sql) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/?max_threads=2', agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (answer.statusCode !== 200) reject(new Error(text));
        else resolve(text === '' ? [] : text.trimEnd().split('\n').map((line) => line.split('\t')));
      });
    });
    request.on('error', reject);
    request.end(sql);
  });
}

const file = `${folder}/rows.tsv`;
if (command === 'load') {
  if (!existsSync(`${store}/duckdb`)) {
    const begin = Date.now();
    const connection = await duckdb();
    const types = { 1: 'UTINYINT', 2: 'USMALLINT', 4: 'INTEGER' };
    const list = columns.map(([name, width]) => `'${name}': '${types[width]}'`).join(', ');
    await connection.run(`CREATE TABLE s AS SELECT * FROM read_csv('${file}', delim='\t', header=false, nullstr='\\N', auto_detect=false, columns={${list}})`);
    await connection.run('CHECKPOINT');
    connection.closeSync();
    console.error(`DuckDB loaded in ${(Date.now() - begin) / 1000} s`);
  }
  if (port !== '0') {
    const begin = Date.now();
    const types = { 1: 'UInt8', 2: 'UInt16', 4: 'Nullable(Int32)' };
    await clickhouse('DROP TABLE IF EXISTS s');
    await clickhouse(`CREATE TABLE s (${columns.map(([name, width]) => `${name} ${types[width]}`).join(', ')}) ENGINE = MergeTree() PARTITION BY month ORDER BY tuple()`);
    execFileSync('curl', ['-sSf', '-H', 'Expect:', '-T', file, `http://127.0.0.1:${port}/?query=INSERT%20INTO%20s%20FORMAT%20TabSeparated`]);
    await clickhouse('OPTIMIZE TABLE s FINAL');
    console.error(`ClickHouse loaded in ${(Date.now() - begin) / 1000} s`);
  }
} else if (command === 'measure') {
  const connection = await duckdb();
  await measure('DuckDB', (n) => `count(*) FILTER (WHERE class = ${n})`, async (sql) => (await connection.runAndReadAll(sql)).getRows());
  connection.closeSync();
  if (port !== '0') await measure('ClickHouse', (n) => `countIf(class = ${n})`, clickhouse);
} else if (command === 'table') {
  // STORE: the lines of `measure` and of cube_scale_bench, one file.
  const found = {};
  for (const line of readFileSync(store, 'utf8').split('\n')) {
    const cube = /^(Q\w+)(\+?)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d+)\s+([0-9a-f]{16})$/.exec(line);
    if (cube) (found[cube[1]] ??= {})[cube[2] ? 'rolled' : 'cube'] = { median: Number(cube[5]), least: Number(cube[4]), rows: Number(cube[7]), digest: cube[8] };
    if (!line.startsWith('{')) continue;
    const peer = JSON.parse(line);
    (found[peer.query] ??= {})[peer.engine] = peer;
  }
  const ms = (one) => (one ? `${one.median.toFixed(3)} (${one.least.toFixed(2)})` : '-');
  console.log('| | rows | scan, ms: median (least) | with rollups | DuckDB | ClickHouse | best peer / scan | best peer / rollups | same answers |\n|---|---|---|---|---|---|---|---|---|');
  let differs = false;
  for (const [name, { cube, rolled, DuckDB, ClickHouse }] of Object.entries(found)) {
    const peers = [DuckDB, ClickHouse].filter(Boolean);
    const same = [...peers, rolled].every((one) => one.digest === cube.digest);
    differs ||= !same;
    const best = Math.min(...peers.map((peer) => peer.median));
    console.log(`| ${name} | ${cube.rows} | ${ms(cube)} | ${ms(rolled)} | ${ms(DuckDB)} | ${ms(ClickHouse)} | ${(best / cube.median).toFixed(0)} | ${(best / rolled.median).toFixed(0)} | ${same ? 'yes' : 'NO'} |`);
  }
  if (differs) process.exitCode = 1;
}
