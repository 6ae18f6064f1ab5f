//! What the configuration takes, and what it says to mistakes.

use std::fs;

use super::*;

fn environment(variables: &[(&str, &str)]) -> Sources {
    Sources {
        environment: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Sources::default()
    }
}

fn with_file(file: &str) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sentinel.toml"), file).unwrap();
    let sources = Sources {
        directory: Some(folder.path().to_owned()),
        ..Sources::default()
    };
    (folder, sources)
}

/// The mistakes, without the folder they were made in.
fn mistakes(folder: &Path, sources: &Sources) -> String {
    let folder = format!("{}/", folder.display());
    Config::load(sources).unwrap_err().to_string().replace(&folder, "")
}

#[test]
fn starts_without_any_configuration() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.database.adapter.location(), "sqlite:./sentinel.db");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.log.level, "info");
    assert_eq!(config.ingest.precedence, Precedence::default());
}

#[test]
fn a_stronger_layer_wins_and_is_named() {
    let (folder, mut sources) =
        with_file("[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\nkeep_files = 3\n");
    fs::write(folder.path().join(".env"), "SENTINEL_LOG__LEVEL=error\nUNRELATED=1\n").unwrap();
    sources.environment = environment(&[("SENTINEL_SERVER__LISTEN", "127.0.0.1:2")]).environment;
    let origin = |config: &Config, key: &str| {
        let setting = config.effective.iter().find(|setting| setting.key == key).unwrap();
        (
            setting.value.clone(),
            setting.origin.rsplit('/').next().unwrap().to_owned(),
        )
    };
    let check = |config: &Config, key: &str, value: &str, from: &str| {
        assert_eq!(origin(config, key), (value.to_owned(), from.to_owned()));
    };
    let config = Config::load(&sources).unwrap();
    check(&config, "server.listen", "127.0.0.1:2", "environment");
    check(&config, "log.level", "error", ".env");
    check(&config, "log.keep_files", "3", "sentinel.toml");
    check(&config, "log.format", "auto", "default");
    let config = Config::load(&sources.with_flag("server.listen", "--listen", "127.0.0.1:3")).unwrap();
    check(&config, "server.listen", "127.0.0.1:3", "command line");
}

#[test]
fn well_known_variables_are_aliases_that_our_own_outrank() {
    let listed = environment(&[("DATABASE_URL", "sqlite:a.db"), ("LOG_LEVEL", "debug")]);
    let config = Config::load(&listed).unwrap();
    assert_eq!(config.database.adapter.location(), "sqlite:a.db");
    assert_eq!(config.log.level, "debug");
    let both = environment(&[
        ("DATABASE_URL", "sqlite:a.db"),
        ("SENTINEL_DATABASE__URL", "sqlite:b.db"),
    ]);
    assert_eq!(Config::load(&both).unwrap().database.adapter.location(), "sqlite:b.db");
}

#[test]
fn variables_of_other_programs_do_not_matter() {
    let others = environment(&[
        ("SENTINELX", "1"),
        ("REDIS_URL", "redis://x"),
        // What Kubernetes sets in the pods beside services called `sentinel` and `sentinel-api`.
        ("SENTINEL_SERVICE_HOST", "10.0.0.1"),
        ("SENTINEL_SERVICE_PORT_HTTP", "8000"),
        ("SENTINEL_PORT", "tcp://10.0.0.1:8000"),
        ("SENTINEL_API_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ]);
    assert!(Config::load(&others).is_ok());
}

#[test]
fn secrets_can_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    fs::write(&path, "sqlite:from-file.db\n").unwrap();
    let path = path.display().to_string();
    for variable in ["SENTINEL_DATABASE__URL_FILE", "DATABASE_URL_FILE"] {
        let config = Config::load(&environment(&[(variable, &path)])).unwrap();
        assert_eq!(config.database.adapter.location(), "sqlite:from-file.db");
    }
    let both = environment(&[
        ("SENTINEL_DATABASE__URL_FILE", &path),
        ("SENTINEL_DATABASE__URL", "sqlite:b.db"),
    ]);
    insta::assert_snapshot!(mistakes(folder.path(), &both), @r"
    the configuration has a mistake
      SENTINEL_DATABASE__URL_FILE (environment): SENTINEL_DATABASE__URL is set here too; keep one of them
    ");
    let absent = environment(&[("DATABASE_URL_FILE", &format!("{path}.nowhere"))]);
    insta::assert_snapshot!(mistakes(folder.path(), &absent), @r"
    the configuration has a mistake
      DATABASE_URL_FILE = `url.nowhere` (environment): the file cannot be read: No such file or directory (os error 2)
    ");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let (folder, mut sources) = with_file(
        "colour = true\n[databse]\nurl = \"x\"\n[server]\nlisten = \"localhost:8000\"\nlisten_adress = 1\n\
         shutdown_timeout_s = 1.5\n[log]\nlevel = \"loud\"\nformat = [\"json\"]\nkeep_files = 0\n\
         [ingest]\nprecedence = [\"yahoo\", \"Alpha Vantage\"]\n",
    );
    sources.environment = environment(&[
        ("SENTINEL_DATABASE__URL", "mysql://sentinel:hunter2@db/sentinel"),
        ("SENTINEL_LOG_FILE", "x.log"),
        ("SENTINEL_LOG__ROTATON", "daily"),
    ])
    .environment;
    sources = sources.with_flag("server.listen", "--listen", "8000");
    let told = mistakes(folder.path(), &sources);
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let (folder, sources) = with_file("[server\nlisten = 1\n");
    insta::assert_snapshot!(mistakes(folder.path(), &sources));
    let absent = Sources {
        file: Some(folder.path().join("other.toml")),
        ..Sources::default()
    };
    insta::assert_snapshot!(mistakes(folder.path(), &absent), @r"
    the configuration has a mistake
      the file (other.toml): cannot be read: No such file or directory (os error 2)
    ");
}

#[test]
fn the_scheme_of_the_url_picks_the_adapter() {
    let load = |url: &str| Config::load(&Sources::default().with_flag("database.url", "--database-url", url));
    let check = |url: &str, location: &str| assert_eq!(load(url).unwrap().database.adapter.location(), location);
    check("sqlite:./x.db", "sqlite:./x.db");
    check("sqlite://x.db", "sqlite:x.db");
    check("sqlite:///srv/x.db", "sqlite:/srv/x.db");
    check("postgres://u:p@h/d", "postgres://h:5432/d");
    check("postgresql://u:p@h:6432/d?sslmode=require", "postgres://h:6432/d");
    let refused: Vec<String> = [
        "x.db",
        "sqlite:",
        "sqlite::memory:",
        "sqlite:x.db?mode=ro",
        "postgres://u:p@h",
        "mysql://u:p@h/d",
        "oracle://h/d",
    ]
    .into_iter()
    .map(|url| load(url).unwrap_err().0.remove(0).to_string())
    .collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn the_digest_changes_with_the_settings() {
    let digest = |level: &str| {
        let sources = Sources::default().with_flag("log.level", "--log-level", level);
        Config::load(&sources).unwrap().digest()
    };
    assert_eq!(digest("debug"), digest("debug"));
    assert_ne!(digest("debug"), digest("info"));
}

/// A sample that has a setting more or less, or another default, would be a lie.
#[test]
fn the_example_lists_every_setting_with_its_default() {
    let example = include_str!("../../../../.env.example");
    let listed: Vec<&str> = example
        .lines()
        .filter_map(|line| line.strip_prefix("#SENTINEL_"))
        .collect();
    let known: Vec<String> = SETTINGS
        .iter()
        .map(|setting| {
            format!(
                "{}={}",
                setting.variable().trim_start_matches("SENTINEL_"),
                setting.default
            )
        })
        .collect();
    assert_eq!(listed, known);
}
