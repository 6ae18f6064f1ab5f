//! Queries on a server that follows the first one, played by a copy that stands still.

use diesel_postgres::{PostgresSettings, PostgresStore};
use domain::{PriceRepository, SeriesCatalogue};
use postgres_fixture::{ChaosProxy, Mode, TestDatabase};

use super::{clock, daily_series, days, everything, impatient};

/// A store with five bars on its replica and ten on its primary.
struct Lagging {
    store: PostgresStore,
    queries: PostgresStore,
    series: domain::SeriesKey,
    replica: ChaosProxy,
    _databases: [TestDatabase; 2],
}

impl Lagging {
    async fn new() -> Self {
        let primary = TestDatabase::fresh().await;
        let mut settings = impatient(primary.url());
        let store = PostgresStore::open(&settings, clock()).await.unwrap();
        let series = daily_series(&store).await;
        PriceRepository::merge(&store, days(series, "file", 0..5, "1"))
            .await
            .unwrap();
        store.close();
        let copy = tokio::task::block_in_place(|| primary.server().copy_of(&primary)).unwrap();
        let replica = ChaosProxy::in_front_of(copy.server());
        settings.replica_url = Some(replica.url_of(&copy).into());
        let store = PostgresStore::open(&settings, clock()).await.unwrap();
        PriceRepository::merge(&store, days(series, "file", 5..10, "1"))
            .await
            .unwrap();
        Self {
            queries: store.for_queries(&settings).unwrap(),
            store,
            series,
            replica,
            _databases: [primary, copy],
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_go_to_the_replica_and_writes_to_the_primary() {
    let lagging = Lagging::new().await;
    let read = PriceRepository::read(&lagging.queries, &everything(lagging.series))
        .await
        .unwrap();
    assert_eq!((read.bars.len(), read.version), (5, 1));
    let read = PriceRepository::read(&lagging.store, &everything(lagging.series))
        .await
        .unwrap();
    assert_eq!((read.bars.len(), read.version), (10, 2));
    let merged = PriceRepository::merge(&lagging.queries, days(lagging.series, "file", 10..12, "1"))
        .await
        .unwrap();
    assert_eq!(merged.version, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_replica_does_not_have_yet_is_asked_of_the_primary() {
    let lagging = Lagging::new().await;
    let pinned = PriceRepository::read(&lagging.store, &everything(lagging.series))
        .await
        .unwrap()
        .pinned;
    let mut query = everything(lagging.series);
    query.as_of = Some(pinned);
    let read = PriceRepository::read(&lagging.queries, &query).await.unwrap();
    assert_eq!((read.bars.len(), read.version), (10, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_gone_is_done_without() {
    let lagging = Lagging::new().await;
    lagging.replica.set(Mode::Refuse);
    lagging.replica.cut();
    let read = PriceRepository::read(&lagging.queries, &everything(lagging.series))
        .await
        .unwrap();
    assert_eq!(read.bars.len(), 10);
    let line = SeriesCatalogue::find(&lagging.queries, lagging.series)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(line.count, 10);
    lagging.replica.set(Mode::Pass);
    let read = PriceRepository::read(&lagging.queries, &everything(lagging.series))
        .await
        .unwrap();
    assert_eq!(read.bars.len(), 5, "it is asked again once it is back");
}

#[test]
fn a_replica_url_is_checked_like_the_other() {
    let settings = PostgresSettings {
        replica_url: Some("mysql://h/d".to_owned().into()),
        ..PostgresSettings::new("postgres://h/d")
    };
    assert!(settings.check().unwrap_err().to_string().contains("mysql"));
}
