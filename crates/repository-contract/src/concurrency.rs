//! Several writers at once.

use std::sync::Arc;

use domain::{
    CorporateActionRepository, InstrumentDetails, InstrumentRepository, MergeBatch, Merged, PriceRepository, SeriesKey,
};

use crate::Fixture;
use crate::bars::{daily, source};
use crate::chance::Dice;
use crate::fixture::Store;
use crate::model::{Model, belief, random_batch};

const WRITERS: u64 = 6;
const MERGES: usize = 12;

/// Merges batches one after the other, and tells what became of each.
async fn write(store: Arc<dyn Store>, batches: Vec<MergeBatch>) -> Vec<(MergeBatch, Merged)> {
    let mut done = Vec::new();
    for batch in batches {
        let merged = PriceRepository::merge(&*store, batch.clone()).await.unwrap();
        done.push((batch, merged));
    }
    done
}

/// Writers of one series serialise: no write fails or is lost, each change has a version of its own, and the answers
/// and the end are those of writing one after the other in the order of the versions.
pub async fn writers_of_one_series_serialise(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|seed| {
            let mut dice = Dice::seeded(100 + seed);
            let batches = (0..MERGES).map(|_| random_batch(&mut dice, series)).collect();
            tokio::spawn(write(fixture.store(), batches))
        })
        .collect();
    let mut done = Vec::new();
    for writer in writers {
        done.extend(writer.await.unwrap());
    }

    let mut changes: Vec<_> = done.iter().filter(|(_, merged)| merged.stamp.is_some()).collect();
    changes.sort_by_key(|(_, merged)| merged.version);
    let mut model = Model::default();
    for (batch, merged) in &changes {
        assert_eq!(model.merge(batch, fixture.now()), *merged);
    }
    assert_eq!(belief(&fixture.bars(series).await), model.current);
    let line = fixture.line(series).await;
    assert_eq!((line.version, Some(line.updated_at)), (model.version, model.last_stamp));
    assert_eq!(fixture.journal(series).await.len(), changes.len());
}

/// Writers of different series do not disturb each other.
pub async fn writers_of_different_series_do_not_disturb_each_other(fixture: &Fixture) {
    let mut writers = Vec::new();
    for seed in 0..WRITERS {
        let series = fixture.daily_series(&format!("S{seed}")).await;
        let mut dice = Dice::seeded(200 + seed);
        let batches = (0..MERGES).map(|_| random_batch(&mut dice, series)).collect();
        writers.push((series, tokio::spawn(write(fixture.store(), batches))));
    }
    for (series, writer) in writers {
        let mut model = Model::default();
        for (batch, merged) in writer.await.unwrap() {
            assert_eq!(model.merge(&batch, fixture.now()), merged);
        }
        assert_eq!(belief(&fixture.bars(series).await), model.current);
    }
}

/// A run that several merges name at once counts them all.
pub async fn a_run_counts_merges_that_come_at_once(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let run = fixture.runs().create(series, &source("file"), None).await.unwrap().id;
    let writers: Vec<_> = (1..=8)
        .map(|number| {
            let batch = MergeBatch {
                run: Some(run),
                ..MergeBatch::of_bars(series, source("file"), vec![daily(&format!("2024-01-0{number}"), "1")])
            };
            tokio::spawn(write(fixture.store(), vec![batch.clone(), batch]))
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let counts = fixture.runs().get(run).await.unwrap().unwrap().counts;
    assert_eq!((counts.inserted, counts.unchanged, counts.fetched()), (8, 8, 16));
}

/// Of several who create the same instrument at once one succeeds, and the others are told of it.
pub async fn only_one_of_several_creates_an_instrument(fixture: &Fixture) {
    let creators: Vec<_> = (0..6)
        .map(|_| {
            let store = fixture.store();
            let details = InstrumentDetails::bare("AAPL".parse().unwrap(), domain::AssetClass::Stock);
            tokio::spawn(async move { InstrumentRepository::create(&*store, details).await })
        })
        .collect();
    let (mut created, mut refused) = (Vec::new(), 0);
    for creator in creators {
        match creator.await.unwrap() {
            Ok(instrument) => created.push(instrument),
            Err(domain::InstrumentRepositoryError::AlreadyExists(_)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((created.len(), refused), (1, 5));
    let symbol = "AAPL".parse().unwrap();
    assert_eq!(fixture.instruments().with_symbol(&symbol).await.unwrap(), created);
}

/// Actions and bars of one instrument, written at once, leave one version for each change.
pub async fn actions_and_bars_serialise(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("file", series, [daily("2024-01-01", "1")]).await;
    let bars = (2..=9).map(|number| {
        let bars = vec![daily(&format!("2024-01-0{number}"), "1")];
        MergeBatch::of_bars(series, source("file"), bars)
    });
    let writer = tokio::spawn(write(fixture.store(), bars.collect()));
    let payer = tokio::spawn(pay(fixture.store(), series));
    writer.await.unwrap();
    payer.await.unwrap();
    let line = fixture.line(series).await;
    assert_eq!((line.count, line.version), (9, 17));
    let versions: Vec<u64> = fixture.journal(series).await.iter().map(|line| line.version).collect();
    assert_eq!(versions, (1..=17).collect::<Vec<u64>>());
}

/// Eight dividends, each in a batch of its own.
async fn pay(store: Arc<dyn Store>, series: SeriesKey) {
    for day in 1..=8 {
        let ex_date = time::Date::from_calendar_date(2024, time::Month::January, day).unwrap();
        let action = domain::CorporateAction::dividend(ex_date, "0.1".parse().unwrap(), "USD".parse().unwrap());
        let batch = domain::ActionBatch {
            instrument: series.instrument,
            actions: vec![action.unwrap()],
            source: source("yahoo"),
            complete: false,
            precedence: domain::Precedence::default(),
        };
        CorporateActionRepository::merge(&*store, batch).await.unwrap();
    }
}
