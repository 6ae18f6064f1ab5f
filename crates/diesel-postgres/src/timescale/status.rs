//! What there is of TimescaleDB in a database.

use tokio_postgres::{Client, Error};

/// What there is of TimescaleDB in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimescaleStatus {
    /// The version that the server could install.
    pub available: Option<String>,
    /// The version that the database has.
    pub installed: Option<String>,
    /// The table of bars, when it is a hypertable.
    pub hypertable: Option<Hypertable>,
}

/// The table of bars as a hypertable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypertable {
    /// How many days the next chunk will span; `None` when it is no whole number.
    pub chunk_days: Option<i64>,
    /// How many chunks there are.
    pub chunks: i64,
    /// Whether chunks can be compressed.
    pub compression: bool,
    /// How many days behind now a chunk has to end before it is compressed; `None` when none is compressed by itself.
    pub compress_after_days: Option<i64>,
    /// How many chunks are compressed.
    pub compressed_chunks: i64,
    /// What the compressed chunks took before, in bytes, with their indexes.
    pub bytes_before: i64,
    /// What they take now, in bytes, with their indexes.
    pub bytes_after: i64,
    /// Indexes that begin with the time. They draw the planner away from the key: drop them.
    pub time_indexes: Vec<String>,
}

/// What the server could install, and what the database has.
pub(super) struct Offer {
    pub(super) available: Option<String>,
    pub(super) installed: Option<String>,
}

pub(super) async fn offer(client: &Client) -> Result<Offer, Error> {
    const OFFER: &str =
        "SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'timescaledb'";
    let row = client.query_opt(OFFER, &[]).await?;
    Ok(Offer {
        available: row.as_ref().and_then(|row| row.get(0)),
        installed: row.as_ref().and_then(|row| row.get(1)),
    })
}

/// The schema of the extension's functions, as it is written in a statement.
pub(super) async fn schema(client: &Client) -> Result<String, Error> {
    const SCHEMA: &str = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'timescaledb'";
    Ok(client.query_one(SCHEMA, &[]).await?.get(0))
}

pub(super) async fn read(client: &Client) -> Result<TimescaleStatus, Error> {
    let Offer { available, installed } = offer(client).await?;
    let hypertable = match installed {
        Some(_) => hypertable(client).await?,
        None => None,
    };
    Ok(TimescaleStatus {
        available,
        installed,
        hypertable,
    })
}

async fn hypertable(client: &Client) -> Result<Option<Hypertable>, Error> {
    const SECONDS_A_DAY: i64 = 86_400;
    const HYPERTABLE: &str = "\
        SELECT extract(epoch FROM dimension.time_interval)::bigint, hypertable.num_chunks, \
            hypertable.compression_enabled, \
            (SELECT extract(epoch FROM (job.config ->> 'compress_after')::interval)::bigint \
                FROM timescaledb_information.jobs AS job \
                WHERE job.proc_name = 'policy_compression' AND job.hypertable_schema = hypertable.hypertable_schema \
                AND job.hypertable_name = hypertable.hypertable_name LIMIT 1) \
        FROM timescaledb_information.hypertables AS hypertable \
        JOIN timescaledb_information.dimensions AS dimension USING (hypertable_schema, hypertable_name) \
        JOIN pg_class AS bars ON bars.relname = hypertable.hypertable_name \
            AND bars.relnamespace::regnamespace::name = hypertable.hypertable_schema \
        WHERE bars.oid = to_regclass('bars') AND dimension.dimension_number = 1";
    let Some(row) = client.query_opt(HYPERTABLE, &[]).await? else {
        return Ok(None);
    };
    let chunk_seconds: Option<i64> = row.get(0);
    let compress_after_seconds: Option<i64> = row.get(3);
    let compression = row.get(2);
    let (compressed_chunks, bytes_before, bytes_after) = if compression {
        compressed(client).await?
    } else {
        (0, 0, 0)
    };
    Ok(Some(Hypertable {
        chunk_days: chunk_seconds
            .filter(|seconds| seconds % SECONDS_A_DAY == 0)
            .map(|seconds| seconds / SECONDS_A_DAY),
        chunks: row.get(1),
        compression,
        compress_after_days: compress_after_seconds.map(|seconds| seconds / SECONDS_A_DAY),
        compressed_chunks,
        bytes_before,
        bytes_after,
        time_indexes: time_indexes(client).await?,
    }))
}

async fn compressed(client: &Client) -> Result<(i64, i64, i64), Error> {
    let statement = format!(
        "SELECT coalesce(sum(number_compressed_chunks), 0)::bigint, \
         coalesce(sum(before_compression_total_bytes), 0)::bigint, \
         coalesce(sum(after_compression_total_bytes), 0)::bigint FROM {}.hypertable_compression_stats('bars')",
        schema(client).await?
    );
    let row = client.query_one(&statement, &[]).await?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

async fn time_indexes(client: &Client) -> Result<Vec<String>, Error> {
    const INDEXES: &str = "\
        SELECT pg_index.indexrelid::regclass::text FROM pg_index JOIN pg_attribute \
        ON pg_attribute.attrelid = pg_index.indrelid AND pg_attribute.attnum = pg_index.indkey[0] \
        WHERE pg_index.indrelid = to_regclass('bars') AND pg_attribute.attname = 'opened_at' ORDER BY 1";
    let rows = client.query(INDEXES, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
