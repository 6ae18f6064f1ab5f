//! Secrets that are changed while the stack is there, by the commands of `docs/container_setup.md`.

use std::fs;

use anyhow::{Context, ensure};

use super::engine::{finished, last_lines, said_by};
use super::report::{Found, seen};
use super::stack::Stack;
use crate::workspace::root;

/// The new password of `sentinel` is taken, the former one no more, and the data are the same.
pub(super) fn password_is_changed(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let before = stack.fingerprint("market")?;
    let former = stack.database_url("market")?;
    for name in ["sentinel_password", "database_url"] {
        fs::remove_file(stack.deploy().join("secrets").join(name))?;
    }
    stack.script("make-secrets.sh", &[])?;
    ensure!(former != stack.database_url("market")?, "the password is the same");
    said_by(&mut stack.shell(&commands("ALTER ROLE sentinel")?))?;
    ensure!(
        stack.is_ready() && stack.fingerprint("market")? == before,
        "the data are others"
    );
    let url = format!("--env=SENTINEL_DATABASE__URL={former}");
    let refused = stack.run_beside(&[&url], &["status"])?;
    ensure!(
        refused.code != 0 && refused.stderr.contains("refuses the user sentinel"),
        "with the former password: {}",
        last_lines(&refused.stderr, 3)
    );
    let granted = finished(&mut stack.compose(&["up", "--detach", "--force-recreate", "grafana-role"]))?;
    ensure!(granted.code == 0, "grafana-role: {}", last_lines(&granted.stderr, 3));
    seen("by the commands of docs/container_setup.md: the new one is taken, the former one refused")
}

/// The block of shell in `docs/container_setup.md` that holds these words.
fn commands(words: &str) -> anyhow::Result<String> {
    let page = fs::read_to_string(root().join("docs/container_setup.md"))?;
    let mut blocks = page
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains(words));
    block
        .map(str::to_owned)
        .with_context(|| format!("docs/container_setup.md has no block of shell with `{words}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_those_of_the_page() {
        let block = commands("ALTER ROLE sentinel").unwrap();
        assert!(
            block.contains("docker compose up -d --wait --force-recreate api\n"),
            "{block}"
        );
        assert!(commands("ALTER ROLE nobody").is_err());
    }
}
