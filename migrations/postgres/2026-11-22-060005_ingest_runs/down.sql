DROP TABLE ingest_runs;
