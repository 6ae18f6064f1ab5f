//! The Helm chart: linted, rendered with each of its values sets, packaged, and refused where it must be.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::bench::{Bench, Rendered, files, read, required, shown};
use super::none_or;
use super::toolbox::{Tool, judged_by, listened_to};
use super::verdict::{Outcome, Trouble};
use super::yaml;
use crate::workspace;

const CHART: &str = "deploy/helm/market-sentinel";
const SETS: &str = "deploy/helm/market-sentinel/ci";
const REFUSED: &str = "deploy/helm/market-sentinel/ci/refused";
const ENDING: &str = "-values.yaml";
/// The oldest Kubernetes that Chart.yaml admits, and the one before it.
const OLDEST: &str = "1.28.0";
const TOO_OLD: &str = "1.27.0";

fn values_sets() -> Result<Vec<PathBuf>, Trouble> {
    let folder = workspace::root().join(SETS);
    let all = files(SETS, &[ENDING])?;
    Ok(all.into_iter().filter(|file| file.parent() == Some(&folder)).collect())
}

fn name_of(file: &std::path::Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(ENDING).to_owned()
}

/// `helm lint --strict`, with every values set.
pub(super) fn lint(bench: &Bench) -> Outcome {
    let sets = values_sets()?;
    for set in &sets {
        let mut helm = bench.tools.command(Tool::Helm)?;
        helm.args([
            "lint",
            "--strict",
            "--quiet",
            CHART,
            "--kube-version",
            "1.35.0",
            "--values",
        ]);
        judged_by(helm.arg(set))?;
    }
    Ok(format!("{} values sets", sets.len()))
}

/// Renders the chart with each of its values sets.
///
/// # Errors
/// When helm is missing, or a set does not render.
pub(super) fn render(bench: &Bench) -> Result<Vec<Rendered>, Trouble> {
    let folder = bench.folder("rendered")?;
    let mut rendered = Vec::new();
    for values in values_sets()? {
        let set = name_of(&values);
        let mut helm = bench.tools.command(Tool::Helm)?;
        let said = listened_to(helm.args(["template", "release", CHART, "--values"]).arg(&values))?;
        if !said.success {
            return Err(Trouble::Failed(format!("{}: {}", shown(&values), said.text)));
        }
        let file = folder.join(format!("{set}.yaml"));
        std::fs::write(&file, &said.text).map_err(anyhow::Error::from)?;
        rendered.push(Rendered {
            set,
            values: yaml::document(&values)?,
            objects: yaml::documents(&file)?,
            file,
        });
    }
    Ok(rendered)
}

/// Every values set renders.
pub(super) fn sets(bench: &Bench) -> Outcome {
    let rendered = bench.rendered()?;
    let counted = rendered
        .iter()
        .map(|rendered| format!("{} {}", rendered.set, rendered.objects.len()));
    Ok(format!("objects: {}", counted.collect::<Vec<_>>().join(", ")))
}

/// Each set below `ci/refused` is refused, with the words that its first line gives after `# refused:`.
pub(super) fn refused(bench: &Bench) -> Outcome {
    let sets = files(REFUSED, &[ENDING])?;
    let mut faults = Vec::new();
    for set in &sets {
        let text = read(set)?;
        let Some(expected) = text.lines().next().and_then(|line| line.strip_prefix("# refused: ")) else {
            faults.push(format!(
                "{}: the first line is not `# refused: WORDS OF THE ERROR`",
                shown(set)
            ));
            continue;
        };
        let mut helm = bench.tools.command(Tool::Helm)?;
        let said = listened_to(helm.args(["template", "release", CHART, "--values"]).arg(set))?;
        if said.success {
            faults.push(format!("{}: was rendered; expected: {expected}", shown(set)));
        } else if !said.text.contains(expected) {
            faults.push(format!(
                "{}: expected: {expected}\n{}",
                shown(set),
                said.text.trim_end()
            ));
        }
    }
    none_or(faults, format!("{} sets", sets.len()))
}

/// The chart packages, and has the version of the workspace.
pub(super) fn package(bench: &Bench) -> Outcome {
    let chart = yaml::document(&required(&format!("{CHART}/Chart.yaml"))?)?;
    let ours = env!("CARGO_PKG_VERSION");
    let faults: Vec<_> = ["/version", "/appVersion"]
        .into_iter()
        .filter(|pointer| yaml::text(&chart, pointer) != ours)
        .map(|pointer| {
            let found = yaml::text(&chart, pointer);
            format!("Chart.yaml {pointer} is `{found}`, and Cargo.toml says {ours}: make them the same")
        })
        .collect();
    let folder = bench.folder("package")?;
    let mut helm = bench.tools.command(Tool::Helm)?;
    judged_by(helm.args(["package", CHART, "--destination"]).arg(&folder))?;
    none_or(faults, format!("market-sentinel-{ours}.tgz"))
}

/// The oldest version that is promised is taken, and the one before it refused.
pub(super) fn kubernetes_versions(bench: &Bench) -> Outcome {
    let values = required(&format!("{SETS}/default{ENDING}"))?;
    let with = |version: &str| -> Result<_, Trouble> {
        let mut helm = bench.tools.command(Tool::Helm)?;
        helm.args(["template", "release", CHART, "--kube-version", version, "--values"]);
        Ok(listened_to(helm.arg(&values))?)
    };
    let oldest = with(OLDEST)?;
    if !oldest.success {
        return Err(Trouble::Failed(format!(
            "Kubernetes {OLDEST} is refused: {}",
            oldest.text
        )));
    }
    let too_old = with(TOO_OLD)?;
    if too_old.success {
        return Err(Trouble::Failed(format!("Kubernetes {TOO_OLD} is not refused")));
    }
    if !too_old.text.contains("kubeVersion") {
        let said = too_old.text;
        return Err(Trouble::Failed(format!(
            "Kubernetes {TOO_OLD} is refused for another reason: {said}"
        )));
    }
    Ok(format!("{OLDEST} is taken, {TOO_OLD} refused"))
}

/// The table in the chart's README has a line for every value, and for nothing else.
pub(super) fn values_table(_bench: &Bench) -> Outcome {
    let values = yaml::document(&required(&format!("{CHART}/values.yaml"))?)?;
    let readme = read(&required(&format!("{CHART}/README.md"))?)?;
    let (there, told) = (leaves(&values), keys_of_table(&readme));
    let untold = there
        .difference(&told)
        .map(|key| format!("README.md does not tell `{key}`"));
    let gone = told
        .difference(&there)
        .map(|key| format!("README.md tells `{key}`, which values.yaml has not"));
    none_or(untold.chain(gone).collect(), format!("{} values", there.len()))
}

/// The paths of what can be set; an empty map and a list count as one.
fn leaves(values: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![(String::new(), values)];
    while let Some((path, value)) = open.pop() {
        match value.as_object().filter(|map| !map.is_empty()) {
            // Handed to Kubernetes as they are: one line tells each.
            Some(map)
                if !path.ends_with("Context")
                    && !path.ends_with("Probe")
                    && !path.ends_with("resources")
                    && path != "config" =>
            {
                let inner = map.iter().map(|(key, value)| {
                    let path = if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    };
                    (path, value)
                });
                open.extend(inner);
            }
            _ => {
                found.insert(path);
            }
        }
    }
    found
}

/// The first column of tables whose cells are code.
fn keys_of_table(readme: &str) -> BTreeSet<String> {
    let cells = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    cells.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaves_of_values_are_what_can_be_set() {
        let values = yaml::parse(
            "image: {tag: '', digest: ''}\nlabels: {}\nhosts: [{host: x}]\nresources: {limits: {cpu: 1}}\n",
        );
        let found = leaves(&values.unwrap()[0]);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["hosts", "image.digest", "image.tag", "labels", "resources"]
        );
    }

    #[test]
    fn the_first_column_of_a_table_is_read() {
        let readme = "| value | default |\n|---|---|\n| `image.tag` | `\"\"` |\n| `labels` | none |\n";
        let found = keys_of_table(readme);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["image.tag", "labels"]);
    }
}
