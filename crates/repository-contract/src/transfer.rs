//! Everything carried over to another store, exactly.

mod batches;
mod free_text;

use std::ops::ControlFlow;
use std::sync::Arc;

use domain::copy_store::{CopiedPart, CopyError, CopyProgress, CopyStage, CopyStore, LineHash};
use domain::fake::InMemoryStore;
use domain::{
    Counter, CounterRecord, InstrumentRecord, Interval, MarketPrice, MergeBatch, Part, Record, RecordKey, RunFilter,
    SeriesKey, StoreTransferError, Timestamp,
};
use time::Duration;

pub use batches::many_records_are_written_also_where_some_are_there;
pub use free_text::text_that_only_some_stores_can_keep_is_copied;

use crate::bars::{daily, day, digits, opening_at, source};
use crate::cancellation::poll_and_drop;
use crate::fixture::PLENTY;
use crate::quarantine::rejected;
use crate::{Fixture, rich_history};

/// A store in memory whose clock shows what the other one shows.
fn in_memory(beside: &Fixture) -> Fixture {
    let clock = Fixture::clock_at_start();
    clock.set(beside.now());
    Fixture::new(Arc::new(InMemoryStore::new(clock.clone())), clock)
}

/// Gathers the lines themselves: contracts need no hash.
#[derive(Default)]
struct Lines(Vec<String>);

impl LineHash for Lines {
    fn take(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    fn finish(self: Box<Self>) -> String {
        self.0.join("\n")
    }
}

async fn copy_watched(
    from: &Fixture,
    to: &Fixture,
    page: usize,
    watch: &mut (dyn FnMut(CopyProgress) -> ControlFlow<()> + Send),
) -> Result<Vec<CopiedPart>, CopyError> {
    CopyStore::new(from.store(), to.store())
        .in_pages_of(page)
        .copy(&|| Box::<Lines>::default(), watch)
        .await
}

async fn copy(from: &Fixture, to: &Fixture) -> Vec<CopiedPart> {
    copy_watched(from, to, 3, &mut |_| ControlFlow::Continue(()))
        .await
        .unwrap()
}

/// All records of a part, read in pages of that many.
async fn records(store: &Fixture, part: Part, page: usize) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let after = all.last().map(Record::key);
        let records = store.transfer().read_part(part, after, page).await.unwrap();
        assert!(records.len() <= page && records.iter().all(|record| record.part() == part));
        if records.is_empty() {
            return all;
        }
        all.extend(records);
    }
}

/// Every record of every part, as a line.
async fn lines(store: &Fixture) -> Vec<String> {
    let mut lines = Vec::new();
    for part in Part::ALL {
        lines.extend(records(store, part, PLENTY).await.iter().map(Record::line));
    }
    lines
}

/// What readers of the other ports see of everything, digit for digit.
async fn seen(store: &Fixture) -> String {
    let mut seen = format!(
        "{:#?}\n",
        store.runs().list(&RunFilter::default(), PLENTY, None).await.unwrap()
    );
    for series in store.catalogue().list(PLENTY, None).await.unwrap() {
        seen += &store.picture(series.key).await;
        seen += &format!("{:#?}\n", store.coverage().covered(series.key).await.unwrap());
        for entry in store.journal(series.key).await {
            seen += &digits(&store.bars_as_of(series.key, entry.changed_at).await);
            let actions = store.actions();
            let instrument = series.key.instrument;
            seen += &format!(
                "{:#?}\n{:#?}\n{:#?}\n",
                store.instruments().get(instrument).await.unwrap(),
                actions.list(instrument, Some(entry.changed_at)).await.unwrap(),
                actions.complete_since(instrument).await.unwrap()
            );
        }
    }
    seen
}

/// Nothing is left out of the history, so that nothing is left out of the copy unseen.
async fn assert_something_of_everything(store: &Fixture) {
    for part in Part::ALL {
        assert_ne!(records(store, part, PLENTY).await, [], "{part}");
    }
}

/// What is copied from this store into another is the same there, with all ids, stamps, versions and digits.
pub async fn everything_is_copied_out_digit_for_digit(fixture: &Fixture) {
    rich_history::write(fixture).await;
    assert_something_of_everything(fixture).await;
    let elsewhere = in_memory(fixture);
    let parts = copy(fixture, &elsewhere).await;
    assert!(parts.iter().all(|part| part.copied > 0), "{parts:#?}");
    assert_eq!(lines(&elsewhere).await, lines(fixture).await);
    assert_eq!(seen(&elsewhere).await, seen(fixture).await);
    assert_eq!(elsewhere.care().verify().await.unwrap().violations, []);
}

/// What is copied from another store into this one is the same here.
pub async fn everything_is_copied_in_digit_for_digit(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    rich_history::write(&elsewhere).await;
    assert_something_of_everything(&elsewhere).await;
    copy(&elsewhere, fixture).await;
    assert_eq!(lines(fixture).await, lines(&elsewhere).await);
    assert_eq!(seen(fixture).await, seen(&elsewhere).await);
}

/// Pages lose and repeat none, whatever their size, in the order of the keys; counts are those of the records.
pub async fn pages_of_any_size_give_the_same_records(fixture: &Fixture) {
    rich_history::write(fixture).await;
    for part in Part::ALL {
        let whole = records(fixture, part, PLENTY).await;
        let keys: Vec<RecordKey> = whole.iter().map(Record::key).collect();
        assert!(keys.is_sorted_by(|earlier, later| earlier < later), "{part}: {keys:#?}");
        for page in [1, 2, 3, 7] {
            assert_eq!(records(fixture, part, page).await, whole, "{part} by {page}");
        }
        let counted = fixture.transfer().count_part(part).await.unwrap();
        assert!(
            counted.is_none_or(|counted| usize::try_from(counted).unwrap() == whole.len()),
            "{part}: {counted:?}"
        );
    }
}

/// The same records again change nothing, and neither do others with the same keys.
pub async fn the_same_records_again_change_nothing(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    let series = rich_history::write(&elsewhere).await;
    copy(&elsewhere, fixture).await;
    let before = (lines(fixture).await, seen(fixture).await);
    for part in Part::ALL {
        let batch = records(&elsewhere, part, PLENTY).await;
        fixture.transfer().write_records(batch).await.unwrap();
    }
    let other = Record::Bar(MarketPrice {
        series,
        bar: daily("2024-01-02", "1"),
        source: source("other"),
        recorded_at: Timestamp::MAX,
        provisional: false,
    });
    let lower = Record::Counter(CounterRecord {
        counter: Counter::Journal,
        last: 1,
    });
    fixture.transfer().write_records(vec![other, lower]).await.unwrap();
    fixture.transfer().write_records(Vec::new()).await.unwrap();
    assert_eq!((lines(fixture).await, seen(fixture).await), before);
    assert!(copy(&elsewhere, fixture).await.iter().all(|part| part.copied == 0));
}

/// A copy that is stopped after each page goes on where it was, until it is whole.
pub async fn an_interrupted_copy_goes_on(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    rich_history::write(&elsewhere).await;
    let mut pages = 0;
    for part in Part::ALL {
        pages += records(&elsewhere, part, PLENTY).await.len().div_ceil(4);
    }
    for page in 0..pages {
        let mut written = false;
        let stopped = copy_watched(&elsewhere, fixture, 4, &mut |progress| {
            written |= progress.stage == CopyStage::Copying;
            if written {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .await;
        assert!(
            matches!(stopped, Err(CopyError::Stopped)),
            "page {page} of {pages}: {stopped:?}"
        );
    }
    // No page was written twice, so nothing is left.
    assert!(copy(&elsewhere, fixture).await.iter().all(|part| part.copied == 0));
    assert_eq!(lines(fixture).await, lines(&elsewhere).await);
    assert_eq!(seen(fixture).await, seen(&elsewhere).await);
}

/// Instruments, runs, bad rows and lines of the journal get numbers that were never given, not even to what is gone.
pub async fn numbers_given_afterwards_are_fresh(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    rich_history::write(&elsewhere).await;
    copy(&elsewhere, fixture).await;
    let mut last = Vec::new();
    for record in records(&elsewhere, Part::Counters, PLENTY).await {
        if let Record::Counter(record) = record {
            last.push(record.last);
        }
    }
    let series = fixture.daily_series("NEW").await;
    let run = fixture.runs().create(series, &source("file"), None).await.unwrap().id;
    let batch = MergeBatch {
        rejected: vec![rejected("new")],
        ..MergeBatch::of_bars(series, source("file"), vec![daily("2024-01-02", "1")])
    };
    fixture.merge(batch).await;
    let quarantined = fixture.quarantine().await.last().unwrap().id;
    let entry = fixture.journal(series).await.first().unwrap().id;
    for (given, last) in [series.instrument.0, run.0, quarantined, entry].into_iter().zip(&last) {
        assert!(given > *last, "{given} after {last}");
    }
}

/// A merge, a removal and an action after a copy do what they do in the source: the next version, the same stamps, the
/// same revisions.
pub async fn a_merge_after_a_copy_goes_on_where_the_source_was(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    let series = rich_history::write(&elsewhere).await;
    copy(&elsewhere, fixture).await;
    let before = fixture.line(series).await;
    // The clock of this store lags behind the stamps that came with the copy.
    let mut versions = Vec::new();
    for store in [&elsewhere, fixture] {
        store.advance(Duration::hours(-3));
        let merged = store
            .merge_from("file", series, [daily("2024-01-02", "1.0"), daily("2024-06-03", "2")])
            .await;
        assert_eq!((merged.counts.updated, merged.counts.inserted), (1, 1));
        versions.push(merged.version);
    }
    assert_eq!(versions, [before.version + 1, before.version + 1]);
    let told = async |store: &Fixture| {
        let line = store.line(series).await;
        let revisions = store.revisions(series).await.len();
        (
            line.version,
            line.count,
            line.partial_version,
            revisions,
            line.updated_at > before.updated_at,
        )
    };
    assert_eq!(told(fixture).await, told(&elsewhere).await);
    let journal = fixture.journal(series).await;
    assert_eq!(journal.last().unwrap().version, before.version + 1);
    assert!(journal.is_sorted_by(|earlier, later| earlier.id < later.id && earlier.changed_at < later.changed_at));
}

/// A target that holds anything but the beginning of a copy is refused, and nothing of it is touched.
pub async fn other_content_is_refused_and_left_alone(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    rich_history::write(&elsewhere).await;
    let series = fixture.daily_series("OTHER").await;
    fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    let before = lines(fixture).await;
    let refused = copy_watched(&elsewhere, fixture, 3, &mut |_| ControlFlow::Continue(()))
        .await
        .unwrap_err();
    match &refused {
        CopyError::OtherContent(difference) => assert_eq!(
            (difference.part, &difference.key),
            (Part::Instruments, &RecordKey::Number(series.instrument.0))
        ),
        other => panic!("{other:?}"),
    }
    assert_eq!(lines(fixture).await, before);
}

/// A record whose instrument or series is not there is refused, and with it all that came along.
pub async fn records_without_their_owner_are_refused_as_a_whole(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    rich_history::write(&elsewhere).await;
    let instruments = records(&elsewhere, Part::Instruments, PLENTY).await;
    let bars = records(&elsewhere, Part::Bars, PLENTY).await;
    let before = lines(fixture).await;
    let refused = fixture
        .transfer()
        .write_records(instruments.iter().chain(&bars).cloned().collect())
        .await;
    assert!(matches!(refused, Err(StoreTransferError::Refused(_))), "{refused:?}");
    for part in [Part::Runs, Part::Series, Part::Coverage, Part::Actions, Part::Journal] {
        let orphans = records(&elsewhere, part, PLENTY).await;
        let refused = fixture.transfer().write_records(orphans).await;
        assert!(
            matches!(refused, Err(StoreTransferError::Refused(_))),
            "{part}: {refused:?}"
        );
    }
    assert_eq!(lines(fixture).await, before);
}

/// A listing or a spelling that another instrument has is refused.
pub async fn what_only_one_may_have_is_refused(fixture: &Fixture) {
    rich_history::write(fixture).await;
    let apple = records(fixture, Part::Instruments, 1).await.swap_remove(0);
    let Record::Instrument(apple) = apple else {
        panic!("{apple:?}");
    };
    let before = lines(fixture).await;
    let mut same_listing = apple.clone();
    same_listing.instrument.id.0 = 700;
    same_listing.instrument.details.provider_symbols.clear();
    let mut same_spelling = apple;
    same_spelling.instrument.id.0 = 700;
    same_spelling.instrument.details.symbol = "OTHER".parse().unwrap();
    for record in [same_listing, same_spelling] {
        let record: InstrumentRecord = record;
        let refused = fixture.transfer().write_records(vec![Record::Instrument(record)]).await;
        assert!(matches!(refused, Err(StoreTransferError::Refused(_))), "{refused:?}");
    }
    assert_eq!(lines(fixture).await, before);
}

/// A page whose writing is dropped after any number of steps is there as a whole or not at all.
pub async fn a_write_that_is_dropped_leaves_all_or_nothing(fixture: &Fixture) {
    const BARS: i64 = 700;
    for polls in (0..8).chain([12, 20, 40]) {
        let series = SeriesKey {
            interval: Interval::OneMinute,
            ..fixture.daily_series(&format!("POLLS{polls}")).await
        };
        fixture
            .merge(MergeBatch::of_bars(
                series,
                source("file"),
                vec![opening_at(day("2024-01-01"), "1")],
            ))
            .await;
        let recorded_at = fixture.line(series).await.updated_at;
        let minutes = (1..=BARS).map(|minute| {
            Record::ProvisionalBar(MarketPrice {
                series,
                bar: opening_at(day("2024-01-01").checked_add(Duration::minutes(minute)).unwrap(), "1"),
                source: source("file"),
                recorded_at,
                provisional: true,
            })
        });
        poll_and_drop(fixture.transfer().write_records(minutes.collect()), polls).await;
        // A writer behind it waits for it, so from here on the outcome is settled.
        fixture.transfer().write_records(Vec::new()).await.unwrap();
        let there = fixture.bars_with_partial(series).await.len() - 1;
        assert!(there == 0 || there == 700, "{there} of {BARS} bars after {polls} polls");
    }
}
