//! What is counted as it happens. Each recorder is its own: two servers in one process do not count for one another.

use std::time::Duration;

use actix_api::AnsweredRequest;
use domain::{MergeCounts, ProviderError, Providers, RunState, SourceName};
use http_providers::CallObserver;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::catalogue::{self, Kind, METRICS, Metric};

/// Upper bounds of the buckets for what happens on this machine, in seconds.
const SHORT: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// Upper bounds of the buckets for what happens across the Internet.
const LONG: [f64; 11] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// What the exporter keeps of the place where something is counted.
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Counters and durations.
pub(crate) struct Recorder {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// When the buckets are none.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let of_calls = Matcher::Full(catalogue::PROVIDER_CALL_DURATION.name.to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets(&SHORT)?
            .set_buckets_for_metric(of_calls, &LONG)?
            .build_recorder();
        for metric in METRICS {
            let (name, help) = (metric.name.into(), metric.help.into());
            match metric.kind {
                Kind::Counter => recorder.describe_counter(name, None, help),
                Kind::Gauge => recorder.describe_gauge(name, None, help),
                Kind::Histogram => recorder.describe_histogram(name, None, help),
            }
        }
        let handle = recorder.handle();
        let new = Self { recorder, handle };
        // A counter that appears with its first event hides that event from `rate`.
        for (outcome, none) in outcomes(MergeCounts::default()) {
            new.counter(&catalogue::ROWS_MERGED, vec![Label::new("outcome", outcome)])
                .increment(none);
        }
        Ok(new)
    }

    /// Makes the counters of these providers begin at zero.
    pub(crate) fn expect_providers(&self, providers: &Providers) {
        for (provider, _) in providers.iter() {
            for outcome in OUTCOMES {
                self.calls(provider, outcome).increment(0);
            }
            for state in RunState::ALL.into_iter().filter(|state| state.is_final()) {
                self.runs(provider, state).increment(0);
            }
        }
    }

    /// A request came in.
    pub(super) fn request_began(&self) {
        self.in_flight().increment(1.0);
    }

    /// A request is over.
    pub(super) fn request_ended(&self, request: &AnsweredRequest<'_>) {
        let AnsweredRequest {
            method,
            route,
            status,
            elapsed,
        } = *request;
        self.in_flight().decrement(1.0);
        let method = Label::from_static_parts("method", method);
        let route = Label::new("route", route.to_owned());
        let by_route = vec![method.clone(), route.clone()];
        self.histogram(&catalogue::REQUEST_DURATION, by_route).record(elapsed);
        let by_status = vec![method, route, Label::new("status", status.to_string())];
        self.counter(&catalogue::REQUESTS, by_status).increment(1);
    }

    /// What became of the rows of a merge.
    pub(super) fn rows_merged(&self, counts: MergeCounts) {
        for (outcome, rows) in outcomes(counts) {
            let counter = self.counter(&catalogue::ROWS_MERGED, vec![Label::new("outcome", outcome)]);
            counter.increment(rows);
        }
    }

    /// A run of this source came to its end here.
    pub(super) fn run_ended(&self, source: &SourceName, state: RunState) {
        self.runs(source, state).increment(1);
    }

    /// A call waited so long for a connection of the database.
    pub(crate) fn waited_for_connection(&self, pool: &'static str, elapsed: Duration) {
        let label = Label::from_static_parts("pool", pool);
        self.histogram(&catalogue::POOL_WAIT, vec![label]).record(elapsed);
    }

    /// Empties the buffers of the histograms, which otherwise grow until somebody asks.
    pub(crate) fn tidy(&self) {
        self.handle.run_upkeep();
    }

    /// All of it in the text format of Prometheus.
    pub(super) fn render(&self) -> String {
        self.handle.render()
    }

    fn in_flight(&self) -> Gauge {
        self.recorder
            .register_gauge(&Key::from_name(catalogue::REQUESTS_IN_FLIGHT.name), &METADATA)
    }

    fn runs(&self, source: &SourceName, state: RunState) -> Counter {
        let provider = Label::new("provider", source.to_string());
        let state = Label::from_static_parts("state", state.as_str());
        self.counter(&catalogue::RUNS, vec![provider, state])
    }

    fn calls(&self, provider: &SourceName, outcome: &'static str) -> Counter {
        let provider = Label::new("provider", provider.to_string());
        let outcome = Label::from_static_parts("outcome", outcome);
        self.counter(&catalogue::PROVIDER_CALLS, vec![provider, outcome])
    }

    fn counter(&self, metric: &Metric, labels: Vec<Label>) -> Counter {
        self.recorder
            .register_counter(&Key::from_parts(metric.name, labels), &METADATA)
    }

    fn histogram(&self, metric: &Metric, labels: Vec<Label>) -> Histogram {
        self.recorder
            .register_histogram(&Key::from_parts(metric.name, labels), &METADATA)
    }
}

impl CallObserver for Recorder {
    fn called(&self, provider: &SourceName, error: Option<&ProviderError>, elapsed: Duration) {
        self.calls(provider, outcome_of(error)).increment(1);
        let label = Label::new("provider", provider.to_string());
        self.histogram(&catalogue::PROVIDER_CALL_DURATION, vec![label])
            .record(elapsed);
    }
}

fn outcomes(counts: MergeCounts) -> [(&'static str, u64); 6] {
    let MergeCounts {
        inserted,
        updated,
        unchanged,
        duplicate,
        rejected,
        discrepant,
    } = counts;
    [
        ("inserted", inserted),
        ("updated", updated),
        ("unchanged", unchanged),
        ("duplicate", duplicate),
        ("rejected", rejected),
        ("discrepant", discrepant),
    ]
}

/// All that [`outcome_of`] can say of a call that went out.
const OUTCOMES: [&str; 10] = [
    "ok",
    "rate_limited",
    "quota_exhausted",
    "unknown_symbol",
    "unauthorized",
    "refused",
    "out_of_reach",
    "invalid_payload",
    "too_large",
    "unavailable",
];

fn outcome_of(error: Option<&ProviderError>) -> &'static str {
    match error {
        None => "ok",
        Some(ProviderError::RateLimited { .. }) => "rate_limited",
        Some(ProviderError::QuotaExhausted { .. }) => "quota_exhausted",
        Some(ProviderError::UnknownSymbol(_)) => "unknown_symbol",
        Some(ProviderError::Unauthorized { .. }) => "unauthorized",
        Some(ProviderError::Refused { .. }) => "refused",
        Some(ProviderError::OutOfReach { .. }) => "out_of_reach",
        Some(ProviderError::InvalidPayload { .. }) => "invalid_payload",
        Some(ProviderError::TooLarge { .. }) => "too_large",
        Some(ProviderError::Unavailable { .. }) => "unavailable",
        Some(ProviderError::UnsupportedInterval(_) | ProviderError::Unsupported { .. }) => "unsupported",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(recorder: &Recorder, name: &str) -> Vec<String> {
        let mut lines: Vec<String> = recorder
            .render()
            .lines()
            .filter(|line| line.starts_with(name))
            .map(str::to_owned)
            .collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn recorders_do_not_count_for_one_another() {
        let (one, other) = (Recorder::new().unwrap(), Recorder::new().unwrap());
        one.rows_merged(MergeCounts {
            inserted: 3,
            rejected: 1,
            ..MergeCounts::default()
        });
        insta::assert_snapshot!(lines(&one, "sentinel_rows").join("\n"), @r#"
        sentinel_rows_merged_total{outcome="discrepant"} 0
        sentinel_rows_merged_total{outcome="duplicate"} 0
        sentinel_rows_merged_total{outcome="inserted"} 3
        sentinel_rows_merged_total{outcome="rejected"} 1
        sentinel_rows_merged_total{outcome="unchanged"} 0
        sentinel_rows_merged_total{outcome="updated"} 0
        "#);
        assert!(
            lines(&other, "sentinel_rows").contains(&"sentinel_rows_merged_total{outcome=\"inserted\"} 0".to_owned())
        );
    }

    #[test]
    fn calls_are_counted_by_outcome_and_timed_by_provider() {
        let recorder = Recorder::new().unwrap();
        let yahoo: SourceName = "yahoo".parse().unwrap();
        recorder.called(&yahoo, None, Duration::from_millis(300));
        let limited = ProviderError::RateLimited { retry_after: None };
        recorder.called(&yahoo, Some(&limited), Duration::from_secs(20));
        insta::assert_snapshot!(lines(&recorder, "sentinel_provider").join("\n"), @r#"
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="+Inf"} 2
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="0.025"} 0
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="0.05"} 0
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="0.1"} 0
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="0.25"} 0
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="0.5"} 1
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="1"} 1
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="10"} 1
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="120"} 2
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="2.5"} 1
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="30"} 2
        sentinel_provider_call_duration_seconds_bucket{provider="yahoo",le="5"} 1
        sentinel_provider_call_duration_seconds_count{provider="yahoo"} 2
        sentinel_provider_call_duration_seconds_sum{provider="yahoo"} 20.3
        sentinel_provider_calls_total{provider="yahoo",outcome="ok"} 1
        sentinel_provider_calls_total{provider="yahoo",outcome="rate_limited"} 1
        "#);
    }

    #[test]
    fn every_outcome_of_a_call_begins_at_zero() {
        let mut errors: Vec<ProviderError> = vec![
            ProviderError::RateLimited { retry_after: None },
            ProviderError::QuotaExhausted {
                detail: String::new(),
                retry_after: None,
            },
            ProviderError::UnknownSymbol("X".parse().unwrap()),
            ProviderError::Unauthorized { detail: String::new() },
            ProviderError::Refused { detail: String::new() },
            ProviderError::OutOfReach { detail: String::new() },
            ProviderError::TooLarge { limit: 1 },
        ];
        errors.push(ProviderError::InvalidPayload {
            at: String::new(),
            excerpt: String::new(),
            source: "x".into(),
        });
        errors.push(ProviderError::Unavailable {
            retry_after: None,
            source: "x".into(),
        });
        let mut told: Vec<&str> = errors.iter().map(|error| outcome_of(Some(error))).collect();
        told.push(outcome_of(None));
        told.sort_unstable();
        let mut known = OUTCOMES;
        known.sort_unstable();
        assert_eq!(told, known);
    }
}
