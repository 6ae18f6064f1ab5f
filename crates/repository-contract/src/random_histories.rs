//! Many random writes, compared with a plain model of what they should do.

use domain::{SeriesKey, Timestamp};
use time::Duration;

use crate::Fixture;
use crate::bars::source;
use crate::chance::Dice;
use crate::model::{Model, belief, random_batch, random_removal};

/// After each of many random writes bars, answers and the line of the catalogue are what the model says.
pub async fn catalogue_and_bars_stay_in_step(fixture: &Fixture) {
    for seed in 1..=3 {
        let series = fixture.daily_series(&format!("SEED{seed}")).await;
        let mut dice = Dice::seeded(seed);
        let mut model = Model::default();
        for _ in 0..60 {
            write(fixture, series, &mut dice, &mut model).await;
            assert_eq!(belief(&fixture.bars(series).await), model.current);
            assert_in_step(fixture, series, &model).await;
        }
    }
}

/// At each stamp of a random history, `as_of` gives what a reader saw then, and just before it what was there before.
pub async fn every_past_state_can_be_read_again(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let mut dice = Dice::seeded(7);
    let mut model = Model::default();
    for _ in 0..80 {
        write(fixture, series, &mut dice, &mut model).await;
    }
    let mut before = Default::default();
    for (stamp, believed) in &model.past {
        let just_before = stamp.checked_add(Duration::microseconds(-1)).unwrap();
        assert_eq!(belief(&fixture.bars_as_of(series, just_before).await), before);
        assert_eq!(belief(&fixture.bars_as_of(series, *stamp).await), *believed);
        before = believed.clone();
    }
}

/// Every state but the present one ends in revisions: for each bar they and the current one tell one unbroken story.
pub async fn revisions_tell_every_past_state(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let mut dice = Dice::seeded(11);
    let mut model = Model::default();
    for _ in 0..80 {
        write(fixture, series, &mut dice, &mut model).await;
    }
    let revisions = fixture.revisions(series).await;
    for (stamp, believed) in &model.past {
        let alive = |from: Timestamp, until: Option<Timestamp>| from <= *stamp && until.is_none_or(|end| *stamp < end);
        let past = revisions
            .iter()
            .filter(|old| alive(old.believed_from, Some(old.believed_until)));
        let current = fixture
            .bars(series)
            .await
            .into_iter()
            .filter(|price| alive(price.recorded_at, None));
        assert_eq!(past.count() + current.count(), believed.len());
    }
}

/// Any cut of the same bars into batches gives the same current values.
pub async fn any_batching_gives_the_same_values(fixture: &Fixture) {
    let mut dice = Dice::seeded(13);
    let whole = fixture.daily_series("WHOLE").await;
    let bars: Vec<_> = (0..30).flat_map(|_| random_batch(&mut dice, whole).bars).collect();
    fixture.merge_from("file", whole, bars.clone()).await;
    let expected: Vec<_> = fixture.bars(whole).await.into_iter().map(|price| price.bar).collect();
    for size in [1, 2, 7, 50] {
        let cut = fixture.daily_series(&format!("CUT{size}")).await;
        for batch in bars.chunks(size) {
            fixture.merge_from("file", cut, batch.to_vec()).await;
        }
        let values: Vec<_> = fixture.bars(cut).await.into_iter().map(|price| price.bar).collect();
        assert_eq!(values, expected, "in batches of {size}");
    }
}

/// One random write; the clock stands still, goes on or goes back before it.
async fn write(fixture: &Fixture, series: SeriesKey, dice: &mut Dice, model: &mut Model) {
    fixture.advance(dice.one_of(&[Duration::ZERO, Duration::seconds(1), Duration::hours(-1), Duration::DAY]));
    if dice.below(5) == 0 {
        let removal = random_removal(dice, series);
        let expected = model.remove(&removal, fixture.now());
        assert_eq!(fixture.prices().remove(removal).await.unwrap(), expected);
    } else {
        let batch = random_batch(dice, series);
        let expected = model.merge(&batch, fixture.now());
        assert_eq!(fixture.merge(batch).await, expected);
    }
}

async fn assert_in_step(fixture: &Fixture, series: SeriesKey, model: &Model) {
    let Some(updated_at) = model.last_stamp else {
        // Nothing but removals from nothing so far.
        assert_eq!(fixture.catalogue().find(series).await.unwrap(), None);
        return;
    };
    let line = fixture.line(series).await;
    let count = u64::try_from(model.current.len()).unwrap();
    let ends = (
        model.current.keys().next().copied(),
        model.current.keys().next_back().copied(),
    );
    assert_eq!((line.count, line.first, line.last), (count, ends.0, ends.1));
    assert_eq!((line.version, line.updated_at), (model.version, updated_at));
    assert_eq!(line.last_source, model.last_source.as_deref().map(source));
}
