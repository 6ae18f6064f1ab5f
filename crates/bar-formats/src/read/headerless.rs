//! Tables without a header: what their first rows prove about their columns.

use domain::Price;

use super::column::ColumnRole;
use super::dialect::Cells;
use super::is_missing;
use super::layout::Columns;
use super::stamp::compact;
use super::stamp_reading::looks_like_stamp;

/// A row of figures rather than of names: it has something like a date or time, a number beside it, and no cell that
/// names a column.
pub(super) fn looks_like_data(cells: &Cells) -> bool {
    let stamps = cells.iter().filter(|cell| looks_like_stamp(cell)).count();
    let numbers = cells
        .iter()
        .filter(|cell| is_number(cell) || (is_missing(cell) && !cell.is_empty()))
        .count();
    let names = cells
        .iter()
        .filter(|cell| !is_missing(cell) && ColumnRole::of_header(cell).is_some())
        .count();
    stamps > 0 && numbers > 0 && stamps + numbers > 1 && names == 0
}

/// The columns of a table without header, when its rows leave no doubt; `None` when they do.
///
/// Known are: stamp, four prices, volume and perhaps a count of trades (Kraken); date and time apart (`MetaTrader`);
/// the
/// twelve columns of Binance. In which order the prices stand (open, high, low, close; Coinbase's low, high, open,
/// close; `KuCoin`'s open, close, high, low) the figures must prove: one order fits nearly all rows, and no other does.
pub(super) fn proven_columns(rows: &[Cells], width: usize) -> Option<Columns> {
    let rows: Vec<&Cells> = rows.iter().filter(|row| row.len() == width).collect();
    let most = |holds: &dyn Fn(&Cells) -> bool| {
        let fitting = rows.iter().filter(|row| holds(row)).count();
        fitting > 0 && fitting * 10 >= rows.len() * 9
    };
    let cell = |row: &Cells, index: usize| row.get(index).unwrap_or_default().to_owned();
    if !most(&|row| looks_like_stamp(&cell(row, 0))) {
        return None;
    }
    let apart = most(&|row| is_clock(&cell(row, 1)) && !cell(row, 0).contains([' ', 'T', ':']));
    let first = if apart { 2 } else { 1 };
    let prices = proven_order(&rows, first)?;
    let rest = width.checked_sub(first + 4)?;
    let binance = rest == 7 && most(&|row| follows(&cell(row, 0), &cell(row, 6)));
    let counted = rest == 2 && most(&|row| is_count(&cell(row, first + 5)));
    if rest > 1 && !binance && !counted {
        return None;
    }
    Some(Columns {
        timestamp: 0,
        time: apart.then_some(1),
        prices,
        volume: (rest > 0).then_some(first + 4),
        trade_count: if binance { Some(8) } else { counted.then_some(first + 5) },
        width,
        ..Columns::default()
    })
}

fn proven_order(rows: &[&Cells], first: usize) -> Option<[usize; 4]> {
    // Offsets of open, high, low, close.
    let orders = [[0, 1, 2, 3], [2, 1, 0, 3], [0, 2, 3, 1]];
    let mut complete = 0_usize;
    let mut broken = [0_usize; 3];
    for row in rows {
        let mut prices = Vec::with_capacity(4);
        prices.extend((first..first + 4).filter_map(|index| row.get(index)?.parse::<Price>().ok()));
        let [_, _, _, _] = *prices else { continue };
        complete += 1;
        for (order, broken) in orders.iter().zip(&mut broken) {
            let at = |place: usize| order.get(place).and_then(|offset| prices.get(*offset)).copied();
            let (Some(open), Some(high), Some(low), Some(close)) = (at(0), at(1), at(2), at(3)) else {
                continue;
            };
            let fits = low <= open.min(close) && open.max(close) <= high;
            *broken += usize::from(!fits);
        }
    }
    let fits = |broken: usize| broken * 50 <= complete;
    let mut fitting = orders.iter().zip(broken).filter(|(_, broken)| fits(*broken));
    let (order, _) = fitting.next()?;
    (complete > 0 && fitting.next().is_none()).then(|| order.map(|offset| first + offset))
}

fn is_number(cell: &str) -> bool {
    cell.parse::<Price>().is_ok() || cell.replacen(',', ".", 1).parse::<Price>().is_ok()
}

fn is_count(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_clock(cell: &str) -> bool {
    let written = cell.contains(':')
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.');
    written || (matches!(cell.len(), 4 | 6) && is_count(cell) && compact(&format!("20240102{cell}")).is_some())
}

/// Both count time, and the second ends what the first begins.
fn follows(opened: &str, closed: &str) -> bool {
    matches!((opened.parse::<i64>(), closed.parse::<i64>()), (Ok(opened), Ok(closed)) if opened > 100_000_000 && closed > opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(rows: &[&str]) -> Option<Columns> {
        let rows: Vec<Cells> = rows
            .iter()
            .map(|row| {
                let mut cells = Cells::default();
                cells.split(row, ',').unwrap();
                cells
            })
            .collect();
        proven_columns(&rows, rows.first().unwrap().len())
    }

    #[test]
    fn knows_headers_from_rows() {
        let check = |line: &str, data: bool| {
            let mut cells = Cells::default();
            cells.split(line, ',').unwrap();
            assert_eq!(looks_like_data(&cells), data, "{line}");
        };
        check("1577836800000,7195.24,7255.00,7175.15,7200.85,16792.38", true);
        check("2024-01-02,null,null,null,null", true);
        check("20240102,0930,1.5,1.6,1.4,1.5,100", true);
        check("Date,Open,High,Low,Close", false);
        check("DATE,DGS10", false);
        check("https://www.CryptoDataDownload.com", false);
    }

    #[test]
    fn proves_the_order_of_the_prices() {
        // Binance BTCUSDT of 2020-04-30 and Coinbase BTC of 2018-02-01, as recorded.
        let binance = columns(&[
            "1588280400000,8819.15,8849.80,8734.50,8761.92,3089.560545,1588283999999,27174569.1,34467,1553.4,13666586.8,0",
            "1588284000000,8761.91,8770.00,8623.00,8759.77,3612.713992,1588287599999,31442181.7,36111,1749.5,15228357.6,0",
        ])
        .unwrap();
        assert_eq!(
            (binance.prices, binance.volume, binance.trade_count),
            ([1, 2, 3, 4], Some(5), Some(8))
        );
        let coinbase = columns(&[
            "1517443740,10106,10120.21,10106.01,10120.21,2.85107455",
            "1517443680,10106.01,10130,10129.99,10106.01,4.727521520000001",
        ]);
        assert_eq!(coinbase.unwrap().prices, [3, 2, 1, 4]);
        let kraken = columns(&["1672531200,16535.97,16540.97,16522.66,16522.66,0.01429883,2"]).unwrap();
        assert_eq!((kraken.prices, kraken.trade_count), ([1, 2, 3, 4], Some(6)));
        let trader = columns(&["2024.01.02,09:30,1.0716,1.0722,1.0708,1.0719,1413"]).unwrap();
        assert_eq!(
            (trader.time, trader.prices, trader.volume),
            (Some(1), [2, 3, 4, 5], Some(6))
        );
    }

    #[test]
    fn proves_nothing_from_flat_or_odd_rows() {
        assert_eq!(columns(&["1517443740,10,10,10,10,5"]), None);
        assert_eq!(columns(&["1517443740,10,12,9,11,5,6,7"]), None);
        assert_eq!(columns(&["AAPL,2024-01-02,10,12,9,11"]), None);
        assert_eq!(columns(&["2024-01-02,1"]), None);
    }
}
