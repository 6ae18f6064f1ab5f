//! Counters and durations for Prometheus, under `GET /metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use domain::MergeCounts;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "sentinel_http_requests_total";
const DURATION: &str = "sentinel_http_request_duration_seconds";
const IN_FLIGHT: &str = "sentinel_http_requests_in_flight";
const ROWS: &str = "sentinel_rows_merged_total";
const MEMORY: &str = "process_resident_memory_bytes";

/// Upper bounds of the duration buckets, in seconds.
const BUCKETS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// The recorder of the process: global, so installed once however many servers there are.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder, unless it is there.
pub(crate) fn install() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let builder = match PrometheusBuilder::new().set_buckets(&BUCKETS) {
            Ok(builder) => builder,
            Err(error) => {
                tracing::warn!(cause = %error, "durations are summaries instead of histograms");
                PrometheusBuilder::new()
            }
        };
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed: /metrics stays empty");
        }
        metrics::describe_counter!(REQUESTS, "Requests answered, by method, route and status.");
        metrics::describe_histogram!(
            DURATION,
            "Time from the request to the last byte of its answer, by method and route."
        );
        metrics::describe_gauge!(IN_FLIGHT, "Requests being answered.");
        metrics::describe_counter!(ROWS, "Rows of bars written over HTTP, by what became of them.");
        metrics::describe_gauge!(MEMORY, "Resident memory of the process.");
        handle
    })
}

/// A request has been answered, or given up.
pub(crate) fn request_done(method: &'static str, route: &str, status: StatusCode, elapsed: Duration) {
    let status = status.as_str().to_owned();
    metrics::counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status).increment(1);
    metrics::histogram!(DURATION, "method" => method, "route" => route.to_owned()).record(elapsed.as_secs_f64());
}

/// Counts a request as being answered for as long as it lives.
pub(crate) struct InFlight;

impl InFlight {
    pub(crate) fn enter() -> Self {
        metrics::gauge!(IN_FLIGHT).increment(1.0);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!(IN_FLIGHT).decrement(1.0);
    }
}

/// What became of the rows of a merge.
pub(crate) fn rows_merged(counts: MergeCounts) {
    let MergeCounts {
        inserted,
        updated,
        unchanged,
        duplicate,
        rejected,
        discrepant,
    } = counts;
    let outcomes = [
        ("inserted", inserted),
        ("updated", updated),
        ("unchanged", unchanged),
        ("duplicate", duplicate),
        ("rejected", rejected),
        ("discrepant", discrepant),
    ];
    for (outcome, rows) in outcomes {
        metrics::counter!(ROWS, "outcome" => outcome).increment(rows);
    }
}

/// Empties the buffers of the histograms, which otherwise grow until somebody scrapes.
pub(crate) fn tidy() {
    install().run_upkeep();
}

/// All metrics in the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "readMetrics",
    tag = "service",
    responses((status = 200, description = "Metrics in the Prometheus text format", body = String,
        content_type = "text/plain; version=0.0.4"))
)]
pub(crate) async fn read() -> HttpResponse {
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!(MEMORY).set(bytes);
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(install().render())
}

/// As the kernel tells it; `None` elsewhere than on Linux.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u32 = line.split_whitespace().next()?.parse().ok()?;
    Some(f64::from(kibibytes) * 1024.0)
}
