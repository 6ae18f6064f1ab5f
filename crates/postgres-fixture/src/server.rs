//! The server in which tests make their databases, and the template that they copy.

use anyhow::{Context, bail};
use diesel_postgres::PostgresSettings;
use tokio_postgres::{Client, NoTls};
use url::Url;

use crate::database::TestDatabase;
use crate::{aside, name};

/// Where PostgreSQL is by default, with the superuser that it has by default.
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Held while a template is made: `TEST` in ASCII.
const LOCK: i64 = 0x5445_5354;

/// A server in which databases may be made.
#[derive(Clone, Debug)]
pub struct TestServer {
    /// Of a database that is there, from which others are made.
    url: Url,
}

/// What a new database holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Nothing,
    /// The schema of this version, without a row.
    Schema,
    /// What the database of this name holds, to which nobody is connected.
    CopyOf(String),
}

impl TestServer {
    /// The server of `TEST_DATABASE_URL`, else the one at the default address.
    ///
    /// # Errors
    /// When the variable holds no URL of a server.
    pub fn of_environment() -> anyhow::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the tests' own variable, no setting of the product"
        )]
        let url = std::env::var("TEST_DATABASE_URL").unwrap_or_default();
        Self::at(if url.is_empty() { DEFAULT_URL } else { &url }).context("TEST_DATABASE_URL")
    }

    /// The server of a URL, whose user may make databases.
    ///
    /// # Errors
    /// When it is no URL of a server.
    pub fn at(url: &str) -> anyhow::Result<Self> {
        let url: Url = url
            .parse()
            .context("write postgres://USER:PASSWORD@HOST:PORT/DATABASE")?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            bail!(
                "`{}:` is no server; write postgres://USER:PASSWORD@HOST:PORT/DATABASE",
                url.scheme()
            );
        }
        Ok(Self { url })
    }

    /// A database with the schema of this version and without a row.
    ///
    /// # Errors
    /// When nothing answers, or the user may not make databases.
    pub fn fresh(&self) -> anyhow::Result<TestDatabase> {
        aside::wait_for(self.clone().make(Content::Schema))
    }

    /// A database without a schema.
    ///
    /// # Errors
    /// As [`TestServer::fresh`].
    pub fn empty(&self) -> anyhow::Result<TestDatabase> {
        aside::wait_for(self.clone().make(Content::Nothing))
    }

    /// A database that holds what another one of this server holds.
    ///
    /// # Errors
    /// As [`TestServer::fresh`], and when somebody is connected to the other and stays so for seconds.
    pub fn copy_of(&self, original: &TestDatabase) -> anyhow::Result<TestDatabase> {
        aside::wait_for(self.clone().make(Content::CopyOf(original.name().to_owned())))
    }

    /// Makes a database.
    pub(crate) async fn make(self, content: Content) -> anyhow::Result<TestDatabase> {
        let client = self.connect().await?;
        let template = match content {
            Content::Nothing => None,
            Content::Schema => Some(self.template(&client).await?),
            Content::CopyOf(name) => Some(name),
        };
        let (name, _) = create(&client, template.as_deref()).await?;
        Ok(TestDatabase::of(self, name))
    }

    /// Drops a database, with whoever is connected to it.
    pub(crate) async fn remove(self, name: String) -> anyhow::Result<()> {
        drop_database(&self.connect().await?, &name).await
    }

    /// The URL of one of its databases.
    pub(crate) fn url_of(&self, database: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(database);
        url
    }

    /// Where it listens.
    pub(crate) fn host_and_port(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or("localhost");
        (host.to_owned(), self.url.port().unwrap_or(5432))
    }

    async fn connect(&self) -> anyhow::Result<Client> {
        let connected = tokio_postgres::connect(self.url.as_str(), NoTls).await;
        let (client, connection) = connected.with_context(|| {
            let (host, port) = self.host_and_port();
            format!(
                "no PostgreSQL for tests at {host}:{port}: run them with `cargo xtask test`, which finds or starts one, \
                 or name one in TEST_DATABASE_URL"
            )
        })?;
        // Ends with the client; what breaks it, the next query tells.
        tokio::spawn(connection);
        Ok(client)
    }

    /// The name of the template with this schema, which is made when it is not there. Processes that ask for it at once
    /// take turns; one that is killed leaves no half of it.
    async fn template(&self, client: &Client) -> anyhow::Result<String> {
        if let Some(template) = find_template(client).await? {
            return Ok(template);
        }
        client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
        let template = match find_template(client).await? {
            Some(template) => template,
            None => self.make_template(client).await?,
        };
        client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
        Ok(template)
    }

    async fn make_template(&self, client: &Client) -> anyhow::Result<String> {
        sweep(client).await?;
        let (name, unix_micros) = create(client, None).await?;
        // Dropped under this name when it does not become the template.
        let unfinished = TestDatabase::of(self.clone(), name);
        let settings = PostgresSettings::new(unfinished.url());
        diesel_postgres::migrate_up(&settings)
            .await
            .context("cannot migrate the template database")?;
        let unfinished = unfinished.name();
        let template = name::of_template(name::SCHEMA, unix_micros);
        // Nobody may connect, for a database that is in use is not copied.
        client
            .batch_execute(&format!(r#"ALTER DATABASE "{unfinished}" ALLOW_CONNECTIONS false"#))
            .await?;
        client
            .batch_execute(&format!(r#"ALTER DATABASE "{unfinished}" RENAME TO "{template}""#))
            .await?;
        Ok(template)
    }
}

async fn find_template(client: &Client) -> anyhow::Result<Option<String>> {
    let sql = "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1) ORDER BY 1 LIMIT 1";
    let found = client.query_opt(sql, &[&name::template_prefix(name::SCHEMA)]).await?;
    Ok(found.map(|row| row.get(0)))
}

/// Makes a database under a name of its own; with the time at which it was made, in microseconds of the Unix epoch.
async fn create(client: &Client, template: Option<&str>) -> anyhow::Result<(String, i64)> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, pg_backend_pid(), \
               EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')";
    let row = client.query_one(sql, &[]).await?;
    let (unix_micros, process, has_icu): (i64, i32, bool) = (row.get(0), row.get(1), row.get(2));
    let name = name::of_test(unix_micros, process);
    let made_of = match template {
        Some(template) => format!(r#""{template}""#),
        // Texts in the order of a language, so that SQL which counts on the order of bytes is found out.
        None if has_icu => "template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'".to_owned(),
        None => "template0 ENCODING 'UTF8'".to_owned(),
    };
    let made = client
        .batch_execute(&format!(r#"CREATE DATABASE "{name}" TEMPLATE {made_of}"#))
        .await;
    made.with_context(|| format!("cannot make the database {name}"))?;
    Ok((name, unix_micros))
}

/// Drops what killed runs have left.
async fn sweep(client: &Client) -> anyhow::Result<()> {
    let sql = "SELECT datname::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM pg_database";
    for row in client.query(sql, &[]).await? {
        let name: String = row.get(0);
        if name::is_left_over(&name, row.get(1)) {
            drop_database(client, &name).await?;
        }
    }
    Ok(())
}

async fn drop_database(client: &Client, name: &str) -> anyhow::Result<()> {
    let sql = format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#);
    client
        .batch_execute(&sql)
        .await
        .with_context(|| format!("cannot drop {name}"))
}
