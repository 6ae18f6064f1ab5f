-- The catalogue: one row a series, written in the transaction that changes its bars.
CREATE TABLE series (
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    interval TEXT NOT NULL,
    basis TEXT NOT NULL,
    minutes_past_hour INTEGER NOT NULL CHECK (minutes_past_hour BETWEEN 0 AND 59),
    gives_volume INTEGER NOT NULL CHECK (gives_volume IN (0, 1)),
    first_opened_at INTEGER,
    last_opened_at INTEGER,
    bar_count INTEGER NOT NULL CHECK (bar_count >= 0),
    version INTEGER NOT NULL CHECK (version >= 0),
    partial_version INTEGER NOT NULL CHECK (partial_version >= 0),
    last_source_id INTEGER REFERENCES sources (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, interval)
) STRICT, WITHOUT ROWID;

-- What is believed now. The key answers every read of bars: a range of one series, in either order.
CREATE TABLE bars (
    instrument_id INTEGER NOT NULL,
    interval TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    open TEXT NOT NULL,
    high TEXT NOT NULL,
    low TEXT NOT NULL,
    close TEXT NOT NULL,
    volume TEXT NOT NULL,
    trade_count INTEGER,
    vwap TEXT,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, interval, opened_at),
    FOREIGN KEY (instrument_id, interval) REFERENCES series (instrument_id, interval) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Bars whose interval had not closed; never beside a final one.
CREATE TABLE provisional_bars (
    instrument_id INTEGER NOT NULL,
    interval TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    open TEXT NOT NULL,
    high TEXT NOT NULL,
    low TEXT NOT NULL,
    close TEXT NOT NULL,
    volume TEXT NOT NULL,
    trade_count INTEGER,
    vwap TEXT,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, interval, opened_at),
    FOREIGN KEY (instrument_id, interval) REFERENCES series (instrument_id, interval) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
