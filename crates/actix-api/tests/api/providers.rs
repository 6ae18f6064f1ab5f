//! Where bars can be had.

use domain::{AssetClass, Interval, OfferedInterval, Page};

use crate::harness::Server;

#[tokio::test]
async fn providers_tell_what_they_can_and_what_they_lack() {
    let server = Server::start().await;
    let offered = |interval, page| OfferedInterval {
        interval,
        look_back: (interval < Interval::OneDay).then_some(time::Duration::days(60)),
        since: "1962-01-02T00:00:00Z".parse().ok(),
        page,
    };
    server.provider.declare(|capabilities| {
        capabilities.asset_classes = vec![AssetClass::Stock, AssetClass::Crypto];
        capabilities.intervals = vec![
            offered(Interval::OneMinute, Page::Span(time::Duration::days(7))),
            offered(Interval::FiveMinutes, Page::Month),
            offered(Interval::OneHour, Page::Bars(1_000)),
            offered(Interval::OneDay, Page::Whole),
        ];
        capabilities.calls_per_minute = Some(60);
        capabilities.corporate_actions = true;
    });
    let mut told = server.get("/api/v1/providers").await.json();
    insta::assert_json_snapshot!(told["data"][1].take());
    let locked = &told["data"][0];
    assert_eq!(locked["name"], "locked");
    assert_eq!(locked["configured"], false);
    assert_eq!(locked["missing_setting"], "providers.locked.api_key");
    assert!(told["next_page_token"].is_null());
}
