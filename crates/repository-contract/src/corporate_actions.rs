//! Splits and dividends with their history.

use domain::{
    ActionBatch, ChangeKind, CorporateAction, CorporateActionKind, CorporateActionRepositoryError, InstrumentId,
    Interval, MergeCounts, Precedence, RecordedAction, SeriesKey, SplitRatio, Timestamp,
};
use time::{Date, Duration, Month};

use crate::Fixture;
use crate::bars::{daily, source};

/// A date of 2020 or another year.
fn date(year: i32, month: Month, day: u8) -> Date {
    Date::from_calendar_date(year, month, day).unwrap()
}

/// Apple's split of 2020-08-31, 4 for 1 unless told otherwise.
fn split(new_shares: u64) -> CorporateAction {
    CorporateAction::Split {
        ex_date: date(2020, Month::August, 31),
        ratio: SplitRatio::new(new_shares, 1).unwrap(),
    }
}

/// Apple's dividend of 2020-08-07, 0.82 USD unless told otherwise.
fn dividend(amount: &str) -> CorporateAction {
    let ex_date = date(2020, Month::August, 7);
    CorporateAction::dividend(ex_date, amount.parse().unwrap(), "USD".parse().unwrap()).unwrap()
}

async fn tell(fixture: &Fixture, name: &str, instrument: InstrumentId, actions: &[CorporateAction]) -> MergeCounts {
    let batch = ActionBatch {
        instrument,
        actions: actions.to_vec(),
        source: source(name),
        complete: false,
        precedence: Precedence::new(vec![source("yahoo"), source("file")]),
    };
    fixture.actions().merge(batch).await.unwrap()
}

/// All actions at an instant, or now, as texts such as `dividend 0.82 yahoo`.
async fn told(fixture: &Fixture, instrument: InstrumentId, as_of: Option<Timestamp>) -> Vec<String> {
    let actions = fixture.actions().list(instrument, as_of).await.unwrap();
    let text = |recorded: &RecordedAction| match &recorded.action {
        CorporateAction::Split { ratio, .. } => {
            format!(
                "split {}:{} {}",
                ratio.new_shares(),
                ratio.old_shares(),
                recorded.source
            )
        }
        CorporateAction::Dividend { amount, currency, .. } => {
            format!("dividend {amount} {currency} {}", recorded.source)
        }
    };
    actions.iter().map(text).collect()
}

fn counts(inserted: u64, updated: u64, unchanged: u64) -> MergeCounts {
    MergeCounts {
        inserted,
        updated,
        unchanged,
        ..MergeCounts::default()
    }
}

/// Actions come back by ex-date, with their source and stamp.
pub async fn keeps_actions_by_ex_date(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    assert_eq!(
        tell(fixture, "yahoo", apple, &[split(4), dividend("0.820")]).await,
        counts(2, 0, 0)
    );
    assert_eq!(
        told(fixture, apple, None).await,
        ["dividend 0.820 USD yahoo", "split 4:1 yahoo"]
    );
    let recorded = fixture.actions().list(apple, None).await.unwrap();
    assert!(
        recorded
            .iter()
            .all(|one| one.instrument == apple && one.recorded_at == fixture.now())
    );
    let other = fixture.stock("MSFT").await;
    assert_eq!(told(fixture, other, None).await, Vec::<String>::new());
}

/// A split and a dividend of one date are two actions, the split first.
pub async fn a_split_and_a_dividend_may_share_a_date(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    let ex_date = date(2020, Month::August, 31);
    let paid = CorporateAction::dividend(ex_date, "0.1".parse().unwrap(), "USD".parse().unwrap()).unwrap();
    tell(fixture, "yahoo", apple, &[paid, split(4)]).await;
    assert_eq!(
        told(fixture, apple, None).await,
        ["split 4:1 yahoo", "dividend 0.1 USD yahoo"]
    );
}

/// The same actions again change nothing: no version, no time, no text.
pub async fn the_same_actions_again_change_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture
        .merge_from("yahoo", series, [daily("2020-08-28", "499.23")])
        .await;
    tell(fixture, "yahoo", series.instrument, &[split(4), dividend("0.82")]).await;
    let before = (
        fixture.picture(series).await,
        fixture.actions().list(series.instrument, None).await.unwrap(),
    );
    fixture.advance(Duration::hours(1));
    let again = tell(fixture, "yahoo", series.instrument, &[split(4), dividend("0.820")]).await;
    assert_eq!(again, counts(0, 0, 2));
    let after = (
        fixture.picture(series).await,
        fixture.actions().list(series.instrument, None).await.unwrap(),
    );
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
}

/// Of several of one kind and date in a batch the last wins.
pub async fn the_last_of_several_wins(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    let counted = tell(fixture, "yahoo", apple, &[dividend("0.81"), dividend("0.82")]).await;
    assert_eq!((counted.inserted, counted.duplicate), (1, 1));
    assert_eq!(told(fixture, apple, None).await, ["dividend 0.82 USD yahoo"]);
}

/// A restated action is seen as of an earlier instant as it was then, so that adjustment does not look ahead.
pub async fn a_restated_action_is_seen_as_of_earlier(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    let nothing = fixture.now();
    let first = fixture.advance(Duration::hours(1));
    tell(fixture, "yahoo", apple, &[dividend("3.28")]).await;
    let second = fixture.advance(Duration::hours(1));
    assert_eq!(
        tell(fixture, "yahoo", apple, &[dividend("0.82"), split(4)]).await,
        counts(1, 1, 0)
    );
    let just_before = second.checked_add(Duration::microseconds(-1)).unwrap();
    for at in [first, just_before] {
        assert_eq!(
            told(fixture, apple, Some(at)).await,
            ["dividend 3.28 USD yahoo"],
            "as of {at}"
        );
    }
    assert_eq!(told(fixture, apple, Some(nothing)).await, Vec::<String>::new());
    assert_eq!(
        told(fixture, apple, Some(second)).await,
        ["dividend 0.82 USD yahoo", "split 4:1 yahoo"]
    );
}

/// Stamps of actions grow also when the clock stands still or goes back: every state can be told apart.
pub async fn stamps_grow_when_the_clock_does_not(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    let mut seen = Vec::new();
    for (amount, pause) in [("1", 0), ("2", 0), ("3", -3600)] {
        fixture.advance(Duration::seconds(pause));
        tell(fixture, "yahoo", apple, &[dividend(amount)]).await;
        let recorded = fixture.actions().list(apple, None).await.unwrap();
        seen.push((recorded.first().unwrap().recorded_at, told(fixture, apple, None).await));
    }
    assert!(seen.is_sorted_by(|earlier, later| earlier.0 < later.0));
    for (at, actions) in seen {
        assert_eq!(told(fixture, apple, Some(at)).await, actions);
    }
}

/// A change of actions gives every series of the instrument a new version with one stamp, and a line in the journal.
pub async fn a_change_renews_every_series_with_one_stamp(fixture: &Fixture) {
    let daily_bars = fixture.daily_series("AAPL").await;
    let weekly_bars = SeriesKey {
        interval: Interval::OneWeek,
        ..daily_bars
    };
    let others = fixture.daily_series("MSFT").await;
    for series in [daily_bars, weekly_bars, others] {
        fixture
            .merge_from("yahoo", series, [daily("2020-08-24", "503.43")])
            .await;
    }
    // The daily series is ahead of the clock.
    for price in ["503", "504"] {
        fixture
            .merge_from("yahoo", daily_bars, [daily("2020-08-24", price)])
            .await;
    }
    let ahead = fixture.line(daily_bars).await.updated_at;
    tell(fixture, "yahoo", daily_bars.instrument, &[split(4)]).await;

    let lines = [fixture.line(daily_bars).await, fixture.line(weekly_bars).await];
    assert_eq!(lines.clone().map(|line| line.version), [4, 2]);
    let stamps = lines.map(|line| line.updated_at);
    assert_eq!(stamps, [ahead.next(), ahead.next()]);
    for series in [daily_bars, weekly_bars] {
        let last = fixture.journal(series).await.pop().unwrap();
        assert_eq!(
            (last.kind, last.changed_at),
            (ChangeKind::CorporateActions, ahead.next())
        );
        assert_eq!(last.version, fixture.line(series).await.version);
    }
    assert_eq!(fixture.line(others).await.version, 1);
    let recorded = fixture.actions().list(daily_bars.instrument, None).await.unwrap();
    assert_eq!(recorded.first().unwrap().recorded_at, ahead.next());
}

/// An action that is taken out is gone, and still seen as of an earlier instant.
pub async fn a_removed_action_is_seen_as_of_earlier(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture
        .merge_from("yahoo", series, [daily("2020-08-28", "499.23")])
        .await;
    let apple = series.instrument;
    tell(fixture, "yahoo", apple, &[split(4), dividend("0.82")]).await;
    let before = fixture.line(series).await;
    fixture.advance(Duration::hours(1));
    let remove = async |day| {
        let ex_date = date(2020, Month::August, day);
        fixture
            .actions()
            .remove(apple, CorporateActionKind::Split, ex_date)
            .await
            .unwrap()
    };
    assert!(!remove(7).await, "a dividend is no split");
    assert_eq!(fixture.line(series).await, before);
    assert!(remove(31).await);
    assert!(!remove(31).await, "it is gone already");
    assert_eq!(told(fixture, apple, None).await, ["dividend 0.82 USD yahoo"]);
    let then = told(fixture, apple, Some(before.updated_at)).await;
    assert_eq!(then, ["dividend 0.82 USD yahoo", "split 4:1 yahoo"]);
    assert_eq!(fixture.line(series).await.version, before.version + 1);
}

/// An action that comes again after its removal is new, and between the two there was none.
pub async fn a_removed_action_can_come_again(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    let ex_date = date(2020, Month::August, 31);
    tell(fixture, "yahoo", apple, &[split(4)]).await;
    let gone = fixture.advance(Duration::hours(1));
    assert!(
        fixture
            .actions()
            .remove(apple, CorporateActionKind::Split, ex_date)
            .await
            .unwrap()
    );
    fixture.advance(Duration::hours(1));
    assert_eq!(tell(fixture, "file", apple, &[split(4)]).await, counts(1, 0, 0));
    assert_eq!(told(fixture, apple, Some(gone)).await, Vec::<String>::new());
    assert_eq!(told(fixture, apple, None).await, ["split 4:1 file"]);
}

/// A source of lower precedence changes nothing; a higher one overrides; equals override each other.
pub async fn precedence_holds_for_actions_too(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    tell(fixture, "file", apple, &[split(5)]).await;
    assert_eq!(tell(fixture, "api", apple, &[split(6)]).await.discrepant, 1);
    assert_eq!(told(fixture, apple, None).await, ["split 5:1 file"]);
    assert_eq!(tell(fixture, "yahoo", apple, &[split(4)]).await.updated, 1);
    let unmoved = tell(fixture, "file", apple, &[split(5), dividend("0.82")]).await;
    assert_eq!((unmoved.discrepant, unmoved.inserted), (1, 1));
    assert_eq!(
        told(fixture, apple, None).await,
        ["dividend 0.82 USD file", "split 4:1 yahoo"]
    );
}

/// Splits count as known since a source last gave all it knows, also when that was nothing new.
pub async fn completeness_is_remembered(fixture: &Fixture) {
    let apple = fixture.stock("AAPL").await;
    tell(fixture, "yahoo", apple, &[split(4)]).await;
    assert_eq!(fixture.actions().complete_since(apple).await.unwrap(), None);
    for actions in [vec![split(4)], Vec::new()] {
        let now = fixture.advance(Duration::hours(1));
        let batch = ActionBatch {
            instrument: apple,
            actions,
            source: source("yahoo"),
            complete: true,
            precedence: Precedence::default(),
        };
        fixture.actions().merge(batch).await.unwrap();
        assert_eq!(fixture.actions().complete_since(apple).await.unwrap(), Some(now));
    }
    let last = fixture.now();
    fixture.advance(Duration::hours(1));
    tell(fixture, "file", apple, &[dividend("0.82")]).await;
    assert_eq!(fixture.actions().complete_since(apple).await.unwrap(), Some(last));
    assert_eq!(
        fixture.actions().complete_since(InstrumentId(4711)).await.unwrap(),
        None
    );
}

/// Actions of an instrument that does not exist are refused.
pub async fn an_unknown_instrument_is_refused(fixture: &Fixture) {
    let nobody = InstrumentId(4711);
    let batch = ActionBatch {
        instrument: nobody,
        actions: vec![split(4)],
        source: source("yahoo"),
        complete: true,
        precedence: Precedence::default(),
    };
    let refused = |error: CorporateActionRepositoryError| {
        matches!(
            error,
            CorporateActionRepositoryError::UnknownInstrument(InstrumentId(4711))
        )
    };
    assert!(refused(fixture.actions().merge(batch).await.unwrap_err()));
    let ex_date = date(2020, Month::August, 31);
    assert!(refused(
        fixture
            .actions()
            .remove(nobody, CorporateActionKind::Split, ex_date)
            .await
            .unwrap_err()
    ));
    assert_eq!(fixture.actions().list(nobody, None).await.unwrap(), []);
}
