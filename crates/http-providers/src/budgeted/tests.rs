//! Time stands still but for the sleeps: the runtime turns its clock to the next one.

use domain::mock::MockMarketDataProvider;
use domain::{AssetClass, Interval};

use super::*;
use crate::testing::{everything, instrument};

fn settings(per_minute: u32, per_day: u32) -> BudgetSettings {
    BudgetSettings::of(per_minute, per_day)
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[tokio::test(start_paused = true)]
async fn waits_for_the_minute() {
    let budget = Budget::new(settings(2, 0));
    let started = Instant::now();
    for _ in 0..2 {
        budget.take(one()).await.unwrap();
    }
    assert_eq!(started.elapsed(), Duration::ZERO, "a full bucket is spent at once");
    budget.take(one()).await.unwrap();
    assert!(
        started.elapsed() >= Duration::from_secs(30),
        "then one comes back every half minute"
    );
}

#[tokio::test(start_paused = true)]
async fn fails_when_the_wait_would_be_too_long() {
    let budget = Budget::new(BudgetSettings {
        longest_wait: Duration::from_secs(10),
        ..settings(1, 0)
    });
    budget.take(one()).await.unwrap();
    let error = budget.take(one()).await.unwrap_err();
    assert!(
        matches!(error, ProviderError::RateLimited { retry_after: Some(wait) } if wait == MINUTE),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn never_waits_for_the_next_day() {
    let budget = Budget::new(settings(0, 2));
    for _ in 0..2 {
        budget.take(one()).await.unwrap();
    }
    let error = budget.take(one()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "quota exhausted, ask again in 43200 s: our own budget of 2 a day"
    );
    assert!(!error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn says_what_is_left() {
    let budget = Budget::new(settings(5, 25));
    budget.take(NonZeroU32::new(2).unwrap()).await.unwrap();
    let left: Vec<_> = budget
        .left()
        .iter()
        .map(|left| (left.left, left.limit, left.per))
        .collect();
    assert_eq!(left, [(3, 5, MINUTE), (23, 25, DAY)]);
}

#[tokio::test(start_paused = true)]
async fn what_came_back_since_the_last_call_is_left_too() {
    let budget = Budget::new(settings(6, 0));
    budget.take(NonZeroU32::new(5).unwrap()).await.unwrap();
    let left = |budget: &Budget| budget.left()[0].left;
    assert_eq!(left(&budget), 1);
    tokio::time::advance(Duration::from_secs(19)).await;
    assert_eq!(left(&budget), 2, "one every ten seconds");
    tokio::time::advance(Duration::from_secs(3_600)).await;
    assert_eq!(left(&budget), 6, "never more than the bucket holds");
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_the_whole_budget_is_refused() {
    let error = Budget::new(settings(5, 0))
        .take(NonZeroU32::new(20).unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "not offered: this costs 20 of a budget of 5: raise the budget"
    );
}

#[tokio::test(start_paused = true)]
async fn providers_with_one_key_spend_from_one_budget_and_each_call_its_cost() {
    let provider = || {
        let mut provider = MockMarketDataProvider::new();
        provider
            .expect_fetch_corporate_actions()
            .times(1)
            .returning(|_, _| Ok(Vec::new()));
        provider.expect_budgets().returning(Vec::new);
        provider
    };
    let budget = Arc::new(Budget::new(settings(6, 0)));
    let costs = CallCosts {
        actions: NonZeroU32::new(2).unwrap(),
        ..CallCosts::ONE_EACH
    };
    let first = Budgeted::new(provider(), Arc::clone(&budget), costs);
    let second = Budgeted::new(provider(), Arc::clone(&budget), costs);
    let apple = instrument("AAPL", AssetClass::Stock);
    for provider in [&first, &second] {
        provider
            .fetch_corporate_actions(&apple.details.symbol, &apple)
            .await
            .unwrap();
    }
    assert_eq!(second.budgets()[0].left, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_the_budget_is_not_asked() {
    let mut provider = MockMarketDataProvider::new();
    provider.expect_fetch_bars().never();
    let budget = Budget::new(settings(0, 1));
    budget.take(one()).await.unwrap();
    let provider = Budgeted::new(provider, Arc::new(budget), CallCosts::ONE_EACH);
    let asked = everything("AAPL", AssetClass::Stock, Interval::OneDay);
    let error = provider.fetch_bars(&asked).await.unwrap_err();
    assert!(matches!(error, ProviderError::QuotaExhausted { .. }), "{error}");
}
