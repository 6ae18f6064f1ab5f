//! No behaviour is forgotten.

use std::path::Path;

/// Every `pub async fn` of a fixture stands in the list that `suite!` makes tests of, below the name of its module.
#[test]
fn every_behaviour_is_in_the_suite() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let suite = std::fs::read_to_string(sources.join("suite.rs")).unwrap();
    let mut behaviours = 0;
    for entry in std::fs::read_dir(&sources).unwrap() {
        let path = entry.unwrap().path();
        let theme = path.file_stem().unwrap().to_str().unwrap().to_owned();
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
