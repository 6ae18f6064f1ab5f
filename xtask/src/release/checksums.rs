//! The SHA-256 of each file of a release, as `sha256sum --check` reads it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

const NAME: &str = "SHA256SUMS";

/// Writes the sums of all files of the folder but its own and the notes.
///
/// # Errors
/// When there is no file, or one cannot be read.
pub(super) fn write(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<_>>()?;
    files.retain(|file| file.is_file() && !file.ends_with(NAME) && !file.ends_with("NOTES.md"));
    files.sort();
    if files.is_empty() {
        bail!("{} is empty: make the files of the release first", folder.display());
    }
    let mut sums = String::new();
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        writeln!(sums, "{}  {name}", sum(file)?)?;
    }
    let target = folder.join(NAME);
    fs::write(&target, sums)?;
    Ok(target)
}

fn sum(file: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let mut content = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    std::io::copy(&mut content, &mut HashWriter(&mut hash))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Lets a hash be written to.
struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_but_the_sums_and_the_notes_is_summed_in_order() {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in [("b.zip", "abc"), ("a.zip", ""), ("NOTES.md", "x"), (NAME, "old")] {
            fs::write(home.path().join(name), text).unwrap();
        }
        let sums = fs::read_to_string(write(home.path()).unwrap()).unwrap();
        // The sums of nothing and of "abc", as FIPS 180-2 gives them.
        assert_eq!(
            sums,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.zip\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.zip\n"
        );
    }

    #[test]
    fn an_empty_folder_is_told() {
        assert!(write(tempfile::tempdir().unwrap().path()).is_err());
    }
}
