//! What we depend on: licences, bans, sources, known flaws, and the list of it all.

use super::bench::Bench;
use super::toolbox::{Tool, judged_by, listened_to};
use super::verdict::{Outcome, Trouble};
use crate::release;
use crate::workspace::{cargo, has_cargo_command};

const VALIDATE_SBOM: &str = include_str!("validate_sbom.py");

fn required(name: &str) -> Result<(), Trouble> {
    if has_cargo_command(name) {
        return Ok(());
    }
    let missing = format!("the tool cargo-{name} is missing, install it by `cargo install --locked cargo-{name}`");
    Err(Trouble::NotRun(missing))
}

/// What is said of each kind, as `bans ok, licenses ok, sources ok`, wherever it stands between the warnings.
fn verdict_in(said: &str) -> &str {
    let is_verdict = |line: &&str| line.split(", ").all(|kind| kind.ends_with(" ok"));
    said.lines().rev().find(is_verdict).unwrap_or_default()
}

/// `cargo deny` on what needs no network but for the crates of other platforms, which no build here has fetched.
pub(super) fn deny(_bench: &Bench) -> Outcome {
    required("deny")?;
    let fetched = listened_to(&mut cargo(["fetch", "--locked", "--quiet"]))?;
    if !fetched.success {
        let missing = format!(
            "the crates of all platforms are not here and cannot be fetched: {}",
            fetched.text
        );
        return Err(Trouble::NotRun(missing));
    }
    let mut command = cargo([
        "deny",
        "--color",
        "never",
        "--offline",
        "check",
        "bans",
        "licenses",
        "sources",
    ]);
    let said = listened_to(&mut command)?;
    if !said.success {
        return Err(Trouble::Failed(said.text));
    }
    Ok(verdict_in(&said.text).to_owned())
}

/// `cargo deny` on known flaws, which needs its database: from the network, or fetched before.
pub(super) fn advisories(_bench: &Bench) -> Outcome {
    required("deny")?;
    let said = listened_to(&mut cargo(["deny", "--color", "never", "check", "advisories"]))?;
    if said.success {
        return Ok(verdict_in(&said.text).to_owned());
    }
    if said.text.contains("failed to fetch advisory database") || said.text.contains("failed to load advisory database")
    {
        return Err(Trouble::NotRun(
            "the database of advisories cannot be fetched from here: run `cargo deny check advisories` with a network"
                .to_owned(),
        ));
    }
    Err(Trouble::Failed(said.text))
}

/// The list of what the binary is made of, which every release brings, follows the schema of `CycloneDX`.
pub(super) fn sbom(bench: &Bench) -> Outcome {
    let file = bench.folder("sbom")?.join("sentinel.cdx.json");
    let components = release::write_sbom(&file)?;
    let mut python = bench.tools.command(Tool::Python)?;
    judged_by(python.args(["-c", VALIDATE_SBOM]).arg(&file))?;
    Ok(format!("{components} components"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_found_between_the_warnings() {
        assert_eq!(
            verdict_in("bans ok, licenses ok\nwarning[duplicate]: found 2\n   └── diesel v2.3.14 (*)\n\n"),
            "bans ok, licenses ok"
        );
        assert_eq!(verdict_in("advisories ok\n"), "advisories ok");
        assert_eq!(verdict_in("bans ok, licenses FAILED\n"), "");
    }
}
