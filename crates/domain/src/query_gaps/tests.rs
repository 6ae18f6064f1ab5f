//! Gaps of series in memory.

use time::Duration;

use super::*;
use crate::fake::{InMemoryStore, ManualClock, flat_bar};
use crate::{AssetClass, Bar, InstrumentDetails, InstrumentRepository, MergeBatch, Removal, SourceName};

struct Desk {
    clock: Arc<ManualClock>,
    store: Arc<InMemoryStore>,
    gaps: QueryGaps,
}

fn at(text: &str) -> Timestamp {
    let text = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    text.parse().unwrap()
}

fn source() -> SourceName {
    "yahoo".parse().unwrap()
}

impl Desk {
    /// On Friday 2014-06-20, an hour after the close in New York.
    fn open() -> Self {
        let clock = Arc::new(ManualClock::at(at("2014-06-20T21:00:00Z")));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let calendars = Arc::new(Calendars::built_in().unwrap());
        let gaps = QueryGaps::new(store.clone(), store.clone(), store.clone(), calendars, clock.clone());
        Self { clock, store, gaps }
    }

    async fn instrument(&self, symbol: &str, class: AssetClass) -> Instrument {
        let details = InstrumentDetails {
            exchange: (class == AssetClass::Stock).then(|| "XNYS".parse().unwrap()),
            calendar: match class {
                AssetClass::Crypto => "24/7".parse().unwrap(),
                _ => "XNYS".parse().unwrap(),
            },
            ..InstrumentDetails::bare(symbol.parse().unwrap(), class)
        };
        self.store.create(details).await.unwrap()
    }

    async fn merge(&self, request: &GapRequest, openings: &[Timestamp], covered: Option<TimeRange>) {
        let series = SeriesKey {
            instrument: request.instrument.id,
            interval: request.interval,
        };
        let price = "1".parse().unwrap();
        let bars = openings.iter().map(|opening| {
            let bar = flat_bar(*opening, price);
            Bar::new(bar, request.instrument.details.asset_class).unwrap()
        });
        let batch = MergeBatch {
            covered,
            ..MergeBatch::of_bars(series, source(), bars.collect())
        };
        PriceRepository::merge(&*self.store, batch).await.unwrap();
    }

    /// The daily series of a stock with these bars.
    async fn daily(&self, symbol: &str, dates: &[&str]) -> GapRequest {
        let request = GapRequest {
            instrument: self.instrument(symbol, AssetClass::Stock).await,
            interval: Interval::OneDay,
            start: None,
            end: None,
            filter: GapFilter::Unknown,
            after: None,
        };
        let openings: Vec<_> = dates.iter().map(|date| at(date)).collect();
        self.merge(&request, &openings, None).await;
        request
    }

    async fn told(&self, request: &GapRequest) -> Vec<String> {
        print(&self.gaps.page(request, 1_000).await.unwrap().stretches)
    }
}

/// State, first and last date, and how many.
fn print(stretches: &[Stretch]) -> Vec<String> {
    let line = |stretch: &Stretch| {
        let (first, last) = (stretch.first.date(), stretch.last.date());
        format!("{} {first}..={last} {}", stretch.state, stretch.count)
    };
    stretches.iter().map(line).collect()
}

#[tokio::test]
async fn a_day_without_a_session_is_no_gap() {
    let desk = Desk::open();
    // The 24th of May was a Saturday.
    let request = desk
        .daily(
            "IBM",
            &[
                "2014-05-22",
                "2014-05-26",
                "2014-05-27",
                "2014-05-29",
                "2014-06-02",
                "2014-06-19",
            ],
        )
        .await;
    let expected = [
        "unknown 2014-05-23..=2014-05-23 1",
        "unknown 2014-05-28..=2014-05-28 1",
        "unknown 2014-05-30..=2014-05-30 1",
        "unknown 2014-06-03..=2014-06-18 12",
        "unknown 2014-06-20..=2014-06-20 1",
    ];
    assert_eq!(desk.told(&request).await, expected);
}

#[tokio::test]
async fn a_bar_is_missing_once_its_interval_has_closed() {
    let desk = Desk::open();
    let request = desk.daily("IBM", &["2014-06-18", "2014-06-19"]).await;
    desk.clock.advance(-Duration::hours(2));
    assert_eq!(desk.told(&request).await, [""; 0]);
    desk.clock.advance(Duration::hours(2));
    assert_eq!(desk.told(&request).await, ["unknown 2014-06-20..=2014-06-20 1"]);
    let later = GapRequest {
        end: Some(Timestamp::MAX),
        ..request
    };
    assert_eq!(desk.told(&later).await, ["unknown 2014-06-20..=2014-06-20 1"]);
}

#[tokio::test]
async fn what_was_asked_and_is_not_there_is_confirmed_for_a_while() {
    let desk = Desk::open();
    let request = desk.daily("IBM", &["2014-06-09"]).await;
    let covered = TimeRange::new(at("2014-06-10"), at("2014-06-14")).unwrap();
    desk.merge(&request, &[at("2014-06-13")], Some(covered)).await;
    let request = GapRequest {
        end: Some(at("2014-06-17")),
        ..request
    };
    assert_eq!(desk.told(&request).await, ["unknown 2014-06-16..=2014-06-16 1"]);
    let empty = GapRequest {
        filter: GapFilter::ConfirmedEmpty,
        ..request.clone()
    };
    assert_eq!(desk.told(&empty).await, ["confirmed_empty 2014-06-10..=2014-06-12 3"]);
    let all = GapRequest {
        filter: GapFilter::All,
        ..request
    };
    let both = [
        "confirmed_empty 2014-06-10..=2014-06-12 3",
        "unknown 2014-06-16..=2014-06-16 1",
    ];
    assert_eq!(desk.told(&all).await, both);

    desk.clock.advance(Duration::days(30));
    let expired = ["unknown 2014-06-10..=2014-06-12 3", "unknown 2014-06-16..=2014-06-16 1"];
    assert_eq!(desk.told(&all).await, expired);
}

#[tokio::test]
async fn a_start_reaches_before_the_first_bar_and_stands_in_for_one() {
    let desk = Desk::open();
    let request = desk.daily("IBM", &["2014-06-19", "2014-06-20"]).await;
    let earlier = GapRequest {
        start: Some(at("2014-06-16")),
        ..request.clone()
    };
    assert_eq!(desk.told(&earlier).await, ["unknown 2014-06-16..=2014-06-18 3"]);
    let hourly = GapRequest {
        interval: Interval::OneHour,
        ..earlier
    };
    assert_eq!(desk.told(&hourly).await, ["unknown 2014-06-16..=2014-06-20 35"]);
    let nowhere = GapRequest { start: None, ..hourly };
    let error = desk.gaps.page(&nowhere, 10).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "XNYS:IBM has no 1h bars: give a start to see what is missing from there"
    );
}

#[tokio::test]
async fn nothing_is_missing_behind_the_last_bar_of_what_is_not_brought_up_to_date() {
    let desk = Desk::open();
    let mut request = desk.daily("IBM", &["2014-06-09", "2014-06-11"]).await;
    request.instrument.details.active = false;
    assert_eq!(desk.told(&request).await, ["unknown 2014-06-10..=2014-06-10 1"]);
}

#[tokio::test]
async fn pages_of_any_size_tell_the_same_beside_a_writer() {
    let desk = Desk::open();
    let request = desk
        .daily(
            "IBM",
            &["2014-06-02", "2014-06-04", "2014-06-06", "2014-06-10", "2014-06-20"],
        )
        .await;
    let whole = desk.told(&request).await;
    assert_eq!(whole.len(), 4);
    for limit in 1..=4 {
        let (mut told, mut request) = (Vec::new(), request.clone());
        loop {
            let page = desk.gaps.page(&request, limit).await.unwrap();
            assert!(page.stretches.len() <= limit);
            told.extend(print(&page.stretches));
            // What is written meanwhile is not seen by the pages that follow.
            desk.clock.advance(Duration::seconds(1));
            desk.merge(&request, &[at("2014-06-09"), at("2014-06-17")], None).await;
            request.after = page.next;
            if request.after.is_none() {
                break;
            }
        }
        assert_eq!(told, whole, "by {limit}");
        let series = SeriesKey {
            instrument: request.instrument.id,
            interval: Interval::OneDay,
        };
        for date in ["2014-06-09", "2014-06-17"] {
            let range = TimeRange::new(at(date), at(date).next()).unwrap();
            let removal = Removal {
                series,
                range,
                source: source(),
            };
            desk.store.remove(removal).await.unwrap();
        }
        desk.clock.advance(Duration::seconds(1));
    }
}

#[tokio::test]
async fn a_stretch_goes_on_over_the_bars_that_are_read_at_once() {
    let desk = Desk::open();
    let request = GapRequest {
        instrument: desk.instrument("BTC-USD", AssetClass::Crypto).await,
        interval: Interval::OneMinute,
        start: None,
        end: None,
        filter: GapFilter::All,
        after: None,
    };
    let minute = |number: i64| at("2014-06-01").checked_add(Duration::minutes(number)).unwrap();
    let holes = [9_998..10_003, 15_000..15_001, 19_999..20_002];
    let openings: Vec<_> = (0..25_000)
        .filter(|number| !holes.iter().any(|hole| hole.contains(number)))
        .map(minute)
        .collect();
    desk.merge(&request, &openings, None).await;
    let request = GapRequest {
        end: Some(minute(25_000)),
        ..request
    };
    let found: Vec<_> = desk.gaps.page(&request, 10).await.unwrap().stretches;
    let expected: Vec<_> = holes
        .into_iter()
        .map(|hole| Stretch {
            state: crate::BarState::Unknown,
            first: minute(hole.start),
            last: minute(hole.end - 1),
            count: u64::try_from(hole.end - hole.start).unwrap(),
        })
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_range_with_room_for_too_many_bars_is_refused() {
    let desk = Desk::open();
    let request = desk.daily("IBM", &["2014-06-19"]).await;
    let minutes = GapRequest {
        start: Some(Timestamp::MIN),
        interval: Interval::OneMinute,
        ..request
    };
    let error = desk.gaps.page(&minutes, 10).await.unwrap_err().to_string();
    assert!(
        error.ends_with("is too long for 1m bars: ask for at most 13888 days at once"),
        "{error}"
    );
}

#[tokio::test]
async fn a_range_that_is_none_is_refused_and_one_in_the_future_has_nothing() {
    let desk = Desk::open();
    let request = desk.daily("IBM", &["2014-06-19"]).await;
    let reversed = GapRequest {
        start: Some(at("2014-06-20")),
        end: Some(at("2014-06-19")),
        ..request.clone()
    };
    let error = desk.gaps.page(&reversed, 10).await.unwrap_err();
    assert!(
        matches!(error, GapsError::Range(TimeRangeError::Reversed { .. })),
        "{error:?}"
    );
    let future = GapRequest {
        start: Some(at("2030-01-01")),
        ..request
    };
    let page = desk.gaps.page(&future, 10).await.unwrap();
    assert_eq!(
        page,
        GapPage {
            range: None,
            stretches: Vec::new(),
            next: None
        }
    );
}
