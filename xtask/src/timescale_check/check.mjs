// What `sentinel timescale enable` promises, seen on TimescaleDB: `cargo xtask timescale-check` runs this.
//
// node check.mjs SENTINEL

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Server } from './server.mjs';

const SYMBOLS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE'];
const YEARS = [1998, 1999, 2000, 2005, 2010, 2015, 2020];
// More rows at once are copied, which this server does not survive.
const ROWS_A_FILE = 180;
const DAY = 86_400_000;
const RANGE = `SELECT opened_at, open, high, low, close, volume, trade_count, vwap, source_id, recorded_at FROM bars
    WHERE instrument_id = $1 AND "interval" = $2 AND opened_at >= $3 AND opened_at < $4 ORDER BY opened_at ASC LIMIT $5`;

const sentinel = process.argv[2];
const folder = await mkdtemp(join(process.cwd(), 'home-'));
let server;

async function on_an_empty_database() {
    await server.sentinel('migrate', 'up');
    assert.equal((await server.json('timescale', 'status')).hypertable, null);
    const first = await server.json('timescale', 'enable');
    assert.deepEqual(outcomes(first), ['done', 'done', 'done', 'done']);
    assert.deepEqual(settingsOf(first.status), [365, 30, []]);
    const again = await server.json('timescale', 'enable');
    assert.deepEqual(outcomes(again), Array(4).fill('already_there'));
    assert.deepEqual(again.status, first.status);
    await import_all();
    await server.sentinel('verify');
    await no_index_begins_with_the_time();
}

async function with_data() {
    await server.sentinel('migrate', 'up');
    await import_all();
    const before = await exported();
    const first = await server.json('timescale', 'enable', '--chunk-days', '180', '--compress-after-days', '60');
    assert.deepEqual(outcomes(first), ['done', 'done', 'done', 'done']);
    assert.deepEqual(settingsOf(first.status), [180, 60, []]);
    assert.ok(first.status.hypertable.chunks > YEARS.length, 'the bars moved to chunks');
    assert.equal(await server.value('SELECT count(*)::int FROM ONLY bars'), 0);
    assert.equal(await exported(), before);
    await no_index_begins_with_the_time();
    await the_key_answers_a_range();

    const kept = await server.json('timescale', 'enable');
    assert.deepEqual(outcomes(kept), Array(4).fill('already_there'));
    assert.deepEqual(settingsOf(kept.status), [180, 60, []]);
    const changed = await server.json('timescale', 'enable', '--chunk-days', '90', '--compress-after-days', '10');
    assert.deepEqual(outcomes(changed), ['already_there', 'changed', 'already_there', 'changed']);
    assert.deepEqual(settingsOf(changed.status), [90, 10, []]);
    return before;
}

async function compressed_chunks(before) {
    assert.deepEqual(
        await server.rows(`SELECT attname AS name, segmentby_column_index AS segment, orderby_column_index AS place
            FROM timescaledb_information.compression_settings WHERE hypertable_name = 'bars' ORDER BY segment, place`),
        [
            { name: 'instrument_id', segment: 1, place: null },
            { name: 'interval', segment: 2, place: null },
            { name: 'opened_at', segment: null, place: 1 },
        ],
    );
    const policy = await server.value(`SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'bars'`);
    await server.db.exec(`CALL run_job(${policy})`);
    const { hypertable } = await server.json('timescale', 'status');
    assert.equal(hypertable.compressed_chunks, hypertable.chunks, 'the policy compressed every old chunk');
    assert.equal(await exported(), before);
    await server.sentinel('verify');
    await the_key_answers_a_range();
}

async function merging_into_compressed_chunks(before) {
    const again = await imported('again', 'BBB', bars(2010));
    assert.deepEqual([again.unchanged, again.updated, again.inserted], [ROWS_A_FILE, 0, 0]);
    assert.equal(await decompressed_rows(), 0, 'what is there already decompresses nothing');

    // Two bars restated and one that was missing, within one chunk.
    const restated = bars(2010).slice(10, 13);
    restated[0] = restated[0].replace(/,[^,]*$/, ',1');
    restated[2] = restated[2].replace(/,[^,]*$/, ',2');
    const missing = restated[2].replace(/^[^,]*/, day(2010, ROWS_A_FILE));
    const merged = await imported('restated', 'BBB', [...restated, missing]);
    assert.deepEqual([merged.unchanged, merged.updated, merged.inserted], [1, 2, 1]);
    const loose = await decompressed_rows();
    assert.ok(loose > 0 && loose <= ROWS_A_FILE + 1, `only bars of one series are decompressed, not ${loose}`);
    await server.sentinel('verify');
    const after = await exported();
    const [lost, won] = [lines_only_in(before, after), lines_only_in(after, before)];
    assert.equal(lost.length, 2);
    assert.equal(won.length, 3);

    await recompress();
    assert.equal(await decompressed_rows(), 0);
    assert.equal(await exported(), after);
}

// One process that restates again and again, where all bars lie in one chunk: what is prepared once must not begin to
// decompress the bars of other series with it.
async function restating_often_decompresses_no_more() {
    await server.sentinel('migrate', 'up');
    await import_all();
    await server.sentinel('timescale', 'enable', '--chunk-days', '36500');
    await recompress();
    const table = await server.json('timescale', 'status');
    assert.ok(table.hypertable.compressed_chunks <= 2);
    const before = await exported();
    // As a careful administrator has it; the store knows what it changes, and lifts it for itself.
    server.door.settings.push('SET timescaledb.max_tuples_decompressed_per_dml_transaction = 10');
    await server.door.forget();
    for (let turn = 0; turn < 12; turn += 1) {
        const bar = bars(2015)[turn].replace(/,[^,]*$/, `,${turn + 5}`);
        await write(join('turns', String(turn)), 'CCC', [bar]);
    }
    const { counts } = await server.json('import', 'turns', '--calendar', '24/7');
    assert.equal(counts.updated, 12);
    const loose = await decompressed_rows();
    assert.ok(loose <= YEARS.length * ROWS_A_FILE, `only bars of one series are decompressed, not ${loose}`);
    assert.equal(lines_only_in(await exported(), before).length, 12);
    await server.sentinel('verify');
}

async function removing_from_compressed_chunks() {
    await server.sentinel('instruments', 'remove', 'AAA', '--cascade');
    await server.sentinel('verify');
    assert.equal(await decompressed_rows(), 0, 'a whole series goes without being decompressed');
    const left = await server.value('SELECT count(*)::int FROM bars');
    assert.equal(left, (SYMBOLS.length - 1) * YEARS.length * ROWS_A_FILE + 1);
}

async function an_index_on_the_time_is_told() {
    await server.db.exec('CREATE INDEX bars_opened_at_idx ON bars (opened_at DESC)');
    const { hypertable } = await server.json('timescale', 'status');
    assert.deepEqual(hypertable.time_indexes, ['bars_opened_at_idx']);
    const { stderr } = await server.attempt('timescale', 'enable');
    assert.match(stderr, /DROP INDEX bars_opened_at_idx/);
}

// ---

function outcomes({ extension, hypertable, compression, policy }) {
    return [extension, hypertable, compression, policy];
}

function settingsOf({ hypertable: table }) {
    return [table.chunk_days, table.compress_after_days, table.time_indexes];
}

function day(year, index) {
    return new Date(Date.UTC(year, 0, 4) + index * DAY).toISOString().slice(0, 10);
}

// Examples, from no market.
function bars(year) {
    return Array.from({ length: ROWS_A_FILE }, (_, index) => {
        const low = 100 + ((year + index) % 17);
        return `${day(year, index)},${low}.25,${low + 2}.5,${low}.125,${low + 1}.75,${1000 + index}`;
    });
}

async function import_all() {
    for (const year of YEARS) {
        for (const symbol of SYMBOLS) {
            const counts = await imported(String(year), symbol, bars(year));
            assert.equal(counts.inserted, ROWS_A_FILE);
        }
    }
}

async function imported(name, symbol, lines) {
    return (await server.json('import', await write(name, symbol, lines), '--calendar', '24/7')).counts;
}

async function write(name, symbol, lines) {
    await mkdir(join(folder, name), { recursive: true });
    const file = join(name, `${symbol}_1d.csv`);
    await writeFile(join(folder, file), `timestamp,open,high,low,close,volume\n${lines.join('\n')}\n`);
    return file;
}

async function exported() {
    return server.sentinel('export', ...SYMBOLS);
}

function lines_only_in(text, other) {
    const there = new Set(other.split('\n'));
    return text.split('\n').filter((line) => !there.has(line));
}

async function chunks() {
    return server.rows(`SELECT format('%I.%I', chunk_schema, chunk_name) AS name FROM timescaledb_information.chunks
        WHERE hypertable_name = 'bars'`);
}

// Rows of compressed chunks that lie outside the compressed ones.
async function decompressed_rows() {
    let loose = 0;
    for (const { name } of await chunks()) loose += await server.value(`SELECT count(*)::int FROM ONLY ${name}`);
    return loose;
}

async function recompress() {
    for (const { name } of await chunks()) await server.db.exec(`SELECT compress_chunk('${name}', if_not_compressed => true)`);
}

async function no_index_begins_with_the_time() {
    const found = await server.rows(`SELECT indexrelid::regclass::text AS name FROM pg_index
        JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE attname = 'opened_at' AND indrelid::regclass::text ~ '(^bars$|_hyper_)'`);
    assert.deepEqual(found, []);
}

// Prepared, as the store asks: with a plan for these values, and with the one for any values.
async function the_key_answers_a_range() {
    for (const mode of ['force_custom_plan', 'force_generic_plan']) {
        await server.door.forget();
        await server.db.exec(`SET plan_cache_mode = ${mode};
            PREPARE range (bigint, text, timestamptz, timestamptz, bigint) AS ${RANGE}`);
        const plan = await server.rows(
            `EXPLAIN (COSTS OFF) EXECUTE range (3, '1d', '1998-03-01', '1999-11-01', 1001)`,
        );
        const text = plan.map((row) => row['QUERY PLAN']).join('\n');
        // Of the key in a chunk of rows, of the segments in a compressed one; small chunks by a bitmap.
        const scans = text.match(/Index Scan (using|on) \S+/g) ?? [];
        assert.ok(scans.length > 0 && scans.every((scan) => /bars_pkey"|_instrument_id_interval_/.test(scan)), text);
        const conditions = text.match(/Index Cond: .*/g);
        const wanted = /instrument_id = .*"interval" = .*(opened_at|_ts_meta_m)/;
        assert.ok(conditions.every((condition) => wanted.test(condition)), text);
        assert.doesNotMatch(text, /Seq Scan/, text);
    }
}

async function step(check, argument) {
    const answer = await check(argument);
    console.log(`ok: ${check.name.replaceAll('_', ' ')}`);
    return answer;
}

async function fresh_server() {
    await server?.stop();
    server = await Server.start(sentinel, folder);
}

try {
    await fresh_server();
    const version = await server.value(`SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'`);
    console.log(`PostgreSQL ${await server.value('SHOW server_version')}, TimescaleDB ${version}`);
    await step(on_an_empty_database);
    await fresh_server();
    const before = await step(with_data);
    await step(compressed_chunks, before);
    await step(merging_into_compressed_chunks, before);
    await step(removing_from_compressed_chunks);
    await step(an_index_on_the_time_is_told);
    await fresh_server();
    await step(restating_often_decompresses_no_more);
} catch (error) {
    // Not thrown on: node would print the line of the library that it comes from, which is as long as the library.
    console.error(`FAILED: ${error.stack}`);
    process.exitCode = 1;
} finally {
    await server?.stop();
    await rm(folder, { recursive: true });
}
process.exit();
