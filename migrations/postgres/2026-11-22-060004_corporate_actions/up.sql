-- Splits and dividends as believed now. The key answers: all actions of an instrument.
CREATE TABLE corporate_actions (
    instrument_id bigint NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('split', 'dividend')),
    -- In the zone of the market.
    ex_date date NOT NULL,
    new_shares bigint,
    old_shares bigint,
    amount numeric,
    currency text COLLATE "C",
    source_id integer NOT NULL REFERENCES sources (id),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (instrument_id, kind, ex_date),
    CHECK ((kind = 'split') = (new_shares IS NOT NULL AND old_shares IS NOT NULL)),
    CHECK ((kind = 'dividend') = (amount IS NOT NULL AND currency IS NOT NULL))
);

-- Former states of actions, each believed in [believed_from, believed_until). The key answers: what was believed at an
-- instant of the actions of an instrument.
CREATE TABLE corporate_action_revisions (
    instrument_id bigint NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('split', 'dividend')),
    ex_date date NOT NULL,
    believed_from timestamptz NOT NULL,
    believed_until timestamptz NOT NULL,
    new_shares bigint,
    old_shares bigint,
    amount numeric,
    currency text COLLATE "C",
    source_id integer NOT NULL REFERENCES sources (id),
    PRIMARY KEY (instrument_id, kind, ex_date, believed_from)
);

-- Which source said, and when last, that it gave all actions that it knows of an instrument.
CREATE TABLE corporate_action_sources (
    instrument_id bigint NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    source_id integer NOT NULL REFERENCES sources (id),
    complete_since timestamptz NOT NULL,
    PRIMARY KEY (instrument_id, source_id)
);
