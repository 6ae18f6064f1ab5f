//! Rows that made no bar.

use domain::{MergeBatch, QuarantinedRow, RejectedRow};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, source};

/// A row that made no bar because of its high.
pub(crate) fn rejected(raw: &str) -> RejectedRow {
    RejectedRow {
        index: 1,
        raw: raw.to_owned(),
        field: "high",
        reason: "high 4032 is below open 4037".to_owned(),
    }
}

/// Bad rows are kept with the reason and never stop the good ones.
pub async fn bad_rows_are_kept_and_never_stop_good_ones(fixture: &Fixture) {
    let series = fixture.daily_series("SSW").await;
    let run = fixture.runs().create(series, &source("yahoo"), None).await.unwrap().id;
    let batch = MergeBatch {
        rejected: vec![rejected("2023-05-02,4037,4032,3917,3965")],
        run: Some(run),
        ..MergeBatch::of_bars(series, source("yahoo"), vec![daily("2023-05-03", "4000")])
    };
    let merged = fixture.merge(batch).await;
    assert_eq!((merged.counts.inserted, merged.counts.rejected), (1, 1));
    assert_eq!(closes(&fixture.bars(series).await), ["2023-05-03 4000"]);

    let rows = fixture.quarantine().await;
    let row = rows.first().unwrap();
    assert_eq!(
        (rows.len(), row.series, row.source.as_str(), row.run),
        (1, series, "yahoo", Some(run))
    );
    assert_eq!(
        (row.raw.as_str(), row.field.as_str()),
        ("2023-05-02,4037,4032,3917,3965", "high")
    );
    assert_eq!(
        (row.reason.as_str(), row.quarantined_at),
        ("high 4032 is below open 4037", fixture.now())
    );
}

/// One row per content: coming again, in the same batch or later, adds none and moves no time.
pub async fn a_bad_row_is_kept_once_however_often_it_comes(fixture: &Fixture) {
    let series = fixture.daily_series("SSW").await;
    let batch = |rows: &[&str]| MergeBatch {
        rejected: rows.iter().map(|raw| rejected(raw)).collect(),
        ..MergeBatch::of_bars(series, source("file"), Vec::new())
    };
    assert_eq!(fixture.merge(batch(&["a", "b", "a"])).await.counts.rejected, 3);
    let before = fixture.quarantine().await;
    assert_eq!(before.len(), 2);
    fixture.advance(Duration::hours(1));
    let mut again = batch(&["b"]);
    again.rejected.iter_mut().for_each(|row| row.index = 99);
    assert_eq!(fixture.merge(again).await.counts.rejected, 1);
    assert_eq!(fixture.quarantine().await, before);
}

/// The same content in another series is another row; reading by series, in pages, finds each.
pub async fn quarantine_is_read_by_series_and_in_pages(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    for (series, rows) in [(apple, vec!["a", "b"]), (microsoft, vec!["a", "c", "d"])] {
        let batch = MergeBatch {
            rejected: rows.into_iter().map(rejected).collect(),
            ..MergeBatch::of_bars(series, source("file"), Vec::new())
        };
        fixture.merge(batch).await;
    }
    let raws = async |series| {
        let rows = fixture.history().quarantine(series, 10, 0).await.unwrap();
        rows.into_iter().map(|row| row.raw).collect::<Vec<_>>()
    };
    assert_eq!(raws(Some(apple)).await, ["a", "b"]);
    assert_eq!(raws(Some(microsoft)).await, ["a", "c", "d"]);

    let mut paged: Vec<QuarantinedRow> = Vec::new();
    loop {
        let after = paged.last().map_or(0, |row| row.id);
        let page = fixture.history().quarantine(None, 2, after).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        paged.extend(page);
    }
    assert_eq!(paged, fixture.quarantine().await);
    assert_eq!(paged.len(), 5);
}
