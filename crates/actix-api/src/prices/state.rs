//! The state of the store that an answer shows: its tag, and how long it may be kept.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use domain::{Interval, Series, SeriesKey, SeriesStanding, Timestamp};
use time::Duration;

use super::parameters::Question;
use crate::entity_tag::EntityTag;

/// The longest time between a bar and its close: a month and a session.
const LONGEST_BAR: Duration = Duration::days(33);

/// What the catalogue says of the answer, before any bar is read.
pub(super) struct State {
    pub(super) tag: EntityTag,
    /// The lines of the catalogue that can have a part in it.
    pub(super) series: Vec<Series>,
    /// Those of them about which a discrepancy is open.
    pub(super) disputed: Vec<SeriesKey>,
    /// Nothing that is written from now on changes it.
    immutable: bool,
}

impl State {
    /// `standings` are those of the instrument, and `now` is when the answer begins.
    pub(super) fn of(question: &Question, standings: Vec<SeriesStanding>, now: Timestamp) -> Self {
        let request = &question.request;
        let (mut series, mut disputed) = (Vec::new(), Vec::new());
        for SeriesStanding { line, disputed: open } in standings {
            if line.key.interval <= request.interval || line.key.interval == Interval::OneDay {
                disputed.extend(open.then_some(line.key));
                series.push(line);
            }
        }
        let immutable = request.as_of.is_some_and(|as_of| as_of <= now) && !request.include_partial;
        let mut parts = format!(
            "{} {:?} {:?} {:?} {}",
            question.canonical(),
            question.format,
            question.limit,
            question.page_token,
            request.instrument.updated_at
        );
        if !immutable {
            for line in &series {
                let (interval, version) = (line.key.interval, line.version);
                parts.push_str(&format!(" {interval}:{version}:{}", line.updated_at));
                if request.include_partial {
                    parts.push_str(&format!(":{}", line.partial_version));
                }
            }
            if let Some(minute) = closing_minute(&series, request.interval, request.include_partial, now) {
                parts.push_str(&format!(" {minute}"));
            }
        }
        Self {
            tag: EntityTag::of(&parts),
            series,
            disputed,
            immutable,
        }
    }

    /// 304, when the client has this answer.
    pub(super) fn unchanged(&self, http: &HttpRequest) -> Option<HttpResponse> {
        let known = self.tag.known_to(http)?;
        let mut response = HttpResponse::NotModified();
        self.label(&mut response);
        Some(response.insert_header(known.header()).finish())
    }

    /// Adds the headers that let a client keep the answer.
    pub(super) fn label(&self, response: &mut HttpResponseBuilder) {
        let cache = if self.immutable {
            "private, max-age=31536000, immutable"
        } else {
            "private, no-cache"
        };
        response
            .insert_header(self.tag.header())
            .insert_header(("Cache-Control", cache));
    }
}

/// The last bar built from parts appears when the clock passes its close, without any write: so the minute belongs to
/// the state for as long as that can be.
fn closing_minute(series: &[Series], interval: Interval, include_partial: bool, now: Timestamp) -> Option<Timestamp> {
    if series
        .iter()
        .any(|line| line.key.interval == interval && line.count > 0)
    {
        return None;
    }
    let last = series.iter().filter_map(|line| line.last).max();
    let fresh = last
        .and_then(|last| last.checked_add(LONGEST_BAR))
        .is_some_and(|until| until > now);
    (fresh || include_partial).then(|| now.floor(Duration::minutes(1)))
}
