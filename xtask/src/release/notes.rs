//! What CHANGELOG.md says about one version.

use anyhow::bail;

/// The lines between the heading of a version and the next.
///
/// # Errors
/// When the version has no heading, or nothing below it.
pub(super) fn of(changelog: &str, version: &str) -> anyhow::Result<String> {
    let heading = format!("## [{version}]");
    let mut lines = changelog.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let told: Vec<_> = lines.by_ref().take_while(|line| !line.starts_with("## [")).collect();
    let told = told.join("\n").trim().to_owned();
    if told.is_empty() {
        bail!(
            "CHANGELOG.md says nothing below `{heading}`: move what is new there from `## [Unreleased]`, with the date"
        );
    }
    Ok(format!("{told}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str =
        "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.0] - 2026-11-25\n\n### Added\n- this\n\n## [1.1.0]\n";

    #[test]
    fn a_version_is_told_up_to_the_next() {
        assert_eq!(of(CHANGELOG, "1.2.0").unwrap(), "### Added\n- this\n");
    }

    #[test]
    fn a_version_without_a_word_is_refused() {
        for version in ["1.1.0", "1.2.1"] {
            let error = of(CHANGELOG, version).unwrap_err().to_string();
            assert!(error.contains(&format!("## [{version}]")), "{error}");
        }
    }
}
