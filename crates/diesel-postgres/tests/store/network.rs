//! A bad network: every call ends in success or a typed error, nothing is half written, and the store comes back by itself.

use std::time::Duration;

use diesel_postgres::PostgresStore;
use domain::{MergeBatch, Merged, PriceRepository, PriceRepositoryError, SeriesCatalogue, SeriesKey, StoreCare};
use postgres_fixture::{ChaosProxy, Direction, Mode, TestDatabase};

use super::{clock, daily_series, days, everything, impatient, open};

/// A database behind a proxy, and the store that sees it through the proxy.
struct Behind {
    store: PostgresStore,
    /// Past the proxy.
    direct: PostgresStore,
    series: SeriesKey,
    proxy: ChaosProxy,
    _database: TestDatabase,
}

impl Behind {
    async fn proxy() -> Self {
        let database = TestDatabase::fresh().await;
        let direct = open(&database).await;
        let series = daily_series(&direct).await;
        let proxy = ChaosProxy::in_front_of(database.server());
        let store = PostgresStore::open(&impatient(proxy.url_of(&database)), clock())
            .await
            .unwrap();
        Self {
            store,
            direct,
            series,
            proxy,
            _database: database,
        }
    }

    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        PriceRepository::merge(&self.store, batch).await
    }

    /// Whole or not at all, and by every rule.
    async fn count_is_one_of(&self, possible: &[u64]) {
        let line = SeriesCatalogue::find(&self.direct, self.series).await.unwrap();
        let count = line.map_or(0, |line| line.count);
        assert!(possible.contains(&count), "{count}");
        let bars = PriceRepository::read(&self.direct, &everything(self.series))
            .await
            .unwrap()
            .bars;
        assert_eq!(u64::try_from(bars.len()).unwrap(), count);
        assert_eq!(self.direct.verify().await.unwrap().violations, []);
    }

    /// Works again, at the latest when connections that are lost have been noticed.
    async fn comes_back(&self) {
        self.proxy.set(Mode::Pass);
        let mut last = None;
        for _ in 0..4 {
            match self.store.ping().await {
                Ok(()) => {
                    let merged = self.merge(days(self.series, "file", 0..10, "1")).await.unwrap();
                    assert_eq!(merged.counts.fetched(), 10);
                    return;
                }
                Err(error) => last = Some(error),
            }
        }
        panic!("{last:?}");
    }
}

fn assert_unavailable<T: std::fmt::Debug>(outcome: Result<T, PriceRepositoryError>) {
    assert!(
        matches!(outcome, Err(PriceRepositoryError::Unavailable(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_server_that_refuses_makes_calls_fail_until_it_is_back() {
    let behind = Behind::proxy().await;
    behind.proxy.set(Mode::Refuse);
    behind.proxy.cut();
    assert_unavailable(behind.store.ping().await);
    assert_unavailable(PriceRepository::read(&behind.store, &everything(behind.series)).await);
    assert_unavailable(behind.merge(days(behind.series, "file", 0..10, "1")).await);
    behind.count_is_one_of(&[0]).await;
    behind.comes_back().await;
}

#[tokio::test]
async fn connections_that_died_in_the_pool_are_not_handed_out() {
    let behind = Behind::proxy().await;
    behind.store.ping().await.unwrap();
    behind.proxy.cut();
    behind.comes_back().await;
}

#[tokio::test]
async fn a_network_that_is_silent_is_given_up() {
    let behind = Behind::proxy().await;
    behind.merge(days(behind.series, "file", 0..5, "1")).await.unwrap();
    behind.proxy.set(Mode::Freeze);
    assert_unavailable(PriceRepository::read(&behind.store, &everything(behind.series)).await);
    assert_unavailable(behind.merge(days(behind.series, "file", 0..10, "1")).await);
    behind.count_is_one_of(&[5]).await;
    behind.comes_back().await;
}

#[tokio::test]
async fn a_connection_half_closed_is_a_connection_lost() {
    let behind = Behind::proxy().await;
    behind.store.ping().await.unwrap();
    behind.proxy.set(Mode::HalfClose);
    assert_unavailable(behind.merge(days(behind.series, "file", 0..1_000, "1")).await);
    behind.count_is_one_of(&[0]).await;
    behind.comes_back().await;
}

#[tokio::test]
async fn a_slow_network_is_only_slow() {
    let behind = Behind::proxy().await;
    behind.proxy.set(Mode::Delay(Duration::from_millis(5)));
    let merged = behind.merge(days(behind.series, "file", 0..1_000, "1")).await.unwrap();
    assert_eq!(merged.counts.inserted, 1_000);
    behind.count_is_one_of(&[1_000]).await;
}

/// Wherever a merge is cut, in either direction, it happened whole or not at all, and saying it again ends in the same.
#[tokio::test]
async fn a_merge_cut_anywhere_is_whole_or_nothing() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let behind = Behind::proxy().await;
        let mut lost = 0;
        for bytes in [1, 40, 120, 400, 900, 1_500, 2_500, 6_000, 20_000, 50_000] {
            let count = 0..600;
            behind.proxy.set(Mode::CutAfter { direction, bytes });
            if behind
                .merge(days(behind.series, "file", count, &bytes.to_string()))
                .await
                .is_err()
            {
                lost += 1;
            }
            behind.proxy.cut();
            behind.proxy.set(Mode::Pass);
            behind.count_is_one_of(&[0, 600]).await;
        }
        assert!(lost >= 5, "{direction:?}: only {lost} were cut");
        let merged = behind.merge(days(behind.series, "file", 0..600, "7")).await.unwrap();
        assert_eq!(merged.counts.fetched(), 600);
        behind.count_is_one_of(&[600]).await;
    }
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_ended_by_the_server() {
    let behind = Behind::proxy().await;
    let database = &behind._database;
    let other = super::raw(database).await;
    other
        .batch_execute(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(1397050964, hashint8({}))",
            behind.series.instrument.0
        ))
        .await
        .unwrap();
    let outcome = behind.merge(days(behind.series, "file", 0..5, "1")).await;
    let Err(PriceRepositoryError::Unavailable(cause)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(cause.to_string().contains("timeout"), "{cause}");
    other.batch_execute("COMMIT").await.unwrap();
    behind.comes_back().await;
}

#[tokio::test]
async fn when_all_connections_are_taken_the_wait_has_an_end() {
    let behind = Behind::proxy().await;
    let other = super::raw(&behind._database).await;
    other
        .batch_execute(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(1397050964, hashint8({}))",
            behind.series.instrument.0
        ))
        .await
        .unwrap();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let (store, batch) = (behind.store.clone(), days(behind.series, "file", 0..5, "1"));
            tokio::spawn(async move { PriceRepository::merge(&store, batch).await })
        })
        .collect();
    for call in calls {
        assert_unavailable(call.await.unwrap());
    }
    other.batch_execute("COMMIT").await.unwrap();
    behind.comes_back().await;
}
