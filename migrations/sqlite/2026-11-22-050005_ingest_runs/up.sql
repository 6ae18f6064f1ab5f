-- Attempts to bring one series up to date.
CREATE TABLE ingest_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instrument_id INTEGER NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    interval TEXT NOT NULL,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    asked_start INTEGER,
    asked_end INTEGER,
    reached_start INTEGER,
    reached_end INTEGER,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
    inserted INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    discrepant INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    lease_until INTEGER
) STRICT;

-- Query: the runs of one series, newest first.
CREATE INDEX ingest_runs_by_series ON ingest_runs (instrument_id, interval, id);
-- Query: runs at work whose process died.
CREATE INDEX ingest_runs_at_work ON ingest_runs (lease_until) WHERE state = 'running';
