//! One bar after the other into a buffer.

use domain::{Bar, Price, SourceName, Symbol};

use super::TextFormat;
use super::digits::{push_count, push_decimal, push_instant};

/// How decimals look in JSON; CSV knows no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalStyle {
    /// Bare numbers, digit for digit: `187.10`.
    #[default]
    Numbers,
    /// Strings, for clients that read numbers as doubles: `"187.10"`.
    Strings,
}

/// A bar and what is written beside it.
#[derive(Clone, Copy, Debug)]
pub struct BarRow<'a> {
    /// Whose bar; written only by a writer [with symbols](BarWriter::with_symbols).
    pub symbol: Option<&'a Symbol>,
    /// Its values.
    pub bar: &'a Bar,
    /// Who said so; `None` where a bar was computed from others.
    pub source: Option<&'a SourceName>,
}

/// Appends bars to a buffer; the bytes depend on nothing but the rows and these settings.
///
/// Columns and keys, in this order: (`symbol`,) `timestamp`, `open`, `high`, `low`, `close`, `volume`, `trade_count`,
/// `vwap`, `source`. What is not known is an empty cell in CSV and `null` in JSON.
#[derive(Clone, Copy, Debug)]
pub struct BarWriter {
    format: TextFormat,
    decimals: DecimalStyle,
    with_symbols: bool,
}

impl BarWriter {
    /// A writer of lines, decimals as bare numbers, without symbols.
    #[must_use]
    pub fn new(format: TextFormat) -> Self {
        Self {
            format,
            decimals: DecimalStyle::Numbers,
            with_symbols: false,
        }
    }

    /// The same with another style of decimals.
    #[must_use]
    pub fn with_decimals(self, decimals: DecimalStyle) -> Self {
        Self { decimals, ..self }
    }

    /// The same with the symbol as first column or key, for rows of several instruments.
    #[must_use]
    pub fn with_symbols(self) -> Self {
        Self {
            with_symbols: true,
            ..self
        }
    }

    /// Makes room for so many rows, about, so that the buffer need not grow and move with them.
    pub fn reserve(&self, rows: usize, out: &mut Vec<u8>) {
        let bytes = match self.format {
            TextFormat::Csv => 96,
            TextFormat::Ndjson => 192,
        };
        out.reserve(rows.saturating_mul(bytes));
    }

    /// Appends what stands before the first row: the header line of CSV, nothing for NDJSON.
    pub fn header(&self, out: &mut Vec<u8>) {
        if self.format == TextFormat::Csv {
            if self.with_symbols {
                out.extend_from_slice(b"symbol,");
            }
            out.extend_from_slice(b"timestamp,open,high,low,close,volume,trade_count,vwap,source\n");
        }
    }

    /// Appends one row with its line end.
    pub fn row(&self, row: &BarRow<'_>, out: &mut Vec<u8>) {
        match self.format {
            TextFormat::Csv => self.csv(row, out),
            TextFormat::Ndjson => self.object(row, out),
        }
        out.push(b'\n');
    }

    /// Appends one row as a JSON object without a line end: the members of a `{"data":[…]}` page.
    pub fn object(&self, row: &BarRow<'_>, out: &mut Vec<u8>) {
        let BarRow { symbol, bar, source } = *row;
        out.push(b'{');
        if self.with_symbols {
            out.extend_from_slice(b"\"symbol\":");
            push_text(symbol.map(Symbol::as_str), out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"timestamp\":\"");
        push_instant(out, bar.opened_at());
        out.push(b'"');
        let volume = bar.volume();
        self.member(b",\"open\":", bar.open(), out);
        self.member(b",\"high\":", bar.high(), out);
        self.member(b",\"low\":", bar.low(), out);
        self.member(b",\"close\":", bar.close(), out);
        out.extend_from_slice(b",\"volume\":");
        self.number(volume.mantissa(), volume.scale(), out);
        out.extend_from_slice(b",\"trade_count\":");
        match bar.trade_count() {
            Some(count) => push_count(out, count),
            None => out.extend_from_slice(b"null"),
        }
        match bar.vwap() {
            Some(vwap) => self.member(b",\"vwap\":", vwap, out),
            None => out.extend_from_slice(b",\"vwap\":null"),
        }
        out.extend_from_slice(b",\"source\":");
        push_text(source.map(SourceName::as_str), out);
        out.push(b'}');
    }

    fn member<const LENGTH: usize>(&self, key: &[u8; LENGTH], price: Price, out: &mut Vec<u8>) {
        out.extend_from_slice(key);
        self.number(price.mantissa(), price.scale(), out);
    }

    fn number(&self, mantissa: i128, scale: u8, out: &mut Vec<u8>) {
        match self.decimals {
            DecimalStyle::Numbers => push_decimal(out, mantissa, scale),
            DecimalStyle::Strings => {
                out.push(b'"');
                push_decimal(out, mantissa, scale);
                out.push(b'"');
            }
        }
    }

    fn csv(&self, row: &BarRow<'_>, out: &mut Vec<u8>) {
        let BarRow { symbol, bar, source } = *row;
        // Neither symbols nor sources can hold a comma or a quote.
        if self.with_symbols {
            out.extend_from_slice(symbol.map_or("", Symbol::as_str).as_bytes());
            out.push(b',');
        }
        push_instant(out, bar.opened_at());
        for price in [bar.open(), bar.high(), bar.low(), bar.close()] {
            out.push(b',');
            push_decimal(out, price.mantissa(), price.scale());
        }
        out.push(b',');
        push_decimal(out, bar.volume().mantissa(), bar.volume().scale());
        out.push(b',');
        if let Some(count) = bar.trade_count() {
            push_count(out, count);
        }
        out.push(b',');
        if let Some(vwap) = bar.vwap() {
            push_decimal(out, vwap.mantissa(), vwap.scale());
        }
        out.push(b',');
        out.extend_from_slice(source.map_or("", SourceName::as_str).as_bytes());
    }
}

/// A JSON string or `null`; symbols and sources hold nothing that needs an escape.
fn push_text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => {
            out.push(b'"');
            out.extend_from_slice(text.as_bytes());
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use domain::{AssetClass, BarValues};

    use super::*;

    fn bar(vwap: Option<&str>) -> Bar {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let values = BarValues {
            opened_at: "2024-01-02T00:00:00Z".parse().unwrap(),
            open: price("187.15"),
            high: price("188.440"),
            low: price("183.885"),
            close: price("185.64"),
            volume: "82488674".parse().unwrap(),
            trade_count: vwap.map(|_| 1_009_074),
            vwap: vwap.map(price),
        };
        Bar::new(values, AssetClass::Stock).unwrap()
    }

    fn written(writer: BarWriter, bar: &Bar, source: Option<&str>) -> String {
        let (symbol, source) = ("BTC/USD".parse().unwrap(), source.map(|name| name.parse().unwrap()));
        let mut out = Vec::new();
        writer.header(&mut out);
        writer.row(
            &BarRow {
                symbol: Some(&symbol),
                bar,
                source: source.as_ref(),
            },
            &mut out,
        );
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_csv() {
        let csv = BarWriter::new(TextFormat::Csv);
        assert_eq!(
            written(csv, &bar(Some("185.94")), Some("file")),
            "timestamp,open,high,low,close,volume,trade_count,vwap,source\n\
             2024-01-02T00:00:00Z,187.15,188.440,183.885,185.64,82488674,1009074,185.94,file\n"
        );
        assert_eq!(
            written(csv.with_symbols(), &bar(None), None),
            "symbol,timestamp,open,high,low,close,volume,trade_count,vwap,source\n\
             BTC/USD,2024-01-02T00:00:00Z,187.15,188.440,183.885,185.64,82488674,,,\n"
        );
    }

    #[test]
    fn writes_json_with_every_key() {
        let ndjson = BarWriter::new(TextFormat::Ndjson);
        assert_eq!(
            written(ndjson, &bar(Some("185.94")), Some("yahoo")),
            "{\"timestamp\":\"2024-01-02T00:00:00Z\",\"open\":187.15,\"high\":188.440,\"low\":183.885,\"close\":185.64,\
             \"volume\":82488674,\"trade_count\":1009074,\"vwap\":185.94,\"source\":\"yahoo\"}\n"
        );
        assert_eq!(
            written(
                ndjson.with_decimals(DecimalStyle::Strings).with_symbols(),
                &bar(None),
                None
            ),
            "{\"symbol\":\"BTC/USD\",\"timestamp\":\"2024-01-02T00:00:00Z\",\"open\":\"187.15\",\"high\":\"188.440\",\
             \"low\":\"183.885\",\"close\":\"185.64\",\"volume\":\"82488674\",\"trade_count\":null,\"vwap\":null,\
             \"source\":null}\n"
        );
    }
}
