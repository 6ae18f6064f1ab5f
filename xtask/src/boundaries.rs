//! `cargo xtask boundaries`: the arrows between crates point inwards, and the domain stays free of I/O.

mod graph;
mod rules;

use anyhow::bail;

use crate::{terminal, workspace};

/// Reads the dependencies as cargo resolves them, with all features, and prints each that breaks a rule.
///
/// # Errors
/// When a rule is broken, or the workspace cannot be read.
pub(crate) fn run() -> anyhow::Result<()> {
    let graph = graph::from_metadata(&workspace::resolved(workspace::root())?)?;
    let violations = rules::check(&graph);
    for violation in &violations {
        terminal::say(violation);
    }
    if !violations.is_empty() {
        bail!(
            "{} arrow(s) point the wrong way; the rules are in docs/ARCHITECTURE.md",
            violations.len()
        );
    }
    terminal::say(format_args!(
        "boundaries: {} crates of the workspace and {} others obey the rules",
        graph.members().count(),
        graph.crates.len() - graph.members().count()
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_obeys_the_rules() {
        let graph = graph::from_metadata(&workspace::resolved(workspace::root()).unwrap()).unwrap();
        assert!(graph.members().any(|member| member.name == "domain"));
        let violations: Vec<_> = rules::check(&graph).iter().map(ToString::to_string).collect();
        assert_eq!(violations, [""; 0]);
    }
}
