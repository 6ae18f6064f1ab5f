use proptest::prelude::*;

use super::*;
use crate::{AssetClass, BarValues, InstrumentId, Interval, SeriesKey};

const SERIES: SeriesKey = SeriesKey {
    instrument: InstrumentId(1),
    interval: Interval::OneDay,
};

fn source(name: &str) -> SourceName {
    name.parse().unwrap()
}

fn bar(day: i64, close: &str) -> Bar {
    let price = close.parse().unwrap();
    let values = BarValues {
        opened_at: Timestamp::from_unix_seconds(day * 86_400).unwrap(),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: "100".parse().unwrap(),
        trade_count: None,
        vwap: None,
    };
    Bar::new(values, AssetClass::Stock).unwrap()
}

fn with_trades(bar: Bar, trade_count: u64) -> Bar {
    Bar::new(
        BarValues {
            trade_count: Some(trade_count),
            ..bar.into_values()
        },
        AssetClass::Stock,
    )
    .unwrap()
}

fn store(bars: impl IntoIterator<Item = (Bar, &'static str)>) -> BTreeMap<Timestamp, MarketPrice> {
    bars.into_iter()
        .map(|(bar, name)| {
            let recorded_at = Timestamp::from_unix_seconds(0).unwrap();
            let price = MarketPrice {
                series: SERIES,
                source: source(name),
                recorded_at,
                provisional: false,
                bar,
            };
            (price.bar.opened_at(), price)
        })
        .collect()
}

fn yahoo_over_file() -> Precedence {
    Precedence::new(vec![source("yahoo"), source("file")])
}

fn decide(new: Bar, from: &str, old: Bar, by: &'static str) -> MergePlan {
    plan(
        vec![new],
        &source(from),
        &store([(old, by)]),
        Tolerance::Exact,
        &yahoo_over_file(),
    )
}

#[test]
fn an_equal_bar_with_another_text_is_left_alone() {
    let decided = decide(bar(1, "187.1"), "file", bar(1, "187.10"), "file");
    assert_eq!(
        (decided.unchanged, decided.restatements.len(), decided.confirmed.len()),
        (1, 0, 0)
    );
}

#[test]
fn a_higher_source_confirms_and_takes_the_provenance() {
    let decided = decide(bar(1, "187.1"), "yahoo", bar(1, "187.1"), "file");
    assert_eq!((decided.unchanged, decided.confirmed.len()), (1, 1));
}

#[test]
fn a_lower_source_never_overrides() {
    let decided = decide(bar(1, "190"), "file", bar(1, "187.1"), "yahoo");
    assert_eq!((decided.discrepancies.len(), decided.restatements.len()), (1, 0));
}

#[test]
fn unlisted_sources_are_equal_and_override_each_other() {
    let decided = decide(bar(1, "190"), "api", bar(1, "187.1"), "binance");
    assert_eq!(decided.restatements.len(), 1);
}

#[test]
fn what_a_source_does_not_state_is_neither_compared_nor_erased() {
    let stated = with_trades(bar(1, "187.1"), 42);
    assert_eq!(decide(bar(1, "187.1"), "file", stated.clone(), "file").unchanged, 1);
    let restated = decide(bar(1, "190"), "file", stated, "file").restatements;
    assert_eq!(restated[0].new.trade_count(), Some(42));
}

#[test]
fn newly_stated_fields_restate_unless_the_source_is_outranked() {
    assert_eq!(
        decide(with_trades(bar(1, "187.1"), 42), "file", bar(1, "187.1"), "file")
            .restatements
            .len(),
        1
    );
    assert_eq!(
        decide(with_trades(bar(1, "187.1"), 42), "file", bar(1, "187.1"), "yahoo").unchanged,
        1
    );
}

#[test]
fn the_last_of_several_wins_and_the_others_are_counted() {
    let decided = plan(
        vec![bar(1, "1"), bar(2, "5"), bar(1, "2")],
        &source("file"),
        &store([]),
        Tolerance::Exact,
        &Precedence::default(),
    );
    assert_eq!(decided.duplicates, 1);
    assert_eq!(decided.inserts, [bar(1, "2"), bar(2, "5")]);
}

#[test]
fn a_float32_neighbour_is_the_same_price() {
    // 27.440000534057617 is the float32 nearest to 27.44 (AMZN at Yahoo, 2013); its neighbour lies 1.9e-6 further.
    let within = |text: &str| {
        equal_within(
            Decimal::parse("27.44").unwrap(),
            Decimal::parse(text).unwrap(),
            Tolerance::Float32,
        )
    };
    assert!(within("27.440000534057617"));
    assert!(within("27.4400024"));
    assert!(!within("27.44001"));
}

proptest! {
    /// Applying the batches of any cut of the same bars gives the same current values.
    #[test]
    fn any_batching_gives_the_same_bars(
        closes in prop::collection::vec((1_i64..20, 1_u32..5), 1..60),
        cut in 1_usize..10,
    ) {
        let bars: Vec<Bar> = closes.iter().map(|(day, close)| bar(*day, &close.to_string())).collect();
        let apply = |batches: Vec<Vec<Bar>>| {
            let mut current = BTreeMap::new();
            for batch in batches {
                let size = batch.len();
                let decided = plan(batch, &source("file"), &current, Tolerance::Exact, &Precedence::default());
                let handled = decided.inserts.len() + decided.restatements.len() + decided.discrepancies.len();
                prop_assert_eq!(u64::try_from(handled).unwrap() + decided.unchanged + decided.duplicates, u64::try_from(size).unwrap());
                let written = decided.inserts.into_iter().chain(decided.restatements.into_iter().map(|r| r.new));
                current.extend(store(written.map(|bar| (bar, "file"))));
            }
            Ok(current)
        };
        let whole = apply(vec![bars.clone()])?;
        let cut_up = apply(bars.chunks(cut).map(<[Bar]>::to_vec).collect())?;
        prop_assert_eq!(whole, cut_up);
    }

    /// What was merged decides nothing to write when it comes again, whoever sent it the first time.
    #[test]
    fn merging_again_writes_nothing(
        closes in prop::collection::vec((1_i64..20, 1_u32..5), 1..60),
        trusted in any::<bool>(),
    ) {
        let bars: Vec<Bar> = closes.iter().map(|(day, close)| bar(*day, &close.to_string())).collect();
        let precedence = if trusted { yahoo_over_file() } else { Precedence::default() };
        let first = plan(bars.clone(), &source("file"), &BTreeMap::new(), Tolerance::Exact, &precedence);
        let stored = store(first.inserts.into_iter().map(|bar| (bar, "file")));
        let again = plan(bars, &source("file"), &stored, Tolerance::Exact, &precedence);
        prop_assert_eq!(again.unchanged, u64::try_from(stored.len()).unwrap());
        prop_assert_eq!(
            (again.inserts.len(), again.restatements.len(), again.confirmed.len(), again.discrepancies.len()),
            (0, 0, 0, 0)
        );
    }
}
