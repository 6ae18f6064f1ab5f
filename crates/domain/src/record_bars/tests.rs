use super::*;
use crate::fake::{InMemoryStore, ManualClock};
use crate::{ActionBatch, BarField, InstrumentDetails, InstrumentRepository, Price, PriceHistory, Volume};

const NOW: &str = "2021-04-01T12:00:00Z";

struct Desk {
    store: Arc<InMemoryStore>,
    clock: Arc<ManualClock>,
    record: RecordBars,
    apple: Instrument,
}

impl Desk {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let calendars = Arc::new(Calendars::built_in().unwrap());
        let record = RecordBars::new(
            store.clone(),
            store.clone(),
            store.clone(),
            calendars,
            clock.clone(),
            Precedence::default(),
        );
        let details = InstrumentDetails {
            calendar: "XNAS".parse().unwrap(),
            ..InstrumentDetails::bare("AAPL".parse().unwrap(), crate::AssetClass::Stock)
        };
        let apple = store.create(details).await.unwrap();
        Self {
            store,
            clock,
            record,
            apple,
        }
    }

    fn request(&self, interval: Interval, basis: Basis, rows: Vec<DecodedRow>) -> RecordRequest {
        RecordRequest {
            instrument: self.apple.clone(),
            interval,
            source: SourceName::file(),
            basis,
            tolerance: Tolerance::Exact,
            gives_volume: true,
            minutes_past_hour: 0,
            run: None,
            covered: None,
            fetched_at: None,
            rows,
        }
    }

    async fn knows_the_splits_of_apple(&self) {
        let split = |ex_date, new_shares| CorporateAction::Split {
            ex_date,
            ratio: SplitRatio::new(new_shares, 1).unwrap(),
        };
        let batch = ActionBatch {
            instrument: self.apple.id,
            actions: vec![
                split(time::macros::date!(2014 - 06 - 09), 7),
                split(time::macros::date!(2020 - 08 - 31), 4),
            ],
            source: SourceName::file(),
            complete: true,
            precedence: Precedence::default(),
        };
        CorporateActionRepository::merge(&*self.store, batch).await.unwrap();
    }
}

fn row(opened_at: &str, close: &str, volume: &str) -> DecodedRow {
    let price: Price = close.parse().unwrap();
    let values = BarValues {
        opened_at: opened_at.parse().unwrap(),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: volume.parse::<Volume>().unwrap(),
        trade_count: None,
        vwap: None,
    };
    DecodedRow {
        index: 1,
        raw: format!("{opened_at},{close}"),
        values: Ok(values),
    }
}

fn reason_of(prepared: &PreparedBars) -> &str {
    &prepared.batch.rejected[0].reason
}

#[tokio::test]
async fn keeps_good_rows_and_gives_the_reason_for_bad_ones() {
    let desk = Desk::open().await;
    let mut bad = row("2021-03-31T00:00:00Z", "122.15", "1");
    bad.values.as_mut().unwrap().high = "120".parse().unwrap();
    let empty = DecodedRow {
        values: Err(BarError::Missing(BarField::Open)),
        ..row("2021-03-30T00:00:00Z", "1", "1")
    };
    let rows = vec![row("2021-03-29T00:00:00Z", "121.39", "75279258"), bad, empty];
    let merged = desk
        .record
        .record(desk.request(Interval::OneDay, Basis::Raw, rows))
        .await
        .unwrap();
    assert_eq!((merged.counts.inserted, merged.counts.rejected), (1, 2));
    let kept = desk.store.quarantine(None, 10, 0).await.unwrap();
    let reasons: Vec<&str> = kept.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, ["high 120 is below low 122.15", "open is empty"]);
}

#[tokio::test]
async fn refuses_what_is_off_the_grid_or_in_the_future() {
    let desk = Desk::open().await;
    let check = async |interval, opened_at, expected: &str| {
        let request = desk.request(interval, Basis::Raw, vec![row(opened_at, "1", "1")]);
        assert_eq!(reason_of(&desk.record.prepare(request).await.unwrap()), expected);
    };
    check(
        Interval::OneDay,
        "2021-03-31T13:30:00Z",
        "timestamp 2021-03-31T13:30:00Z does not open a 1d bar: at 00:00Z of the session date",
    )
    .await;
    check(
        Interval::OneWeek,
        "2021-03-31T00:00:00Z",
        "timestamp 2021-03-31T00:00:00Z does not open a 1w bar: on a Monday at 00:00Z",
    )
    .await;
    check(
        Interval::OneMonth,
        "2021-03-31T00:00:00Z",
        "timestamp 2021-03-31T00:00:00Z does not open a 1mo bar: on the first of the month at 00:00Z",
    )
    .await;
    check(
        Interval::FiveMinutes,
        "2021-03-31T13:31:00Z",
        "timestamp 2021-03-31T13:31:00Z does not open a 5m bar: on multiples of 5m since midnight UTC",
    )
    .await;
    check(
        Interval::OneHour,
        "2021-03-31T13:30:00Z",
        "timestamp 2021-03-31T13:30:00Z does not open a 1h bar: 0 minutes past the hour",
    )
    .await;
    check(
        Interval::OneDay,
        "2031-03-31T00:00:00Z",
        "timestamp: 2031-03-31T00:00:00Z lies in the future: check the unit and zone of the times",
    )
    .await;
}

#[tokio::test]
async fn a_bar_that_has_not_closed_is_provisional() {
    let desk = Desk::open().await;
    // 2021-04-01 trades in New York until 20:00Z, and it is noon.
    let rows = || {
        vec![
            row("2021-03-31T00:00:00Z", "122.15", "1"),
            row("2021-04-01T00:00:00Z", "123", "1"),
        ]
    };
    let prepared = desk
        .record
        .prepare(desk.request(Interval::OneDay, Basis::Raw, rows()))
        .await
        .unwrap();
    assert_eq!((prepared.batch.bars.len(), prepared.batch.provisional.len()), (1, 1));
    desk.clock.set("2021-04-01T20:00:00Z".parse().unwrap());
    let prepared = desk
        .record
        .prepare(desk.request(Interval::OneDay, Basis::Raw, rows()))
        .await
        .unwrap();
    assert_eq!((prepared.batch.bars.len(), prepared.batch.provisional.len()), (2, 0));
}

#[tokio::test]
async fn turns_split_adjusted_prices_back_when_the_splits_are_known() {
    let desk = Desk::open().await;
    desk.knows_the_splits_of_apple().await;
    // 2014-06-06: 645.57 raw, adjusted by 7 × 4.
    let rows = vec![row("2014-06-06T00:00:00Z", "23.05607142857142857", "339266788")];
    let prepared = desk
        .record
        .prepare(desk.request(Interval::OneDay, Basis::SplitAdjusted, rows))
        .await
        .unwrap();
    assert_eq!(prepared.batch.basis, Basis::Raw);
    let bar = &prepared.batch.bars[0];
    assert_eq!(
        (bar.close().to_string(), bar.volume().to_string()),
        ("645.57".to_owned(), "12116671".to_owned())
    );
}

#[tokio::test]
async fn keeps_their_basis_when_the_splits_are_not_known() {
    let desk = Desk::open().await;
    let rows = || vec![row("2014-06-06T00:00:00Z", "23.056", "1")];
    let prepared = desk
        .record
        .prepare(desk.request(Interval::OneDay, Basis::SplitAdjusted, rows()))
        .await
        .unwrap();
    assert_eq!(prepared.batch.basis, Basis::SplitAdjusted);
    let stooq = desk.request(Interval::OneDay, Basis::SplitDividendAdjusted, rows());
    assert_eq!(
        desk.record.prepare(stooq).await.unwrap().batch.basis,
        Basis::SplitDividendAdjusted
    );
}

#[tokio::test]
async fn a_month_over_an_ex_date_stays_in_its_basis() {
    let desk = Desk::open().await;
    desk.knows_the_splits_of_apple().await;
    let rows = vec![
        row("2014-06-01T00:00:00Z", "23.2", "1"),
        row("2014-07-01T00:00:00Z", "23.9", "1"),
    ];
    let prepared = desk
        .record
        .prepare(desk.request(Interval::OneMonth, Basis::SplitAdjusted, rows))
        .await
        .unwrap();
    assert_eq!(prepared.batch.basis, Basis::SplitAdjusted);
}
