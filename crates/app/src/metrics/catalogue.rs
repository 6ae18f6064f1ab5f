//! Every metric there is: name, kind, labels and what it tells.

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations were at most so large, and their sum.
    Histogram,
}

impl Kind {
    /// As the text format names it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric. Its unit is a base unit and part of its name.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Names of its labels.
    pub(super) labels: &'static [&'static str],
    /// What it tells, as one sentence.
    pub(super) help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $constant: Metric = Metric {
            name: $name,
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        };)*

        /// All of them, in the order in which they are documented.
        pub(super) const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    REQUESTS: Counter "sentinel_http_requests_total" ["method", "route", "status"]
        "Requests answered, by method, route and status.";
    REQUEST_DURATION: Histogram "sentinel_http_request_duration_seconds" ["method", "route"]
        "Time from the request to the last byte of its answer, by method and route.";
    REQUESTS_IN_FLIGHT: Gauge "sentinel_http_requests_in_flight" []
        "Requests being answered.";
    ROWS_MERGED: Counter "sentinel_rows_merged_total" ["outcome"]
        "Rows of bars that this process merged, over HTTP, by runs and from files, by what became of them.";
    RUNS: Counter "sentinel_ingest_runs_total" ["provider", "state"]
        "Runs that this process ended, by their source and how they ended.";
    PROVIDER_CALLS: Counter "sentinel_provider_calls_total" ["provider", "outcome"]
        "Calls to providers, each retry one more, by outcome; what our own budget refused is no call.";
    PROVIDER_CALL_DURATION: Histogram "sentinel_provider_call_duration_seconds" ["provider"]
        "Time from a call to a provider to its decoded answer, waits for the budget and between retries aside.";
    PROVIDER_QUOTA_LEFT: Gauge "sentinel_provider_quota_left" ["provider", "window"]
        "What may still be asked of a provider in a minute or a day, in calls or in what it counts in their stead.";
    PROVIDER_QUOTA_LIMIT: Gauge "sentinel_provider_quota_limit" ["provider", "window"]
        "What may be asked of a provider in a minute or a day when nothing was asked yet, in the same unit.";
    POOL_CONNECTIONS: Gauge "sentinel_database_pool_connections" ["pool", "state"]
        "Open connections to the database, by pool, idle or in use.";
    POOL_LIMIT: Gauge "sentinel_database_pool_connections_limit" ["pool"]
        "Connections that a pool may have.";
    POOL_WAIT: Histogram "sentinel_database_pool_wait_seconds" ["pool"]
        "Time until a call had a connection or gave up waiting for one; opening a new one is part of it.";
    SERIES_AGE: Gauge "sentinel_series_age_seconds" ["instrument", "interval"]
        "Time since the newest final bar of a series opened; left out while the database is away.";
    SERIES_OMITTED: Gauge "sentinel_series_omitted" []
        "1 when there are more series than metrics.series_limit lets tell their age, else 0.";
    START_UP: Gauge "sentinel_start_up_seconds" []
        "Time from the start of the process until it listened.";
    BUILD_INFO: Gauge "sentinel_build_info" ["version"]
        "Always 1; the version is in the label.";
    PROCESS_CPU: Counter "process_cpu_seconds_total" []
        "Processor time of the process, user and system (Linux only, as all of process_*).";
    PROCESS_OPEN_FDS: Gauge "process_open_fds" []
        "Open file descriptors of the process.";
    PROCESS_MAX_FDS: Gauge "process_max_fds" []
        "File descriptors that the process may open.";
    PROCESS_MEMORY: Gauge "process_resident_memory_bytes" []
        "Resident memory of the process.";
    PROCESS_VIRTUAL_MEMORY: Gauge "process_virtual_memory_bytes" []
        "Virtual memory of the process.";
    PROCESS_START_TIME: Gauge "process_start_time_seconds" []
        "When the process began, in seconds since 1970-01-01T00:00:00Z.";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the document, as the catalogue says it.
    fn table() -> String {
        let rows = METRICS.iter().map(|metric| {
            let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let labels = if labels.is_empty() {
                "–".to_owned()
            } else {
                labels.join(", ")
            };
            format!(
                "| `{}` | {} | {labels} | {} |\n",
                metric.name,
                metric.kind.as_str(),
                metric.help
            )
        });
        format!(
            "| metric | kind | labels | tells |\n|---|---|---|---|\n{}",
            rows.collect::<String>()
        )
    }

    /// A document that has a metric more or less, or another sentence, would be a lie.
    #[test]
    fn the_document_lists_every_metric_and_no_other() {
        let document = include_str!("../../../../docs/metrics.md");
        let listed: String = document
            .lines()
            .filter(|line| line.starts_with("| "))
            .take_while(|line| !line.starts_with("| label"))
            .map(|line| format!("{line}\n"))
            .collect();
        let table = table();
        let wanted: String = table
            .lines()
            .filter(|line| line.starts_with("| "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(listed, wanted, "put this table into docs/metrics.md:\n{table}");
    }

    #[test]
    fn names_say_unit_and_kind() {
        for Metric { name, kind, help, .. } in METRICS {
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(name.starts_with("sentinel_") || name.starts_with("process_"), "{name}");
            assert!(help.ends_with('.'), "{name}: {help}");
            assert!(
                !name.contains("milli") && !name.ends_with("_ms"),
                "{name} is in no base unit"
            );
        }
    }
}
