//! Sources of bars over HTTP, behind [`domain::MarketDataProvider`]: one module per source, each with a transport
//! (`client.rs`), their words (`payload.rs`) and a pure translation into ours (`decode.rs`).
//!
//! [`providers`] puts them together with what they share, which are decorators of the port: [`Retrying`] around
//! [`Budgeted`] around [`Observed`] around a source, so that a retry spends from the budget too, and is a call of its own.

mod alpha_vantage;
mod binance;
mod budgeted;
mod connection;
mod observed;
mod providers;
mod retrying;
mod stamps;
mod yahoo;

pub use alpha_vantage::{AlphaVantage, AlphaVantageSettings, AnswerFormat, Plan};
pub use binance::{Binance, BinanceSettings};
pub use budgeted::{Budget, BudgetSettings, Budgeted, CallCosts};
pub use connection::{BaseUrlError, ConnectionSettings, SetupError};
pub use observed::{CallObserver, Observed};
pub use providers::{ProvidersSettings, observed_providers, providers};
pub use retrying::{RetrySettings, Retrying};
pub use yahoo::{Yahoo, YahooSettings};

#[cfg(test)]
mod testing;
