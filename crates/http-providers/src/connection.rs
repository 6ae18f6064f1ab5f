//! The way to one source: a pool of connections with a time limit, a size limit and a key that stays secret.

mod body;
mod malformed;
mod retry_after;
mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{BoxError, Clock, ProviderError, Timestamp};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

pub(crate) use malformed::{Malformed, excerpt};
pub(crate) use retry_after::retry_after;
pub(crate) use status::by_status;

/// How long an unused connection is kept for the next call.
const KEEP_ALIVE: Duration = Duration::from_secs(90);

/// How a source is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// Where its paths begin: `https://api.binance.com`, or `http://127.0.0.1:8080/binance` for a server that plays it.
    pub base_url: String,
    /// How long one call may take in all, from connecting to the last byte.
    pub timeout: Duration,
    /// How many bytes of an answer are read at most, before and after decompression.
    pub max_response_bytes: u64,
    /// How we introduce ourselves.
    pub user_agent: String,
}

impl ConnectionSettings {
    /// 30 seconds, 32 MiB, and our own name and version.
    #[must_use]
    pub fn to(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            timeout: Duration::from_secs(30),
            max_response_bytes: 32 * 1024 * 1024,
            user_agent: concat!("market-sentinel/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Whether an address can be asked, for those who read it from their users.
    ///
    /// # Errors
    /// [`BaseUrlError`] says what would be right.
    pub fn check_base_url(text: &str) -> Result<(), BaseUrlError> {
        parse_base_url(text).map(drop)
    }
}

/// The text is no address below which a source could have its paths.
#[derive(Debug, thiserror::Error)]
#[error("that is no address: write http:// or https://, a host and perhaps a path")]
pub struct BaseUrlError(#[source] Option<url::ParseError>);

/// Why a provider cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is none.
    #[error("{setting} `{value}` is no address: write http:// or https://, a host and perhaps a path")]
    BaseUrl {
        /// The setting.
        setting: String,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        #[source]
        source: Option<url::ParseError>,
    },
    /// The client cannot be built: no certificates of the system, or a user agent with characters that none may have.
    #[error("the client of {provider} cannot be built: look at its user_agent and at the certificates of the system")]
    Client {
        /// Whose.
        provider: &'static str,
        /// What is wrong.
        #[source]
        source: BoxError,
    },
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] domain::CodeError),
}

/// A key and the query parameter in which the source wants it.
pub(crate) struct ApiKey {
    pub(crate) parameter: &'static str,
    pub(crate) secret: SecretString,
}

/// What a source answered, whatever the status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Decompressed, without a byte-order mark.
    pub(crate) body: Vec<u8>,
    /// When it was asked.
    pub(crate) asked_at: Timestamp,
}

/// A pool of connections to one source.
pub(crate) struct Connection {
    provider: &'static str,
    client: Client,
    base_url: Url,
    max_response_bytes: u64,
    key: Option<ApiKey>,
    clock: Arc<dyn Clock>,
}

impl Connection {
    pub(crate) fn new(
        provider: &'static str,
        settings: &ConnectionSettings,
        key: Option<ApiKey>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let failed = |source: BoxError| SetupError::Client { provider, source };
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // The refused one comes back when another thread was quicker; either will do.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let client = Client::builder()
            .timeout(settings.timeout)
            .user_agent(settings.user_agent.as_str())
            .pool_idle_timeout(KEEP_ALIVE)
            .tcp_keepalive(KEEP_ALIVE)
            // A redirect would carry the key to whoever it names.
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map_err(|error| failed(Box::new(error)))?;
        Ok(Self {
            provider,
            client,
            base_url: base_url(provider, &settings.base_url)?,
            max_response_bytes: settings.max_response_bytes,
            key,
            clock,
        })
    }

    /// Whether there is a key to ask with.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks for a path below the base, with a query.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`], [`ProviderError::TooLarge`], and [`ProviderError::InvalidPayload`] for a body
    /// that cannot be decompressed. An answer with any status is none.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, ProviderError> {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        // The library leaves this one as it is; RFC 3986 has no place for it, and indices at Yahoo begin with it.
        url.set_path(&url.path().replace('^', "%5E"));
        let mut request = self.client.get(url).query(query);
        if let Some(key) = &self.key {
            request = request.query(&[(key.parameter, key.secret.expose_secret())]);
        }
        let asked_at = self.clock.now();
        let started = Instant::now();
        let response = request
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
            .send()
            .await
            .map_err(unavailable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.read(response).await?;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(
            provider = self.provider,
            path = path.join("/"),
            status = status.as_u16(),
            bytes = body.len(),
            duration_ms,
            "source answered"
        );
        Ok(Answer {
            status,
            headers,
            body,
            asked_at,
        })
    }

    /// The text with the key in it blotted out, byte for byte.
    pub(crate) fn mask(&self, text: &str) -> String {
        match self.key.as_ref().map(|key| key.secret.expose_secret()) {
            Some(secret) if !secret.is_empty() => text.replace(secret, &"*".repeat(secret.len())),
            _ => text.to_owned(),
        }
    }

    /// The error for an answer that is not what the source documents.
    pub(crate) fn invalid(&self, answer: &Answer, malformed: Malformed) -> ProviderError {
        malformed.into_error(&answer.body, &|text| self.mask(text))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("provider", &self.provider)
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}

/// Its address never goes along: it holds the key.
fn unavailable(error: reqwest::Error) -> ProviderError {
    ProviderError::Unavailable {
        retry_after: None,
        source: Box::new(error.without_url()),
    }
}

fn base_url(provider: &str, text: &str) -> Result<Url, SetupError> {
    parse_base_url(text).map_err(|BaseUrlError(source)| SetupError::BaseUrl {
        setting: format!("providers.{provider}.base_url"),
        value: text.to_owned(),
        source,
    })
}

fn parse_base_url(text: &str) -> Result<Url, BaseUrlError> {
    let url: Url = text.parse().map_err(|error| BaseUrlError(Some(error)))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(BaseUrlError(None))
    }
}
