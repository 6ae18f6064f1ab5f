-- The catalogue: one row a series, written in the transaction that changes its bars.
CREATE TABLE series (
    instrument_id bigint NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    "interval" text COLLATE "C" NOT NULL,
    basis text COLLATE "C" NOT NULL,
    minutes_past_hour integer NOT NULL CHECK (minutes_past_hour BETWEEN 0 AND 59),
    gives_volume boolean NOT NULL,
    first_opened_at timestamptz,
    last_opened_at timestamptz,
    bar_count bigint NOT NULL CHECK (bar_count >= 0),
    version bigint NOT NULL CHECK (version >= 0),
    partial_version bigint NOT NULL CHECK (partial_version >= 0),
    last_source_id integer REFERENCES sources (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (instrument_id, "interval")
);

-- What is believed now. The key answers every read of bars: a range of one series, in either order. There is no other
-- index: one that begins with the time would draw the planner away from the key. No foreign keys: none may point here,
-- so that the table can become a hypertable, and one that points away would be checked for every bar that is copied in;
-- the transaction that writes bars writes their series too, and `sentinel verify` looks for orphans.
--
-- Columns of fixed width stand first, so that none is padded.
CREATE TABLE bars (
    instrument_id bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    trade_count bigint,
    source_id integer NOT NULL,
    "interval" text COLLATE "C" NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    volume numeric NOT NULL,
    vwap numeric,
    PRIMARY KEY (instrument_id, "interval", opened_at)
);

-- Bars whose interval had not closed; never beside a final one.
CREATE TABLE provisional_bars (
    instrument_id bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    trade_count bigint,
    source_id integer NOT NULL,
    "interval" text COLLATE "C" NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    volume numeric NOT NULL,
    vwap numeric,
    PRIMARY KEY (instrument_id, "interval", opened_at)
);
