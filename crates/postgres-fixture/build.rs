//! Names the schema: a hash of the migrations, so that a changed one makes a new template database.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

const MIGRATIONS: &str = "../../migrations/postgres";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={MIGRATIONS}");
    let mut hash = DefaultHasher::new();
    for file in files_under(Path::new(MIGRATIONS))? {
        file.hash(&mut hash);
        fs::read(&file)?.hash(&mut hash);
    }
    println!("cargo:rustc-env=SCHEMA_HASH={:016x}", hash.finish());
    Ok(())
}

/// In the order of their names.
fn files_under(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_under(&path)?);
        } else {
            files.insert(path);
        }
    }
    Ok(files)
}
