//! Prices as they are stored: turned back to raw, in one currency, final or not.

use time::macros::date;

use super::*;
use crate::fake::flat_bar;
use crate::ingest::testing::{known, order};
use crate::{
    AssetClass, BarQuery, BarValues, Basis, CorporateAction, CorporateActionRepository, Currency, InstrumentRepository,
    PriceRepository, SplitRatio, TimeOrder, Tolerance,
};

fn price(opened_at: &str, close: &str, volume: &str) -> BarValues {
    BarValues {
        volume: volume.parse().unwrap(),
        ..flat_bar(at(opened_at), close.parse().unwrap())
    }
}

fn split(ex_date: time::Date, new_shares: u64) -> CorporateAction {
    CorporateAction::Split {
        ex_date,
        ratio: SplitRatio::new(new_shares, 1).unwrap(),
    }
}

/// AAPL around its split of 7:1 on 2014-06-09, as a provider tells it that adjusts by later splits, in floats of 32 bits:
/// it closed at 645.57 on the 6th and at 93.70 on the 9th.
fn apple() -> Rig {
    let rig = Rig::at("2014-06-12T00:00:00Z");
    let aapl = symbol("AAPL");
    rig.provider.declare(|capabilities| {
        capabilities.basis = Basis::SplitAdjusted;
        capabilities.tolerance = Tolerance::Float32;
        capabilities.corporate_actions = true;
    });
    rig.provider.know(known("AAPL", AssetClass::Stock));
    rig.provider.have_actions(&aapl, vec![split(date!(2014 - 06 - 09), 7)]);
    let bars = [
        price("2014-06-05", "92.4785714", "75951400"),
        price("2014-06-06", "92.2242857", "87484600"),
        price("2014-06-09", "93.70", "75415000"),
        price("2014-06-10", "94.25", "62777000"),
    ];
    rig.provider.have_bars(&aapl, Interval::OneDay, bars);
    rig
}

async fn closes(rig: &Rig) -> Vec<(String, String)> {
    let bars = rig.bars("AAPL", Interval::OneDay).await;
    let shown = bars
        .iter()
        .map(|values| (values.close.to_string(), values.volume.to_string()));
    shown.collect()
}

#[tokio::test]
async fn a_provider_that_adjusts_by_splits_gives_raw_bars() {
    let rig = apple();
    let run = rig.run(&order("AAPL", Interval::OneDay)).await;
    assert_eq!((run.state, run.error), (RunState::Succeeded, None));
    let stored = closes(&rig).await;
    assert_eq!(
        stored[1..],
        [
            ("645.57003".to_owned(), "12497800".to_owned()),
            ("93.70".to_owned(), "75415000".to_owned()),
            ("94.25".to_owned(), "62777000".to_owned()),
        ]
    );
    let series = rig.series("AAPL", Interval::OneDay).await;
    let line = SeriesCatalogue::find(&*rig.store, series).await.unwrap().unwrap();
    assert_eq!(line.basis, Basis::Raw);
    assert_eq!(
        rig.provider.requests_for_actions(),
        [symbol("AAPL")],
        "all of them at once, before the bars"
    );
}

#[tokio::test]
async fn a_later_split_restates_nothing() {
    let rig = apple();
    rig.run(&order("AAPL", Interval::OneDay)).await;
    let before = closes(&rig).await;
    // The 4:1 split of 2020-08-31: the provider now tells a fourth of everything.
    rig.clock.set(at("2020-09-01T22:00:00Z"));
    let splits = vec![split(date!(2014 - 06 - 09), 7), split(date!(2020 - 08 - 31), 4)];
    rig.provider.have_actions(&symbol("AAPL"), splits);
    let bars = [
        price("2014-06-05", "23.11964285", "303805600"),
        price("2014-06-06", "23.056071425", "349938400"),
        price("2014-06-09", "23.425", "301660000"),
        price("2014-06-10", "23.5625", "251108000"),
        price("2020-08-31", "129.04", "225702700"),
    ];
    rig.provider.have_bars(&symbol("AAPL"), Interval::OneDay, bars);
    let run = rig.run(&order("AAPL", Interval::OneDay)).await;
    assert_eq!(
        (run.counts.inserted, run.counts.unchanged, run.counts.updated),
        (1, 4, 0),
        "{run:?}"
    );
    assert_eq!(closes(&rig).await[..4], before);
}

#[tokio::test]
async fn what_has_no_splits_is_not_asked_for_any() {
    let rig = two_months();
    rig.provider
        .declare(|capabilities| capabilities.corporate_actions = true);
    rig.run(&daily()).await;
    assert_eq!(rig.provider.requests_for_actions(), []);
}

#[tokio::test]
async fn nothing_is_fetched_when_splits_cannot_be() {
    let rig = apple();
    let run = rig.request(&order("AAPL", Interval::OneDay)).await;
    // What answers under that name later does not know the symbol.
    let later = Rig::at("2014-06-12").provider;
    later.declare(|capabilities| capabilities.corporate_actions = true);
    let ingest = rig.with_provider(later.clone());
    let ended = ingest.execute(run.id, &|_| {}).await.unwrap();
    assert_eq!(ended.state, RunState::Failed);
    assert!(ended.error.unwrap().starts_with("source does not know AAPL"));
    assert_eq!(later.ranges(), []);
}

#[tokio::test]
async fn actions_beside_bars_are_kept_where_there_is_no_whole_list() {
    let rig = apple();
    rig.provider.declare(|capabilities| {
        capabilities.basis = Basis::Raw;
        capabilities.corporate_actions = false;
    });
    rig.provider.twist_at(0, |mut fetched| {
        fetched.actions = vec![split(date!(2014 - 06 - 09), 7)];
        Ok(fetched)
    });
    rig.run(&order("AAPL", Interval::OneDay)).await;
    let apple = rig.instrument("AAPL").await.id;
    let listed = CorporateActionRepository::list(&*rig.store, apple, None).await.unwrap();
    assert_eq!(listed.len(), 1);
    let complete = rig.store.complete_since(apple).await.unwrap();
    assert_eq!(complete, None, "a part of them makes no list");
}

#[tokio::test]
async fn a_currency_that_was_not_known_is_filled_in() {
    let rig = apple();
    let usd: Currency = "USD".parse().unwrap();
    rig.provider.quote_in(usd.clone());
    rig.run(&order("AAPL", Interval::OneDay)).await;
    let apple = rig.instrument("AAPL").await;
    assert_eq!(apple.details.currency, usd);
    assert_eq!(apple.details.name, "AAPL Inc.");
}

#[tokio::test]
async fn prices_of_another_currency_are_refused() {
    let rig = apple();
    let order = order("AAPL", Interval::OneDay);
    rig.request(&order).await;
    let mut details = rig.instrument("AAPL").await.details;
    details.currency = "GBP".parse().unwrap();
    let id = rig.instrument("AAPL").await.id;
    rig.store.update(id, details).await.unwrap();
    rig.provider.quote_in("GBX".parse().unwrap());
    let run = rig.run(&order).await;
    assert_eq!((run.state, run.counts), (RunState::Failed, MergeCounts::default()));
    assert_eq!(
        run.error.unwrap(),
        "source gives prices in GBX, and those of AAPL are in GBP: two currencies are never mixed in one series; correct \
         the currency of the instrument, or the provider's spelling of it"
    );
    assert_eq!(rig.bars("AAPL", Interval::OneDay).await, []);
}

#[tokio::test]
async fn a_bar_that_has_not_closed_goes_along_and_is_asked_for_again() {
    // Noon of the 20th: its bar has not closed.
    let rig = Rig::with_days("2020-01-20T12:00:00Z", "2020-01-01", "2020-03-01");
    let run = rig.run(&daily()).await;
    assert_eq!(run.counts.inserted, 20);
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, ["..2020-01-20"]);
    let query = BarQuery {
        series: run.series,
        range: range("2020-01-19", "2020-01-21"),
        order: TimeOrder::Ascending,
        limit: 10,
        as_of: None,
        include_partial: true,
    };
    let states = async || {
        let chunk = rig.store.read(&query).await.unwrap();
        chunk.bars.iter().map(|price| price.provisional).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [false, true]);
    rig.clock.set(at("2020-01-21T12:00:00Z"));
    rig.run(&daily()).await;
    assert_eq!(states().await, [false, false]);
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, ["..2020-01-21"]);
}

#[tokio::test]
async fn a_bar_that_a_later_answer_lacks_is_withdrawn() {
    let rig = two_months();
    rig.run(&daily()).await;
    let mut fewer = days("2020-01-01", "2020-03-01");
    fewer.remove(57);
    rig.provider.have_bars(&symbol("BTC-USD"), Interval::OneDay, fewer);
    let run = rig.run(&daily()).await;
    assert_eq!(run.counts.unchanged, 4);
    let disputes = rig.store.discrepancies(run.series, TimeRange::ALL, 10).await.unwrap();
    let withdrawn: Vec<_> = disputes.iter().map(|dispute| dispute.opened_at).collect();
    assert_eq!(withdrawn, [at("2020-02-27")]);
}

#[tokio::test]
async fn hours_open_where_the_provider_says_also_when_an_answer_has_none() {
    let rig = Rig::at("2020-07-15T23:00:00Z");
    let aapl = symbol("AAPL");
    rig.provider.know(crate::SymbolMatch {
        exchange: "XNAS".parse().ok(),
        ..known("AAPL", AssetClass::Stock)
    });
    let half_past = |hour: u8| flat_bar(at(&format!("2020-07-15T{hour}:30:00Z")), "1".parse().unwrap());
    rig.provider
        .have_bars(&aapl, Interval::OneHour, (13..20).map(half_past));
    let hours = order("AAPL", Interval::OneHour);
    let run = rig.run(&hours).await;
    assert_eq!((run.state, run.counts.inserted), (RunState::Succeeded, 7));
    // A week in which the answer holds nothing but what it covers.
    rig.provider.have_bars(&aapl, Interval::OneHour, []);
    let again = rig.run(&hours).await;
    assert_eq!((again.state, again.error), (RunState::Succeeded, None));
    let disputes = rig.store.discrepancies(run.series, TimeRange::ALL, 10).await.unwrap();
    assert_eq!(disputes.len(), 7);
}
