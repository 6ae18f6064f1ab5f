use super::*;
use crate::fake::{InMemoryStore, ManualClock};
use crate::{
    BarError, BarField, BarValues, CoverageRepository, Precedence, PriceHistory, RunFilter, SeriesCatalogue, SeriesKey,
};

/// Rows that are handed out a few at a time, then an error if there is one.
struct Rows {
    rows: std::vec::IntoIter<FileRow>,
    at_most: usize,
    end: Option<RowsError>,
}

impl BarRows for Rows {
    fn traits_of(&self, _symbol: &Symbol, _interval: Interval) -> SeriesTraits {
        SeriesTraits {
            gives_volume: true,
            minutes_past_hour: 0,
        }
    }

    fn next_rows(&mut self, limit: usize) -> Result<Vec<FileRow>, RowsError> {
        let next: Vec<FileRow> = self.rows.by_ref().take(limit.min(self.at_most)).collect();
        match self.end.take_if(|_| next.is_empty()) {
            Some(end) => Err(end),
            None => Ok(next),
        }
    }
}

fn row(symbol: &str, day: i64, close: &str) -> FileRow {
    let values = close.parse().map(|price| BarValues {
        opened_at: Timestamp::from_unix_seconds(day * 86_400).unwrap(),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: crate::Volume::ZERO,
        trade_count: None,
        vwap: None,
    });
    let values = values.map_err(|source| BarError::NotADecimal {
        field: BarField::Close,
        source,
    });
    let raw = format!("{day},{close}");
    let row = DecodedRow {
        index: u64::try_from(day).unwrap(),
        raw,
        values,
    };
    FileRow {
        symbol: symbol.parse().unwrap(),
        interval: Interval::OneDay,
        row,
    }
}

struct Desk {
    store: Arc<InMemoryStore>,
    import: ImportBars,
}

impl Desk {
    fn open() -> Self {
        let clock = Arc::new(ManualClock::at("2021-04-01T12:00:00Z".parse().unwrap()));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let calendars = Arc::new(Calendars::built_in().unwrap());
        let precedence = Precedence::default();
        let record = RecordBars::new(
            store.clone(),
            store.clone(),
            store.clone(),
            calendars.clone(),
            clock,
            precedence,
        );
        let resolve = ResolveInstrument::new(store.clone());
        Self {
            import: ImportBars::new(resolve, record, store.clone(), calendars),
            store,
        }
    }

    async fn import(&self, rows: Vec<FileRow>, settings: &ImportSettings) -> Vec<ImportedSeries> {
        let mut rows = Rows {
            rows: rows.into_iter(),
            at_most: 7,
            end: None,
        };
        let imported = self.import.import(&mut rows, settings, &mut |_| {}).await;
        assert!(imported.ended_early.is_none(), "{imported:?}");
        imported.series
    }
}

fn settings() -> ImportSettings {
    ImportSettings {
        source: SourceName::file(),
        basis: Basis::Raw,
        complete: false,
        instrument: WantedInstrument::called("UNUSED".parse().unwrap()),
    }
}

fn two_interleaved_series() -> Vec<FileRow> {
    (1..=25)
        .flat_map(|day| [row("AAPL", day, "1.50"), row("MSFT", day, "2")])
        .collect()
}

#[tokio::test]
async fn parts_interleaved_rows_into_their_series() {
    let desk = Desk::open();
    let report = desk.import(two_interleaved_series(), &settings()).await;
    let told: Vec<_> = report
        .iter()
        .map(|one| (one.instrument.to_string(), one.created, one.counts.inserted))
        .collect();
    assert_eq!(told, [("AAPL".to_owned(), true, 25), ("MSFT".to_owned(), true, 25)]);
    assert_eq!(
        report[0].range.unwrap().to_string(),
        "[1970-01-02T00:00:00Z, 1970-01-27T00:00:00Z)"
    );
}

#[tokio::test]
async fn a_second_import_changes_nothing() {
    let desk = Desk::open();
    desk.import(two_interleaved_series(), &settings()).await;
    let before = SeriesCatalogue::list(&*desk.store, 10, None).await.unwrap();
    let again = desk.import(two_interleaved_series(), &settings()).await;
    assert!(again.iter().all(|series| series.counts
        == MergeCounts {
            unchanged: 25,
            ..MergeCounts::default()
        }));
    assert_eq!(SeriesCatalogue::list(&*desk.store, 10, None).await.unwrap(), before);
}

#[tokio::test]
async fn bad_rows_make_the_run_partial_and_stop_nothing() {
    let desk = Desk::open();
    let rows = vec![row("AAPL", 1, "1"), row("AAPL", 2, "n/a"), row("AAPL", 3, "3")];
    let report = desk.import(rows, &settings()).await;
    assert_eq!((report[0].counts.inserted, report[0].counts.rejected), (2, 1));
    let runs = IngestRunRepository::list(&*desk.store, &RunFilter::default(), 10, None)
        .await
        .unwrap();
    assert_eq!((runs[0].state, runs[0].counts), (RunState::Partial, report[0].counts));
    assert_eq!(desk.store.quarantine(None, 10, 0).await.unwrap()[0].raw, "2,n/a");
}

async fn state_after(end: RowsError) -> (RunState, String) {
    let desk = Desk::open();
    let mut rows = Rows {
        rows: vec![row("AAPL", 1, "1"), row("AAPL", 2, "2")].into_iter(),
        at_most: 1,
        end: Some(end),
    };
    let imported = desk.import.import(&mut rows, &settings(), &mut |_| {}).await;
    assert!(
        matches!(imported.ended_early, Some(ImportError::Rows(_))),
        "{imported:?}"
    );
    assert_eq!(imported.series.len(), 1, "what was merged is told");
    let runs = IngestRunRepository::list(&*desk.store, &RunFilter::default(), 10, None)
        .await
        .unwrap();
    assert_eq!(runs[0].counts, imported.series[0].counts);
    (runs[0].state, runs[0].error.clone().unwrap())
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_a_failed_run_with_the_reason() {
    let (state, error) = state_after(RowsError::Unreadable("line 3: the gzip stream is cut".into())).await;
    assert_eq!(state, RunState::Failed);
    assert_eq!(error, "the file cannot be read on: line 3: the gzip stream is cut");
}

#[tokio::test]
async fn an_import_that_is_stopped_by_hand_leaves_a_cancelled_run() {
    let (state, error) = state_after(RowsError::Stopped).await;
    assert_eq!(state, RunState::Cancelled);
    assert!(error.starts_with("stopped by hand"), "{error}");
}

#[tokio::test]
async fn a_complete_file_becomes_coverage_and_shows_what_was_withdrawn() {
    let desk = Desk::open();
    let days = |skip: i64| {
        (1..=5)
            .filter(move |day| *day != skip)
            .map(|day| row("BTC-USD", day, "1"))
            .collect()
    };
    desk.import(days(0), &settings()).await;
    let complete = ImportSettings {
        complete: true,
        ..settings()
    };
    let report = desk.import(days(3), &complete).await;
    let series = SeriesKey {
        instrument: report[0].instrument.id,
        interval: Interval::OneDay,
    };
    let covered = desk.store.covered(series).await.unwrap();
    assert_eq!(covered.len(), 1);
    assert_eq!(
        covered[0].range.to_string(),
        "[1970-01-02T00:00:00Z, 1970-01-07T00:00:00Z)"
    );
    let disputes = desk.store.discrepancies(series, TimeRange::ALL, 10).await.unwrap();
    assert_eq!(disputes.len(), 1);
    assert_eq!(disputes[0].opened_at.to_string(), "1970-01-04T00:00:00Z");
}

#[test]
fn batches_join_over_the_holes_between_them() {
    let range = |start: i64, end: i64| {
        let at = |day: i64| Timestamp::from_unix_seconds(day * 86_400).unwrap();
        TimeRange::new(at(start), at(end)).unwrap()
    };
    assert_eq!(joined(range(5, 8), Some(range(1, 3))), range(3, 8), "oldest first");
    assert_eq!(joined(range(1, 3), Some(range(5, 8))), range(1, 5), "newest first");
    assert_eq!(joined(range(3, 5), Some(range(1, 3))), range(3, 5));
    assert_eq!(joined(range(3, 5), None), range(3, 5));
}
