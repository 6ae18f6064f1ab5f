//! `HEAD` and `Range` on files of prices (RFC 9110, one range), from a file that is written once.

use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bar_formats::TextFormat;
use bytes::Bytes;

use super::export::{self, Export};
use super::parameters::Question;
use super::spool::{Spool, SpooledFile};
use super::state::State;
use crate::Api;
use crate::problem::{Problem, ProblemKind};

/// How often the state may change while the file is opened.
const ATTEMPTS: u8 = 5;

/// Answers with the length of the file, or with the asked part of it.
pub(super) async fn answer(
    http: &HttpRequest,
    api: &Api,
    spool: &web::Data<Spool>,
    question: Question,
    format: TextFormat,
    mut state: State,
) -> Result<HttpResponse, Problem> {
    let mut file = Spool::file(spool, &state.tag, async || {
        Export::open(api, &question, format, &state).await
    })
    .await?;
    // The file must hold exactly what its tag says: when the state moved on meanwhile, take the next one.
    for _ in 0..ATTEMPTS {
        let asked_at = api.clock.now();
        let standings = api.catalogue.standings(question.request.instrument.id).await?;
        let now = State::of(&question, standings, asked_at);
        if now.tag == state.tag {
            break;
        }
        state = now;
        file = Spool::file(spool, &state.tag, async || {
            Export::open(api, &question, format, &state).await
        })
        .await?;
    }
    let head = *http.method() == Method::HEAD;
    let Some(file) = file else {
        if head {
            let length = export::measure(api, &question, format, &state).await?;
            return Ok(respond(StatusCode::OK, format, &state, length, None));
        }
        // Too large to keep: a range may be ignored.
        return export::answer(api, &question, format, &state).await;
    };
    if head {
        return Ok(respond(StatusCode::OK, format, &state, file.length, None));
    }
    let asked = http.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
    let part = if state.tag.allows_range(http) {
        asked.map(|asked| part(asked, file.length))
    } else {
        None
    };
    match part {
        Some(Part::Bytes { first, behind }) => {
            let length = file.length;
            let mut response = respond(
                StatusCode::PARTIAL_CONTENT,
                format,
                &state,
                behind - first,
                Some((file, first, behind)),
            );
            let range = format!("bytes {first}-{}/{length}", behind - 1);
            let range = HeaderValue::from_str(&range).map_err(Problem::internal)?;
            response.headers_mut().insert(header::CONTENT_RANGE, range);
            Ok(response)
        }
        Some(Part::BehindTheEnd) => {
            let length = file.length;
            let range = HeaderValue::from_str(&format!("bytes */{length}")).map_err(Problem::internal)?;
            let detail = format!("the file has {length} bytes");
            Err(Problem::new(ProblemKind::RangeNotSatisfiable, detail).header(header::CONTENT_RANGE, range))
        }
        Some(Part::Whole) | None => {
            let length = file.length;
            Ok(respond(StatusCode::OK, format, &state, length, Some((file, 0, length))))
        }
    }
}

fn respond(
    status: StatusCode,
    format: TextFormat,
    state: &State,
    length: u64,
    part: Option<(Arc<SpooledFile>, u64, u64)>,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    state.label(&mut response);
    response
        .content_type(format.content_type())
        .insert_header((header::ACCEPT_RANGES, "bytes"));
    let pieces = futures_util::stream::try_unfold(part, |part| async move {
        let Some((file, offset, behind)) = part.filter(|(_, offset, behind)| offset < behind) else {
            return Ok::<_, Problem>(None);
        };
        let piece: Bytes = Arc::clone(&file)
            .piece(offset, behind)
            .await
            .inspect_err(Problem::log)?;
        let next = offset.saturating_add(u64::try_from(piece.len()).map_err(Problem::internal)?);
        Ok(Some((piece, Some((file, next, behind)))))
    });
    response.body(SizedStream::new(length, Box::pin(pieces)))
}

/// What a `Range` header asks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// From `first` to before `behind`; never empty.
    Bytes { first: u64, behind: u64 },
    /// It begins behind the last byte.
    BehindTheEnd,
    /// Several ranges, another unit, or nothing that can be read: the header is ignored.
    Whole,
}

fn part(range: &str, length: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let bounds = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, length),
        (Err(_), Ok(suffix)) if first.trim().is_empty() => (length.saturating_sub(suffix), length),
        _ => return Part::Whole,
    };
    match bounds {
        (first, behind) if first < behind => Part::Bytes { first, behind },
        _ => Part::BehindTheEnd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamps_what_reaches_beyond_the_file() {
        let bytes = |first, behind| Part::Bytes { first, behind };
        assert_eq!(part("bytes=0-3", 10), bytes(0, 4));
        assert_eq!(part("bytes=4-", 10), bytes(4, 10));
        assert_eq!(part("bytes=0-262143", 10), bytes(0, 10));
        assert_eq!(part("bytes=-4", 10), bytes(6, 10));
        assert_eq!(part("bytes=-262144", 10), bytes(0, 10));
    }

    #[test]
    fn tells_what_lies_behind_the_end_from_what_cannot_be_read() {
        for text in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(part(text, 10), Part::BehindTheEnd, "{text}");
        }
        for text in [
            "bytes=5-2",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
        ] {
            assert_eq!(part(text, 10), Part::Whole, "{text}");
        }
    }
}
