//! Many bars in few bytes: binary `COPY`, and for a handful of rows one statement with a parameter per column.

use std::pin::Pin;

use bytes::{BufMut, Bytes, BytesMut};
use domain::{Bar, BarValues, Price, Volume};
use futures_util::SinkExt;
use tokio_postgres::CopyInSink;
use tokio_postgres::types::ToSql;

use crate::error::DatabaseError;
use crate::instant::Micros;
use crate::link::Link;
use crate::numeric::{Digits, Wire};

/// Up to as many rows go as parameters, which saves `COPY` its extra round trip.
pub(crate) const HANDFUL: usize = 200;

/// What is sent at once.
const FULL: usize = 64 * 1024;

/// What stands in front of the first row: the signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Rows on their way through `COPY … FROM STDIN (FORMAT binary)`. Dropped before [`CopyIn::finish`], it copies nothing.
pub(crate) struct CopyIn<'link> {
    link: &'link Link,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    buffer: BytesMut,
    columns: i16,
}

impl<'link> CopyIn<'link> {
    /// Begins to copy into what the statement names; each row has that many columns.
    pub(crate) async fn begin(link: &'link Link, statement: &str, columns: i16) -> Result<Self, DatabaseError> {
        let statement = link.prepared(statement).await?;
        let sink = link.within(link.client().copy_in(&statement)).await?;
        let mut buffer = BytesMut::with_capacity(FULL + 4096);
        buffer.put_slice(HEADER);
        Ok(Self {
            link,
            sink: Box::pin(sink),
            buffer,
            columns,
        })
    }

    /// Begins a row, whose columns follow one by one.
    pub(crate) async fn row(&mut self) -> Result<Fields<'_>, DatabaseError> {
        if self.buffer.len() >= FULL {
            let full = std::mem::replace(&mut self.buffer, BytesMut::with_capacity(FULL + 4096));
            self.link.within(self.sink.send(full.freeze())).await?;
        }
        self.buffer.put_i16(self.columns);
        Ok(Fields(&mut self.buffer))
    }

    /// Ends the copy; how many rows were written.
    pub(crate) async fn finish(mut self) -> Result<u64, DatabaseError> {
        // The mark behind the last row.
        self.buffer.put_i16(-1);
        let rest = self.buffer.split().freeze();
        self.link.within(self.sink.send(rest)).await?;
        self.link.within(self.sink.as_mut().finish()).await
    }
}

/// The columns of one row.
pub(crate) struct Fields<'row>(&'row mut BytesMut);

impl Fields<'_> {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        // No value of ours is longer than what an i32 counts.
        self.0.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        self.0.put_slice(bytes);
    }

    pub(crate) fn null(&mut self) {
        self.0.put_i32(-1);
    }

    pub(crate) fn micros(&mut self, micros: Micros) {
        self.bytes(&micros.to_wire());
    }

    /// The values of a bar, in the order of `value_columns`.
    pub(crate) fn bar(&mut self, bar: &BarValues) {
        self.micros(bar.opened_at.into());
        for price in [bar.open, bar.high, bar.low, bar.close] {
            self.bytes(Wire::of(price).as_bytes());
        }
        self.bytes(Wire::of(bar.volume).as_bytes());
        match bar.trade_count {
            Some(count) => self.bytes(&count.to_be_bytes()),
            None => self.null(),
        }
        match bar.vwap {
            Some(vwap) => self.bytes(Wire::of(vwap).as_bytes()),
            None => self.null(),
        }
    }
}

/// The columns of a bar's values.
macro_rules! value_columns {
    () => {
        "opened_at, open, high, low, close, volume, trade_count, vwap"
    };
}
pub(crate) use value_columns;

/// The values of bars, column by column.
#[derive(Default)]
pub(crate) struct Columns {
    opened_at: Vec<Micros>,
    prices: [Vec<Digits<Price>>; 4],
    volume: Vec<Digits<Volume>>,
    trade_count: Vec<Option<i64>>,
    vwap: Vec<Option<Digits<Price>>>,
}

impl Columns {
    /// As parameters, in the order of `value_columns`.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 8] {
        let [open, high, low, close] = &self.prices;
        [
            &self.opened_at,
            open,
            high,
            low,
            close,
            &self.volume,
            &self.trade_count,
            &self.vwap,
        ]
    }
}

impl<'bar> FromIterator<&'bar Bar> for Columns {
    fn from_iter<I: IntoIterator<Item = &'bar Bar>>(bars: I) -> Self {
        let mut columns = Self::default();
        for bar in bars {
            let values = bar.values();
            columns.opened_at.push(values.opened_at.into());
            let prices = [values.open, values.high, values.low, values.close];
            for (column, price) in columns.prices.iter_mut().zip(prices) {
                column.push(Digits(price));
            }
            columns.volume.push(Digits(values.volume));
            columns.trade_count.push(values.trade_count.map(u64::cast_signed));
            columns.vwap.push(values.vwap.map(Digits));
        }
        columns
    }
}
