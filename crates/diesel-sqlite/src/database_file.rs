//! Where the database lies: a URL such as `sqlite:./sentinel.db` read into a path.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::OpenError;

/// The file of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatabaseFile(PathBuf);

impl FromStr for DatabaseFile {
    type Err = OpenError;

    /// `sqlite:PATH`, `sqlite://PATH` or the path alone; the path is taken as it is written, without escapes.
    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let refused = |reason: &'static str| OpenError::Url {
            url: url.to_owned(),
            reason,
        };
        let path = match url.split_once(':') {
            Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
            // A drive letter of Windows is no scheme.
            Some((scheme, _)) if scheme.len() > 1 && !scheme.contains(['/', '\\', '.']) => {
                return Err(refused("this store takes sqlite: URLs, such as sqlite:./sentinel.db"));
            }
            _ => url,
        };
        if path.contains(":memory:") {
            return Err(refused(
                "several connections share the database, so it needs a file; name one in a temporary directory",
            ));
        }
        if path.contains('?') {
            return Err(refused("options behind a ? are not taken; remove them"));
        }
        if path.is_empty() || path.contains('\0') {
            return Err(refused("name a file, such as sqlite:./sentinel.db"));
        }
        Ok(Self(PathBuf::from(path)))
    }
}

impl DatabaseFile {
    /// The file at a path that no URL names.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What SQLite opens: an existing file, or also a new one.
    pub(crate) fn uri(&self, may_create: bool) -> String {
        // Without a slash in front SQLite would take what follows `file://` for a host; a bare path has no such trouble.
        let escaped = self.0.to_string_lossy().replace('%', "%25").replace('#', "%23");
        let mode = if may_create { "rwc" } else { "rw" };
        format!("file:{escaped}?mode={mode}")
    }

    /// Which file stands at the path now; `None` when there is none. A file that was deleted or put in its place by
    /// another is a different one, while open connections still see the old.
    pub(crate) fn identity(&self) -> Option<FileIdentity> {
        std::fs::metadata(&self.0).ok().map(|found| FileIdentity::of(&found))
    }

    /// What about the path alone makes opening hopeless.
    pub(crate) fn refuse_impossible(&self) -> Result<(), OpenError> {
        let path = self.0.clone();
        if path.is_dir() {
            return Err(OpenError::IsDirectory { path });
        }
        match path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            Some(directory) if !directory.is_dir() => Err(OpenError::DirectoryMissing {
                directory: directory.to_owned(),
                path,
            }),
            _ => Ok(()),
        }
    }
}

/// Tells two files apart that had the same path at different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity(u64, u64);

impl FileIdentity {
    #[cfg(unix)]
    fn of(found: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self(found.dev(), found.ino())
    }

    /// Elsewhere only the absence of the file is noticed.
    #[cfg(not(unix))]
    fn of(_found: &std::fs::Metadata) -> Self {
        Self(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_usual_forms_of_a_url() {
        let check = |url: &str, path: &str| assert_eq!(url.parse::<DatabaseFile>().unwrap().path(), Path::new(path));
        check("sqlite:./sentinel.db", "./sentinel.db");
        check("sqlite:sentinel.db", "sentinel.db");
        check("sqlite://sentinel.db", "sentinel.db");
        check("sqlite:///srv/sentinel.db", "/srv/sentinel.db");
        check("sqlite:/srv/a%20b#1.db", "/srv/a%20b#1.db");
        check("./sentinel.db", "./sentinel.db");
    }

    #[test]
    fn refuses_what_names_no_file_and_says_what_would() {
        let check = |url: &str, message: &str| {
            assert_eq!(url.parse::<DatabaseFile>().unwrap_err().to_string(), message);
        };
        check(
            "postgres://localhost/sentinel",
            "`postgres://localhost/sentinel` names no SQLite database: this store takes sqlite: URLs, such as \
             sqlite:./sentinel.db",
        );
        check(
            "sqlite::memory:",
            "`sqlite::memory:` names no SQLite database: several connections share the database, so it needs a file; \
             name one in a temporary directory",
        );
        check(
            "sqlite:x.db?mode=ro",
            "`sqlite:x.db?mode=ro` names no SQLite database: options behind a ? are not taken; remove them",
        );
        check(
            "sqlite:",
            "`sqlite:` names no SQLite database: name a file, such as sqlite:./sentinel.db",
        );
    }

    #[test]
    fn escapes_what_a_uri_would_read_otherwise() {
        let file: DatabaseFile = "sqlite:/srv/100%#1.db".parse().unwrap();
        assert_eq!(file.uri(false), "file:/srv/100%25%231.db?mode=rw");
    }
}
