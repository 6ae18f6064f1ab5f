//! The reference of all settings, `docs/configuration.md`, out of the table that the values are held against.

use super::{SETTINGS, Secrecy, Setting};

const BEFORE: &str = "\
# Configuration

<!-- Printed by `sentinel config reference`; a test compares. Change crates/app/src/config/setting.rs, then run
`cargo run -- config reference > docs/configuration.md`. -->

`sentinel` runs without any configuration. What is set comes from five places, the later the stronger:

1. the defaults below,
2. `sentinel.toml` in the working directory, or the file that `--config` names,
3. `.env` in the working directory ([an example](../.env.example) holds every setting),
4. the environment,
5. the flags of a command: `--database-url`, `--log-level`, `--listen`.

In `sentinel.toml`, `server.listen` is `listen` in the table `[server]`, and `providers.yahoo.timeout_s` is `timeout_s` in
`[providers.yahoo]`. In the environment it is `SENTINEL_SERVER__LISTEN`: two underscores where the key has a dot.

`sentinel config check` tells every mistake at once, with what would be right; a setting that does not exist is one of them.
`sentinel config show` prints what is in force, and from where; passwords and keys are masked there and everywhere else.

## Secrets from files

Settings marked *secret* can be kept in a file of their own, as Docker and Kubernetes mount them: put `_FILE` behind the variable, or
`_file` behind the key, and write the path. `SENTINEL_DATABASE__URL_FILE=/run/secrets/database_url` reads the URL from there. White space
at the end is not part of it. A file that is missing, unreadable or empty is a mistake, and so is giving both the value and the file.
Those marked *secret login* may stand in the open as long as no password is in the URL.
";

const AFTER: &str = "
## groups

Instruments that `sentinel ingest --group NAME` takes together. The names are your own, of `a-z 0-9 - _`:

```toml
[groups]
tech = [\"AAPL\", \"MSFT\", \"XNAS:NVDA\"]
```

or `SENTINEL_GROUPS__TECH=AAPL,MSFT,XNAS:NVDA`. An empty list takes a weaker layer's group away.
";

/// All of it, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = BEFORE.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let (of, _name) = setting.path();
        if of != section {
            section = of;
            text.push_str(&format!(
                "\n## {section}\n\n| key | variable | default | what it is | values |\n|---|---|---|---|---|\n"
            ));
        }
        text.push_str(&row(setting));
    }
    text.push_str(AFTER);
    text
}

fn row(setting: &Setting) -> String {
    let code = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!("`{text}`")
        }
    };
    let mut variable = code(&setting.variable());
    if let Some(alias) = setting.alias {
        variable.push_str(&format!(", or `{alias}`"));
    }
    let secret = match setting.secrecy {
        Secrecy::Open => "",
        Secrecy::Login => " (*secret login*)",
        Secrecy::Whole => " (*secret*)",
    };
    format!(
        "| `{}`{secret} | {variable} | {} | {} | {} |\n",
        setting.key,
        code(setting.default),
        setting.about,
        setting.values
    )
}
