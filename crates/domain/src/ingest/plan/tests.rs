//! Plans: what would be asked, and that nothing is written.

use super::*;
use crate::ingest::testing::{Rig, at, daily, days, from, known, order, print, symbol, until};
use crate::{AssetClass, InstrumentRepository, OfferedInterval, Page};

async fn plan(rig: &Rig, order: &IngestOrder) -> SeriesPlan {
    let mut plan = rig.ingest.plan(order).await.unwrap();
    plan.series.pop().unwrap()
}

fn remarks(plan: &SeriesPlan) -> Vec<String> {
    plan.remarks.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_plan_asks_and_writes_nothing() {
    let rig = Rig::with_days("2020-03-01T12:00:00Z", "2020-01-01", "2020-03-01");
    let plan = plan(&rig, &from("2020-01-01", daily())).await;
    assert_eq!(plan.instrument, None, "it would be made");
    assert_eq!(
        (plan.details.symbol, plan.spelling),
        (symbol("BTC-USD"), symbol("BTC-USD"))
    );
    assert_eq!(print(&plan.fetch), ["2020-01-01..2020-03-01T12:00:00Z"]);
    assert_eq!((plan.calls, plan.bars), (Some(1), Some(61)));
    assert_eq!(plan.remarks, []);
    assert_eq!(rig.provider.ranges(), []);
    assert_eq!(rig.store.with_symbol(&symbol("BTC-USD")).await.unwrap(), []);
}

#[tokio::test]
async fn a_plan_shows_what_is_left_after_a_run() {
    let rig = Rig::with_days("2020-03-01T12:00:00Z", "2020-01-01", "2020-03-01");
    rig.run(&from("2020-02-01", daily())).await;
    let order = from("2020-01-01", daily());
    let plan = plan(&rig, &order).await;
    assert_eq!(plan.instrument, Some(rig.instrument("BTC-USD").await));
    assert_eq!(
        print(&plan.fetch),
        ["2020-01-01..2020-02-01", "2020-02-25..2020-03-01T12:00:01Z"]
    );
    assert_eq!((plan.calls, plan.bars), (Some(2), Some(31 + 6)));
    assert_eq!(
        remarks(&plan),
        ["the last sessions of what was answered before are asked again: [2020-02-25T00:00:00Z, 2020-03-01T00:00:00Z)"]
    );
    let calls = rig.provider.ranges().len();
    rig.run(&order).await;
    assert_eq!(
        rig.provider.ranges()[calls..],
        plan.fetch,
        "a run asks for what the plan says"
    );
}

#[tokio::test]
async fn what_is_not_asked_for_is_told_with_the_reason() {
    let rig = Rig::with_days("2020-03-01T12:00:00Z", "2020-01-01", "2020-03-01");
    rig.provider.declare(|capabilities| {
        let month = |offered: &mut OfferedInterval| offered.look_back = Some(time::Duration::days(30));
        capabilities.intervals.iter_mut().for_each(month);
    });
    let beyond = plan(&rig, &until("2031-01-01", from("2020-01-01", daily()))).await;
    assert_eq!(
        remarks(&beyond),
        [
            "the provider goes back to 2020-01-31T12:00:00Z only: [2020-01-01T00:00:00Z, 2020-01-31T12:00:00Z) is not asked \
             for",
            "the end 2031-01-01T00:00:00Z lies in the future: bars up to 2020-03-01T12:00:00Z are asked for",
        ]
    );
    assert_eq!(print(&beyond.fetch), ["2020-01-31T12:00:00Z..2020-03-01T12:00:00Z"]);

    rig.run(&daily()).await;
    let done = plan(&rig, &until("2020-02-10", from("2020-02-01", daily()))).await;
    assert_eq!(remarks(&done), ["all of it was answered before: nothing is asked for"]);
    assert_eq!((done.calls, done.bars), (Some(0), Some(0)));
    let codes = |plan: &SeriesPlan| plan.remarks.iter().map(PlanRemark::code).collect::<Vec<_>>();
    assert_eq!(codes(&beyond), ["out_of_reach", "end_in_future"]);
    assert_eq!(codes(&done), ["nothing_to_fetch"]);
}

#[tokio::test]
async fn splits_and_dividends_are_a_call_of_their_own() {
    let rig = Rig::with_days("2020-03-01T12:00:00Z", "2020-01-01", "2020-03-01");
    rig.provider
        .declare(|capabilities| capabilities.corporate_actions = true);
    rig.provider.know(known("AAPL", AssetClass::Stock));
    let calls = async |name| {
        plan(&rig, &from("2020-01-01", order(name, Interval::OneDay)))
            .await
            .calls
    };
    assert_eq!((calls("AAPL").await, calls("BTC-USD").await), (Some(2), Some(1)));
}

#[tokio::test]
async fn what_has_no_known_beginning_cannot_be_counted() {
    let rig = Rig::with_days("2020-03-01T12:00:00Z", "2020-01-01", "2020-03-01");
    let whole = plan(&rig, &daily()).await;
    assert_eq!((whole.calls, whole.bars), (Some(1), None));
    rig.provider.page_by(Page::Bars(10));
    let paged = plan(&rig, &daily()).await;
    assert_eq!((paged.calls, paged.bars), (None, None));
}

#[tokio::test]
async fn plans_come_in_the_order_of_the_instruments() {
    let rig = Rig::at("2020-03-01");
    for name in ["MSFT", "AAPL"] {
        rig.provider
            .have_bars(&symbol(name), Interval::OneDay, days("2020-01-01", "2020-02-01"));
    }
    let order = IngestOrder {
        instruments: ["MSFT", "AAPL"].map(|name| symbol(name).into()).to_vec(),
        ..daily()
    };
    let plan = rig.ingest.plan(&order).await.unwrap();
    assert_eq!((plan.provider.as_str(), plan.interval), ("source", Interval::OneDay));
    let spelled: Vec<_> = plan.series.iter().map(|one| one.spelling.to_string()).collect();
    assert_eq!(spelled, ["MSFT", "AAPL"]);
    assert!(plan.series.iter().all(|one| one.asked == crate::TimeRange::ALL));
    assert_eq!(at("2020-03-01"), plan.series[0].fetch[0].end());
}
