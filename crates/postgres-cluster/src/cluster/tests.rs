//! The life of a cluster, with scripts in place of the programs, so that it is tested where no PostgreSQL is installed.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// Programs that keep a diary beside themselves, in a folder that every user may read and write.
struct Scripts {
    folder: tempfile::TempDir,
}

impl Scripts {
    fn new(pg_ctl: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let scripts = Self { folder };
        fs::write(scripts.path("diary"), "").unwrap();
        fs::set_permissions(scripts.path("diary"), fs::Permissions::from_mode(0o666)).unwrap();
        scripts.write("postgres", "echo 'postgres (PostgreSQL) 17.1'");
        scripts.write(
            "initdb",
            "mkdir \"$2\" && touch \"$2/postgresql.conf\" && chmod 666 \"$2/postgresql.conf\"",
        );
        scripts.write("pg_ctl", pg_ctl);
        scripts
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, script: &str) {
        let path = self.path(name);
        let diary = self.path("diary");
        let text = format!("#!/bin/sh\necho \"{name} $1\" >> {}\n{script}\n", diary.display());
        // By a shell, for a file that this process holds open for writing must not be run, and tests beside this one fork.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "printf %s \"$1\" > \"$2\" && chmod 755 \"$2\"", "write", &text])
            .arg(&path);
        assert!(shell.status().unwrap().success());
    }

    fn start(&self) -> anyhow::Result<Cluster> {
        Cluster::start(&Binaries::in_folder(self.folder.path()).unwrap(), Durability::None)
    }

    fn diary(&self) -> Vec<String> {
        let diary = fs::read_to_string(self.path("diary")).unwrap();
        diary.lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_cluster_is_made_started_and_gone_afterwards() {
    let scripts = Scripts::new("");
    let cluster = scripts.start().unwrap();
    let folder = cluster.folder.clone();
    let written = fs::read_to_string(cluster.data().join("postgresql.conf")).unwrap();
    assert!(written.contains("listen_addresses = '127.0.0.1'"), "{written}");
    assert!(written.ends_with(&format!("port = {}\n", cluster.port)), "{written}");
    assert_eq!(
        cluster.url(),
        format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port)
    );
    cluster.crash_and_restart().unwrap();
    drop(cluster);
    assert!(!folder.exists());
    assert_eq!(
        scripts.diary(),
        [
            "postgres --version",
            "initdb -D",
            "pg_ctl start",
            "pg_ctl restart",
            "pg_ctl stop"
        ]
    );
}

#[test]
fn a_port_that_was_taken_in_between_is_no_end() {
    // Fails while it has not been called twice.
    let scripts = Scripts::new("[ $(grep -c pg_ctl \"$(dirname \"$0\")/diary\") -ge 2 ]");
    let cluster = scripts.start().unwrap();
    let written = fs::read_to_string(cluster.data().join("postgresql.conf")).unwrap();
    assert_eq!(written.matches("port = ").count(), 2, "{written}");
}

#[test]
fn a_server_that_does_not_start_says_why_and_leaves_nothing() {
    let scripts = Scripts::new(
        "for last; do :; done; echo 'FATAL: no memory' > \"$last\"; echo 'could not start server'; exit 1",
    );
    let error = scripts.start().unwrap_err();
    let told = format!("{error:#}");
    assert!(
        [
            "PostgreSQL 17.1 did not start",
            "FATAL: no memory",
            "could not start server"
        ]
        .iter()
        .all(|part| told.contains(part)),
        "{told}"
    );
    let folder = told.split_whitespace().skip_while(|word| *word != "-D").nth(1).unwrap();
    assert!(!Path::new(folder).exists(), "{folder}");
}

#[test]
fn the_server_is_not_run_by_root() {
    let scripts = Scripts::new("[ $(id -u) -ne 0 ]");
    assert!(scripts.start().is_ok());
}

#[test]
fn only_a_trial_of_crashes_pays_for_durability() {
    let quick = settings(Durability::None, Path::new("/tmp/it's"));
    assert!(
        quick.contains("fsync = off") && quick.contains("synchronous_commit = off"),
        "{quick}"
    );
    assert!(quick.contains("unix_socket_directories = '/tmp/it''s'"), "{quick}");
    assert!(!settings(Durability::Full, Path::new("/tmp")).contains("off"));
}
