-- Runs that are asked of a provider: whether everything is asked again, also what was answered before.
ALTER TABLE ingest_runs ADD COLUMN refresh boolean NOT NULL DEFAULT false;

-- Query: the runs of a series that wait or are at work, before one is recorded or begun.
CREATE INDEX ingest_runs_open ON ingest_runs (instrument_id, "interval") WHERE state IN ('queued', 'running');
-- Query: the runs in one state, newest first.
CREATE INDEX ingest_runs_by_state ON ingest_runs (state, id);

-- What a client called its request by, and the runs it was given, in their order. The key answers: the runs of a
-- request that is sent again.
CREATE TABLE ingest_request_runs (
    run_id bigint NOT NULL REFERENCES ingest_runs (id) ON DELETE CASCADE,
    position integer NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (idempotency_key, position)
);

-- Query: what goes when a run goes with its instrument.
CREATE INDEX ingest_request_runs_by_run ON ingest_request_runs (run_id);
