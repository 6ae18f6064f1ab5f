//! Whole ranges as files: one row after the other, in constant memory.

use actix_web::HttpResponse;
use bar_formats::{BarRow, BarWriter, TextFormat};
use bytes::Bytes;
use domain::PriceRow;
use domain::query_prices::PriceReader;

use super::parameters::Question;
use super::state::State;
use crate::Api;
use crate::problem::{Problem, chain};

/// A file that is being written, piece by piece.
pub(super) struct Export {
    reader: PriceReader,
    writer: BarWriter,
    /// How many rows may still come.
    left: usize,
    begun: bool,
}

impl Export {
    pub(super) async fn open(
        api: &Api,
        question: &Question,
        format: TextFormat,
        state: &State,
    ) -> Result<Self, Problem> {
        let reader = api.query.open_on(question.request.clone(), &state.series).await?;
        let writer = BarWriter::new(format).with_decimals(question.decimals);
        Ok(Self {
            reader,
            writer,
            left: question.limit.unwrap_or(usize::MAX),
            begun: false,
        })
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let mut piece = Vec::new();
        if !self.begun {
            self.begun = true;
            self.writer.header(&mut piece);
        }
        let rows = self.reader.next_rows(self.left).await?;
        self.left = self.left.saturating_sub(rows.len());
        self.writer.reserve(rows.len(), &mut piece);
        for row in &rows {
            self.writer.row(&row_of(row), &mut piece);
        }
        Ok((!piece.is_empty()).then(|| Bytes::from(piece)))
    }
}

/// Answers the whole file.
pub(super) async fn answer(
    api: &Api,
    question: &Question,
    format: TextFormat,
    state: &State,
) -> Result<HttpResponse, Problem> {
    let mut export = Export::open(api, question, format, state).await?;
    // What fails before the first row is still a problem; what fails later breaks the connection off.
    let first = export.next().await?;
    let mut response = HttpResponse::Ok();
    state.label(&mut response);
    response
        .content_type(format.content_type())
        .insert_header(("Accept-Ranges", "bytes"));
    let Some(first) = first else {
        return Ok(response.body(Bytes::new()));
    };
    let rest = futures_util::stream::try_unfold((Some(first), export), |(first, mut export)| async move {
        let piece = match first {
            Some(first) => Some(first),
            None => export.next().await.inspect_err(Problem::log)?,
        };
        Ok::<_, Problem>(piece.map(|piece| (piece, (None, export))))
    });
    Ok(response.streaming(rest))
}

/// Counts the bytes of the whole file without keeping them.
pub(super) async fn measure(api: &Api, question: &Question, format: TextFormat, state: &State) -> Result<u64, Problem> {
    let mut export = Export::open(api, question, format, state).await?;
    let mut length = 0_u64;
    while let Some(piece) = export.next().await? {
        length = length.saturating_add(u64::try_from(piece.len()).map_err(Problem::internal)?);
    }
    tracing::debug!(length, "measured a file that is too large for the spool");
    Ok(length)
}

/// A row for the writer, which all surfaces share.
pub(super) fn row_of(row: &PriceRow) -> BarRow<'_> {
    BarRow {
        symbol: None,
        bar: &row.bar,
        source: row.source.as_ref(),
    }
}

/// An error of the disk, which is no fault of the client.
pub(super) fn disk(error: &std::io::Error) -> Problem {
    Problem::internal(format!("temporary file: {}", chain(error)))
}
