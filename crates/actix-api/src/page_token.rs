//! Page tokens: where the last page ended, and which query it answered.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::entity_tag::digest;
use crate::problem::{FieldError, Problem};

/// No token of ours is longer.
const MOST_CHARACTERS: usize = 4_096;

/// What a token holds: a position of the list, bound to its query.
#[derive(Serialize, Deserialize)]
struct Token<P> {
    /// The digest of the query.
    q: String,
    /// The position.
    p: P,
}

/// Makes the token for the page behind `position`.
pub(crate) fn issue<P: Serialize>(query: &str, position: &P) -> Result<String, Problem> {
    let token = Token {
        q: digest(query),
        p: position,
    };
    let json = serde_json::to_vec(&token).map_err(Problem::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Reads the position from a token that was made for the same query.
///
/// # Errors
/// 400 when it is none of ours, or belongs to another query.
pub(crate) fn redeem<P: DeserializeOwned>(query: &str, text: &str) -> Result<P, Problem> {
    if text.len() > MOST_CHARACTERS {
        return Err(spoilt());
    }
    let json = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|error| spoilt().caused_by(error))?;
    let token: Token<P> = serde_json::from_slice(&json).map_err(|error| spoilt().caused_by(error))?;
    if token.q != digest(query) {
        return Err(refuse(
            "it belongs to another query: repeat the query of the first page, or leave the token out to begin anew",
        ));
    }
    Ok(token.p)
}

/// A token that says what none of ours would say.
pub(crate) fn spoilt() -> Problem {
    refuse("it is none of ours: take `next_page_token` of the last page as it is")
}

fn refuse(message: &str) -> Problem {
    Problem::invalid(vec![FieldError {
        field: "page_token".to_owned(),
        message: message.to_owned(),
    }])
}

/// The path and query of the next page, for the `Link` header.
pub(crate) fn next_link(request: &actix_web::HttpRequest, token: &str) -> (&'static str, String) {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        if name != "page_token" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("page_token", token);
    (
        "Link",
        format!("<{}?{}>; rel=\"next\"", request.uri().path(), query.finish()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_position_back() {
        let token = issue("AAPL 1d asc", &(7, "x")).unwrap();
        assert_eq!(
            redeem::<(i64, String)>("AAPL 1d asc", &token).unwrap(),
            (7, "x".to_owned())
        );
    }

    #[test]
    fn a_token_of_another_query_or_none_at_all_is_refused() {
        let token = issue("AAPL 1d asc", &7).unwrap();
        let status = |query: &str, token: &str| redeem::<i64>(query, token).unwrap_err().status().as_u16();
        assert_eq!(status("AAPL 1d desc", &token), 400);
        for text in [
            "",
            "zzz",
            "%%",
            &"A".repeat(5_000),
            token.trim_end_matches(char::is_alphanumeric),
        ] {
            assert_eq!(status("AAPL 1d asc", text), 400, "{text}");
        }
    }
}
