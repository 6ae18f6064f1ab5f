//! Which sources there are, and which are ready.

use domain::fake::ManualClock;
use domain::{Basis, Interval, Page, Tolerance};

use super::*;
use crate::testing::at;

fn built(settings: &ProvidersSettings) -> Result<Providers, SetupError> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(at("2026-01-01T00:00:00Z")));
    providers(settings, &clock)
}

#[test]
fn a_source_without_its_key_is_there_and_says_what_is_missing() {
    let mut settings = ProvidersSettings::default();
    let shown = |settings: &ProvidersSettings| {
        let providers = built(settings).unwrap();
        let missing = providers.iter().map(|(name, entry)| (name.to_string(), entry.missing));
        missing.collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&settings),
        [
            ("alpha_vantage".to_owned(), Some("providers.alpha_vantage.api_key")),
            ("binance".to_owned(), None),
            ("yahoo".to_owned(), None),
        ]
    );
    settings.alpha_vantage.api_key = Some("k".to_owned().into());
    assert_eq!(shown(&settings)[0], ("alpha_vantage".to_owned(), None));
}

#[test]
fn each_declares_what_it_can_do() {
    let providers = built(&ProvidersSettings::default()).unwrap();
    let of = |name: &str| providers.get(&name.parse().unwrap()).unwrap().port.capabilities();
    let yahoo = of("yahoo");
    assert_eq!(
        (yahoo.basis, yahoo.tolerance),
        (Basis::SplitAdjusted, Tolerance::Float32)
    );
    let minutes = yahoo.offered(Interval::OneMinute).unwrap();
    assert_eq!(minutes.look_back, Some(time::Duration::days(29)));
    assert_eq!(minutes.page, Page::Span(time::Duration::days(7)));
    assert_eq!(yahoo.offered(Interval::FourHours), None);
    let binance = of("binance");
    assert_eq!(binance.calls_per_minute, Some(1_500), "half of the weight, two a call");
    assert!(
        Interval::ALL
            .iter()
            .all(|interval| binance.offered(*interval).is_some())
    );
    let alpha_vantage = of("alpha_vantage");
    assert_eq!(
        (alpha_vantage.calls_per_minute, alpha_vantage.calls_per_day),
        (Some(5), Some(25))
    );
    assert!(!alpha_vantage.asset_classes.contains(&domain::AssetClass::Index));
}

#[test]
fn a_wrong_address_names_its_setting() {
    let check = |base_url: &str| {
        let mut settings = ProvidersSettings::default();
        settings.yahoo.connection.base_url = base_url.to_owned();
        match built(&settings) {
            Ok(_) => panic!("{base_url}"),
            Err(error) => error.to_string(),
        }
    };
    for wrong in ["query1.finance.yahoo.com", "ftp://example.org", "http://", ""] {
        assert_eq!(
            check(wrong),
            format!(
                "providers.yahoo.base_url `{wrong}` is no address: write http:// or https://, a host and perhaps a path"
            )
        );
    }
}

#[test]
fn a_key_is_not_in_what_settings_print() {
    let mut settings = ProvidersSettings::default();
    settings.alpha_vantage.api_key = Some("SECRETKEY123".to_owned().into());
    assert!(!format!("{settings:?}").contains("SECRETKEY123"));
}
