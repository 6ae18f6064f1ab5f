//! `cargo xtask docs check`: the documents' links lead somewhere, and their commands do what the page says.

mod addresses;
mod anchor;
mod links;
mod markdown;
mod orders;
mod page_postgres;
mod performance;
mod shell;
mod stage;
mod transcript;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;

use crate::terminal;
use crate::workspace::root;
use links::{Leads, Repository};
use markdown::{Block, Page};
use performance::{Outcome, Performance};
use stage::Stage;

/// The documents of the repository.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: DocsTask,
}

#[derive(Subcommand)]
enum DocsTask {
    /// Follow every relative link and anchor, and run every shell block
    ///
    /// Blocks marked `sh` have to succeed; those marked `console` have to print what they show, where `…` stands for
    /// anything. They run in a folder of the page's own with `sentinel` first in PATH, against the demo's data where they
    /// ask 127.0.0.1:8000, and against recordings where they ask a provider. A comment before a block says what else it
    /// needs, or why it is not run: docs/CONTRIBUTING.md lists these orders.
    Check(CheckArgs),
}

/// `cargo xtask docs check`
#[derive(clap::Args, Default)]
pub(crate) struct CheckArgs {
    /// Only these documents, such as docs/api-guide.md; all when none is named.
    pages: Vec<String>,
    /// Only the links: nothing is built and nothing runs.
    #[arg(long)]
    links: bool,
    /// Folder with a built `sentinel` and `provider-replay`; otherwise they are built.
    #[arg(long, value_name = "DIR", conflicts_with = "links")]
    binaries: Option<PathBuf>,
}

/// Runs a task.
///
/// # Errors
/// When a document is wrong, after all were looked at.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.task {
        DocsTask::Check(args) => check(args),
    }
}

/// Checks the documents.
///
/// # Errors
/// When one of them is wrong, after all were looked at, or there is none of a name.
pub(crate) fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let repository = repository()?;
    let chosen = chosen(&repository, &args.pages)?;
    let mut mistakes = check_links(&repository, &chosen);
    if !args.links {
        mistakes += check_blocks(&chosen, args)?;
    }
    ensure!(mistakes == 0, "mistakes in the documents: {mistakes}, each told above");
    Ok(())
}

type Chosen<'a> = Vec<(&'a str, &'a Page)>;

fn repository() -> anyhow::Result<Repository> {
    let files: BTreeSet<_> = files()?.into_iter().filter(|file| root().join(file).exists()).collect();
    let mut pages = BTreeMap::new();
    for file in files.iter().filter(|file| file.ends_with(".md")) {
        let text = std::fs::read_to_string(root().join(file)).with_context(|| format!("cannot read {file}"))?;
        pages.insert(file.clone(), Page::read(&text));
    }
    Ok(Repository::of(files, pages))
}

/// What git tracks, and what it would if asked.
fn files() -> anyhow::Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = git.current_dir(root()).output().context("cannot start git")?;
    ensure!(
        listed.status.success(),
        "`git ls-files` failed: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout).context("a file's name is not UTF-8")?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

fn chosen<'a>(repository: &'a Repository, names: &[String]) -> anyhow::Result<Chosen<'a>> {
    let pages = repository.pages();
    for name in names {
        if !pages.contains_key(name) {
            let there: Vec<_> = pages.keys().map(String::as_str).collect();
            bail!("there is no document {name}; there are {}", there.join(", "));
        }
    }
    let all = pages.iter().map(|(name, page)| (name.as_str(), page));
    Ok(all
        .filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name))
        .collect())
}

/// How many are wrong.
fn check_links(repository: &Repository, chosen: &Chosen<'_>) -> usize {
    let (mut here, mut elsewhere, mut mistakes) = (0, 0, 0);
    for (name, page) in chosen {
        for mistake in &page.mistakes {
            mistakes += 1;
            terminal::say(format_args!("{name}:{}: {}", mistake.line, mistake.message));
        }
        for link in &page.links {
            match repository.follow(name, &link.target) {
                Ok(Leads::Here) => here += 1,
                Ok(Leads::Elsewhere) => elsewhere += 1,
                Err(error) => {
                    mistakes += 1;
                    terminal::say(format_args!("{name}:{}: {error:#}", link.line));
                }
            }
        }
    }
    terminal::say(format_args!(
        "links in {} documents: {here} lead to what is there, {elsewhere} to other addresses, which were not asked",
        chosen.len()
    ));
    mistakes
}

/// How many are wrong.
fn check_blocks(chosen: &Chosen<'_>, args: &CheckArgs) -> anyhow::Result<usize> {
    let is_run = |block: &Block| block.orders.not_run.is_none();
    if !chosen.iter().any(|(_, page)| page.blocks.iter().any(is_run)) {
        terminal::say("no shell block to run");
        return Ok(0);
    }
    let stage = Stage::set(args.binaries.as_deref())?;
    let (mut ran, mut mistakes, mut not_run) = (0, 0, Vec::new());
    for (name, page) in chosen {
        let mut performance = Performance::on(&stage)?;
        for block in &page.blocks {
            let place = format!("{name}:{}", block.line);
            let began = Instant::now();
            match performance.play(block) {
                Ok(Outcome::Ran) => {
                    ran += 1;
                    terminal::say(format_args!("ok       {place}  {:.1} s", began.elapsed().as_secs_f64()));
                }
                Ok(Outcome::NotRun(reason)) => not_run.push(format!("{place}  {reason}")),
                Err(error) => {
                    mistakes += 1;
                    terminal::say(format_args!("FAILED   {place}  {error:#}"));
                }
            }
        }
    }
    for told in &not_run {
        terminal::say(format_args!("not run  {told}"));
    }
    terminal::say(format_args!(
        "shell blocks: {ran} do what their page says, {mistakes} do not, {} were not run",
        not_run.len()
    ));
    Ok(mistakes)
}
