use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use time::Duration;

use super::*;
use crate::fake::{InMemoryStore, ManualClock};
use crate::{
    AssetClass, Bar, BarValues, Counter, InstrumentDetails, InstrumentRepository, Interval, MergeBatch, Price,
    PriceRepository, SeriesKey, SourceName, Timestamp, Volume,
};

fn empty() -> Arc<InMemoryStore> {
    let clock = ManualClock::at("2024-06-03T12:00:00Z".parse().unwrap());
    Arc::new(InMemoryStore::new(Arc::new(clock)))
}

async fn instrument(store: &InMemoryStore, symbol: &str) -> crate::InstrumentId {
    let details = InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock);
    InstrumentRepository::create(store, details).await.unwrap().id
}

/// Days from 1970-01-01 on at one price.
async fn merge(store: &InMemoryStore, instrument: crate::InstrumentId, days: i64, price: &str) {
    let price: Price = price.parse().unwrap();
    let bars = (0..days).map(|day| {
        let values = BarValues {
            opened_at: Timestamp::from_unix_seconds(0)
                .unwrap()
                .checked_add(Duration::days(day))
                .unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
            trade_count: None,
            vwap: None,
        };
        Bar::new(values, AssetClass::Stock).unwrap()
    });
    let series = SeriesKey {
        instrument,
        interval: Interval::OneDay,
    };
    let batch = MergeBatch::of_bars(series, SourceName::file(), bars.collect());
    PriceRepository::merge(store, batch).await.unwrap();
}

/// Two instruments, of which one has ten bars with a former state each.
async fn filled() -> Arc<InMemoryStore> {
    let store = empty();
    let apple = instrument(&store, "AAPL").await;
    instrument(&store, "MSFT").await;
    merge(&store, apple, 10, "1.50").await;
    merge(&store, apple, 10, "2").await;
    store
}

/// No hash, and enough to see what was told: lines and bytes.
#[derive(Default)]
struct Lengths(usize, usize);

impl LineHash for Lengths {
    fn take(&mut self, line: &str) {
        self.0 += 1;
        self.1 += line.len();
    }

    fn finish(self: Box<Self>) -> String {
        format!("{} {}", self.0, self.1)
    }
}

fn lengths() -> Box<dyn LineHash> {
    Box::<Lengths>::default()
}

async fn copied(source: Arc<dyn StoreTransfer>, target: Arc<dyn StoreTransfer>) -> Result<Vec<CopiedPart>, CopyError> {
    CopyStore::new(source, target)
        .in_pages_of(3)
        .copy(&lengths, &mut |_| ControlFlow::Continue(()))
        .await
}

/// How many records were written, save for counters, which are there from the start.
fn written(parts: &[CopiedPart]) -> u64 {
    let parts = parts.iter().filter(|part| part.part != Part::Counters);
    parts.map(|part| part.copied).sum()
}

async fn lines(store: &dyn StoreTransfer) -> Vec<String> {
    let mut lines = Vec::new();
    for part in Part::ALL {
        let records = store.read_part(part, None, 1_000).await.unwrap();
        lines.extend(records.iter().map(Record::line));
    }
    lines
}

/// Takes so many pages and then fails.
struct Failing {
    store: Arc<InMemoryStore>,
    pages: AtomicUsize,
}

#[async_trait]
impl StoreTransfer for Failing {
    async fn read_part(
        &self,
        part: Part,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreTransferError> {
        self.store.read_part(part, after, limit).await
    }

    async fn write_records(&self, records: Vec<Record>) -> Result<(), StoreTransferError> {
        let left = self
            .pages
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |pages| pages.checked_sub(1));
        match left {
            Ok(_) => self.store.write_records(records).await,
            Err(_) => Err(StoreTransferError::Unavailable("the disk is full".into())),
        }
    }

    async fn count_part(&self, part: Part) -> Result<Option<u64>, StoreTransferError> {
        self.store.count_part(part).await
    }
}

#[tokio::test]
async fn a_copy_is_the_same_and_a_second_one_writes_nothing() {
    let (source, target) = (filled().await, empty());
    let parts = copied(source.clone(), target.clone()).await.unwrap();
    let bars = parts.iter().find(|part| part.part == Part::Bars).unwrap();
    assert_eq!((bars.records, bars.copied), (10, 10));
    assert!(bars.hash.starts_with("10 "), "{}", bars.hash);
    assert_eq!(lines(&*target).await, lines(&*source).await);

    let again = copied(source, target).await.unwrap();
    assert!(again.iter().all(|part| part.copied == 0), "{again:?}");
    let hashes = |parts: &[CopiedPart]| -> Vec<String> { parts.iter().map(|part| part.hash.clone()).collect() };
    assert_eq!(hashes(&again), hashes(&parts));
}

#[tokio::test]
async fn a_copy_that_broke_off_anywhere_goes_on_there() {
    let source = filled().await;
    let whole = written(&copied(source.clone(), empty()).await.unwrap());
    for pages in 0..12 {
        let store = empty();
        let failing = Failing {
            store: store.clone(),
            pages: AtomicUsize::new(pages),
        };
        let broken = copied(source.clone(), Arc::new(failing)).await;
        assert!(matches!(broken, Err(CopyError::Target(_))), "{pages}: {broken:?}");
        let there = lines(&*store).await.len() - Counter::ALL.len();
        let rest = copied(source.clone(), store.clone()).await.unwrap();
        assert_eq!(usize::try_from(whole - written(&rest)).unwrap(), there, "{pages}");
        assert_eq!(lines(&*store).await, lines(&*source).await);
    }
}

#[tokio::test]
async fn a_copy_is_stopped_by_hand_and_goes_on() {
    let (source, target) = (filled().await, empty());
    for _ in 0..4 {
        let mut told = 0;
        let stopped = CopyStore::new(source.clone(), target.clone())
            .in_pages_of(5)
            .copy(&lengths, &mut |progress| {
                told += u32::from(progress.stage == CopyStage::Copying);
                if told == 1 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .await;
        assert!(matches!(stopped, Err(CopyError::Stopped)), "{stopped:?}");
    }
    copied(source.clone(), target.clone()).await.unwrap();
    assert_eq!(lines(&*target).await, lines(&*source).await);
}

#[tokio::test]
async fn other_data_in_the_target_are_refused_and_left_alone() {
    let source = filled().await;
    let target = empty();
    instrument(&target, "AAPL").await;
    let tesla = instrument(&target, "TSLA").await;
    merge(&target, tesla, 1, "1").await;
    let before = lines(&*target).await;
    let refused = copied(source, target.clone()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the target holds other data than the beginning of a copy of the source: in instruments, number 2 says something \
         else in the target; nothing was written; copy into an empty database"
    );
    assert_eq!(lines(&*target).await, before);
}

#[tokio::test]
async fn a_target_that_has_more_is_refused() {
    let (source, target) = (filled().await, empty());
    copied(source.clone(), target.clone()).await.unwrap();
    instrument(&target, "TSLA").await;
    let refused = copied(source, target).await.unwrap_err().to_string();
    assert!(
        refused.contains("in instruments, number 3 is in the target alone"),
        "{refused}"
    );
}

#[tokio::test]
async fn numbers_that_the_target_gave_away_are_refused() {
    let (source, target) = (filled().await, empty());
    for symbol in ["A", "B", "C"] {
        let id = instrument(&target, symbol).await;
        InstrumentRepository::delete(&*target, id).await.unwrap();
    }
    let refused = copied(source, target).await.unwrap_err().to_string();
    assert!(
        refused.contains("in counters, instruments says something else"),
        "{refused}"
    );
}

/// Restates a bar of the source once the copy has come behind the bars.
#[tokio::test]
async fn what_is_written_meanwhile_is_noticed() {
    let (source, target) = (filled().await, empty());
    let apple = crate::InstrumentId(1);
    let copy = CopyStore::new(source.clone(), target);
    let written = Mutex::new(false);
    let writer = source.clone();
    let differs = copy
        .copy(&lengths, &mut |progress| {
            let mut written = written.lock().unwrap();
            if progress.part == Part::Journal && !*written {
                *written = true;
                // The fake answers at once, so nothing has to be waited for.
                let mut merging = std::pin::pin!(merge(&writer, apple, 1, "3"));
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                assert!(merging.as_mut().poll(&mut context).is_ready());
            }
            ControlFlow::Continue(())
        })
        .await
        .unwrap_err();
    assert_eq!(
        differs.to_string(),
        "the copy is not the same as the source: in series, 1/1d says something else in the target; stop what writes to \
         the source, and copy into an empty database"
    );
}
