//! What a series should hold after any writes, told in the plainest way: the yardstick for random histories.

use std::collections::BTreeMap;

use domain::{Bar, MarketPrice, MergeBatch, MergeCounts, Merged, Precedence, Price, Removal, SeriesKey, Timestamp};

use crate::bars::{days, opening_at, source};
use crate::chance::Dice;

/// Whom the random writers believe: yahoo over file over all others.
const RANKED: [&str; 2] = ["yahoo", "file"];
const SOURCES: [&str; 4] = ["yahoo", "file", "stooq", "api"];
/// Few enough that bars often repeat, equal in number and not in text, or come back.
const PRICES: [&str; 6] = ["10", "10.0", "11.50", "11.5", "12.25", "0.000000000000000001"];
const JANUARY: &str = "2024-01-";

/// A bar as it should be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Believed {
    price: String,
    source: String,
    recorded_at: Timestamp,
}

/// All final bars at one moment.
pub(crate) type Belief = BTreeMap<Timestamp, Believed>;

/// A series as it should be.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) current: Belief,
    pub(crate) version: u64,
    pub(crate) last_stamp: Option<Timestamp>,
    pub(crate) last_source: Option<String>,
    /// What was believed from each stamp on.
    pub(crate) past: Vec<(Timestamp, Belief)>,
}

impl Model {
    /// What the store should answer to a batch of final bars at the time `now`.
    pub(crate) fn merge(&mut self, batch: &MergeBatch, now: Timestamp) -> Merged {
        let stamp = self.next_stamp(now);
        let mut counts = MergeCounts::default();
        let mut newest: BTreeMap<Timestamp, &Bar> = BTreeMap::new();
        for bar in &batch.bars {
            if newest.insert(bar.opened_at(), bar).is_some() {
                counts.duplicate += 1;
            }
        }
        let mut changed = false;
        for (opened_at, bar) in newest {
            let said = Believed {
                price: bar.close().to_string(),
                source: batch.source.to_string(),
                recorded_at: stamp,
            };
            let Some(kept) = self.current.get_mut(&opened_at) else {
                counts.inserted += 1;
                changed = true;
                self.current.insert(opened_at, said);
                continue;
            };
            let same = kept.price.parse::<Price>() == said.price.parse::<Price>();
            match (same, rank(&said.source).cmp(&rank(&kept.source))) {
                (true, std::cmp::Ordering::Less) => {
                    counts.unchanged += 1;
                    changed = true;
                    *kept = Believed {
                        price: kept.price.clone(),
                        ..said
                    };
                }
                (true, _) => counts.unchanged += 1,
                (false, std::cmp::Ordering::Greater) => counts.discrepant += 1,
                (false, _) => {
                    counts.updated += 1;
                    changed = true;
                    *kept = said;
                }
            }
        }
        self.ended(changed, stamp, batch.source.as_str(), counts)
    }

    /// What the store should answer to a removal at the time `now`.
    pub(crate) fn remove(&mut self, removal: &Removal, now: Timestamp) -> Merged {
        let stamp = self.next_stamp(now);
        let before = self.current.len();
        self.current.retain(|opened_at, _| !removal.range.contains(*opened_at));
        let gone = u64::try_from(before - self.current.len()).unwrap();
        let counts = MergeCounts {
            updated: gone,
            ..MergeCounts::default()
        };
        self.ended(gone > 0, stamp, removal.source.as_str(), counts)
    }

    fn next_stamp(&self, now: Timestamp) -> Timestamp {
        self.last_stamp.map_or(now, |last| now.max(last.next()))
    }

    fn ended(&mut self, changed: bool, stamp: Timestamp, by: &str, counts: MergeCounts) -> Merged {
        if changed {
            self.version += 1;
            self.last_stamp = Some(stamp);
            self.last_source = Some(by.to_owned());
            self.past.push((stamp, self.current.clone()));
        }
        Merged {
            counts,
            version: self.version,
            stamp: changed.then_some(stamp),
        }
    }
}

/// Bars as the model tells them.
pub(crate) fn belief(prices: &[MarketPrice]) -> Belief {
    let told = prices.iter().map(|price| {
        let believed = Believed {
            price: price.bar.close().to_string(),
            source: price.source.to_string(),
            recorded_at: price.recorded_at,
        };
        (price.bar.opened_at(), believed)
    });
    told.collect()
}

/// Whom the random writers believe.
pub(crate) fn ranking() -> Precedence {
    Precedence::new(RANKED.map(source).to_vec())
}

/// One to eight bars of January 2024 from any source, some of them for the same day.
pub(crate) fn random_batch(dice: &mut Dice, series: SeriesKey) -> MergeBatch {
    let size = 1 + dice.below(8);
    let bars = (0..size).map(|_| {
        let date = format!("{JANUARY}{:02}T00:00:00Z", 1 + dice.below(20));
        opening_at(date.parse().unwrap(), dice.one_of(&PRICES))
    });
    let bars = bars.collect();
    MergeBatch {
        precedence: ranking(),
        ..MergeBatch::of_bars(series, source(dice.one_of(&SOURCES)), bars)
    }
}

/// One to six days of January 2024 to be removed.
pub(crate) fn random_removal(dice: &mut Dice, series: SeriesKey) -> Removal {
    let first = 1 + dice.below(20);
    let end = first + 1 + dice.below(5);
    Removal {
        series,
        range: days(&format!("{JANUARY}{first:02}"), &format!("{JANUARY}{end:02}")),
        source: source("api"),
    }
}

fn rank(source: &str) -> usize {
    RANKED
        .iter()
        .position(|listed| *listed == source)
        .unwrap_or(RANKED.len())
}
