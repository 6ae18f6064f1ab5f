//! `cargo xtask bench`: one door to every bench of the workspace, by its name.

use anyhow::bail;
use cargo_metadata::TargetKind;

use crate::workspace::{cargo, members, run as run_command};
use crate::{grafana, postgres, terminal};

/// The bench that xtask itself holds.
const GRAFANA: &str = "grafana";

/// Run the benches of the workspace, or the one that is named, optimised.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which bench; all when none is named.
    name: Option<String>,
    /// Only list them.
    #[arg(long, conflicts_with = "name")]
    list: bool,
    /// How many made-up bars the bench `grafana` asks of.
    #[arg(long, value_name = "COUNT", default_value_t = 25_000_000)]
    bars: i64,
    #[command(flatten)]
    postgres: postgres::Choice,
    /// For the bench itself, after `--`.
    #[arg(last = true, value_name = "BENCH ARGS")]
    bench_args: Vec<String>,
}

/// A `[[bench]]` target of a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Bench {
    name: String,
    package: String,
}

/// Runs or lists the benches.
///
/// # Errors
/// When there is none of that name, or one of them fails (the rest is not run then).
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // Asks the dashboards' queries, which the checks of xtask know; no bench of a crate.
    if args.name.as_deref() == Some(GRAFANA) {
        return grafana::bench(&args.postgres, args.bars);
    }
    let benches = benches()?;
    if args.list {
        terminal::say(format_args!(
            "{GRAFANA}  (every query of the dashboards; only when it is named)"
        ));
        if benches.is_empty() {
            terminal::warn("the workspace has no bench");
        }
        for Bench { name, package } in &benches {
            terminal::say(format_args!("{name}  (package {package})"));
        }
        return Ok(());
    }
    let selected = select(&benches, args.name.as_deref())?;
    let server = postgres::provide(&args.postgres)?;
    for Bench { name, package } in selected {
        let mut command = cargo(["bench", "--package", package, "--bench", name]);
        server.tell(&mut command);
        if !args.bench_args.is_empty() {
            command.arg("--").args(&args.bench_args);
        }
        run_command(&mut command)?;
    }
    Ok(())
}

/// By name.
fn benches() -> anyhow::Result<Vec<Bench>> {
    let metadata = members()?;
    let mut benches: Vec<_> = metadata
        .packages
        .iter()
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(_, target)| target.kind.contains(&TargetKind::Bench))
        .map(|(package, target)| Bench {
            name: target.name.clone(),
            package: package.name.to_string(),
        })
        .collect();
    benches.sort();
    Ok(benches)
}

fn select<'a>(benches: &'a [Bench], name: Option<&str>) -> anyhow::Result<Vec<&'a Bench>> {
    if benches.is_empty() {
        bail!("the workspace has no bench: give a package a `[[bench]]` target with `harness = false`");
    }
    let selected: Vec<_> = benches
        .iter()
        .filter(|bench| name.is_none_or(|name| bench.name == name))
        .collect();
    if selected.is_empty() {
        let known: Vec<_> = benches.iter().map(|bench| bench.name.as_str()).collect();
        bail!(
            "no bench is named `{}`; there are: {}",
            name.unwrap_or_default(),
            known.join(", ")
        );
    }
    Ok(selected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<Bench> {
        [("merge", "diesel-sqlite"), ("read", "actix-api")]
            .map(|(name, package)| Bench {
                name: name.to_owned(),
                package: package.to_owned(),
            })
            .to_vec()
    }

    #[test]
    fn without_a_name_all_run() {
        assert_eq!(select(&two(), None).unwrap().len(), 2);
    }

    #[test]
    fn a_name_selects_its_bench() {
        let benches = two();
        let selected = select(&benches, Some("read")).unwrap();
        assert_eq!(
            selected.iter().map(|bench| bench.package.as_str()).collect::<Vec<_>>(),
            ["actix-api"]
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_there_are() {
        let error = select(&two(), Some("reed")).unwrap_err();
        assert_eq!(error.to_string(), "no bench is named `reed`; there are: merge, read");
    }

    #[test]
    fn a_workspace_without_benches_says_so() {
        assert!(
            select(&[], Some("read"))
                .unwrap_err()
                .to_string()
                .contains("has no bench")
        );
        assert!(select(&[], None).is_err());
    }
}
