//! Where PostgreSQL is installed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The oldest major version that this project supports.
pub const OLDEST: u32 = 15;

/// What a server of one's own takes.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Folders outside `PATH`; `*` stands for a version.
const PLACES: [&str; 10] = [
    "/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                   // packages of postgresql.org for Red Hat and SUSE
    "/usr/lib/postgresql*/bin",           // openSUSE
    "/usr/libexec/postgresql*",           // Alpine
    "/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/Library/PostgreSQL/*/bin", // the installer for macOS
    "/usr/local/pgsql/bin",      // built from source
];

/// A folder with the programs of one PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    version: String,
}

impl Binaries {
    /// The programs in that folder.
    ///
    /// # Errors
    /// When one is missing, does not run here, or is too old.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let missing: Vec<_> = PROGRAMS
            .into_iter()
            .filter(|name| !folder.join(name).is_file())
            .collect();
        if !missing.is_empty() {
            bail!(
                "{} has no {}: name the folder that holds {}",
                folder.display(),
                missing.join(" and no "),
                PROGRAMS.join(", ")
            );
        }
        // Distributions link some programs into the path; the rest is beside the real ones.
        let real = folder.join("postgres").canonicalize()?;
        let folder = real.parent().unwrap_or(folder).to_owned();
        let output = Command::new(&real).arg("--version").output();
        let output = output.with_context(|| format!("cannot start {}", real.display()))?;
        let said = String::from_utf8_lossy(if output.status.success() {
            &output.stdout
        } else {
            &output.stderr
        });
        let version =
            version_in(&said).with_context(|| format!("{} --version says `{}`", real.display(), said.trim()))?;
        if major(&version).is_none_or(|major| major < OLDEST) {
            bail!(
                "{} is PostgreSQL {version}; {OLDEST} or newer is needed",
                folder.display()
            );
        }
        Ok(Self { folder, version })
    }

    /// The first that can be used: on the path, else the newest of the usual folders; none when there is none.
    #[must_use]
    pub fn installed() -> Option<Self> {
        let on_path = path();
        let usual = PLACES.iter().flat_map(|place| matching(place, &names_in));
        on_path
            .into_iter()
            .chain(usual)
            .find_map(|folder| Self::in_folder(&folder).ok())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// As PostgreSQL says it: `17.10`, `18beta1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where one of the programs is.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[expect(clippy::disallowed_methods, reason = "PATH says where programs are, not how to run")]
fn path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(OsStr::new(&path)).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The folders that a place stands for, the newest version first, by the names that `list` finds in a folder.
fn matching(place: &str, list: &dyn Fn(&Path) -> Vec<String>) -> Vec<PathBuf> {
    let Some((before, after)) = place.split_once('*') else {
        return vec![PathBuf::from(place)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let versions = list(Path::new(parent)).into_iter().filter_map(|name| {
        let version = name.strip_prefix(prefix)?;
        Some((major(version)?, format!("{parent}/{name}{after}")))
    });
    let mut versions: Vec<_> = versions.collect();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| PathBuf::from(folder))
        .collect()
}

/// The number with which a version begins.
fn major(version: &str) -> Option<u32> {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..end)?.parse().ok()
}

/// The version in `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn version_in(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("(PostgreSQL) ")?;
    let version = rest.split_whitespace().next()?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(place: &str, names: &[&str], expected: &[&str]) {
        let list = |_: &Path| names.iter().map(|&name| name.to_owned()).collect();
        let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
        assert_eq!(matching(place, &list), expected, "{place}");
    }

    #[test]
    fn the_newest_version_comes_first_by_number() {
        check(
            "/usr/lib/postgresql/*/bin",
            &["9.6", "15", "18", "lost+found"],
            &[
                "/usr/lib/postgresql/18/bin",
                "/usr/lib/postgresql/15/bin",
                "/usr/lib/postgresql/9.6/bin",
            ],
        );
        check(
            "/usr/pgsql-*/bin",
            &["pgsql-17", "bin", "pgsql-"],
            &["/usr/pgsql-17/bin"],
        );
        check(
            "/usr/libexec/postgresql*",
            &["postgresql16", "sudo"],
            &["/usr/libexec/postgresql16"],
        );
        check("/usr/local/pgsql/bin", &[], &["/usr/local/pgsql/bin"]);
    }

    #[test]
    fn the_place_is_listed_where_its_star_is() {
        let listed = std::cell::RefCell::new(Vec::new());
        let list = |folder: &Path| {
            listed.borrow_mut().push(folder.display().to_string());
            Vec::new()
        };
        assert!(matching("/opt/homebrew/opt/postgresql@*/bin", &list).is_empty());
        assert_eq!(listed.into_inner(), ["/opt/homebrew/opt"]);
    }

    #[test]
    fn versions_are_read_as_postgres_says_them() {
        assert_eq!(
            version_in("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n").as_deref(),
            Some("15.20")
        );
        assert_eq!(
            version_in("postgres (PostgreSQL) 18beta1\n").as_deref(),
            Some("18beta1")
        );
        assert_eq!(version_in("error while loading shared libraries"), None);
        assert_eq!(major("18beta1"), Some(18));
    }

    #[test]
    fn a_folder_without_the_programs_is_refused_by_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("initdb"), "").unwrap();
        let error = Binaries::in_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("has no pg_ctl and no postgres"), "{error}");
    }
}
