use mockall::predicate::always;

use super::*;
use crate::mock::MockInstrumentRepository;
use crate::{InstrumentId, Timestamp};

fn instrument(id: i64, symbol: &str, exchange: Option<&str>) -> Instrument {
    let details = InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock);
    let exchange = exchange.map(|code| code.parse().unwrap());
    let epoch = Timestamp::from_unix_seconds(0).unwrap();
    Instrument {
        id: InstrumentId(id),
        details: InstrumentDetails { exchange, ..details },
        created_at: epoch,
        updated_at: epoch,
    }
}

fn store(all: Vec<Instrument>) -> MockInstrumentRepository {
    let mut store = MockInstrumentRepository::new();
    let by_id = all.clone();
    store
        .expect_get()
        .returning(move |id| Ok(by_id.iter().find(|known| known.id == id).cloned()));
    store.expect_with_provider_symbol().returning(|_, _| Ok(None));
    store.expect_with_symbol().returning(move |symbol| {
        Ok(all
            .iter()
            .filter(|known| known.details.symbol == *symbol)
            .cloned()
            .collect())
    });
    store
}

async fn id_of(all: Vec<Instrument>, reference: &str) -> Result<i64, String> {
    let resolve = ResolveInstrument::new(Arc::new(store(all)));
    let found = resolve.one(&reference.parse().unwrap()).await;
    found
        .map(|instrument| instrument.id.0)
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn finds_by_id_symbol_and_listing() {
    let all = || {
        vec![
            instrument(1, "AAPL", Some("XNAS")),
            instrument(2, "VOD", Some("XLON")),
            instrument(3, "VOD", None),
        ]
    };
    assert_eq!(id_of(all(), "aapl").await, Ok(1));
    assert_eq!(id_of(all(), "id:2").await, Ok(2));
    assert_eq!(id_of(all(), "2").await, Ok(2));
    assert_eq!(id_of(all(), "XLON:VOD").await, Ok(2));
    assert_eq!(
        id_of(all(), "XNAS:VOD").await,
        Ok(3),
        "the one whose exchange is not known"
    );
    assert_eq!(
        id_of(all(), "XLON:AAPL").await,
        Err("there is no instrument XLON:AAPL".to_owned())
    );
}

#[tokio::test]
async fn names_all_it_could_be() {
    let both = vec![instrument(1, "VOD", Some("XLON")), instrument(2, "VOD", Some("XNAS"))];
    assert_eq!(
        id_of(both, "VOD").await,
        Err("VOD could be XLON:VOD (id:1) or XNAS:VOD (id:2)".to_owned())
    );
}

#[tokio::test]
async fn a_number_that_is_an_id_and_a_symbol_is_ambiguous_until_it_says_which() {
    let all = || vec![instrument(700, "IBM", None), instrument(3, "0700", None)];
    assert_eq!(
        id_of(all(), "0700").await,
        Err("0700 could be 0700 (id:3) or IBM (id:700)".to_owned())
    );
    assert_eq!(id_of(all(), ":0700").await, Ok(3));
    assert_eq!(id_of(all(), "id:700").await, Ok(700));
}

#[tokio::test]
async fn fills_in_an_exchange_that_was_not_known() {
    let mut store = store(vec![instrument(1, "AAPL", None)]);
    store
        .expect_update()
        .with(always(), always())
        .once()
        .returning(|id, details| {
            Ok(Instrument {
                id,
                details,
                ..instrument(1, "AAPL", None)
            })
        });
    let wanted = WantedInstrument {
        exchange: Some("XNAS".parse().unwrap()),
        ..WantedInstrument::called("AAPL".parse().unwrap())
    };
    let found = ResolveInstrument::new(Arc::new(store))
        .find_or_create(&wanted, &SourceName::file())
        .await
        .unwrap();
    assert!(!found.created);
    assert_eq!(found.instrument.to_string(), "XNAS:AAPL");
}

#[tokio::test]
async fn makes_what_is_not_there_with_guesses() {
    let mut store = store(Vec::new());
    store.expect_create().once().returning(|details| {
        Ok(Instrument {
            details,
            ..instrument(9, "X", None)
        })
    });
    let wanted = WantedInstrument::called("BTC-USD".parse().unwrap());
    let found = ResolveInstrument::new(Arc::new(store))
        .find_or_create(&wanted, &SourceName::file())
        .await
        .unwrap();
    assert!(found.created);
    let details = found.instrument.details;
    assert_eq!(
        (
            details.asset_class,
            details.currency.as_str(),
            details.calendar.as_str()
        ),
        (AssetClass::Crypto, "USD", "24/7")
    );
}
