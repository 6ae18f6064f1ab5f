//! The blocks of one page, one after the other in a folder of the page's own.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use postgres_cluster::Binaries;
use tempfile::TempDir;

use super::addresses::{Addresses, WRITTEN};
use super::markdown::{Block, BlockKind};
use super::page_postgres::PagePostgres;
use super::shell::{Ran, Shell};
use super::stage::{Server, Stage, free_address};
use super::transcript::{matches, steps};
use crate::workspace::root;

/// What separates the commands of a transcript; no document prints it.
const MARK: &str = "=== docs check ===";

/// A page's folder, and the servers that its blocks have asked for so far.
pub(crate) struct Performance<'a> {
    stage: &'a Stage,
    folder: TempDir,
    server: Option<Served>,
    postgres: Option<PagePostgres>,
}

/// The demo's data behind an address; in a folder of their own, so that the page's commands do not find them.
struct Served {
    server: Server,
    _folder: TempDir,
}

/// What became of a block that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran and did what the page says.
    Ran,
    /// It was not run, with the reason.
    NotRun(String),
}

impl<'a> Performance<'a> {
    pub(crate) fn on(stage: &'a Stage) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // As on a terminal that is not asked to show progress.
        fs::write(folder.path().join(".curlrc"), "silent\nshow-error\n")?;
        Ok(Self {
            stage,
            folder,
            server: None,
            postgres: None,
        })
    }

    /// Runs a block.
    ///
    /// # Errors
    /// When it does not do what the page says, or cannot be prepared.
    pub(crate) fn play(&mut self, block: &Block) -> anyhow::Result<Outcome> {
        let orders = &block.orders;
        if let Some(reason) = &orders.not_run {
            return Ok(Outcome::NotRun(reason.clone()));
        }
        if orders.postgres && self.postgres.is_none() {
            let Some(binaries) = Binaries::installed() else {
                return Ok(Outcome::NotRun(
                    "no PostgreSQL is installed: `apt-get install postgresql`".to_owned(),
                ));
            };
            self.postgres = Some(PagePostgres::start(binaries)?);
        }
        for file in &orders.files {
            let (from, to) = (root().join(&file.from), self.folder.path().join(&file.to));
            fs::copy(&from, &to).with_context(|| format!("cannot copy {} for the block", file.from))?;
        }
        if orders.demo {
            self.stage.copy_demo(&self.folder.path().join("sentinel.db"))?;
        }
        let address = match (&orders.until, asks_server(block)) {
            // Such a block serves itself.
            (Some(_), _) | (None, false) => free_address()?,
            (None, true) => self.server()?.address().to_owned(),
        };
        let addresses = Addresses {
            server: &address,
            postgres: self
                .postgres
                .as_ref()
                .filter(|_| orders.postgres)
                .map(PagePostgres::address),
        };
        match block.kind {
            BlockKind::Script => self.script(block, &addresses)?,
            BlockKind::Transcript => self.transcript(block, &addresses)?,
        }
        Ok(Outcome::Ran)
    }

    fn server(&mut self) -> anyhow::Result<&Server> {
        let served = match self.server.take() {
            Some(served) => served,
            None => {
                let folder = tempfile::tempdir()?;
                let database = folder.path().join("sentinel-demo.db");
                self.stage.copy_demo(&database)?;
                Served {
                    server: self.stage.serve(folder.path(), &database)?,
                    _folder: folder,
                }
            }
        };
        Ok(&self.server.insert(served).server)
    }

    fn run(&self, block: &Block, addresses: &Addresses<'_>, script: &str) -> anyhow::Result<Ran> {
        let postgres = self.postgres.as_ref().filter(|_| block.orders.postgres);
        let programs: Vec<&Path> = postgres.iter().map(|postgres| postgres.programs()).collect();
        let folder = self.folder.path();
        let mut environment = self.stage.environment(folder, &programs)?;
        environment.push(("SENTINEL_SERVER__LISTEN", addresses.server.into()));
        match addresses
            .postgres
            .as_deref()
            .and_then(|address| address.split_once(':'))
        {
            Some((host, port)) => environment.extend([
                ("PGHOST", host.into()),
                ("PGPORT", port.into()),
                ("PGUSER", "postgres".into()),
            ]),
            // No server listens there, so that no block reaches one of this machine.
            None => environment.push(("PGHOST", folder.into())),
        }
        let shell = Shell { folder, environment };
        let mut ran = shell.run(&addresses.real(script), block.orders.until.as_deref())?;
        ran.printed = addresses.written(&ran.printed);
        Ok(ran)
    }

    fn script(&self, block: &Block, addresses: &Addresses<'_>) -> anyhow::Result<()> {
        let ran = self.run(block, addresses, &format!("set -euo pipefail\n{}", block.text))?;
        ensure!(
            ran.code == Some(block.orders.exit),
            "it ended with {}, not with {}; it printed:\n{}",
            told(ran.code),
            block.orders.exit,
            ran.printed
        );
        Ok(())
    }

    fn transcript(&self, block: &Block, addresses: &Addresses<'_>) -> anyhow::Result<()> {
        let steps = steps(&block.text)?;
        let mut script = "set -o pipefail\n".to_owned();
        for step in &steps {
            script.push_str(&step.command);
            // The next command may ask how this one ended.
            script.push_str(&format!(
                "\nended=$?; printf '\\n%s %s\\n' '{MARK}' $ended; (exit $ended)\n"
            ));
        }
        let ran = self.run(block, addresses, &script)?;
        let mut rest = ran.printed.as_str();
        let last = steps.len();
        for (number, step) in (1..).zip(&steps) {
            let line = block.line + step.line;
            let Some((printed, (code, behind))) = next_part(rest) else {
                bail!("line {line}: `{}` ended the shell; it printed:\n{rest}", step.command);
            };
            rest = behind;
            let expected = if number == last { block.orders.exit } else { 0 };
            ensure!(
                code == expected.to_string(),
                "line {line}: `{}` ended with {code}, not with {expected}; it printed:\n{printed}",
                step.command
            );
            ensure!(
                matches(&step.expected, printed),
                "line {line}: `{}` printed\n{}\nand the page says\n{}",
                step.command,
                printed.trim_end(),
                step.expected.trim_end()
            );
        }
        Ok(())
    }
}

/// Whether a command of the block addresses the address; what one prints may name it too.
fn asks_server(block: &Block) -> bool {
    match block.kind {
        BlockKind::Script => block.text.contains(WRITTEN),
        // One that cannot be read is told when it is run.
        BlockKind::Transcript => {
            steps(&block.text).is_ok_and(|steps| steps.iter().any(|step| step.command.contains(WRITTEN)))
        }
    }
}

/// What one command printed, how it ended, and what follows.
fn next_part(printed: &str) -> Option<(&str, (&str, &str))> {
    let (printed, rest) = printed.split_once(&format!("\n{MARK} "))?;
    Some((printed, rest.split_once('\n')?))
}

fn told(code: Option<i32>) -> String {
    code.map_or_else(|| "a signal".to_owned(), |code| code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_print_is_told_apart() {
        let printed = format!("a\nb\n\n{MARK} 0\n\n{MARK} 3\n");
        let (first, (code, rest)) = next_part(&printed).unwrap();
        assert_eq!((first, code), ("a\nb\n", "0"));
        assert_eq!(next_part(rest), Some(("", ("3", ""))));
        assert_eq!(next_part(""), None);
    }
}
