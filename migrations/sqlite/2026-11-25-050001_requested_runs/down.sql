DROP TABLE ingest_request_runs;
DROP INDEX ingest_runs_by_state;
DROP INDEX ingest_runs_open;
ALTER TABLE ingest_runs DROP COLUMN refresh;
