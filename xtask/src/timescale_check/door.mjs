// A port at which clients speak to PGlite in PostgreSQL's protocol: one after the other, each with a session of its own.
//
// PGlite is one backend. Whoever connects while another is connected waits; what a session leaves is forgotten when it ends.

import { once } from 'node:events';
import { createServer } from 'node:net';

const SYNC = Uint8Array.of(0x53, 0, 0, 0, 4);
const TERMINATE = 0x58;

export class Door {
    static async open(db) {
        const door = new Door(db);
        door.server.listen(0, '127.0.0.1');
        await once(door.server, 'listening');
        return door;
    }

    constructor(db) {
        this.db = db;
        // What a new session begins with; the path is what PGlite sets once at its start.
        this.settings = ['SET search_path TO public'];
        // The sessions so far; the next one begins when it is through.
        this.turns = Promise.resolve();
        this.server = createServer((socket) => {
            socket.setNoDelay(true);
            // A client that goes away without reading the last answer has ended, no more.
            socket.on('error', () => socket.destroy());
            const begun = this.turns;
            this.turns = begun.then(() => this.serve(socket));
        });
    }

    get port() {
        return this.server.address().port;
    }

    async close() {
        this.server.close();
        await this.turns;
    }

    async serve(socket) {
        // Its first message has no letter in front.
        let letters = 0;
        let bytes = Buffer.alloc(0);
        for await (const data of received(socket)) {
            bytes = Buffer.concat([bytes, data]);
            let end = 0;
            let terminated = false;
            for (;;) {
                if (bytes.length < end + letters + 4) break;
                const next = end + letters + bytes.readUInt32BE(end + letters);
                if (bytes.length < next) break;
                terminated = letters === 1 && bytes[end] === TERMINATE;
                if (terminated) break;
                end = next;
                letters = 1;
            }
            if (end > 0) {
                const answer = await this.db.execProtocolRaw(new Uint8Array(bytes.subarray(0, end)));
                if (answer.length > 0 && socket.writable) socket.write(answer);
                bytes = bytes.subarray(end);
            }
            if (terminated) break;
        }
        socket.destroy();
        await this.forget();
    }

    // Unfinished transactions, prepared statements, locks and settings.
    async forget() {
        await this.db.execProtocolRaw(SYNC);
        await this.db.exec('ROLLBACK');
        await this.db.exec('DISCARD ALL');
        await this.db.exec(this.settings.join(';'));
    }
}

async function* received(socket) {
    try {
        yield* socket;
    } catch (error) {
        // The client broke off: its session ends as if it had taken its leave.
        if (error.code !== 'ECONNRESET' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
}
