//! Which column of a table holds what.

use super::column::{ColumnRole, folded};
use super::dialect::Cells;
use super::{ColumnMap, FileProblem};

/// The places of the columns, counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) timestamp: usize,
    pub(super) time: Option<usize>,
    /// Open, high, low, close: four times the same one in a table of single values.
    pub(super) prices: [usize; 4],
    pub(super) volume: Option<usize>,
    pub(super) trade_count: Option<usize>,
    pub(super) vwap: Option<usize>,
    pub(super) symbol: Option<usize>,
    pub(super) interval: Option<usize>,
    /// How many cells a row has.
    pub(super) width: usize,
    /// Whether rows end with one more delimiter, and so with one more, empty cell.
    pub(super) trailing: bool,
}

impl Columns {
    /// How many cells a row has at least, up to the last one that every bar needs.
    pub(super) fn needed(&self) -> usize {
        let others = [Some(self.timestamp), self.time, self.volume, self.symbol, self.interval];
        let last = self.prices.into_iter().chain(others.into_iter().flatten()).max();
        last.map_or(0, |last| last + 1)
    }
}

/// What the header and `--map` make of a table.
pub(super) struct NamedColumns {
    pub(super) columns: Columns,
    pub(super) ignored: Vec<String>,
    /// The header of the only value column when it is no word for a price: `DGS10`.
    pub(super) named_value: Option<String>,
}

/// Finds the columns by their names; what `map` says goes before.
pub(super) fn named_columns(header: &Cells, map: &ColumnMap) -> Result<NamedColumns, FileProblem> {
    let names: Vec<&str> = header.iter().collect();
    refuse_other_figures(&names)?;
    let found = || listed(&names);
    let mut places = Places::mapped(map, &names)?;
    for (index, name) in names.iter().enumerate() {
        if let Some((role, rank)) = ColumnRole::of_header(name)
            && map.column(role).is_none()
            && !places.holds(index)
        {
            places.claim(role, rank + 1, index, &names)?;
        }
    }
    places.settle_time(map);
    // A data frame writes its index without a name.
    if places.at(ColumnRole::Timestamp).is_none() && names.first().is_some_and(|name| name.is_empty()) {
        places.claim(ColumnRole::Timestamp, 9, 0, &names)?;
    }
    let mut named_value = None;
    if let (None, Some(timestamp), [_, _]) = (places.at(ColumnRole::Close), places.at(ColumnRole::Timestamp), &*names) {
        // FRED: a date and a series, named after itself.
        let value = 1 - timestamp.min(1);
        places.claim(ColumnRole::Close, 9, value, &names)?;
        named_value = names.get(value).map(|name| (*name).to_owned());
    }
    let columns = places.columns(names.len(), &found)?;
    let ignored = (0..names.len())
        .filter(|index| !places.holds(*index))
        .filter_map(|index| names.get(index).filter(|name| !name.is_empty()))
        .map(|name| (*name).to_owned())
        .collect();
    Ok(NamedColumns {
        columns,
        ignored,
        named_value,
    })
}

/// Finds the columns of a table without header by the numbers that `map` gives.
pub(super) fn numbered_columns(width: usize, map: &ColumnMap) -> Result<Columns, FileProblem> {
    let numbers: Vec<String> = (1..=width).map(|number| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    Places::mapped(map, &numbers)?.columns(width, &|| format!("columns 1 to {width}"))
}

/// Which column has which role so far, and how surely; 0 was said by hand.
struct Places(Vec<(ColumnRole, usize, usize)>);

impl Places {
    fn mapped(map: &ColumnMap, names: &[&str]) -> Result<Self, FileProblem> {
        let mut places = Self(Vec::new());
        for (role, column) in map.iter() {
            let mut same = names
                .iter()
                .enumerate()
                .filter(|(_, name)| name.eq_ignore_ascii_case(column));
            let (named, twice) = (same.next().map(|(index, _)| index), same.next());
            if let (Some(first), Some((second, _))) = (named, twice) {
                let (first, second) = ((first + 1).to_string(), (second + 1).to_string());
                return Err(FileProblem::AmbiguousColumn { role, first, second });
            }
            let numbered = || {
                column
                    .parse::<usize>()
                    .ok()?
                    .checked_sub(1)
                    .filter(|index| *index < names.len())
            };
            let index = named.or_else(numbered).ok_or_else(|| FileProblem::MappedColumnAbsent {
                role,
                column: column.to_owned(),
                found: listed(names),
            })?;
            places.0.push((role, 0, index));
        }
        Ok(places)
    }

    fn at(&self, role: ColumnRole) -> Option<usize> {
        self.0
            .iter()
            .find(|(claimed, ..)| *claimed == role)
            .map(|(_, _, index)| *index)
    }

    fn holds(&self, index: usize) -> bool {
        self.0.iter().any(|(.., held)| *held == index)
    }

    /// Gives a role to a column, unless a surer one has it.
    fn claim(&mut self, role: ColumnRole, rank: usize, index: usize, names: &[&str]) -> Result<(), FileProblem> {
        match self.0.iter_mut().find(|(claimed, ..)| *claimed == role) {
            None => self.0.push((role, rank, index)),
            Some((_, held, place)) if rank < *held => (*held, *place) = (rank, index),
            Some((_, held, place)) if rank == *held => {
                let name = |index: usize| format!("{} (`{}`)", index + 1, names.get(index).unwrap_or(&""));
                return Err(FileProblem::AmbiguousColumn {
                    role,
                    first: name(*place),
                    second: name(index),
                });
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// A column called `time` is the stamp itself when no other is, and no part of one that is complete.
    fn settle_time(&mut self, map: &ColumnMap) {
        if map.column(ColumnRole::Time).is_some() {
            return;
        }
        let Some(time) = self.at(ColumnRole::Time) else { return };
        match self.0.iter().find(|(role, ..)| *role == ColumnRole::Timestamp) {
            // Only a column of dates lacks a time.
            Some((_, 4, _)) => {}
            Some(_) => self.0.retain(|(role, ..)| *role != ColumnRole::Time),
            None => {
                self.0.retain(|(role, ..)| *role != ColumnRole::Time);
                self.0.push((ColumnRole::Timestamp, 1, time));
            }
        }
    }

    fn columns(&self, width: usize, found: &dyn Fn() -> String) -> Result<Columns, FileProblem> {
        let prices = [ColumnRole::Open, ColumnRole::High, ColumnRole::Low, ColumnRole::Close];
        let given = prices.map(|role| self.at(role));
        let single = given.iter().take(3).all(Option::is_none);
        let mut missing: Vec<ColumnRole> = Vec::new();
        if self.at(ColumnRole::Timestamp).is_none() {
            missing.push(ColumnRole::Timestamp);
        }
        let absent = prices
            .into_iter()
            .zip(given)
            .filter(|(_, place)| place.is_none())
            .map(|(role, _)| role);
        missing.extend(absent.filter(|role| !single || *role == ColumnRole::Close));
        if let Some(first) = missing.first().copied() {
            let names: Vec<_> = missing.iter().map(|role| role.as_str()).collect();
            return Err(FileProblem::MissingColumn {
                missing: names.join(", "),
                first,
                found: found(),
            });
        }
        let close = given.last().copied().flatten().unwrap_or_default();
        Ok(Columns {
            timestamp: self.at(ColumnRole::Timestamp).unwrap_or_default(),
            time: self.at(ColumnRole::Time),
            prices: given.map(|place| place.unwrap_or(close)),
            volume: self.at(ColumnRole::Volume),
            trade_count: self.at(ColumnRole::TradeCount),
            vwap: self.at(ColumnRole::Vwap),
            symbol: self.at(ColumnRole::Symbol),
            interval: self.at(ColumnRole::Interval),
            width,
            trailing: false,
        })
    }
}

/// The names for a message, at most 300 characters.
fn listed(names: &[&str]) -> String {
    let all = names.join(", ");
    match all.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", all.get(..end).unwrap_or_default()),
        None => all,
    }
}

/// Files that come beside bars and hold none.
fn refuse_other_figures(names: &[&str]) -> Result<(), FileProblem> {
    let names: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let has = |name: &str| names.iter().any(|column| column == name);
    if has("open") || has("high") || has("low") {
        return Ok(());
    }
    let refuse = |what, remedy| Err(FileProblem::NotBars { what, remedy });
    if has("price_factor") && has("split_factor") {
        return refuse(
            "cumulative adjustment factors",
            "import the raw bars alone; prices are adjusted on reading, from the splits and dividends of a provider",
        );
    }
    let remedy = "bars and corporate actions come separately: import the bars, and let a provider bring the actions";
    if has("split_factor") || has("split_ratio") || has("stock_splits") || has("splits") {
        return refuse("splits", remedy);
    }
    if has("dividends") || has("dividend") || has("ex_dividend_date") || has("cash_amount") {
        return refuse("dividends", remedy);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(header: &str, map: &str) -> Result<NamedColumns, FileProblem> {
        let mut cells = Cells::default();
        cells.split(header, ',').unwrap();
        named_columns(&cells, &map.parse().unwrap())
    }

    #[test]
    fn finds_columns_of_known_downloads() {
        let yahoo = resolve("Date,Open,High,Low,Close,Adj Close,Volume", "").ok().unwrap();
        assert_eq!(yahoo.columns.prices, [1, 2, 3, 4]);
        assert_eq!(
            (yahoo.columns.volume, yahoo.ignored),
            (Some(6), vec!["Adj Close".to_owned()])
        );
        let crypto = resolve("unix,date,symbol,open,high,low,close,Volume BTC,Volume USD", "")
            .ok()
            .unwrap();
        assert_eq!(
            (crypto.columns.timestamp, crypto.columns.volume, crypto.columns.symbol),
            (0, Some(7), Some(2))
        );
        assert_eq!(crypto.ignored, ["date", "Volume USD"]);
        let trader = resolve("<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>", "")
            .ok()
            .unwrap();
        assert_eq!(
            (trader.columns.timestamp, trader.columns.time, trader.columns.volume),
            (0, Some(1), Some(7))
        );
        let coinbase = resolve("time,low,high,open,close,volume", "").ok().unwrap();
        assert_eq!((coinbase.columns.timestamp, coinbase.columns.prices), (0, [3, 2, 1, 4]));
        let frame = resolve(",Open,High,Low,Close", "").ok().unwrap();
        assert_eq!((frame.columns.timestamp, frame.columns.volume), (0, None));
        let fred = resolve("DATE,DGS10", "").ok().unwrap();
        assert_eq!(
            (fred.columns.prices, fred.named_value.as_deref()),
            ([1; 4], Some("DGS10"))
        );
    }

    #[test]
    fn what_is_mapped_is_not_guessed() {
        let mapped = resolve("date,first,o,h,l,c", "open=first,timestamp=1").ok().unwrap();
        assert_eq!(mapped.columns.prices, [1, 3, 4, 5]);
        assert_eq!(mapped.ignored, ["o"]);
    }

    #[test]
    fn says_what_is_missing() {
        let check = |header: &str, map: &str, message: &str| {
            assert_eq!(resolve(header, map).err().unwrap().to_string(), message);
        };
        check(
            "date,open,high,kurs",
            "",
            "no column for low, close among date, open, high, kurs: name it with --map low=COLUMN",
        );
        check(
            "date,open,high,low,close",
            "close=Kurs",
            "--map close=Kurs: there is no such column among date, open, high, low, close",
        );
        check(
            "date,Date,open,high,low,close",
            "",
            "columns 1 (`date`) and 2 (`Date`) could both be timestamp: choose one with --map timestamp=COLUMN",
        );
        check(
            "date,price_factor,split_factor,reference_close",
            "",
            "holds cumulative adjustment factors, not bars: import the raw bars alone; prices are adjusted on reading, \
             from the splits and dividends of a provider",
        );
        check(
            "Date,Dividends",
            "",
            "holds dividends, not bars: bars and corporate actions come separately: import the bars, and let a provider \
             bring the actions",
        );
    }
}
