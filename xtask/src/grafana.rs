//! `cargo xtask grafana check`: the dashboards, their data sources and their queries, without a Grafana.

mod dashboard;
mod database;
mod expand;
mod json_schema;
mod layout;
mod live;
mod model;
mod plans;
mod promql;
mod sample;
mod time_range;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Subcommand;
use time::OffsetDateTime;

use self::dashboard::Dashboard;
use self::database::Database;
use self::sample::Sentinel;
use crate::workspace::root;
use crate::{postgres, terminal};

/// The plans of a database with so many bars are those of larger ones too.
const BARS: i64 = 1_000_000;
/// As long as a person waits for a panel.
const SLOW: Duration = Duration::from_secs(2);

/// Check the dashboards under `grafana/`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Layout, Grafana's schemas, queries of Prometheus; then every query against a database that the real commands have filled, and the
    /// plans of all of them against a million made-up bars.
    Check(Check),
}

#[derive(clap::Args, Default)]
struct Check {
    /// Only what needs no database and no build.
    #[arg(long = "static")]
    only_static: bool,
    /// How many made-up bars the plans are looked at with; 0 for none.
    #[arg(long, value_name = "COUNT", default_value_t = BARS)]
    bars: i64,
    #[command(flatten)]
    postgres: postgres::Choice,
}

/// Does what was asked.
///
/// # Errors
/// When there is a mistake in a dashboard, each of which is printed, or the check cannot be made.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Action::Check(args) = &args.action;
    check_as(args)
}

/// The whole check, as CI makes it.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> anyhow::Result<()> {
    check_as(&Check {
        bars: BARS,
        ..Check::default()
    })
}

fn check_as(check: &Check) -> anyhow::Result<()> {
    let home = root().join("grafana");
    let dashboards = Dashboard::all(&home.join("dashboards"))?;
    let mut mistakes = static_mistakes(&dashboards, root())?;
    terminal::warn(format_args!("static: {} dashboards looked at", dashboards.len()));
    if !check.only_static {
        let server = postgres::provide(&check.postgres)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        mistakes.extend(runtime.block_on(live_mistakes(&dashboards, &server.url()?, &home))?);
        if check.bars > 0 {
            mistakes.extend(runtime.block_on(on_many_bars(&dashboards, &server.url()?, check.bars, 5))?);
        }
    }
    for mistake in &mistakes {
        terminal::say(mistake);
    }
    if !mistakes.is_empty() {
        bail!("{} mistake(s) in the dashboards", mistakes.len());
    }
    terminal::say("grafana: every dashboard is sound");
    Ok(())
}

/// `cargo xtask bench grafana`: the time of each query with so many bars.
///
/// # Errors
/// When a query reads a table of bars from end to end, or fails.
pub(crate) fn bench(choice: &postgres::Choice, bars: i64) -> anyhow::Result<()> {
    let dashboards = Dashboard::all(&root().join("grafana/dashboards"))?;
    let server = postgres::provide(choice)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mistakes = runtime.block_on(on_many_bars(&dashboards, &server.url()?, bars, usize::MAX))?;
    if !mistakes.is_empty() {
        bail!("{}", mistakes.join("\n"));
    }
    Ok(())
}

fn static_mistakes(dashboards: &[Dashboard], root: &Path) -> anyhow::Result<Vec<String>> {
    let home = root.join("grafana");
    let mut mistakes = layout::mistakes(dashboards, &provisioned(&home.join("provisioning/datasources"))?);
    mistakes.extend(model::violations(dashboards, &home.join("schema"))?);
    mistakes.extend(promql::mistakes(
        dashboards,
        &root.join("deploy/prometheus/rules/sentinel.yml"),
        root,
    )?);
    Ok(mistakes)
}

/// The uids of the data sources in a folder of provisioning files.
fn provisioned(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut uids = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let named = text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uid:"));
        uids.extend(named.map(|uid| uid.trim().to_owned()));
    }
    Ok(uids)
}

async fn live_mistakes(dashboards: &[Dashboard], server: &str, home: &Path) -> anyhow::Result<Vec<String>> {
    let mut database = Database::create(server).await?;
    let outcome = async {
        let url = database.url(server)?;
        let owner = database.owner().await?;
        Sentinel::built(&url)?.fill(&owner).await?;
        let client = database.reader(&url, &home.join("read-only-role.sql")).await?;
        let mut seen = live::Seen::default();
        for dashboard in dashboards {
            for range in live::ranges(dashboard, now()).with_context(|| dashboard.file.clone())? {
                live::ask(dashboard, range, &client, &mut seen).await;
            }
        }
        terminal::warn(format_args!(
            "queries: {} asked, in three ranges, with every option of each variable",
            seen.asked
        ));
        Ok(seen.all_mistakes())
    };
    let outcome = outcome.await;
    database.remove().await?;
    outcome
}

async fn on_many_bars(dashboards: &[Dashboard], server: &str, bars: i64, told: usize) -> anyhow::Result<Vec<String>> {
    let database = Database::create(server).await?;
    let outcome = async {
        Sentinel::built(&database.url(server)?)?.migrate()?;
        let client = database.owner().await?;
        plans::fill(&client, bars).await?;
        terminal::warn(format_args!("plans: {bars} made-up bars"));
        plans::prove(&client).await?;
        let (mistakes, timings) = plans::examine(dashboards, &client, now()).await?;
        let slow = timings.iter().filter(|timing| timing.took > SLOW).count();
        terminal::warn(format_args!(
            "plans: {} queries, {slow} of them slower than {} s; the slowest:",
            timings.len(),
            SLOW.as_secs()
        ));
        plans::tell(&timings, told);
        Ok(mistakes)
    };
    let outcome = outcome.await;
    database.remove().await?;
    outcome
}

#[expect(clippy::disallowed_methods, reason = "a dashboard's range ends at the time of day")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboards_of_this_project_are_sound() {
        let dashboards = Dashboard::all(&root().join("grafana/dashboards")).unwrap();
        assert_eq!(dashboards.len(), 5);
        let home = root().join("grafana");
        let datasources = provisioned(&home.join("provisioning/datasources")).unwrap();
        assert_eq!(layout::mistakes(&dashboards, &datasources), [""; 0]);
        assert_eq!(model::violations(&dashboards, &home.join("schema")).unwrap(), [""; 0]);
    }
}
