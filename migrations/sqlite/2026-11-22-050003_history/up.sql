-- Former states of bars, each believed in [believed_from, believed_until). The key answers: the history of a range, and
-- what of it was believed at an instant.
CREATE TABLE bar_revisions (
    instrument_id INTEGER NOT NULL,
    interval TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    believed_from INTEGER NOT NULL,
    believed_until INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('restated', 'confirmed', 'removed')),
    open TEXT NOT NULL,
    high TEXT NOT NULL,
    low TEXT NOT NULL,
    close TEXT NOT NULL,
    volume TEXT NOT NULL,
    trade_count INTEGER,
    vwap TEXT,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    PRIMARY KEY (instrument_id, interval, opened_at, believed_from),
    FOREIGN KEY (instrument_id, interval) REFERENCES series (instrument_id, interval) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- One row a change: what readers of events follow, and which version a series had at an instant.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instrument_id INTEGER NOT NULL,
    interval TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    changed_at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('merge', 'removal', 'corporate_actions')),
    range_start INTEGER NOT NULL,
    range_end INTEGER NOT NULL,
    run_id INTEGER,
    inserted INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    discrepant INTEGER NOT NULL,
    FOREIGN KEY (instrument_id, interval) REFERENCES series (instrument_id, interval) ON DELETE CASCADE
) STRICT;

-- Keeps versions unique; `verify` counts along it.
CREATE UNIQUE INDEX journal_by_version ON journal (instrument_id, interval, version);
-- Query: the version of a series as of an instant.
CREATE UNIQUE INDEX journal_by_stamp ON journal (instrument_id, interval, changed_at, version);

-- One row per bar, source and value. `value_key` is the value in its shortest decimals, or `withdrawn`.
CREATE TABLE discrepancies (
    instrument_id INTEGER NOT NULL,
    interval TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    value_key TEXT NOT NULL,
    open TEXT,
    high TEXT,
    low TEXT,
    close TEXT,
    volume TEXT,
    trade_count INTEGER,
    vwap TEXT,
    noticed_at INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (instrument_id, interval, opened_at, source_id, value_key),
    FOREIGN KEY (instrument_id, interval) REFERENCES series (instrument_id, interval) ON DELETE CASCADE,
    CHECK ((value_key = 'withdrawn') = (open IS NULL))
) STRICT, WITHOUT ROWID;

-- Query: the open disputes at the bars of a merge, which it may have to close.
CREATE INDEX discrepancies_open ON discrepancies (instrument_id, interval, opened_at) WHERE closed_at IS NULL;

-- Rows that made no bar. They may come before any bar of their series, so they refer to the instrument alone.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    interval TEXT NOT NULL,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    run_id INTEGER,
    raw TEXT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    quarantined_at INTEGER NOT NULL,
    -- SHA-256 of series, source, raw text, field and reason: one row per content.
    content_hash BLOB NOT NULL UNIQUE
) STRICT;

-- Query: the rows of one series, page by page.
CREATE INDEX quarantine_by_series ON quarantine (instrument_id, interval, id);

-- What was asked of a source and answered. Ranges of one source never overlap, and touch only where they were answered
-- at different times.
CREATE TABLE coverage (
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    interval TEXT NOT NULL,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    range_start INTEGER NOT NULL,
    range_end INTEGER NOT NULL CHECK (range_end > range_start),
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, interval, source_id, range_start)
) STRICT, WITHOUT ROWID;
