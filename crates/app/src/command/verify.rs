//! `sentinel verify`: every rule of the store, checked again.

use domain::fingerprint::Fingerprint;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Context;
use crate::exit::Exit;
use crate::output::counted;
use crate::store::Store;

pub(super) async fn run(context: &Context) -> anyhow::Result<Exit> {
    let store = context.existing_store().await?;
    let output = context.output;
    let verification = store.care.verify().await?;
    // What breaks a rule cannot be told in canonical lines, and need not be compared with another store.
    let fingerprint = match verification.violations.is_empty() {
        true => Some(fingerprint(&store).await?),
        false => None,
    };

    for violation in &verification.violations {
        output.line(format_args!("{}: {}", violation.rule, violation.detail))?;
    }
    let looked_at = format!(
        "{} of {}, {}",
        counted(verification.bars, "bar", "bars"),
        counted(verification.series, "series", "series"),
        counted(verification.revisions, "revision", "revisions"),
    );
    let broken = u64::try_from(verification.violations.len())?;
    match broken {
        0 => output.line(format_args!("checked {looked_at}: every rule is kept"))?,
        _ => output.line(format_args!(
            "checked {looked_at}: {}; restore a backup, or import the affected files again",
            counted(broken, "rule is broken", "rules are broken")
        ))?,
    }
    if let Some(hash) = &fingerprint {
        output.line(format_args!("fingerprint {hash}"))?;
    }
    let violations: Vec<_> = verification
        .violations
        .iter()
        .map(|violation| json!({ "rule": violation.rule, "detail": violation.detail }))
        .collect();
    output.object(&json!({
        "series": verification.series,
        "bars": verification.bars,
        "revisions": verification.revisions,
        "violations": violations,
        "fingerprint": fingerprint,
    }))?;
    Ok(if broken == 0 { Exit::Done } else { Exit::Failed })
}

/// The hash of everything that two equal histories of writing have in common.
async fn fingerprint(store: &Store) -> anyhow::Result<String> {
    let content = Fingerprint::new(
        store.instruments.clone(),
        store.catalogue.clone(),
        store.prices.clone(),
        store.history.clone(),
        store.actions.clone(),
    );
    let mut hash = Sha256::new();
    let mut take = |line: &str| {
        hash.update(line);
        hash.update("\n");
    };
    content.tell(&mut take).await?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
