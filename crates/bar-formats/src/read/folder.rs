//! Which files of a folder are bar files.

use std::path::{Path, PathBuf};

use super::{FileError, FileProblem};

/// The bar files at a path: the path itself when it is a file, else every file below it whose name says so
/// (`.csv .tsv .txt .parquet`, also with `.gz`, and `.zip`), sorted, hidden files left out.
///
/// # Errors
/// [`FileProblem::Unreadable`] when a folder cannot be listed, [`FileProblem::NoBarFiles`] when there is none.
pub fn bar_files(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| FileError::new(&folder.display().to_string(), None, FileProblem::Unreadable(source));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            // A link to a folder is not followed: it could lead in a circle.
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(entry.path());
            } else if is_bar_file(&name) || name.to_ascii_lowercase().ends_with(".zip") {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(FileError::new(
            &path.display().to_string(),
            None,
            FileProblem::NoBarFiles,
        ));
    }
    Ok(found)
}

/// Whether the name of a file or of an entry in an archive promises bars.
pub(super) fn is_bar_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = file.strip_suffix(".gz").unwrap_or(file);
    let about = ["readme", "license", "licence", "notice", "sources", "changelog"];
    let hidden = file.starts_with('.') || name.starts_with("__macosx/");
    let is_text = plain.ends_with(".txt") && !about.iter().any(|word| plain.starts_with(word));
    !hidden
        && (is_text
            || [".csv", ".tsv", ".parquet"]
                .iter()
                .any(|suffix| plain.ends_with(suffix)))
}

/// The name without folders and without what says the format.
pub(super) fn stem(name: &str) -> &str {
    let mut stem = name.rsplit(['/', '\\']).next().unwrap_or_default();
    for suffixes in [&[".gz", ".zip"][..], &[".csv", ".tsv", ".txt", ".parquet", ".pq"][..]] {
        for suffix in suffixes {
            if let Some(cut) = stem.len().checked_sub(suffix.len())
                && stem.is_char_boundary(cut)
                && let Some((shorter, end)) = stem.split_at_checked(cut)
                && end.eq_ignore_ascii_case(suffix)
            {
                stem = shorter;
                break;
            }
        }
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_folders_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for name in [
            "b/x.csv.gz",
            "a.CSV",
            "c.zip",
            ".hidden.csv",
            "README.txt",
            "notes.md",
            "z.txt",
        ] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let names: Vec<_> = bar_files(folder.path())
            .unwrap()
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["a.CSV", "b/x.csv.gz", "c.zip", "z.txt"]);
    }

    #[test]
    fn takes_a_file_at_its_word() {
        let path = Path::new("anything.dat");
        assert_eq!(bar_files(path).unwrap(), [path]);
    }

    #[test]
    fn finds_the_stem() {
        for (name, expected) in [
            ("dir/AAPL__1d.csv", "AAPL__1d"),
            ("BRK.B.CSV.gz", "BRK.B"),
            ("BTCUSDT-1h-2024-01.zip", "BTCUSDT-1h-2024-01"),
            ("spy", "spy"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
