//! Requests of runs, which can be sent again.

use domain::{
    IdempotencyKey, IngestRun, IngestRunRepository, IngestRunRepositoryError, InstrumentId, Interval, NewRun,
    RequestedRun, RunEnd, RunFilter, RunId, RunRequest, RunState, SeriesKey, TimeRange,
};
use time::Duration;

use crate::Fixture;
use crate::bars::{days, source};

/// January 2024 from Yahoo.
fn january(series: SeriesKey) -> NewRun {
    NewRun {
        series,
        source: source("yahoo"),
        asked: days("2024-01-01", "2024-02-01"),
        refresh: false,
    }
}

fn under(key: &str, runs: Vec<NewRun>) -> RunRequest {
    RunRequest {
        runs,
        key: Some(key.parse().unwrap()),
    }
}

async fn request(fixture: &Fixture, runs: Vec<NewRun>) -> Vec<RequestedRun> {
    let request = RunRequest { runs, key: None };
    fixture.runs().request(request).await.unwrap()
}

fn ids(given: &[RequestedRun]) -> Vec<RunId> {
    given.iter().map(|requested| requested.run.id).collect()
}

async fn recorded(fixture: &Fixture) -> Vec<IngestRun> {
    fixture.runs().list(&RunFilter::default(), 100, None).await.unwrap()
}

/// New runs wait in the order in which they were asked for, with all that was asked; open ends too.
pub async fn requested_runs_wait_in_their_order(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    let everything = NewRun {
        asked: TimeRange::ALL,
        refresh: true,
        ..january(apple)
    };
    let wanted = vec![january(microsoft), everything, january(apple)];
    let given = request(fixture, wanted.clone()).await;
    let expected: Vec<_> = given
        .iter()
        .zip(wanted)
        .map(|(requested, new)| RequestedRun {
            run: IngestRun::queued(requested.run.id, new, fixture.now()),
            created: true,
        })
        .collect();
    assert_eq!(given, expected);
    let mut kept = recorded(fixture).await;
    kept.reverse();
    assert_eq!(
        kept,
        given.into_iter().map(|requested| requested.run).collect::<Vec<_>>()
    );
    assert!(kept.is_sorted_by_key(|run| run.id));
}

/// What waits or is at work on the same is given again, also within one request and when its process died; what has ended
/// or asks for something else is not.
pub async fn what_waits_or_is_at_work_is_given_again(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let given = request(fixture, vec![january(series), january(series)]).await;
    let [
        RequestedRun { run, created: true },
        RequestedRun {
            run: same,
            created: false,
        },
    ] = &*given
    else {
        panic!("{given:?}");
    };
    assert_eq!(run, same);
    fixture.runs().begin(run.id).await.unwrap();
    for pause in [Duration::ZERO, IngestRun::LEASE] {
        fixture.advance(pause);
        let again = request(fixture, vec![january(series)]).await;
        let [
            RequestedRun {
                run: again,
                created: false,
            },
        ] = &*again
        else {
            panic!("{again:?}");
        };
        assert_eq!((again.id, again.state), (run.id, RunState::Running));
    }

    let weekly = SeriesKey {
        interval: Interval::OneWeek,
        ..series
    };
    let others = vec![
        january(weekly),
        NewRun {
            source: source("stooq"),
            ..january(series)
        },
        NewRun {
            asked: days("2024-01-01", "2024-02-02"),
            ..january(series)
        },
        NewRun {
            refresh: true,
            ..january(series)
        },
    ];
    let others = request(fixture, others).await;
    assert!(others.iter().all(|other| other.created), "{others:?}");
    fixture
        .runs()
        .finish(
            run.id,
            1,
            RunEnd {
                state: RunState::Partial,
                error: None,
            },
        )
        .await
        .unwrap();
    let after = request(fixture, vec![january(series)]).await;
    assert!(after.iter().all(|after| after.created), "{after:?}");
}

/// A run of a file is no answer to a request.
pub async fn a_file_answers_no_request(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.runs().create(series, &source("yahoo"), None).await.unwrap();
    let everything = NewRun {
        asked: TimeRange::ALL,
        ..january(series)
    };
    let given = request(fixture, vec![everything]).await;
    assert!(given.iter().all(|given| given.created), "{given:?}");
}

/// The same request under the same key gives the same runs in the same order, also when they have ended since.
pub async fn a_key_gives_its_runs_again(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    let wanted = || under("monday", vec![january(microsoft), january(apple), january(microsoft)]);
    let first = ids(&fixture.runs().request(wanted()).await.unwrap());
    for id in first.iter().take(2) {
        fixture.runs().cancel(*id).await.unwrap();
    }
    fixture.advance(Duration::days(400));
    let again = fixture.runs().request(wanted()).await.unwrap();
    assert_eq!(ids(&again), first);
    assert!(
        again
            .iter()
            .all(|again| !again.created && again.run.state == RunState::Cancelled),
        "{again:?}"
    );
    assert_eq!(recorded(fixture).await.len(), 2);

    let RunRequest { runs, .. } = wanted();
    let anew = fixture.runs().request(under("Monday", runs)).await.unwrap();
    assert!(
        ids(&anew).iter().all(|id| !first.contains(id)),
        "keys tell cases apart: {anew:?}"
    );
}

/// A key remembers runs that waited already when it was first used.
pub async fn a_key_remembers_what_was_there_before_it(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let there = ids(&request(fixture, vec![january(series)]).await);
    let wanted = || under("monday", vec![january(series)]);
    assert_eq!(ids(&fixture.runs().request(wanted()).await.unwrap()), there);
    fixture.runs().cancel(*there.first().unwrap()).await.unwrap();
    assert_eq!(ids(&fixture.runs().request(wanted()).await.unwrap()), there);
}

/// A key that stands for other runs is refused, and nothing is recorded.
pub async fn a_key_cannot_be_used_for_something_else(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    let wanted = under("monday", vec![january(apple), january(microsoft)]);
    fixture.runs().request(wanted).await.unwrap();
    let before = recorded(fixture).await;
    let others = [
        vec![january(apple)],
        vec![january(microsoft), january(apple)],
        vec![january(apple), january(microsoft), january(apple)],
        vec![
            january(apple),
            NewRun {
                refresh: true,
                ..january(microsoft)
            },
        ],
        Vec::new(),
    ];
    for runs in others {
        let error = fixture.runs().request(under("monday", runs)).await.unwrap_err();
        assert!(
            matches!(&error, IngestRunRepositoryError::KeyReused { key } if key.as_str() == "monday"),
            "{error:?}"
        );
    }
    assert_eq!(recorded(fixture).await, before);
}

/// A request with one run that cannot be records none, and its key stays free.
pub async fn a_request_is_recorded_as_a_whole_or_not_at_all(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let nobody = SeriesKey {
        instrument: InstrumentId(4711),
        ..apple
    };
    let wanted = under("monday", vec![january(apple), january(nobody)]);
    let error = fixture.runs().request(wanted).await.unwrap_err();
    assert!(matches!(error, IngestRunRepositoryError::Unavailable(_)), "{error:?}");
    assert_eq!(recorded(fixture).await, []);
    let wanted = under("monday", vec![january(apple)]);
    let given = fixture.runs().request(wanted).await.unwrap();
    assert!(given.iter().all(|given| given.created), "{given:?}");
}

/// A request for nothing gives nothing.
pub async fn a_request_for_nothing_gives_nothing(fixture: &Fixture) {
    assert_eq!(fixture.runs().request(under("monday", Vec::new())).await.unwrap(), []);
}

/// A key goes with the instrument whose runs it stands for.
pub async fn a_key_is_forgotten_with_its_runs(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture
        .runs()
        .request(under("monday", vec![january(series)]))
        .await
        .unwrap();
    fixture.instruments().delete(series.instrument).await.unwrap();
    let series = fixture.daily_series("MSFT").await;
    let given = fixture
        .runs()
        .request(under("monday", vec![january(series)]))
        .await
        .unwrap();
    assert!(given.iter().all(|given| given.created), "{given:?}");
}

/// Requests that come at once, under one key or under none, are given one set of runs.
pub async fn requests_at_once_are_given_one_set_of_runs(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    let key: IdempotencyKey = "monday".parse().unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = fixture.store();
            let request = RunRequest {
                runs: vec![january(apple), january(microsoft)],
                key: (number % 2 == 0).then(|| key.clone()),
            };
            tokio::spawn(async move { IngestRunRepository::request(&*store, request).await.unwrap() })
        })
        .collect();
    let (mut answers, mut created) = (Vec::new(), 0);
    for task in tasks {
        let given = task.await.unwrap();
        created += given.iter().filter(|given| given.created).count();
        answers.push(ids(&given));
    }
    answers.dedup();
    assert_eq!((answers.len(), created), (1, 2), "{answers:?}");
    assert_eq!(recorded(fixture).await.len(), 2);
}
