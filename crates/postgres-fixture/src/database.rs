//! A database that belongs to one test.

use std::future::Future;

use tokio::sync::oneshot;
use url::Url;

use crate::aside;
use crate::server::{Content, TestServer};

/// A database of one's own. It goes when this value is dropped, with whoever is still connected; after a panic too.
#[derive(Debug)]
pub struct TestDatabase {
    server: TestServer,
    name: String,
}

impl TestDatabase {
    /// With the schema of this version and without a row: a copy of a template that is migrated once.
    ///
    /// # Panics
    /// When there is no server, with what to run.
    pub async fn fresh() -> Self {
        Self::made(Content::Schema).await
    }

    /// Without a schema.
    ///
    /// # Panics
    /// As [`TestDatabase::fresh`].
    pub async fn empty() -> Self {
        Self::made(Content::Nothing).await
    }

    async fn made(content: Content) -> Self {
        let made = elsewhere(async { TestServer::of_environment()?.make(content).await }).await;
        made.unwrap_or_else(|error| panic!("{error:#}"))
    }

    pub(crate) fn of(server: TestServer, name: String) -> Self {
        Self { server, name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is in.
    #[must_use]
    pub fn server(&self) -> &TestServer {
        &self.server
    }

    /// Where it is, for the user who made it.
    #[must_use]
    pub fn url(&self) -> String {
        self.location().into()
    }

    /// Where it is, for another user.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let mut url = self.location();
        url.set_username(user).unwrap();
        url.set_password(Some(password)).unwrap();
        url.into()
    }

    /// Where it is, with a parameter more: `options` is `-c statement_timeout=1000`, for instance.
    #[must_use]
    pub fn url_with(&self, parameter: &str, value: &str) -> String {
        let mut url = self.location();
        // Not as a form would: PostgreSQL's URLs write a space as `%20`, and `+` is a plus.
        let before = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        let value = value.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
        url.set_query(Some(&format!("{before}{parameter}={value}")));
        url.into()
    }

    pub(crate) fn location(&self) -> Url {
        self.server.url_of(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // What cannot be dropped now is swept when the next template is made; a second panic would end the process.
        let _ = aside::begin(self.server.clone().remove(std::mem::take(&mut self.name))).join();
    }
}

/// Waits for work on a runtime of its own, from whatever runtime the test has.
async fn elsewhere<Outcome: Send + 'static>(work: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
    let (tell, told) = oneshot::channel();
    aside::begin(async {
        // Nobody waits any more when the caller went away.
        let _unheard = tell.send(work.await);
    });
    told.await.unwrap()
}
