//! Transport: pages of klines, the list of symbols, and what becomes of the answers.

use domain::{BarRequest, Fetched, ProviderError, Symbol, SymbolMatch, Timestamp};

use super::{Binance, PAGE, decode, payload, refusal};
use crate::connection::{Answer, Malformed};

impl Binance {
    pub(super) async fn klines(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        let symbol = spelled(&request.spelling);
        let milliseconds = |instant: Timestamp| instant.unix_micros().div_euclid(1_000);
        // Their end is inclusive, ours is not.
        let last = milliseconds(request.range.end()).saturating_sub(1);
        let answer = self
            .ask(
                "klines",
                &[
                    ("symbol", &symbol),
                    ("interval", decode::spelled(request.interval)),
                    ("startTime", &milliseconds(request.range.start()).max(0).to_string()),
                    ("endTime", &last.max(0).to_string()),
                    ("limit", &PAGE.to_string()),
                ],
            )
            .await?;
        self.read(&answer, &request.spelling, Some(request), |body| {
            decode::bars(body, request, answer.asked_at)
        })
    }

    pub(super) async fn symbols_like(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        // Without the sets of permissions the list is a quarter as long.
        let answer = self.ask("exchangeInfo", &[("showPermissionSets", "false")]).await?;
        refusal::of(&answer, None, None).map_or(Ok(()), Err)?;
        let symbols =
            payload::symbols(&answer.body).map_err(|malformed| self.connection.invalid(&answer, malformed))?;
        Ok(decode::matches(symbols, text))
    }

    pub(super) async fn one_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        let symbol = spelled(spelling);
        let query = [("symbol", symbol.as_str()), ("showPermissionSets", "false")];
        let answer = self.ask("exchangeInfo", &query).await?;
        let symbols = self.read(&answer, spelling, None, payload::symbols)?;
        let found = symbols.into_iter().find(|found| found.symbol == symbol);
        found
            .and_then(decode::described)
            .ok_or_else(|| ProviderError::UnknownSymbol(spelling.clone()))
    }

    async fn ask(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Answer, ProviderError> {
        let answer = self.connection.get(&["api", "v3", endpoint], query).await?;
        self.used.note(&answer.headers);
        Ok(answer)
    }

    fn read<'a, T>(
        &self,
        answer: &'a Answer,
        spelling: &Symbol,
        request: Option<&BarRequest>,
        decode: impl FnOnce(&'a [u8]) -> Result<T, Malformed>,
    ) -> Result<T, ProviderError> {
        match refusal::of(answer, Some(spelling), request.map(|request| request.interval)) {
            Some(refused) => Err(refused),
            None => decode(&answer.body).map_err(|malformed| self.connection.invalid(answer, malformed)),
        }
    }
}

/// `BTCUSDT` of `BTC-USDT`, `BTC/USDT` or `btcusdt`.
fn spelled(symbol: &Symbol) -> String {
    symbol.to_upper().replace(['-', '/', '_'], "")
}
