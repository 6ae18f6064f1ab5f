//! Which instruments are found, which would be made, and every mistake at once.

use super::*;
use crate::ingest::testing::{Rig, daily, from, known, order, symbol};
use crate::{Interval, SourceName};

fn source() -> SourceName {
    "source".parse().unwrap()
}

async fn make(rig: &Rig, symbol: &str, class: AssetClass, exchange: Option<&str>) -> Instrument {
    let mut details = InstrumentDetails::bare(symbol.parse().unwrap(), class);
    details.exchange = exchange.map(|exchange| exchange.parse().unwrap());
    rig.store_instrument(details).await
}

/// `known AAPL as AAPL`, `new BTC-USDT as BTCUSDT`, or what is wrong.
async fn identified(rig: &Rig, name: &str) -> String {
    match rig.ingest.open(&order(name, Interval::OneDay)).await {
        Ok((_, _, chosen)) => match &chosen[..] {
            [
                Identified::Known {
                    instrument, spelling, ..
                },
            ] => format!("known {instrument} as {spelling}"),
            [Identified::New { details, spelling }] => format!("new {} as {spelling}", details.symbol),
            other => format!("{other:?}"),
        },
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_spelling_of_the_provider_comes_before_our_symbol() {
    let rig = Rig::at("2020-03-01");
    let mut vodafone = InstrumentDetails::bare(symbol("VOD"), AssetClass::Stock);
    vodafone.provider_symbols.insert(source(), symbol("VOD.L"));
    rig.store_instrument(vodafone).await;
    let mut other = InstrumentDetails::bare(symbol("VOD.L"), AssetClass::Stock);
    other.provider_symbols.insert(source(), symbol("VODX"));
    rig.store_instrument(other).await;
    assert_eq!(identified(&rig, "VOD.L").await, "known VOD as VOD.L");
    assert_eq!(identified(&rig, "VOD").await, "known VOD as VOD.L");
    assert_eq!(identified(&rig, "VODX").await, "known VOD.L as VODX");
    assert_eq!(rig.provider.descriptions(), [], "nobody had to be asked");
}

#[tokio::test]
async fn an_instrument_without_a_spelling_is_asked_for_by_its_symbol() {
    let rig = Rig::at("2020-03-01");
    let bitcoin = make(&rig, "BTC-USD", AssetClass::Crypto, None).await;
    assert_eq!(identified(&rig, "btc-usd").await, "known BTC-USD as BTC-USD");
    let order = IngestOrder {
        instruments: vec![InstrumentChoice::Known(bitcoin)],
        ..daily()
    };
    let (_, _, chosen) = rig.ingest.open(&order).await.unwrap();
    assert_eq!(chosen[0].spelling(), &symbol("BTC-USD"));
}

#[tokio::test]
async fn what_nobody_knows_here_is_described_by_the_provider() {
    let rig = Rig::at("2020-03-01");
    rig.provider.know(SymbolMatch {
        symbol: Some(symbol("BTC-USDT")),
        name: "BTC / USDT".to_owned(),
        exchange: "BINANCE".parse().ok(),
        currency: "USDT".parse().ok(),
        ..known("BTCUSDT", AssetClass::Crypto)
    });
    assert_eq!(identified(&rig, "BTCUSDT").await, "new BTC-USDT as BTCUSDT");
    let (_, _, chosen) = rig.ingest.open(&order("BTCUSDT", Interval::OneDay)).await.unwrap();
    let Identified::New { details, .. } = &chosen[0] else {
        panic!("{chosen:?}")
    };
    assert_eq!(
        (
            details.name.as_str(),
            details.calendar.as_str(),
            details.currency.as_str()
        ),
        ("BTC / USDT", "24/7", "USDT")
    );
    assert_eq!(details.provider_symbols[&source()], symbol("BTCUSDT"));

    make(&rig, "BTC-USDT", AssetClass::Crypto, None).await;
    assert_eq!(identified(&rig, "BTCUSDT").await, "known BTC-USDT as BTCUSDT");
}

#[tokio::test]
async fn the_provider_tells_which_of_several_is_meant() {
    let rig = Rig::at("2020-03-01");
    make(&rig, "ABC", AssetClass::Stock, Some("XNYS")).await;
    make(&rig, "ABC", AssetClass::Stock, Some("XLON")).await;
    rig.provider.know(known("ABC", AssetClass::Stock));
    assert_eq!(
        identified(&rig, "ABC").await,
        "ABC could be XNYS:ABC (id:1) or XLON:ABC (id:2): name one of them"
    );
    rig.provider.know(SymbolMatch {
        exchange: "XLON".parse().ok(),
        ..known("ABC", AssetClass::Stock)
    });
    assert_eq!(identified(&rig, "ABC").await, "known XLON:ABC as ABC");
}

#[tokio::test]
async fn a_name_is_kept_as_far_as_it_can_be() {
    let rig = Rig::at("2020-03-01");
    let name_of = async |name: &str| {
        rig.provider.know(SymbolMatch {
            name: name.to_owned(),
            ..known("AAPL", AssetClass::Stock)
        });
        let (_, _, mut chosen) = rig.ingest.open(&order("AAPL", Interval::OneDay)).await.unwrap();
        match chosen.pop() {
            Some(Identified::New { details, .. }) => details.name,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(name_of(" Apple Inc. ").await, "Apple Inc.");
    assert_eq!(name_of("  ").await, "AAPL");
    assert_eq!(name_of(&"é".repeat(300)).await, "é".repeat(200));
}

#[tokio::test]
async fn an_instrument_that_is_named_twice_counts_once() {
    let rig = Rig::at("2020-03-01");
    let bitcoin = make(&rig, "BTC-USD", AssetClass::Crypto, None).await;
    rig.provider.know(known("NEW", AssetClass::Stock));
    let names = ["BTC-USD", "NEW", "btc-usd", "new"];
    let mut instruments: Vec<_> = names.iter().map(|name| symbol(name).into()).collect();
    instruments.push(InstrumentChoice::Known(bitcoin));
    let (_, _, chosen) = rig.ingest.open(&IngestOrder { instruments, ..daily() }).await.unwrap();
    let spelled: Vec<_> = chosen.iter().map(|one| one.spelling().to_string()).collect();
    assert_eq!(spelled, ["BTC-USD", "NEW"]);
}

#[tokio::test]
async fn every_mistake_is_told_at_once() {
    let rig = Rig::at("2020-03-01");
    rig.provider.declare(|capabilities| {
        capabilities.asset_classes = vec![AssetClass::Crypto, AssetClass::Forex];
        capabilities
            .intervals
            .retain(|offered| offered.interval >= Interval::OneDay);
    });
    make(&rig, "AAPL", AssetClass::Stock, None).await;
    let order = IngestOrder {
        instruments: ["BTCX", "AAPL", "ETHX"].map(|name| symbol(name).into()).to_vec(),
        ..from("2031-01-01", daily())
    };
    let error = rig.ingest.open(&order).await.map(drop).unwrap_err().to_string();
    assert_eq!(
        error,
        "the start 2031-01-01T00:00:00Z lies in the future, it is 2020-03-01T00:00:00Z now: there are no bars yet, move the \
         start; source does not know BTCX: search the provider for its spelling; source has no stock such as AAPL: it has \
         crypto, forex; source does not know ETHX: search the provider for its spelling"
    );
}

#[tokio::test]
async fn each_mistake_names_what_would_be_right() {
    let rig = Rig::at("2020-03-01");
    rig.provider.declare(|capabilities| {
        capabilities
            .intervals
            .retain(|offered| offered.interval >= Interval::OneDay);
    });
    let check = async |order: IngestOrder, expected: &str| {
        let error = rig.ingest.open(&order).await.map(drop).unwrap_err();
        assert!(matches!(error, IngestError::Order(_)), "{error:?}");
        assert_eq!(error.to_string(), expected);
    };
    make(&rig, "BTC-USD", AssetClass::Crypto, None).await;
    let by = |provider: &str| IngestOrder {
        provider: provider.parse().unwrap(),
        ..daily()
    };
    check(by("yaho"), "there is no provider `yaho`: one of locked, source").await;
    check(by("locked"), "locked cannot be asked yet: set providers.locked.api_key").await;
    check(
        order("BTC-USD", Interval::FourHours),
        "source has no 4h bars: it has 1d, 1w, 1mo",
    )
    .await;
    let nothing = IngestOrder {
        instruments: Vec::new(),
        ..daily()
    };
    check(nothing, "no instrument was named: name at least one").await;
    let reversed = crate::ingest::testing::until("2020-01-01", from("2020-02-01", daily()));
    check(
        reversed,
        "start 2020-02-01T00:00:00Z lies after end 2020-01-01T00:00:00Z: swap them",
    )
    .await;
}

#[tokio::test]
async fn a_provider_that_cannot_answer_is_no_mistake_of_the_order() {
    let rig = Rig::at("2020-03-01");
    let mut provider = crate::mock::MockMarketDataProvider::new();
    let fake = rig.provider.clone();
    provider.expect_name().returning(|| "source".parse().unwrap());
    provider
        .expect_capabilities()
        .returning(move || crate::MarketDataProvider::capabilities(&*fake));
    provider
        .expect_describe_symbol()
        .returning(|_| Err(ProviderError::RateLimited { retry_after: None }));
    let ingest = rig.with_provider(std::sync::Arc::new(provider));
    let error = ingest
        .open(&order("AAPL", Interval::OneDay))
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(
        crate::ErrorChain(&error).to_string(),
        "source could not be asked about AAPL: rate limited"
    );
}
