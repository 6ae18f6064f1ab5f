//! What a scrape tells, and that it is well formed.

use std::collections::BTreeSet;

use domain::fake::{InMemoryStore, ManualClock};
use domain::mock::MockMarketDataProvider;
use domain::{MarketDataProvider, MergeCounts, RegisteredProvider, RunState, SourceName};
use http_providers::CallObserver;

use super::super::catalogue::{Kind, METRICS};
use super::*;

fn budget(limit: u32, left: u32, per: Duration) -> CallBudget {
    CallBudget { limit, left, per }
}

fn provider(name: &'static str, budgets: Vec<CallBudget>) -> RegisteredProvider {
    let mut port = MockMarketDataProvider::new();
    port.expect_name().returning(move || name.parse().unwrap());
    port.expect_budgets().returning(move || budgets.clone());
    let port: Arc<dyn MarketDataProvider> = Arc::new(port);
    RegisteredProvider::ready(port)
}

fn scrape(providers: Vec<RegisteredProvider>) -> Scrape {
    let clock = Arc::new(ManualClock::at("2026-01-02T00:00:00Z".parse().unwrap()));
    let store = Arc::new(InMemoryStore::new(clock.clone()));
    let pools = || {
        vec![PoolFigures {
            pool: "primary",
            limit: 8,
            idle: 2,
            in_use: 1,
        }]
    };
    Scrape::new(
        Arc::new(Recorder::new().unwrap()),
        Scraped {
            pools: Arc::new(pools),
            providers: Arc::new(providers.into_iter().collect()),
            catalogue: store.clone(),
            instruments: store,
            clock,
            series_limit: 10,
        },
    )
}

fn named<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(name)).collect()
}

#[tokio::test]
async fn tells_pools_quotas_and_the_start() {
    let hour = Duration::from_secs(3_600);
    let scrape = scrape(vec![
        provider(
            "binance",
            vec![budget(3_000, 2_990, MINUTE), budget(6_000, 1_200, MINUTE)],
        ),
        provider(
            "yahoo",
            vec![budget(5, 3, MINUTE), budget(25, 0, DAY), budget(9, 9, hour)],
        ),
    ]);
    scrape.started(Duration::from_millis(1_500));
    scrape.started(Duration::from_secs(60));
    let text = scrape.render().await;
    let mut told = named(&text, "sentinel_database_pool_connections");
    told.extend(named(&text, "sentinel_provider_quota"));
    told.extend(named(&text, "sentinel_start_up"));
    insta::assert_snapshot!(told.join("\n"), @r#"
    sentinel_database_pool_connections{pool="primary",state="idle"} 2
    sentinel_database_pool_connections{pool="primary",state="in_use"} 1
    sentinel_database_pool_connections_limit{pool="primary"} 8
    sentinel_provider_quota_left{provider="binance",window="minute"} 1200
    sentinel_provider_quota_left{provider="yahoo",window="minute"} 3
    sentinel_provider_quota_left{provider="yahoo",window="day"} 0
    sentinel_provider_quota_limit{provider="binance",window="minute"} 6000
    sentinel_provider_quota_limit{provider="yahoo",window="minute"} 5
    sentinel_provider_quota_limit{provider="yahoo",window="day"} 25
    sentinel_start_up_seconds 1.5
    "#);
}

/// What `promtool check metrics` looks for, and that nothing is told that the catalogue does not know.
#[tokio::test]
async fn every_metric_is_told_once_with_its_help_and_its_kind() {
    let scrape = scrape(vec![provider("yahoo", vec![budget(5, 3, MINUTE)])]);
    scrape.started(Duration::from_secs(1));
    let yahoo: SourceName = "yahoo".parse().unwrap();
    scrape.recorder.called(&yahoo, None, Duration::from_secs(1));
    scrape.recorder.waited_for_connection("primary", Duration::ZERO);
    scrape.recorder.run_ended(&yahoo, RunState::Partial);
    scrape.recorder.rows_merged(MergeCounts::default());
    scrape.request_began();
    scrape.request_ended(&AnsweredRequest {
        method: "GET",
        route: "/health",
        status: 200,
        elapsed: Duration::from_millis(1),
    });
    let text = scrape.render().await;
    let told = |line: &str| named(&text, line).len();
    for metric in METRICS {
        // No bar, no age.
        if metric.name == catalogue::SERIES_AGE.name
            || (!cfg!(target_os = "linux") && metric.name.starts_with("process"))
        {
            continue;
        }
        let kind = metric.kind.as_str();
        assert_eq!(
            told(&format!("# TYPE {} {kind}", metric.name)),
            1,
            "{}: {text}",
            metric.name
        );
        assert_eq!(
            told(&format!("# HELP {} {}", metric.name, metric.help)),
            1,
            "{}: {text}",
            metric.name
        );
    }
    let known: BTreeSet<String> = METRICS
        .iter()
        .flat_map(|metric| match metric.kind {
            Kind::Histogram => ["_bucket", "_sum", "_count"]
                .map(|suffix| format!("{}{suffix}", metric.name))
                .to_vec(),
            _ => vec![metric.name.to_owned()],
        })
        .collect();
    let mut samples = BTreeSet::new();
    for sample in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (series, value) = sample.rsplit_once(' ').unwrap();
        assert!(samples.insert(series), "{series} is told twice");
        assert!(value.parse::<f64>().is_ok(), "{sample}");
        let name = series.split('{').next().unwrap();
        assert!(known.contains(name), "{name} is in no catalogue");
    }
}

#[tokio::test]
async fn runs_and_calls_of_each_provider_begin_at_zero() {
    let text = scrape(vec![provider("yahoo", Vec::new())]).render().await;
    for line in [
        "sentinel_ingest_runs_total{provider=\"yahoo\",state=\"failed\"} 0",
        "sentinel_provider_calls_total{provider=\"yahoo\",outcome=\"ok\"} 0",
        "sentinel_rows_merged_total{outcome=\"inserted\"} 0",
    ] {
        assert_eq!(named(&text, line).len(), 1, "{line}: {text}");
    }
}
