//! Who runs the server: PostgreSQL refuses to run as root, so root lends it another user.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// Users that a machine may have, the fitting one first; none of them may own anything of value.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// A user that is not root, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The user to lend to a server whose folder this process has just made; none when this process is not root.
    pub(crate) fn for_server_in(folder: &Path) -> anyhow::Result<Option<Self>> {
        if unix::owner(folder)? != 0 {
            return Ok(None);
        }
        for name in CANDIDATES {
            if let (Some(user), Some(group)) = (id("-u", name)?, id("-g", name)?) {
                return Ok(Some(Self { user, group }));
            }
        }
        bail!(
            "PostgreSQL does not run as root, and there is no user `{}` to lend it: add one with `useradd --system postgres`",
            CANDIDATES.join("` or `")
        )
    }

    /// Makes the folder this user's.
    pub(crate) fn take(self, folder: &Path) -> anyhow::Result<()> {
        unix::give(folder, self).with_context(|| format!("cannot give {} to another user", folder.display()))
    }

    /// Lets this user run the command.
    pub(crate) fn run(self, command: &mut Command) {
        unix::run_as(command, self);
    }
}

/// What `id` says, unless it does not know the name.
fn id(flag: &str, name: &str) -> anyhow::Result<Option<u32>> {
    let output = Command::new("id")
        .args([flag, name])
        .output()
        .context("cannot start `id`")?;
    if !output.status.success() {
        return Ok(None);
    }
    let number = String::from_utf8_lossy(&output.stdout);
    let number = number.trim();
    Ok(Some(number.parse().with_context(|| {
        format!("`id {flag} {name}` printed `{number}`, not a number")
    })?))
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::fs::{MetadataExt, chown};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;

    use super::Account;

    pub(super) fn owner(path: &Path) -> io::Result<u32> {
        Ok(path.metadata()?.uid())
    }

    pub(super) fn give(path: &Path, account: Account) -> io::Result<()> {
        chown(path, Some(account.user), Some(account.group))
    }

    pub(super) fn run_as(command: &mut Command, account: Account) {
        command.uid(account.user).gid(account.group);
    }
}

/// Elsewhere nobody is root; the commands themselves say what is missing.
#[cfg(not(unix))]
mod unix {
    use std::io;
    use std::path::Path;
    use std::process::Command;

    use super::Account;

    pub(super) fn owner(_path: &Path) -> io::Result<u32> {
        Ok(1)
    }

    pub(super) fn give(_path: &Path, _account: Account) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn run_as(_command: &mut Command, _account: Account) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_lends_an_account_and_never_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let lent = Account::for_server_in(folder.path()).unwrap();
        assert_eq!(lent.is_some(), unix::owner(folder.path()).unwrap() == 0);
        assert!(lent.is_none_or(|account| account.user != 0));
    }

    #[test]
    fn an_unknown_name_has_no_number() {
        assert_eq!(id("-u", "no such user").unwrap(), None);
        assert_eq!(id("-u", "root").unwrap(), Some(0));
    }
}
