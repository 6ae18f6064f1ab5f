//! Transport: one endpoint for everything, and errors with status 200.

use domain::{BarRequest, CorporateAction, Currency, Fetched, ProviderError, Symbol, SymbolMatch};

use super::payload::{self, Table};
use super::{AlphaVantage, AnswerFormat, actions, decode, function, refusal};
use crate::connection::{Malformed, by_status};

impl AlphaVantage {
    pub(super) async fn series(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        let asked = function::of(request, self.plan, self.connection.now())?;
        let query: Vec<_> = asked
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let now = self.connection.now();
        self.ask(&query, Some(&request.spelling), |table| {
            decode::bars(table, request, asked.reach, now)
        })
        .await
    }

    pub(super) async fn actions(
        &self,
        spelling: &Symbol,
        currency: &Currency,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        let of = |function| [("function", function), ("symbol", spelling.as_str())];
        let mut found = self.ask(&of("SPLITS"), Some(spelling), actions::splits).await?;
        let of_dividends = |table: &Table<'_>| actions::dividends(table, currency);
        found.extend(self.ask(&of("DIVIDENDS"), Some(spelling), of_dividends).await?);
        found.sort_by_key(|action| (action.ex_date(), action.kind()));
        Ok(found)
    }

    /// The symbols that a search finds; `spelling` is the one that is meant, for errors that name it.
    pub(super) async fn symbols_like(
        &self,
        text: &str,
        spelling: Option<&Symbol>,
    ) -> Result<Vec<SymbolMatch>, ProviderError> {
        let query = [("function", "SYMBOL_SEARCH"), ("keywords", text)];
        self.ask(&query, spelling, |table| Ok(decode::matches(table))).await
    }

    async fn ask<T>(
        &self,
        query: &[(&str, &str)],
        spelling: Option<&Symbol>,
        decode: impl FnOnce(&Table<'_>) -> Result<T, Malformed>,
    ) -> Result<T, ProviderError> {
        if !self.connection.has_key() {
            return Err(ProviderError::Unauthorized {
                detail: "there is no key: set providers.alpha_vantage.api_key".to_owned(),
            });
        }
        let format = match self.format {
            AnswerFormat::Json => "json",
            AnswerFormat::Csv => "csv",
        };
        let query = [query, &[("datatype", format)]].concat();
        let answer = self.connection.get(&["query"], &query).await?;
        if let Some(error) = by_status(&answer) {
            return Err(error);
        }
        let parsed = payload::parse(&answer.body);
        let decoded = match parsed {
            Ok(payload::Answer::Message(message)) => {
                // It repeats the key where it speaks of limits.
                let text = self.connection.mask(&message.text);
                return Err(refusal::of(message.kind, &text, spelling));
            }
            Ok(payload::Answer::Table(table)) => decode(&table),
            Err(malformed) => Err(malformed),
        };
        decoded.map_err(|malformed| self.connection.invalid(&answer, malformed))
    }
}
