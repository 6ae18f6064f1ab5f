//! The table of problem kinds: slug, status, title and explanation of each.

use actix_web::http::StatusCode;

macro_rules! kinds {
    ($($name:ident $slug:literal $status:ident $title:literal $explanation:literal)+) => {
        /// A kind of problem; its slug never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum ProblemKind {
            $(#[doc = $title] $name,)+
        }

        impl ProblemKind {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in the URI.
            pub(crate) fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// The status it is answered with.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// Its name in words.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What leads to it and what helps.
            pub(crate) fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)+ }
            }
        }
    };
}

kinds! {
    Invalid "invalid-request" BAD_REQUEST "The request is malformed"
        "A parameter, a key or the body cannot be read, is unknown, or lies outside its range. `errors` names every one at fault and what would be right."
    WritesRefused "writes-refused" FORBIDDEN "Writing is not allowed here"
        "The server listens on another address than loopback, and there are no API keys yet, so nobody may write over HTTP. Listen on 127.0.0.1, or write with `sentinel import`."
    ForeignOrigin "foreign-origin" FORBIDDEN "Other sites may not write"
        "The request carries the `Origin` of another site. Pages of other origins may not write."
    UnknownPath "unknown-path" NOT_FOUND "There is nothing at this path"
        "The path names nothing. /docs and /openapi.json list all there is."
    UnknownInstrument "unknown-instrument" NOT_FOUND "There is no such instrument"
        "No instrument has this id or symbol. Symbols are compared without regard to case; `EXCHANGE:SYMBOL` asks for one exchange, `id:7` for an id, `:0700` for a symbol of digits; a slash is written %2F. GET /api/v1/instruments?search= helps."
    NoBars "no-bars" NOT_FOUND "There are no bars"
        "The instrument exists and has no bar of this interval. GET its /series to see what there is."
    UnknownRun "unknown-run" NOT_FOUND "There is no such run"
        "No run has this number, or it went with its instrument. GET /api/v1/ingest/runs lists those there are."
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "The method is not allowed here"
        "The path exists and does not take this method; `Allow` lists those it takes."
    NotAcceptable "not-acceptable" NOT_ACCEPTABLE "No acceptable representation"
        "`Accept` or `Accept-Encoding` excludes everything that could be sent. Prices come as application/json, application/x-ndjson and text/csv; `format=` overrules `Accept`."
    AmbiguousInstrument "ambiguous-instrument" CONFLICT "Several instruments are called so"
        "The reference fits more than one instrument; `candidates` lists them. Ask for one by `id:7` or `EXCHANGE:SYMBOL`."
    InstrumentExists "instrument-exists" CONFLICT "The instrument exists already"
        "Symbol and exchange, or the spelling of a provider, belong to another instrument, which `candidates` names."
    InstrumentHasBars "instrument-has-bars" CONFLICT "The instrument has bars"
        "An instrument with bars is only deleted with ?cascade=true, which erases its bars and their history for good."
    SeriesMismatch "series-mismatch" CONFLICT "The bars do not fit the series"
        "A series holds prices of one basis, and hourly bars that open at one minute. Other ones belong to an instrument of their own."
    RunEnded "run-ended" CONFLICT "The run has ended"
        "A run ends once: one that has ended cannot be cancelled."
    TooLarge "body-too-large" PAYLOAD_TOO_LARGE "The body is too large"
        "The body, counted after decompression, is larger than this server takes. Send it in several requests: merging in any batching gives the same bars."
    UnsupportedMediaType "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "The content type is not taken here"
        "Say what the body is with `Content-Type`: bars are taken as application/json, application/x-ndjson or text/csv, instruments as application/json. `Content-Encoding` may be gzip."
    RangeNotSatisfiable "range-not-satisfiable" RANGE_NOT_SATISFIABLE "The range lies behind the end"
        "The `Range` begins behind the last byte; `Content-Range` says how long the file is."
    Impossible "impossible-request" UNPROCESSABLE_ENTITY "The request cannot be met"
        "Everything is well-formed, and together it is impossible: an end before its start, an instant in the future, an adjustment that the stored prices do not allow, bars that break the rule low <= open, close <= high."
    IdempotencyKeyReused "idempotency-key-reused" UNPROCESSABLE_ENTITY "The idempotency key stands for another request"
        "Under this `Idempotency-Key` other runs were asked for before. The same request may be sent again under its key; a new one takes a new key."
    Internal "internal-error" INTERNAL_SERVER_ERROR "Something went wrong"
        "A fault of the server or of its database. The log has the cause under the request's id."
    ProviderRefused "provider-refused" BAD_GATEWAY "The provider gives no usable answer"
        "The provider was asked what a symbol stands for, and refused or answered with something else. `detail` says what; asking again will not help by itself."
    ProviderUnavailable "provider-unavailable" SERVICE_UNAVAILABLE "The provider cannot be asked now"
        "The provider was asked what a symbol stands for, and is away or wants no more calls for now. Ask again, after the seconds in `Retry-After` where it is given."
    Unavailable "unavailable" SERVICE_UNAVAILABLE "The database is away"
        "The database cannot be reached at the moment. Nothing was written. Ask again after the seconds in `Retry-After`."
}

impl ProblemKind {
    /// Where the kind is explained.
    pub(crate) fn uri(self) -> String {
        format!("/problems/{}", self.slug())
    }
}
