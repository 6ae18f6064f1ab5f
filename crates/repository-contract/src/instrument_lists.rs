//! Listing instruments: filter, order and pages.

use domain::{AssetClass, Instrument, InstrumentDetails, InstrumentFilter, InstrumentOrder, InstrumentSort};

use crate::Fixture;
use crate::fixture::PLENTY;

/// Some instruments whose symbols, names and orders of creation all sort otherwise.
async fn some_instruments(fixture: &Fixture) -> Vec<Instrument> {
    let mut created = Vec::new();
    for (symbol, name, class, exchange, currency, active) in [
        ("msft", "Microsoft", AssetClass::Stock, Some("XNAS"), "USD", true),
        ("AAPL", "apple 100%", AssetClass::Stock, Some("XNAS"), "USD", true),
        ("SAP", "SAP SE", AssetClass::Stock, Some("XETR"), "EUR", true),
        ("sap", "SAP SE", AssetClass::Stock, Some("XNYS"), "USD", false),
        ("BTC-USD", "Bitcoin", AssetClass::Crypto, None, "USD", true),
        ("GLE", "Société Générale", AssetClass::Stock, Some("XPAR"), "EUR", true),
        ("^GSPC", "S&P 500", AssetClass::Index, None, "USD", true),
        ("Z_1", "Zebra \\ Co", AssetClass::Stock, None, "USD", false),
        ("Zx1", "äpfel", AssetClass::Fund, None, "USD", true),
        ("SAP", "SAP SE", AssetClass::Stock, None, "EUR", true),
    ] {
        let details = InstrumentDetails {
            name: name.to_owned(),
            exchange: exchange.map(|code| code.parse().unwrap()),
            currency: currency.parse().unwrap(),
            active,
            ..InstrumentDetails::bare(symbol.parse().unwrap(), class)
        };
        created.push(fixture.instruments().create(details).await.unwrap());
    }
    created
}

async fn listed(fixture: &Fixture, filter: &InstrumentFilter, order: InstrumentOrder) -> Vec<Instrument> {
    let page = fixture.instruments().list(filter, order, PLENTY, None).await.unwrap();
    assert_eq!(page.next, None);
    page.instruments
}

/// Symbols, with the exchange where there is one, by symbol.
async fn found(fixture: &Fixture, filter: InstrumentFilter) -> Vec<String> {
    let instruments = listed(fixture, &filter, InstrumentOrder::default()).await;
    instruments.iter().map(Instrument::to_string).collect()
}

/// Instruments pass that match all that the filter asks for.
pub async fn filters_narrow_together(fixture: &Fixture) {
    some_instruments(fixture).await;
    let any = InstrumentFilter::default;
    let in_euro = InstrumentFilter {
        currency: Some("EUR".parse().unwrap()),
        ..any()
    };
    assert_eq!(found(fixture, in_euro.clone()).await, ["XPAR:GLE", "XETR:SAP", "SAP"]);
    let in_frankfurt = InstrumentFilter {
        exchange: Some("XETR".parse().unwrap()),
        ..in_euro
    };
    assert_eq!(found(fixture, in_frankfurt).await, ["XETR:SAP"]);
    let inactive = InstrumentFilter {
        active: Some(false),
        ..any()
    };
    assert_eq!(found(fixture, inactive).await, ["XNYS:sap", "Z_1"]);
    let active_index = InstrumentFilter {
        active: Some(true),
        asset_class: Some(AssetClass::Index),
        ..any()
    };
    assert_eq!(found(fixture, active_index).await, ["^GSPC"]);
    let none = InstrumentFilter {
        asset_class: Some(AssetClass::Rate),
        ..any()
    };
    assert_eq!(found(fixture, none).await, Vec::<String>::new());
}

/// A search finds the text anywhere in symbol or name, in any case and any script.
pub async fn search_finds_symbols_and_names_in_any_case(fixture: &Fixture) {
    some_instruments(fixture).await;
    let check = async |search: &str, expected: &[&str]| {
        let filter = InstrumentFilter {
            search: Some(search.to_owned()),
            ..InstrumentFilter::default()
        };
        assert_eq!(found(fixture, filter).await, expected, "{search}");
    };
    check("aap", &["XNAS:AAPL"]).await;
    check("APPLE", &["XNAS:AAPL"]).await;
    check("soft", &["XNAS:msft"]).await;
    check("MSF", &["XNAS:msft"]).await;
    check("p 5", &["^GSPC"]).await;
    check("GÉNÉRALE", &["XPAR:GLE"]).await;
    check("Äpfel", &["Zx1"]).await;
    check("nothing like it", &[]).await;
}

/// `%`, `_` and `\` are letters like any other.
pub async fn wildcards_in_a_search_are_letters(fixture: &Fixture) {
    some_instruments(fixture).await;
    let check = async |search: &str, expected: &[&str]| {
        let filter = InstrumentFilter {
            search: Some(search.to_owned()),
            ..InstrumentFilter::default()
        };
        assert_eq!(found(fixture, filter).await, expected, "{search}");
    };
    check("%", &["XNAS:AAPL"]).await;
    check("100%", &["XNAS:AAPL"]).await;
    check("Z_1", &["Z_1"]).await;
    check("_", &["Z_1"]).await;
    check("\\", &["Z_1"]).await;
    check("a%p", &[]).await;
    check("'", &[]).await;
}

/// By upper-cased symbol, by name in byte order, or by id; the id breaks ties, and all of it turns round.
pub async fn orders_are_total_and_turn_round(fixture: &Fixture) {
    let created = some_instruments(fixture).await;
    let sorted = async |by, descending| {
        let order = InstrumentOrder { by, descending };
        let instruments = listed(fixture, &InstrumentFilter::default(), order).await;
        instruments
            .into_iter()
            .map(|instrument| instrument.id)
            .collect::<Vec<_>>()
    };
    let expected = |key: &dyn Fn(&Instrument) -> String| {
        let mut all: Vec<_> = created
            .iter()
            .map(|instrument| (key(instrument), instrument.id))
            .collect();
        all.sort();
        all.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    let symbol = |instrument: &Instrument| instrument.details.symbol.to_upper();
    let name = |instrument: &Instrument| instrument.details.name.clone();
    for (by, mut expected) in [
        (InstrumentSort::Symbol, expected(&symbol)),
        (InstrumentSort::Name, expected(&name)),
        (InstrumentSort::Id, expected(&|_| String::new())),
    ] {
        assert_eq!(sorted(by, false).await, expected, "{by:?}");
        expected.reverse();
        assert_eq!(sorted(by, true).await, expected, "{by:?} descending");
    }
}

/// Pages of any size, in any order, with or without a filter, are together the whole list.
pub async fn pages_lose_and_repeat_none(fixture: &Fixture) {
    some_instruments(fixture).await;
    let stocks = InstrumentFilter {
        asset_class: Some(AssetClass::Stock),
        ..InstrumentFilter::default()
    };
    for filter in [InstrumentFilter::default(), stocks] {
        for by in [InstrumentSort::Symbol, InstrumentSort::Name, InstrumentSort::Id] {
            for descending in [false, true] {
                let order = InstrumentOrder { by, descending };
                let whole = listed(fixture, &filter, order).await;
                for limit in 1..=whole.len() {
                    assert_eq!(
                        paged(fixture, &filter, order, limit).await,
                        whole,
                        "{order:?} by {limit}"
                    );
                }
            }
        }
    }
}

/// An empty store has an empty last page.
pub async fn an_empty_list_is_its_last_page(fixture: &Fixture) {
    assert_eq!(
        listed(fixture, &InstrumentFilter::default(), InstrumentOrder::default()).await,
        []
    );
}

async fn paged(fixture: &Fixture, filter: &InstrumentFilter, order: InstrumentOrder, limit: usize) -> Vec<Instrument> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = fixture.instruments().list(filter, order, limit, after).await.unwrap();
        assert!(page.next.is_none() || page.instruments.len() == limit);
        all.extend(page.instruments);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}
