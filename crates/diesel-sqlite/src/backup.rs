//! A backup: the whole database as one state, in a file of its own, while others read and write.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use diesel::RunQueryDsl;
use diesel::sql_types::Text;

use crate::OpenError;
use crate::connections::{establish, on_blocking_thread};
use crate::database_file::DatabaseFile;
use crate::migrations::existing;

/// Writes what the database at `url` holds at this moment to the new file `to`, which is there once it is whole, checked
/// and on the disk. Returns its size in bytes.
///
/// It is one read transaction: nobody waits for it, and what is committed meanwhile is not in it.
///
/// # Errors
/// [`OpenError::Taken`] when `to` is there already, [`OpenError::Missing`] when there is no database, and the others as
/// they say; nothing is left at `to` then.
pub async fn back_up(url: &str, to: &Path) -> Result<u64, OpenError> {
    let file: DatabaseFile = url.parse()?;
    let source = file.clone();
    let target = to.to_owned();
    on_blocking_thread(&file, move || {
        let part = part_of(&target);
        for taken in [&target, &part] {
            if taken.exists() {
                return Err(OpenError::Taken { path: taken.clone() });
            }
        }
        DatabaseFile::at(&target).refuse_impossible()?;
        let written = write_whole(&source, &part, &target);
        if written.is_err() {
            // What broke off is of no use; that it cannot be removed is no news beside what happened.
            let _left = fs::remove_file(&part);
        }
        written
    })
    .await
}

/// `FILE.part`, in the same directory, so that the last step is a renaming.
fn part_of(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn write_whole(source: &DatabaseFile, part: &Path, target: &Path) -> Result<u64, OpenError> {
    let mut connection = existing(source)?;
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(part.to_string_lossy())
        .execute(&mut connection)
        .map_err(|error| OpenError::of(source.path(), error))?;
    check(&DatabaseFile::at(part))?;
    let on_disk = || {
        File::open(part)?.sync_all()?;
        fs::rename(part, target)?;
        fs::metadata(target).map(|found| found.len())
    };
    on_disk().map_err(|error| OpenError::Other {
        path: target.to_owned(),
        source: error.into(),
    })
}

#[derive(diesel::QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// Reads every page of it again.
fn check(written: &DatabaseFile) -> Result<(), OpenError> {
    let mut connection = establish(written, false)?;
    let found: Vec<Finding> = diesel::sql_query("PRAGMA quick_check")
        .load(&mut connection)
        .map_err(|error| OpenError::of(written.path(), error))?;
    match found.into_iter().find(|finding| finding.quick_check != "ok") {
        None => Ok(()),
        Some(finding) => Err(OpenError::Other {
            path: written.path().to_owned(),
            source: format!("what was written is damaged: {}", finding.quick_check).into(),
        }),
    }
}
