//! Keeping, finding, changing and forgetting instruments.

use domain::{
    ActionBatch, AssetClass, CorporateAction, Instrument, InstrumentDetails, InstrumentId, InstrumentRepositoryError,
    MergeBatch, Precedence, SeriesKey, SplitRatio, Symbol,
};
use time::Duration;

use crate::Fixture;
use crate::bars::{daily, days, source};

/// A stock of that symbol, without exchange.
fn stock(symbol: &str) -> InstrumentDetails {
    InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock)
}

/// A stock on an exchange.
fn listed(symbol: &str, exchange: &str) -> InstrumentDetails {
    InstrumentDetails {
        exchange: Some(exchange.parse().unwrap()),
        ..stock(symbol)
    }
}

/// An instrument with a provider's spelling.
fn spelled(symbol: &str, provider: &str, spelling: &str) -> InstrumentDetails {
    let mut details = stock(symbol);
    details
        .provider_symbols
        .insert(source(provider), spelling.parse().unwrap());
    details
}

async fn create(fixture: &Fixture, details: InstrumentDetails) -> Instrument {
    fixture.instruments().create(details).await.unwrap()
}

fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

/// Everything that is said of an instrument comes back as it was given.
pub async fn keeps_what_was_said(fixture: &Fixture) {
    let mut details = InstrumentDetails {
        symbol: symbol("brk.B"),
        name: "Berkshire Hathaway Inc. – „Class B“ 🏛".to_owned(),
        asset_class: AssetClass::Stock,
        exchange: Some("XNYS".parse().unwrap()),
        currency: "USD".parse().unwrap(),
        calendar: "XNYS".parse().unwrap(),
        active: false,
        provider_symbols: Default::default(),
    };
    details.provider_symbols.insert(source("yahoo"), symbol("BRK-B"));
    details.provider_symbols.insert(source("stooq"), symbol("brk-b.us"));
    let created = create(fixture, details.clone()).await;
    assert_eq!((created.created_at, created.updated_at), (fixture.now(), fixture.now()));
    let kept = fixture.instruments().get(created.id).await.unwrap().unwrap();
    assert_eq!(format!("{:?}", kept.details), format!("{details:?}"));
    assert_eq!(kept, created);
}

/// Every class can be kept.
pub async fn keeps_every_class(fixture: &Fixture) {
    for class in AssetClass::ALL {
        let created = create(fixture, InstrumentDetails::bare(symbol(class.as_str()), class)).await;
        let kept = fixture.instruments().get(created.id).await.unwrap().unwrap();
        assert_eq!(kept.details.asset_class, class);
    }
}

/// What there is not is not found.
pub async fn an_unknown_instrument_is_not_found(fixture: &Fixture) {
    let nobody = InstrumentId(4711);
    let not_found = |error| matches!(error, InstrumentRepositoryError::NotFound(InstrumentId(4711)));
    assert_eq!(fixture.instruments().get(nobody).await.unwrap(), None);
    assert!(not_found(
        fixture.instruments().update(nobody, stock("AAPL")).await.unwrap_err()
    ));
    assert!(not_found(fixture.instruments().delete(nobody).await.unwrap_err()));
    assert!(not_found(
        fixture.instruments().delete_with_bars(nobody).await.unwrap_err()
    ));
    assert_eq!(fixture.instruments().with_symbol(&symbol("AAPL")).await.unwrap(), []);
}

/// Symbols are compared upper-cased, and one symbol may trade on several exchanges.
pub async fn symbols_are_found_in_any_case_on_every_exchange(fixture: &Fixture) {
    let bare = create(fixture, stock("Sap")).await;
    let frankfurt = create(fixture, listed("SAP", "XETR")).await;
    let new_york = create(fixture, listed("sap", "XNYS")).await;
    create(fixture, stock("SAPX")).await;
    let found = fixture.instruments().with_symbol(&symbol("sAp")).await.unwrap();
    assert_eq!(found, [bare, frankfurt, new_york]);
}

/// Symbol and exchange, or none, name one instrument, in any case.
pub async fn symbol_and_exchange_are_unique(fixture: &Fixture) {
    let bare = create(fixture, stock("AAPL")).await;
    let on_nasdaq = create(fixture, listed("AAPL", "XNAS")).await;
    for (details, taken_by) in [(stock("aapl"), &bare), (listed("Aapl", "XNAS"), &on_nasdaq)] {
        let error = fixture.instruments().create(details).await.unwrap_err();
        let told = matches!(&error, InstrumentRepositoryError::AlreadyExists(other) if **other == *taken_by);
        assert!(told, "{error:?}");
    }
    create(fixture, listed("AAPL", "XETR")).await;
}

/// A provider's spelling is compared exactly and names one instrument; another provider may use it for another.
pub async fn spellings_are_exact_and_unique_per_provider(fixture: &Fixture) {
    let bitcoin = create(fixture, spelled("BTC-USD", "binance", "BTCUSDT")).await;
    let lower = create(fixture, spelled("BTC2", "binance", "btcusdt")).await;
    let elsewhere = create(fixture, spelled("BTC3", "kraken", "BTCUSDT")).await;
    let found = async |provider: &str, spelling: &str| {
        let spelling = symbol(spelling);
        fixture
            .instruments()
            .with_provider_symbol(&source(provider), &spelling)
            .await
            .unwrap()
    };
    assert_eq!(found("binance", "BTCUSDT").await, Some(bitcoin.clone()));
    assert_eq!(found("binance", "btcusdt").await, Some(lower));
    assert_eq!(found("kraken", "BTCUSDT").await, Some(elsewhere));
    assert_eq!(found("binance", "BtcUsdt").await, None);
    assert_eq!(found("yahoo", "BTCUSDT").await, None);

    let error = fixture
        .instruments()
        .create(spelled("BTC4", "binance", "BTCUSDT"))
        .await
        .unwrap_err();
    let told = matches!(&error, InstrumentRepositoryError::SpellingTaken { taken_by, .. } if **taken_by == bitcoin);
    assert!(told, "{error:?}");
    assert_eq!(fixture.instruments().with_symbol(&symbol("BTC4")).await.unwrap(), []);
}

/// New details take the place of the old, and only a difference moves `updated_at`; the case of a symbol is one.
pub async fn only_a_difference_moves_updated_at(fixture: &Fixture) {
    let created = create(fixture, spelled("aapl", "yahoo", "AAPL")).await;
    let later = fixture.advance(Duration::hours(1));
    let update = async |details| fixture.instruments().update(created.id, details).await.unwrap();
    assert_eq!(update(created.details.clone()).await, created);

    let renamed = InstrumentDetails {
        name: "Apple Inc.".to_owned(),
        ..spelled("AAPL", "stooq", "aapl.us")
    };
    let updated = update(renamed.clone()).await;
    assert_eq!((updated.created_at, updated.updated_at), (created.created_at, later));
    assert_eq!(format!("{:?}", updated.details), format!("{renamed:?}"));
    let kept = fixture.instruments().get(created.id).await.unwrap().unwrap();
    assert_eq!(format!("{kept:?}"), format!("{updated:?}"));
    let old_spelling = fixture
        .instruments()
        .with_provider_symbol(&source("yahoo"), &symbol("AAPL"))
        .await
        .unwrap();
    assert_eq!(old_spelling, None);

    let latest = fixture.advance(Duration::hours(1));
    let upper = spelled("AAPL", "stooq", "AAPL.US");
    let respelled = InstrumentDetails {
        name: "Apple Inc.".to_owned(),
        ..upper
    };
    assert_eq!(update(respelled).await.updated_at, latest);
}

/// An update that collides with another instrument is refused and changes nothing; with itself it does not collide.
pub async fn a_colliding_update_changes_nothing(fixture: &Fixture) {
    create(fixture, listed("MSFT", "XNAS")).await;
    create(fixture, spelled("IBM", "yahoo", "IBM")).await;
    let apple = create(fixture, spelled("AAPL", "yahoo", "AAPL")).await;
    fixture.advance(Duration::hours(1));
    let refused = async |details| fixture.instruments().update(apple.id, details).await.unwrap_err();
    let error = refused(listed("msft", "XNAS")).await;
    assert!(
        matches!(error, InstrumentRepositoryError::AlreadyExists(_)),
        "{error:?}"
    );
    let error = refused(spelled("AAPL", "yahoo", "IBM")).await;
    assert!(
        matches!(error, InstrumentRepositoryError::SpellingTaken { .. }),
        "{error:?}"
    );
    assert_eq!(fixture.instruments().get(apple.id).await.unwrap(), Some(apple.clone()));
    fixture
        .instruments()
        .update(apple.id, spelled("AAPL", "yahoo", "AAPL"))
        .await
        .unwrap();
}

/// An id is given once, also when its instrument, the newest, is forgotten.
pub async fn ids_are_never_used_again(fixture: &Fixture) {
    let first = fixture.stock("A").await;
    let second = fixture.stock("B").await;
    fixture.instruments().delete(second).await.unwrap();
    assert_eq!(fixture.instruments().get(second).await.unwrap(), None);
    let third = fixture.stock("B").await;
    fixture.instruments().delete(third).await.unwrap();
    fixture.instruments().delete(first).await.unwrap();
    let fourth = fixture.stock("A").await;
    assert!(first < second && second < third && third < fourth);
}

/// An instrument with bars is not forgotten unless that is asked for, not even when all were removed.
pub async fn an_instrument_with_bars_is_not_forgotten(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for price in ["1", "2"] {
        fixture.merge_from("file", series, [daily("2024-01-02", price)]).await;
    }
    let refused = async || match fixture.instruments().delete(series.instrument).await.unwrap_err() {
        InstrumentRepositoryError::HasBars { id, bars } => (id, bars),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused().await, (series.instrument, 2));
    fixture.remove(series, days("2024-01-01", "2025-01-01")).await;
    assert_eq!(refused().await, (series.instrument, 2));
    assert_eq!(fixture.revisions(series).await.len(), 2);
}

/// An instrument without bars is forgotten with its runs, coverage and actions.
pub async fn an_instrument_without_bars_is_forgotten(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let run = fixture.runs().create(series, &source("yahoo"), None).await.unwrap().id;
    let empty_answer = MergeBatch {
        covered: Some(days("2024-01-01", "2024-02-01")),
        run: Some(run),
        ..MergeBatch::of_bars(series, source("yahoo"), Vec::new())
    };
    fixture.merge(empty_answer).await;
    fixture.actions().merge(a_split(series.instrument)).await.unwrap();
    fixture.instruments().delete(series.instrument).await.unwrap();
    assert_erased(fixture, series).await;
    assert_eq!(fixture.runs().get(run).await.unwrap(), None);
}

/// The only real erasure: bars, revisions, discrepancies, quarantine, journal, actions, coverage and runs of an
/// instrument go with it, and nothing of any other.
pub async fn erasing_takes_everything_of_one_instrument(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    let mut runs = Vec::new();
    for series in [apple, microsoft] {
        let run = fixture.runs().create(series, &source("yahoo"), None).await.unwrap().id;
        for price in ["1", "2"] {
            let batch = MergeBatch {
                covered: Some(days("2024-01-01", "2024-02-01")),
                run: Some(run),
                rejected: vec![crate::quarantine::rejected("2024-01-05,x")],
                ..MergeBatch::of_bars(
                    series,
                    source("yahoo"),
                    vec![daily("2024-01-02", price), daily("2024-01-03", "9")],
                )
            };
            fixture.merge(batch).await;
        }
        let withdrawn = MergeBatch {
            covered: Some(days("2024-01-03", "2024-01-04")),
            ..MergeBatch::of_bars(series, source("yahoo"), Vec::new())
        };
        fixture.merge(withdrawn).await;
        fixture.actions().merge(a_split(series.instrument)).await.unwrap();
        runs.push(run);
    }
    let untouched = fixture.discrepancies(microsoft).await;
    assert_eq!((untouched.len(), fixture.revisions(apple).await.len()), (1, 1));

    assert_eq!(
        fixture.instruments().delete_with_bars(apple.instrument).await.unwrap(),
        3
    );
    assert_erased(fixture, apple).await;
    assert_eq!(fixture.runs().get(*runs.first().unwrap()).await.unwrap(), None);

    assert_eq!(fixture.bars(microsoft).await.len(), 2);
    assert_eq!(
        (
            fixture.revisions(microsoft).await.len(),
            fixture.quarantine().await.len()
        ),
        (1, 1)
    );
    assert_eq!(fixture.discrepancies(microsoft).await, untouched);
    assert!(fixture.runs().get(*runs.last().unwrap()).await.unwrap().is_some());
    assert_eq!(
        fixture.actions().list(microsoft.instrument, None).await.unwrap().len(),
        1
    );
}

/// Both kinds of erasure leave symbol and spelling free again.
pub async fn what_is_forgotten_can_be_named_anew(fixture: &Fixture) {
    for _ in 0..2 {
        let created = create(fixture, spelled("AAPL", "yahoo", "AAPL")).await;
        assert_eq!(fixture.instruments().delete_with_bars(created.id).await.unwrap(), 0);
    }
    create(fixture, spelled("AAPL", "yahoo", "AAPL")).await;
}

fn a_split(instrument: InstrumentId) -> ActionBatch {
    ActionBatch {
        instrument,
        actions: vec![CorporateAction::Split {
            ex_date: time::Date::from_calendar_date(2020, time::Month::August, 31).unwrap(),
            ratio: SplitRatio::new(4, 1).unwrap(),
        }],
        source: source("yahoo"),
        complete: true,
        precedence: Precedence::default(),
    }
}

async fn assert_erased(fixture: &Fixture, series: SeriesKey) {
    assert_eq!(fixture.instruments().get(series.instrument).await.unwrap(), None);
    assert_eq!(fixture.catalogue().find(series).await.unwrap(), None);
    assert_eq!(
        (fixture.bars(series).await, fixture.revisions(series).await),
        (vec![], vec![])
    );
    assert_eq!(
        (fixture.discrepancies(series).await, fixture.journal(series).await),
        (vec![], vec![])
    );
    let rows = fixture.history().quarantine(Some(series), 10, 0).await.unwrap();
    assert_eq!(
        (rows, fixture.coverage().covered(series).await.unwrap()),
        (vec![], vec![])
    );
    assert_eq!(fixture.actions().list(series.instrument, None).await.unwrap(), []);
    assert_eq!(fixture.actions().complete_since(series.instrument).await.unwrap(), None);
}
