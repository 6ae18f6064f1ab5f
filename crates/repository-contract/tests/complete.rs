//! No behaviour is forgotten.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

/// Every `pub async fn` of a fixture stands in the list that `suite!` makes tests of, below the name of its module.
#[test]
fn every_behaviour_is_in_the_suite() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let suite = std::fs::read_to_string(sources.join("suite.rs")).unwrap();
    let mut behaviours = 0;
    for (theme, path) in themes(&sources) {
        let source = std::fs::read_to_string(&path).unwrap();
        let listed = suite
            .split(&format!(" {theme} {{"))
            .nth(1)
            .and_then(|rest| rest.split('}').next());
        let names = source.lines().filter_map(|line| {
            let (name, arguments) = line.strip_prefix("pub async fn ")?.split_once('(')?;
            arguments.starts_with("fixture: &Fixture)").then_some(name)
        });
        for name in names {
            let tested = listed.is_some_and(|names| names.split_whitespace().any(|listed| listed == name));
            assert!(tested, "{theme}::{name} is not in suite!");
            behaviours += 1;
        }
    }
    assert!(behaviours > 100, "only {behaviours} behaviours were found");
}

/// Each file with the theme it belongs to; a large theme has a folder of its own.
fn themes(sources: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let theme = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let parts = std::fs::read_dir(&path).unwrap();
            found.extend(parts.map(|part| (theme.clone(), part.unwrap().path())));
        } else {
            found.push((theme, path));
        }
    }
    found
}
