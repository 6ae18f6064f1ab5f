//! The sources by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MarketDataProvider;
use crate::SourceName;

/// A source and whether it can be asked.
#[derive(Clone)]
pub struct RegisteredProvider {
    /// The source, with whatever decorates it.
    pub port: Arc<dyn MarketDataProvider>,
    /// The setting that has to be given before it can be asked; `None` when it can.
    pub missing: Option<&'static str>,
}

impl RegisteredProvider {
    /// A source that can be asked.
    #[must_use]
    pub fn ready(port: Arc<dyn MarketDataProvider>) -> Self {
        Self { port, missing: None }
    }

    /// Whether it can be asked: its key is there, or it needs none.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.missing.is_none()
    }
}

/// The sources by name.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<SourceName, RegisteredProvider>);

impl Providers {
    /// The source of that name.
    #[must_use]
    pub fn get(&self, name: &SourceName) -> Option<&RegisteredProvider> {
        self.0.get(name)
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SourceName, &RegisteredProvider)> {
        self.0.iter()
    }
}

impl FromIterator<RegisteredProvider> for Providers {
    /// Under the name that each has; of several with one name the last stays.
    fn from_iter<I: IntoIterator<Item = RegisteredProvider>>(sources: I) -> Self {
        Self(sources.into_iter().map(|source| (source.port.name(), source)).collect())
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
