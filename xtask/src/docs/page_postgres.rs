//! A throw-away PostgreSQL for the blocks of one page.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use postgres_cluster::{Binaries, Cluster, Durability};

/// A server that stands for the one at `localhost`.
pub(super) struct PagePostgres {
    binaries: Binaries,
    cluster: Cluster,
}

impl PagePostgres {
    /// Starts it, with the role `sentinel` that pages name.
    ///
    /// # Errors
    /// When one of its programs fails.
    pub(super) fn start(binaries: Binaries) -> anyhow::Result<Self> {
        let cluster = Cluster::start(&binaries, Durability::None)?;
        let postgres = Self { binaries, cluster };
        // The role that the documents name; this server asks nobody for a password.
        let address = postgres.address();
        let (host, port) = address.split_once(':').unwrap_or((&address, "5432"));
        let mut create = Command::new(postgres.binaries.program("createuser"));
        create.args([
            "--host",
            host,
            "--port",
            port,
            "--username",
            "postgres",
            "--superuser",
            "sentinel",
        ]);
        let done = create
            .output()
            .context("cannot start createuser, one of PostgreSQL's client programs")?;
        ensure!(
            done.status.success(),
            "createuser failed: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        Ok(postgres)
    }

    /// Where its programs are.
    pub(super) fn programs(&self) -> &Path {
        self.binaries.folder()
    }

    /// Host and port.
    pub(super) fn address(&self) -> String {
        let url = self.cluster.url();
        let behind_user = url.split_once('@').map_or(url.as_str(), |(_, rest)| rest);
        let address = behind_user.split_once('/').map_or(behind_user, |(address, _)| address);
        address.to_owned()
    }
}
