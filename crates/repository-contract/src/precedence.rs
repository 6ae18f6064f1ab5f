//! Sources that outrank each other, and the disagreements that this leaves.

use domain::{Bar, Discrepancy, Dispute, MergeBatch, Merged, Precedence, RevisionKind, SeriesKey};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, day, days, source};

/// A batch of a world where yahoo outranks file, and file all others.
async fn tell(fixture: &Fixture, name: &str, series: SeriesKey, bar: Bar) -> Merged {
    let batch = MergeBatch {
        precedence: Precedence::new(vec![source("yahoo"), source("file")]),
        ..MergeBatch::of_bars(series, source(name), vec![bar])
    };
    fixture.merge(batch).await
}

/// A source of higher precedence that says the same takes over the provenance: the values stay, the former provenance
/// goes to the revisions as confirmed, and that is a change with a version and a line in the journal.
pub async fn a_higher_source_confirms_and_takes_the_provenance(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let first = tell(fixture, "file", series, daily("2024-01-02", "187.10")).await;
    let second = fixture.advance(Duration::hours(1));
    let merged = tell(fixture, "yahoo", series, daily("2024-01-02", "187.1")).await;
    assert_eq!(
        (merged.counts.unchanged, merged.version, merged.stamp),
        (1, 2, Some(second))
    );

    let bars = fixture.bars(series).await;
    assert_eq!(closes(&bars), ["2024-01-02 187.10"]);
    let bar = bars.first().unwrap();
    assert_eq!((bar.source.as_str(), bar.recorded_at), ("yahoo", second));
    let revisions = fixture.revisions(series).await;
    let old = revisions.first().unwrap();
    assert_eq!(
        (revisions.len(), old.kind, old.source.as_str()),
        (1, RevisionKind::Confirmed, "file")
    );
    assert_eq!((Some(old.believed_from), old.believed_until), (first.stamp, second));
    assert_eq!(fixture.journal(series).await.len(), 2);
    assert_eq!(fixture.line(series).await.last_source.unwrap().as_str(), "yahoo");
}

/// Confirming twice, or by a lower source, moves nothing.
pub async fn only_a_first_confirmation_from_above_changes_anything(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for name in ["file", "yahoo"] {
        tell(fixture, name, series, daily("2024-01-02", "187.10")).await;
    }
    let before = fixture.picture(series).await;
    fixture.advance(Duration::hours(1));
    for name in ["yahoo", "file", "api"] {
        let again = tell(fixture, name, series, daily("2024-01-02", "187.10")).await;
        assert_eq!((again.counts.unchanged, again.version, again.stamp), (1, 2, None));
    }
    assert_eq!(fixture.picture(series).await, before);
}

/// A source of higher precedence overrides.
pub async fn a_higher_source_overrides(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    tell(fixture, "file", series, daily("2024-01-02", "190")).await;
    let merged = tell(fixture, "yahoo", series, daily("2024-01-02", "187.10")).await;
    assert_eq!(merged.counts.updated, 1);
    assert_eq!(closes(&fixture.bars(series).await), ["2024-01-02 187.10"]);
}

/// Sources that are not listed are equal and lowest, and equals override each other.
pub async fn unlisted_sources_override_each_other(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for (name, price) in [("api", "1"), ("stooq", "2"), ("api", "3")] {
        tell(fixture, name, series, daily("2024-01-02", price)).await;
    }
    assert_eq!(closes(&fixture.bars(series).await), ["2024-01-02 3"]);
    assert_eq!(fixture.discrepancies(series).await, []);
}

/// A source of lower precedence never overrides: what it says is kept beside, and no version comes of it.
pub async fn a_lower_source_leaves_a_discrepancy(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    tell(fixture, "yahoo", series, daily("2024-01-02", "187.10")).await;
    let noticed = fixture.advance(Duration::hours(1));
    let merged = tell(fixture, "file", series, daily("2024-01-02", "190.00")).await;
    assert_eq!((merged.counts.discrepant, merged.version, merged.stamp), (1, 1, None));
    assert_eq!(closes(&fixture.bars(series).await), ["2024-01-02 187.10"]);
    let expected = Discrepancy {
        series,
        opened_at: day("2024-01-02"),
        source: source("file"),
        dispute: Dispute::Differs(Box::new(daily("2024-01-02", "190.00"))),
        noticed_at: noticed,
        closed_at: None,
    };
    assert_eq!(
        format!("{:?}", fixture.discrepancies(series).await),
        format!("{:?}", [expected])
    );
}

/// One discrepancy per bar, source and value, be the value written otherwise.
pub async fn a_discrepancy_is_kept_once_per_bar_source_and_value(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for date in ["2024-01-02", "2024-01-03"] {
        tell(fixture, "yahoo", series, daily(date, "187.10")).await;
    }
    tell(fixture, "file", series, daily("2024-01-02", "190")).await;
    let once = fixture.picture(series).await;
    fixture.advance(Duration::hours(1));
    tell(fixture, "file", series, daily("2024-01-02", "190.00")).await;
    assert_eq!(fixture.picture(series).await, once);

    tell(fixture, "file", series, daily("2024-01-02", "191")).await;
    tell(fixture, "api", series, daily("2024-01-02", "190")).await;
    tell(fixture, "file", series, daily("2024-01-03", "190")).await;
    let mut said: Vec<String> = fixture.discrepancies(series).await.iter().map(said).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "2024-01-02 api 190",
            "2024-01-02 file 190",
            "2024-01-02 file 191",
            "2024-01-03 file 190"
        ]
    );
}

/// A discrepancy is closed when its source agrees, and only that source's at that bar.
pub async fn a_discrepancy_is_closed_when_both_agree(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for date in ["2024-01-02", "2024-01-03"] {
        tell(fixture, "yahoo", series, daily(date, "187.10")).await;
        tell(fixture, "file", series, daily(date, "190")).await;
        tell(fixture, "api", series, daily(date, "200")).await;
    }
    let agreed = fixture.advance(Duration::hours(1));
    tell(fixture, "file", series, daily("2024-01-02", "187.10")).await;
    let closed: Vec<_> = fixture
        .discrepancies(series)
        .await
        .into_iter()
        .filter(|one| one.closed_at.is_some())
        .collect();
    assert_eq!(closed.iter().map(said).collect::<Vec<_>>(), ["2024-01-02 file 190"]);
    assert_eq!(closed.first().unwrap().closed_at, Some(agreed));
}

/// It is also closed when the believed source comes round to the value.
pub async fn a_discrepancy_is_closed_when_the_kept_bar_comes_round(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    tell(fixture, "yahoo", series, daily("2024-01-02", "187.10")).await;
    tell(fixture, "file", series, daily("2024-01-02", "190")).await;
    tell(fixture, "api", series, daily("2024-01-02", "200")).await;
    tell(fixture, "yahoo", series, daily("2024-01-02", "190.0")).await;
    let open: Vec<_> = fixture
        .discrepancies(series)
        .await
        .into_iter()
        .filter(|one| one.closed_at.is_none())
        .collect();
    assert_eq!(open.iter().map(said).collect::<Vec<_>>(), ["2024-01-02 api 200"]);
}

/// And when the bar was removed, and the source that was outranked gives it anew.
pub async fn a_discrepancy_is_closed_when_its_value_is_kept_after_a_removal(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    tell(fixture, "yahoo", series, daily("2024-01-02", "187.10")).await;
    tell(fixture, "file", series, daily("2024-01-02", "190")).await;
    fixture.remove(series, days("2024-01-02", "2024-01-03")).await;
    let agreed = fixture.advance(Duration::hours(1));
    assert_eq!(
        tell(fixture, "file", series, daily("2024-01-02", "190"))
            .await
            .counts
            .inserted,
        1
    );
    let closed: Vec<_> = fixture
        .discrepancies(series)
        .await
        .into_iter()
        .map(|one| one.closed_at)
        .collect();
    assert_eq!(closed, [Some(agreed)]);
}

/// A closed discrepancy whose value is said again is open again; it is still the same one.
pub async fn a_closed_discrepancy_opens_again(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    tell(fixture, "yahoo", series, daily("2024-01-02", "187.10")).await;
    tell(fixture, "file", series, daily("2024-01-02", "190")).await;
    let first = fixture.discrepancies(series).await;
    fixture.advance(Duration::hours(1));
    tell(fixture, "file", series, daily("2024-01-02", "187.10")).await;
    tell(fixture, "file", series, daily("2024-01-02", "190")).await;
    assert_eq!(fixture.discrepancies(series).await, first);
}

fn said(discrepancy: &Discrepancy) -> String {
    let value = match &discrepancy.dispute {
        Dispute::Differs(bar) => bar.close().to_string(),
        Dispute::Withdrawn => "withdrawn".to_owned(),
    };
    format!("{} {} {value}", discrepancy.opened_at.date(), discrepancy.source)
}
