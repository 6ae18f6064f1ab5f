use super::*;
use crate::fake::{InMemoryStore, ManualClock};
use crate::{
    ActionBatch, Bar, BarValues, CorporateAction, InstrumentDetails, InstrumentRepository, MergeBatch, Precedence,
    Removal, SeriesKey, SourceName, SplitRatio,
};

struct Desk {
    store: Arc<InMemoryStore>,
    clock: Arc<ManualClock>,
    query: QueryPrices,
    apple: Instrument,
}

impl Desk {
    async fn latest(&self, interval: Interval) -> Option<(PriceHeader, PriceRow)> {
        let request = self.all(interval);
        let stored = self.store.of_instrument(request.instrument.id).await.unwrap();
        self.query.latest(request, &stored).await.unwrap()
    }

    async fn open() -> Self {
        let clock = Arc::new(ManualClock::at("2021-04-01T12:00:00Z".parse().unwrap()));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let calendars = Arc::new(Calendars::built_in().unwrap());
        let query = QueryPrices::new(store.clone(), store.clone(), store.clone(), calendars, clock.clone());
        let details = InstrumentDetails {
            calendar: "XNAS".parse().unwrap(),
            currency: "USD".parse().unwrap(),
            ..InstrumentDetails::bare("AAPL".parse().unwrap(), crate::AssetClass::Stock)
        };
        let apple = store.create(details).await.unwrap();
        Self {
            store,
            clock,
            query,
            apple,
        }
    }

    fn series(&self, interval: Interval) -> SeriesKey {
        SeriesKey {
            instrument: self.apple.id,
            interval,
        }
    }

    async fn merge(&self, interval: Interval, basis: Basis, bars: Vec<Bar>) {
        let batch = MergeBatch {
            basis,
            ..MergeBatch::of_bars(self.series(interval), SourceName::file(), bars)
        };
        PriceRepository::merge(&*self.store, batch).await.unwrap();
        self.clock.advance(time::Duration::hours(1));
    }

    async fn act(&self, actions: Vec<CorporateAction>) {
        let (source, precedence) = (SourceName::file(), Precedence::default());
        let batch = ActionBatch {
            instrument: self.apple.id,
            actions,
            source,
            complete: true,
            precedence,
        };
        CorporateActionRepository::merge(&*self.store, batch).await.unwrap();
        self.clock.advance(time::Duration::hours(1));
    }

    fn all(&self, interval: Interval) -> PriceRequest {
        PriceRequest::all(self.apple.clone(), interval)
    }

    /// Openings and closes of an answer.
    async fn closes(&self, request: PriceRequest) -> Vec<String> {
        let mut reader = self.query.open(request).await.unwrap();
        let mut told = Vec::new();
        loop {
            let rows = reader.next_rows(usize::MAX).await.unwrap();
            if rows.is_empty() {
                return told;
            }
            told.extend(
                rows.iter()
                    .map(|row| format!("{} {}", row.bar.opened_at().date(), row.bar.close())),
            );
        }
    }
}

fn bar(opened_at: &str, prices: [&str; 4], volume: &str) -> Bar {
    let [open, high, low, close] = prices.map(|text| text.parse().unwrap());
    let (volume, opened_at) = (volume.parse().unwrap(), opened_at.parse().unwrap());
    let values = BarValues {
        opened_at,
        open,
        high,
        low,
        close,
        volume,
        trade_count: None,
        vwap: None,
    };
    Bar::new(values, crate::AssetClass::Stock).unwrap()
}

fn flat(opened_at: &str, close: &str) -> Bar {
    bar(opened_at, [close; 4], "7")
}

/// Apple over its 7:1 split, as traded (the Lean sample data, Apache-2.0).
fn apple_june_2014() -> Vec<Bar> {
    vec![
        bar(
            "2014-06-05T00:00:00Z",
            ["646.25", "649.35", "642.61", "647.35"],
            "10445282",
        ),
        bar(
            "2014-06-06T00:00:00Z",
            ["650", "651.25", "644.48", "645.57"],
            "12116671",
        ),
        bar("2014-06-09T00:00:00Z", ["92.69", "93.88", "91.75", "93.7"], "72875948"),
        bar("2014-06-10T00:00:00Z", ["94.64", "95.05", "93.57", "94.25"], "60833696"),
    ]
}

fn split_of_2014() -> CorporateAction {
    CorporateAction::Split {
        ex_date: time::macros::date!(2014 - 06 - 09),
        ratio: SplitRatio::new(7, 1).unwrap(),
    }
}

#[tokio::test]
async fn answers_stored_bars_as_they_are() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let told = desk.closes(desk.all(Interval::OneDay)).await;
    assert_eq!(
        told,
        [
            "2014-06-05 647.35",
            "2014-06-06 645.57",
            "2014-06-09 93.7",
            "2014-06-10 94.25"
        ]
    );
}

#[tokio::test]
async fn pages_say_whether_more_follow() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let mut reader = desk.query.open(desk.all(Interval::OneDay)).await.unwrap();
    let sizes = [reader.page(3).await.unwrap(), reader.page(3).await.unwrap()].map(|page| (page.rows.len(), page.more));
    assert_eq!(sizes, [(3, true), (1, false)]);
}

#[tokio::test]
async fn adjusts_over_a_split_and_leaves_what_came_after_untouched() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    desk.act(vec![split_of_2014()]).await;
    let request = PriceRequest {
        adjustment: Some(Adjustment::Split),
        ..desk.all(Interval::OneDay)
    };
    let told = desk.closes(request).await;
    assert_eq!(
        told,
        [
            "2014-06-05 92.478571",
            "2014-06-06 92.224286",
            "2014-06-09 93.7",
            "2014-06-10 94.25"
        ]
    );
}

#[tokio::test]
async fn adjusting_as_of_an_earlier_instant_does_not_look_ahead() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let before_the_split = desk.clock.now();
    desk.clock.advance(time::Duration::hours(1));
    desk.act(vec![split_of_2014()]).await;
    let adjusted = PriceRequest {
        adjustment: Some(Adjustment::Split),
        ..desk.all(Interval::OneDay)
    };
    let then = PriceRequest {
        as_of: Some(before_the_split),
        ..adjusted
    };
    assert_eq!(desk.closes(then).await[0], "2014-06-05 647.35");
}

#[tokio::test]
async fn dividends_take_the_raw_close_of_the_session_before() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let ex_date = time::macros::date!(2014 - 06 - 10);
    let dividend = CorporateAction::dividend(ex_date, "0.937".parse().unwrap(), "USD".parse().unwrap()).unwrap();
    desk.act(vec![dividend]).await;
    let request = PriceRequest {
        adjustment: Some(Adjustment::All),
        ..desk.all(Interval::OneDay)
    };
    // 1 − 0.937 / 93.7 = 0.99
    let told = desk.closes(request).await;
    assert_eq!(
        told,
        [
            "2014-06-05 640.876500",
            "2014-06-06 639.114300",
            "2014-06-09 92.763000",
            "2014-06-10 94.25"
        ]
    );
}

#[tokio::test]
async fn builds_weeks_from_days_after_adjusting_them() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    desk.act(vec![split_of_2014()]).await;
    let request = PriceRequest {
        adjustment: Some(Adjustment::Split),
        ..desk.all(Interval::OneWeek)
    };
    let mut reader = desk.query.open(request).await.unwrap();
    assert_eq!(reader.header().derived_from, Some(Interval::OneDay));
    let page = reader.page(10).await.unwrap();
    let told: Vec<_> = page
        .rows
        .iter()
        .map(|row| (row.bar.opened_at().to_string(), row.bar.high().to_string()))
        .collect();
    assert_eq!(
        told,
        [
            ("2014-06-02T00:00:00Z".to_owned(), "93.035714".to_owned()),
            ("2014-06-09T00:00:00Z".to_owned(), "95.05".to_owned())
        ]
    );
    assert_eq!(page.rows[0].bar.volume().to_string(), "157933671");
}

#[tokio::test]
async fn a_built_bar_belongs_to_the_range_in_which_it_opens() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let range = |start: &str, end: &str| TimeRange::new(start.parse().unwrap(), end.parse().unwrap()).unwrap();
    let weeks = async |start, end| {
        let both = [TimeOrder::Ascending, TimeOrder::Descending];
        let mut told = Vec::new();
        for order in both {
            let request = PriceRequest {
                range: range(start, end),
                order,
                ..desk.all(Interval::OneWeek)
            };
            told.push(desk.closes(request).await);
        }
        told[1].reverse();
        assert_eq!(told[0], told[1]);
        told.remove(0)
    };
    assert_eq!(
        weeks("2014-06-03T00:00:00Z", "2014-06-09T00:00:00Z").await,
        Vec::<String>::new()
    );
    assert_eq!(
        weeks("2014-06-02T00:00:00Z", "2014-06-03T00:00:00Z").await,
        ["2014-06-02 645.57"]
    );
    assert_eq!(
        weeks("2014-06-03T00:00:00Z", "2014-06-10T00:00:00Z").await,
        ["2014-06-09 94.25"]
    );
}

#[tokio::test]
async fn prefers_the_coarsest_stored_series() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneHour, Basis::Raw, vec![flat("2014-06-09T14:00:00Z", "1")])
        .await;
    desk.merge(Interval::OneDay, Basis::Raw, vec![flat("2014-06-09T00:00:00Z", "2")])
        .await;
    assert_eq!(desk.closes(desk.all(Interval::OneMonth)).await, ["2014-06-01 2"]);
    assert_eq!(desk.closes(desk.all(Interval::FourHours)).await, ["2014-06-09 1"]);
    let range = TimeRange::ALL;
    let removal = Removal {
        series: desk.series(Interval::OneDay),
        range,
        source: SourceName::api(),
    };
    PriceRepository::remove(&*desk.store, removal).await.unwrap();
    assert_eq!(
        desk.closes(desk.all(Interval::OneMonth)).await,
        ["2014-06-01 1"],
        "the days are gone"
    );
}

#[tokio::test]
async fn a_week_that_has_not_closed_is_left_out_unless_asked_for() {
    let desk = Desk::open().await;
    // It is Thursday 2021-04-01.
    desk.merge(
        Interval::OneDay,
        Basis::Raw,
        vec![flat("2021-03-26T00:00:00Z", "1"), flat("2021-03-31T00:00:00Z", "2")],
    )
    .await;
    assert_eq!(desk.closes(desk.all(Interval::OneWeek)).await, ["2021-03-22 1"]);
    let partial = PriceRequest {
        include_partial: true,
        ..desk.all(Interval::OneWeek)
    };
    assert_eq!(desk.closes(partial).await, ["2021-03-22 1", "2021-03-29 2"]);
}

#[tokio::test]
async fn a_reader_stays_on_the_state_it_began_with() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let mut reader = desk.query.open(desk.all(Interval::OneDay)).await.unwrap();
    let first = reader.page(1).await.unwrap();
    desk.merge(
        Interval::OneDay,
        Basis::Raw,
        vec![flat("2014-06-10T00:00:00Z", "1"), flat("2014-06-11T00:00:00Z", "2")],
    )
    .await;
    let rest = reader.page(10).await.unwrap();
    assert_eq!((first.rows.len(), rest.rows.len()), (1, 3));
    assert_eq!(rest.rows[2].bar.close().to_string(), "94.25");
    assert_eq!(reader.header().version, 1);
    let pinned = PriceRequest {
        as_of: Some(reader.header().pinned),
        ..desk.all(Interval::OneDay)
    };
    assert_eq!(desk.query.open(pinned).await.unwrap().header().version, 1);
}

#[tokio::test]
async fn refuses_to_look_into_the_future() {
    let desk = Desk::open().await;
    let request = PriceRequest {
        as_of: Some("2031-01-01T00:00:00Z".parse().unwrap()),
        ..desk.all(Interval::OneDay)
    };
    let error = desk.query.open(request).await.err().unwrap().to_string();
    assert_eq!(
        error,
        "as_of 2031-01-01T00:00:00Z lies in the future: it is 2021-04-01T12:00:00Z now"
    );
}

#[tokio::test]
async fn says_why_an_adjusted_series_cannot_be_raw() {
    let desk = Desk::open().await;
    desk.merge(
        Interval::OneDay,
        Basis::SplitDividendAdjusted,
        vec![flat("2014-06-09T00:00:00Z", "23.1")],
    )
    .await;
    let ask = async |adjustment| {
        let request = PriceRequest {
            adjustment,
            ..desk.all(Interval::OneDay)
        };
        desk.query
            .open(request)
            .await
            .map(|reader| reader.header().adjustment)
            .map_err(|error| error.to_string())
    };
    assert_eq!(ask(None).await, Ok(Adjustment::All));
    assert_eq!(ask(Some(Adjustment::All)).await, Ok(Adjustment::All));
    assert_eq!(
        ask(Some(Adjustment::Raw)).await.unwrap_err(),
        "adjustment=raw is not possible: AAPL 1d is stored split_dividend_adjusted, and the dividends in it cannot be taken \
         out again: ask for adjustment=all"
    );
}

#[tokio::test]
async fn gives_no_more_rows_than_are_wanted_and_loses_none() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let mut reader = desk.query.open(desk.all(Interval::OneDay)).await.unwrap();
    let mut closes = Vec::new();
    for wanted in [0, 1, 2, 5, 5] {
        let rows = reader.next_rows(wanted).await.unwrap();
        closes.push(rows.iter().map(|row| row.bar.close().to_string()).collect::<Vec<_>>());
    }
    let expected: [&[&str]; 5] = [&[], &["647.35"], &["645.57", "93.7"], &["94.25"], &[]];
    assert_eq!(closes, expected);
}

#[tokio::test]
async fn nothing_stored_is_an_empty_answer() {
    let desk = Desk::open().await;
    assert_eq!(desk.closes(desk.all(Interval::OneDay)).await, Vec::<String>::new());
    assert!(desk.latest(Interval::OneDay).await.is_none());
}

#[tokio::test]
async fn latest_is_the_newest_bar() {
    let desk = Desk::open().await;
    desk.merge(Interval::OneDay, Basis::Raw, apple_june_2014()).await;
    let (_, newest) = desk.latest(Interval::OneDay).await.unwrap();
    assert_eq!(newest.bar.close().to_string(), "94.25");
    let (_, newest) = desk.latest(Interval::OneWeek).await.unwrap();
    assert_eq!(newest.bar.opened_at().to_string(), "2014-06-09T00:00:00Z");
}

#[tokio::test]
async fn pages_of_built_bars_lose_none_between_reads() {
    let desk = Desk::open().await;
    let days = (0..400).map(|day| {
        let opened_at = crate::Timestamp::from_unix_seconds(1_400_000_000 / 86_400 * 86_400 + day * 86_400).unwrap();
        flat(&opened_at.to_string(), &(day + 1).to_string())
    });
    desk.merge(Interval::OneDay, Basis::Raw, days.collect()).await;
    for order in [TimeOrder::Ascending, TimeOrder::Descending] {
        for interval in [Interval::OneWeek, Interval::OneMonth] {
            let request = || PriceRequest {
                order,
                ..desk.all(interval)
            };
            let mut paged = desk.query.open(request()).await.unwrap();
            let mut told = Vec::new();
            loop {
                let page = paged.page(1).await.unwrap();
                told.extend(
                    page.rows
                        .iter()
                        .map(|row| format!("{} {}", row.bar.opened_at().date(), row.bar.close())),
                );
                if !page.more {
                    break;
                }
            }
            assert_eq!(told, desk.closes(request()).await);
            assert!(told.len() > 13, "{told:?}");
        }
    }
}
