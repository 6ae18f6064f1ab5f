//! Alpha Vantage: one path, told apart by function and symbol; without the right key a sentence with status 200.

use super::{Answer, Asked, KEY, Source};

/// What is answered to which function and symbol; only the first that fits. Answers are CSV or JSON as they were
/// recorded, whatever is asked for: a client reads both.
const RECORDED: [(&str, &str, &str); 6] = [
    (
        "SYMBOL_SEARCH",
        "IBM",
        recording!("alpha_vantage/SYMBOL_SEARCH__IBM.json"),
    ),
    ("SPLITS", "IBM", recording!("alpha_vantage/SPLITS__IBM__csv.csv")),
    ("DIVIDENDS", "IBM", recording!("alpha_vantage/DIVIDENDS__IBM__csv.csv")),
    (
        "TIME_SERIES_DAILY",
        "IBM",
        recording!("alpha_vantage/TIME_SERIES_DAILY__IBM__csv_2026.csv"),
    ),
    (
        "TIME_SERIES_DAILY_ADJUSTED",
        "IBM",
        recording!("alpha_vantage/TIME_SERIES_DAILY_ADJUSTED__IBM__2021_partial.json"),
    ),
    (
        "TIME_SERIES_DAILY",
        "MSFT",
        recording!("alpha_vantage/TIME_SERIES_DAILY__MSFT__compact.json"),
    ),
];

const INVALID_CALL: &str = recording!("alpha_vantage/ERROR__invalid_api_call.json");

/// What it says to a wrong key, as far as a client looks at it.
const WRONG_KEY: &str = r#"{"Error Message":"the parameter apikey is invalid or missing."}"#;

/// The recorded answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlphaVantageAnswers;

impl Source for AlphaVantageAnswers {
    fn answer(&self, asked: &Asked) -> Option<Answer> {
        if asked.path != "/query" {
            return None;
        }
        if asked.parameter("apikey") != KEY {
            return Some(Answer::of(200, WRONG_KEY));
        }
        let symbol = match asked.parameter("function") {
            "SYMBOL_SEARCH" => asked.parameter("keywords"),
            _ => asked.parameter("symbol"),
        };
        let found = RECORDED
            .iter()
            .find(|(function, of, _)| *function == asked.parameter("function") && *of == symbol);
        Some(Answer::of(200, found.map_or(INVALID_CALL, |(_, _, body)| *body)))
    }
}
