//! How runs end that do not simply succeed.

use std::sync::Arc;

use super::*;
use crate::{BarError, BarField, PriceRepositoryError};

/// How a run of daily bars ends, with what it says.
async fn ended(rig: &Rig) -> (RunState, u64, String) {
    let run = rig.run(&daily()).await;
    (run.state, run.counts.inserted, run.error.unwrap_or_default())
}

#[tokio::test]
async fn an_error_at_the_first_page_is_a_failed_run() {
    let rig = two_months();
    rig.provider
        .fail_at(0, ProviderError::RateLimited { retry_after: None });
    let told = "source gave no bars: rate limited".to_owned();
    assert_eq!(ended(&rig).await, (RunState::Failed, 0, told));
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, [""; 0]);
}

#[tokio::test]
async fn a_symbol_that_the_provider_no_longer_knows_is_told_with_the_remedy() {
    let rig = two_months();
    rig.provider.fail_at(0, ProviderError::UnknownSymbol(symbol("BTC-USD")));
    let told = "source does not know BTC-USD: search the provider for its spelling, and record it with the instrument";
    assert_eq!(ended(&rig).await, (RunState::Failed, 0, told.to_owned()));
}

#[tokio::test]
async fn a_row_that_makes_no_bar_makes_the_run_partial_and_stops_nothing() {
    let rig = two_months();
    rig.provider.twist_at(1, |mut fetched| {
        fetched.rows[3].values = Err(BarError::Missing(BarField::Open));
        Ok(fetched)
    });
    let told = "1 row made no bar: see the quarantine".to_owned();
    assert_eq!(ended(&rig).await, (RunState::Partial, 59, told));
    let kept = rig.store.quarantine(None, 10, 0).await.unwrap();
    assert_eq!(kept.len(), 1);
}

#[tokio::test]
async fn a_bar_that_comes_twice_in_a_page_counts_as_a_duplicate() {
    let rig = two_months();
    rig.provider.twist_at(1, |mut fetched| {
        fetched.rows.push(fetched.rows[4].clone());
        Ok(fetched)
    });
    let run = rig.run(&daily()).await;
    assert_eq!(
        (run.state, run.counts.inserted, run.counts.duplicate),
        (RunState::Succeeded, 60, 1)
    );
}

#[tokio::test]
async fn a_page_with_a_skipped_bar_at_its_border_is_not_stored() {
    let rig = two_months();
    rig.provider.twist_at(1, |mut fetched| {
        fetched.rows.remove(0);
        Ok(fetched)
    });
    let (state, bars, told) = ended(&rig).await;
    assert_eq!((state, bars), (RunState::Partial, 10));
    assert!(
        told.contains("does not repeat the bar of 2020-01-10T00:00:00Z"),
        "{told}"
    );
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, ["..2020-01-11"]);
}

#[tokio::test]
async fn a_page_whose_prices_moved_is_not_stored() {
    let rig = two_months();
    rig.provider.twist_at(1, |mut fetched| {
        for row in &mut fetched.rows {
            let values = row.values.as_mut().unwrap();
            values.low = "0.5".parse().unwrap();
        }
        Ok(fetched)
    });
    let (state, bars, told) = ended(&rig).await;
    assert_eq!((state, bars), (RunState::Partial, 10));
    assert!(told.contains("with other values than the page before"), "{told}");
}

#[tokio::test]
async fn a_provider_that_leads_nowhere_is_not_asked_for_ever() {
    let rig = two_months();
    for call in 1..100 {
        rig.provider.twist_at(call, |mut fetched| {
            fetched.rows.truncate(1);
            fetched.covered = TimeRange::new(at("2020-01-10"), at("2020-01-11")).ok();
            Ok(fetched)
        });
    }
    let (state, bars, told) = ended(&rig).await;
    assert_eq!((state, bars), (RunState::Partial, 10));
    assert!(told.contains("leads nowhere from 2020-01-11T00:00:00Z on"), "{told}");
    assert_eq!(rig.provider.ranges().len(), 2);
}

#[tokio::test]
async fn an_answer_that_speaks_for_nothing_ends_the_run_with_what_came() {
    let rig = two_months();
    rig.provider.twist_at(1, |mut fetched| {
        fetched.covered = None;
        Ok(fetched)
    });
    let (state, bars, told) = ended(&rig).await;
    assert_eq!((state, bars), (RunState::Partial, 19));
    assert!(
        told.contains("says nothing about the time from 2020-01-11T00:00:00Z on"),
        "{told}"
    );
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, ["..2020-01-11"]);
}

#[tokio::test]
async fn a_start_before_the_look_back_leaves_the_run_partial() {
    let rig = two_months();
    rig.provider.declare(|capabilities| {
        for offered in &mut capabilities.intervals {
            offered.look_back = Some(time::Duration::days(30));
        }
    });
    let run = rig.run(&from("2020-01-15", daily())).await;
    assert_eq!((run.state, run.counts.inserted), (RunState::Partial, 29));
    assert_eq!(
        run.error.unwrap(),
        "[2020-01-15T00:00:00Z, 2020-01-31T12:00:00Z) lies before what the provider goes back to: it was not asked for"
    );
    let open = rig.run(&daily()).await;
    assert_eq!((open.state, open.error), (RunState::Succeeded, None));
}

#[tokio::test]
async fn an_answer_that_begins_late_leaves_the_run_partial_unless_the_start_is_open() {
    let late = |rig: &Rig| {
        rig.provider.page_by(Page::Whole);
        rig.provider.twist_at(0, |mut fetched| {
            fetched.rows.drain(..20);
            fetched.covered = TimeRange::new(at("2020-01-21"), fetched.covered.unwrap().end()).ok();
            Ok(fetched)
        });
    };
    let rig = two_months();
    late(&rig);
    let run = rig.run(&from("2020-01-01", daily())).await;
    assert_eq!((run.state, run.counts.inserted), (RunState::Partial, 40));
    assert_eq!(
        run.error.unwrap(),
        "the provider's answer passed over [2020-01-01T00:00:00Z, 2020-01-21T00:00:00Z)"
    );
    assert_eq!(
        rig.covered("BTC-USD", Interval::OneDay).await,
        ["2020-01-21..2020-03-01"]
    );

    let rig = two_months();
    late(&rig);
    assert_eq!(ended(&rig).await, (RunState::Succeeded, 40, String::new()));
}

#[tokio::test]
async fn a_provider_without_bars_is_answered_and_confirms_nothing() {
    let rig = two_months();
    rig.provider.have_bars(&symbol("BTC-USD"), Interval::OneDay, []);
    assert_eq!(ended(&rig).await, (RunState::Succeeded, 0, String::new()));
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, [""; 0]);
}

#[tokio::test]
async fn a_provider_that_lost_its_key_since_fails_the_run_with_the_setting() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    let locked = crate::NewRun {
        series: run.series,
        source: "locked".parse().unwrap(),
        asked: TimeRange::ALL,
        refresh: false,
    };
    let request = crate::RunRequest {
        runs: vec![locked],
        key: None,
    };
    let requested = rig.store.request(request).await.unwrap();
    let ended = rig.execute(requested[0].run.id).await.unwrap();
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(
        ended.error.unwrap(),
        "locked cannot be asked yet: set providers.locked.api_key"
    );
}

#[tokio::test]
async fn a_store_that_is_away_leaves_the_run_to_its_lease() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    let mut prices = crate::mock::MockPriceRepository::new();
    let away = || PriceRepositoryError::Unavailable("connection refused".into());
    prices.expect_merge().once().returning(move |_| Err(away()));
    let error = rig
        .with_prices(Arc::new(prices))
        .execute(run.id, &|_| {})
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "the store is unavailable");
    let left = rig.run_of(run.id).await;
    assert_eq!((left.state, left.error), (RunState::Running, None));
}

#[tokio::test]
async fn bars_that_do_not_belong_into_the_series_fail_the_run() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    let mut prices = crate::mock::MockPriceRepository::new();
    let refused = |batch: crate::MergeBatch| PriceRepositoryError::GridMismatch {
        series: batch.series,
        stored: 0,
        given: 30,
    };
    prices.expect_merge().once().returning(move |batch| Err(refused(batch)));
    let ended = rig
        .with_prices(Arc::new(prices))
        .execute(run.id, &|_| {})
        .await
        .unwrap();
    assert_eq!(ended.state, RunState::Failed);
    assert!(
        ended
            .error
            .unwrap()
            .starts_with("the hourly bars of the series open 0 minutes past the hour")
    );
}
