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
fn without_settings_the_providers_are_reached_as_they_say_themselves() {
    let config = Config::load(&Sources::default()).unwrap();
    let mut usual = ProvidersSettings::default();
    // What the plan allows is told by the plan; here it is written out.
    usual.alpha_vantage.budget = Some(usual.alpha_vantage.effective_budget());
    assert_eq!(format!("{:?}", config.providers), format!("{usual:?}"));
    assert_eq!(config.ingest.concurrency, 4);
}

#[test]
fn each_provider_is_reached_as_its_settings_say() {
    let (_folder, mut sources) = with_file(
        "[providers]\nretry_times = 0\nlongest_wait_s = 7\n[providers.yahoo]\nbase_url = \"http://127.0.0.1:1/y\"\n\
         timeout_s = 2\ncalls_per_minute = 0\n[providers.alpha_vantage]\nplan = \"premium\"\nformat = \"csv\"\n",
    );
    sources.environment = environment(&[
        ("SENTINEL_PROVIDERS__BINANCE__BASE_URL", "http://127.0.0.1:2"),
        ("SENTINEL_PROVIDERS__BINANCE__WEIGHT_PER_DAY", "9"),
        ("SENTINEL_PROVIDERS__ALPHA_VANTAGE__CALLS_PER_MINUTE", "6"),
        ("ALPHA_VANTAGE_API_KEY", "SECRETKEY123"),
    ])
    .environment;
    let config = Config::load(&sources).unwrap();
    let ProvidersSettings {
        alpha_vantage,
        binance,
        yahoo,
        retry,
    } = &config.providers;
    assert_eq!((retry.times, retry.longest_wait), (0, Duration::from_secs(7)));
    assert_eq!(yahoo.connection.base_url, "http://127.0.0.1:1/y");
    assert_eq!(yahoo.connection.timeout, Duration::from_secs(2));
    assert_eq!(
        (yahoo.budget.per_minute, yahoo.budget.longest_wait),
        (None, retry.longest_wait)
    );
    assert_eq!(binance.connection.base_url, "http://127.0.0.1:2");
    let bounds = |budget: http_providers::BudgetSettings| {
        [budget.per_minute, budget.per_day].map(|bound| bound.map(std::num::NonZeroU32::get))
    };
    assert_eq!(bounds(binance.budget), [Some(3_000), Some(9)]);
    assert_eq!(alpha_vantage.format, http_providers::AnswerFormat::Csv);
    assert_eq!(bounds(alpha_vantage.effective_budget()), [Some(6), None]);
    assert!(alpha_vantage.api_key.is_some());
    let shown = format!("{config:?}");
    assert!(!shown.contains("SECRETKEY123"), "{shown}");
    let key = config.effective.iter().find(|setting| setting.key.ends_with("api_key"));
    assert_eq!(key.unwrap().value, "***");
}

#[test]
fn a_key_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "k\n").unwrap();
    let path = path.display().to_string();
    for variable in [
        "SENTINEL_PROVIDERS__ALPHA_VANTAGE__API_KEY_FILE",
        "ALPHA_VANTAGE_API_KEY_FILE",
    ] {
        let config = Config::load(&environment(&[(variable, &path)])).unwrap();
        assert!(config.providers.alpha_vantage.api_key.is_some(), "{variable}");
    }
    let file = format!("[providers.alpha_vantage]\napi_key_file = \"{path}\"\n");
    let (_folder, sources) = with_file(&file);
    let config = Config::load(&sources).unwrap();
    assert!(config.providers.alpha_vantage.api_key.is_some());
}

#[test]
fn wrong_providers_and_groups_are_told_all_at_once() {
    let (folder, mut sources) = with_file(
        "[providers]\nretry_times = 21\n[providers.yahoo]\nbase_uri = \"http://x\"\ntimeout_s = 0\n\
         user_agent = \"żółw\"\n[providers.binance]\nbase_url = \"ftp://example.org\"\nweight_per_minute = -1\n\
         [providers.kraken]\nbase_url = \"http://x\"\n[ingest]\nconcurrency = 0\nprecedence = { yahoo = 1 }\n\
         [groups]\nTech = [\"AAPL\"]\nus = [\"AAPL\", \"A B\"]\nnested = { a = [\"AAPL\"] }\n",
    );
    sources.environment = environment(&[
        ("SENTINEL_PROVIDERS__ALPHA_VANTAGE__PLAN", "gold"),
        ("SENTINEL_PROVIDERS__ALPHA_VANTAGE__API_KEYS", "SECRETKEY123"),
        ("SENTINEL_PROVIDERS_YAHOO_CALLS_PER_DAY", "5"),
        ("SENTINEL_GROUPS__A__B", "AAPL"),
    ])
    .environment;
    let told = mistakes(folder.path(), &sources);
    assert!(!told.contains("SECRETKEY123"), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn groups_are_lists_under_names_of_ones_own() {
    let (_folder, mut sources) = with_file("[groups]\ntech = [\"AAPL\", \"XNAS:MSFT\"]\nold = [\"IBM\"]\n");
    sources.environment =
        environment(&[("SENTINEL_GROUPS__FX", "EUR/USD, id:7"), ("SENTINEL_GROUPS__OLD", "")]).environment;
    let config = Config::load(&sources).unwrap();
    let told: Vec<String> = config
        .groups
        .iter()
        .map(|(name, members)| {
            let members: Vec<String> = members.iter().map(ToString::to_string).collect();
            format!("{name}: {}", members.join(" "))
        })
        .collect();
    assert_eq!(told, ["fx: EUR/USD id:7", "tech: AAPL XNAS:MSFT"]);
    let tech = config
        .effective
        .iter()
        .find(|setting| setting.key == "groups.tech")
        .unwrap();
    assert_eq!(tech.value, "AAPL,XNAS:MSFT");
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

/// The words of the reference are the rule: each end of a range and each word is taken, and what is beyond is not.
#[test]
fn what_the_table_says_is_what_is_taken() {
    let load = |setting: &Setting, value: &str| {
        let sources = Sources::default().with_flag(setting.key, setting.key, value);
        Config::load(&sources)
    };
    let taken = |setting: &Setting, value: &str| {
        assert!(
            load(setting, value).is_ok(),
            "{} = {value}: {:?}",
            setting.key,
            load(setting, value)
        );
    };
    let refused = |setting: &Setting, value: &str| {
        let mistakes = load(setting, value)
            .err()
            .unwrap_or_else(|| panic!("{} took {value}", setting.key));
        assert_eq!(mistakes.0[0].problem, setting.values.remedy(), "{}", setting.key);
    };
    for setting in SETTINGS {
        taken(setting, setting.default);
        match setting.values {
            Values::Whole { least, most, .. } => {
                taken(setting, &least.to_string());
                taken(setting, &most.to_string());
                refused(setting, &(most + 1).to_string());
                refused(
                    setting,
                    &least.checked_sub(1).map_or("-1".to_owned(), |below| below.to_string()),
                );
                refused(setting, "1.5");
                refused(setting, "many");
            }
            Values::Words(words) => {
                words.iter().for_each(|word| taken(setting, word));
                refused(setting, "nonsense");
            }
            Values::Text(_) => {}
        }
    }
}

#[test]
fn the_document_is_what_the_table_says() {
    let document = include_str!("../../../../docs/configuration.md");
    assert!(
        document == reference(),
        "docs/configuration.md is not what the settings say: run `cargo run -- config reference > docs/configuration.md`"
    );
}

/// A value that each secret takes.
fn secret_value(setting: &Setting) -> &'static str {
    match setting.key {
        "database.url" => "sqlite:./secret.db",
        "database.replica_url" => "postgres://u:secret@h/d",
        "providers.alpha_vantage.api_key" => "secret-key",
        _ => "http://u:secret@127.0.0.1:1",
    }
}

/// The variables that name the file of a secret.
fn file_variables(setting: &Setting) -> Vec<String> {
    let alias = setting.alias.map(str::to_owned);
    let names = [Some(setting.variable()), alias].into_iter().flatten();
    names.map(|name| format!("{name}_FILE")).collect()
}

#[test]
fn every_secret_can_come_from_a_file_and_white_space_behind_it_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let secrets: Vec<&Setting> = SETTINGS.into_iter().filter(|setting| setting.is_secret()).collect();
    assert!(secrets.len() >= 3);
    for setting in secrets {
        fs::write(&path, format!("{}\r\n\n", secret_value(setting))).unwrap();
        let shown = setting.shown(secret_value(setting));
        let value_of = |config: Config| {
            let effective = config
                .effective
                .into_iter()
                .find(|effective| effective.key == setting.key);
            effective.unwrap().value
        };
        for variable in file_variables(setting) {
            let config = Config::load(&environment(&[(&variable, &path.display().to_string())])).unwrap();
            assert_eq!(value_of(config), shown, "{variable}");
        }
        let (section, name) = setting.path();
        let (_folder, sources) = with_file(&format!("[{section}]\n{name}_file = \"{}\"\n", path.display()));
        assert_eq!(value_of(Config::load(&sources).unwrap()), shown, "{}", setting.key);
    }
}

#[test]
fn every_secret_says_which_file_it_lacks_and_that_two_are_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent").display().to_string();
    let (empty, there) = (folder.path().join("empty"), folder.path().join("there"));
    fs::write(&empty, " \n").unwrap();
    let (empty, there) = (empty.display().to_string(), there.display().to_string());
    for setting in SETTINGS.into_iter().filter(|setting| setting.is_secret()) {
        fs::write(&there, secret_value(setting)).unwrap();
        for variable in file_variables(setting) {
            let told = |variables: &[(&str, &str)]| {
                let mistakes = Config::load(&environment(variables)).unwrap_err().0;
                assert_eq!(mistakes.len(), 1, "{mistakes:?}");
                mistakes[0].to_string()
            };
            assert_eq!(
                told(&[(&variable, &absent)]),
                format!(
                    "{variable} = `{absent}` (environment): the file cannot be read: No such file or directory (os error 2)"
                )
            );
            assert_eq!(
                told(&[(&variable, &empty)]),
                format!("{variable} = `{empty}` (environment): the file is empty")
            );
            assert_eq!(
                told(&[(&variable, "")]),
                format!("{variable} = `` (environment): it names no file: write its path, or take this away")
            );
            let value = variable.trim_end_matches("_FILE");
            assert_eq!(
                told(&[(&variable, &there), (value, secret_value(setting))]),
                format!("{variable} (environment): {value} is set here too; keep one of them")
            );
        }
    }
}
