-- Instants are microseconds since 1970 in UTC, decimals are text that is kept digit for digit.

-- 'SENT': tells our files from other SQLite databases.
PRAGMA application_id = 1397050964;

-- Names are kept once; rows that name a source hold its number, which makes a bar 6 % shorter.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- AUTOINCREMENT: the number of a deleted instrument is never given again.
CREATE TABLE instruments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    symbol TEXT NOT NULL,
    symbol_upper TEXT NOT NULL CHECK (symbol_upper = upper(symbol)),
    name TEXT NOT NULL,
    -- Symbol and name in lower case, in which a search looks.
    search_key TEXT NOT NULL,
    asset_class TEXT NOT NULL,
    exchange TEXT,
    currency TEXT NOT NULL,
    calendar TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The stamp of the last change of its corporate actions: later stamps of its series lie behind it.
    actions_changed_at INTEGER
) STRICT;

-- Query: the instruments with a symbol; which one has this symbol on this exchange.
CREATE UNIQUE INDEX instruments_by_listing ON instruments (symbol_upper, ifnull(exchange, ''));
-- Query: the list sorted by symbol, page by page.
CREATE INDEX instruments_by_symbol ON instruments (symbol_upper, id);
-- Query: the list sorted by name, page by page.
CREATE INDEX instruments_by_name ON instruments (name, id);

-- The key answers: which instrument does this provider spell so.
CREATE TABLE provider_symbols (
    provider TEXT NOT NULL,
    spelling TEXT NOT NULL,
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    PRIMARY KEY (provider, spelling)
) STRICT, WITHOUT ROWID;

-- Query: how the providers spell an instrument; one spelling each.
CREATE UNIQUE INDEX provider_symbols_by_instrument ON provider_symbols (instrument_id, provider);
