-- Splits and dividends as believed now. The key answers: all actions of an instrument.
CREATE TABLE corporate_actions (
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('split', 'dividend')),
    -- YYYY-MM-DD in the zone of the market.
    ex_date TEXT NOT NULL,
    new_shares INTEGER,
    old_shares INTEGER,
    amount TEXT,
    currency TEXT,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, kind, ex_date),
    CHECK ((kind = 'split') = (new_shares IS NOT NULL AND old_shares IS NOT NULL)),
    CHECK ((kind = 'dividend') = (amount IS NOT NULL AND currency IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Former states of actions, each believed in [believed_from, believed_until). The key answers: what was believed at an
-- instant of the actions of an instrument.
CREATE TABLE corporate_action_revisions (
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('split', 'dividend')),
    ex_date TEXT NOT NULL,
    believed_from INTEGER NOT NULL,
    believed_until INTEGER NOT NULL,
    new_shares INTEGER,
    old_shares INTEGER,
    amount TEXT,
    currency TEXT,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    PRIMARY KEY (instrument_id, kind, ex_date, believed_from)
) STRICT, WITHOUT ROWID;

-- Which source said, and when last, that it gave all actions that it knows of an instrument.
CREATE TABLE corporate_action_sources (
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    complete_since INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, source_id)
) STRICT, WITHOUT ROWID;
