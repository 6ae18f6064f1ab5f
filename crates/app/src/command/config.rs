//! `sentinel config`: what is set, and whether it is right.

use serde_json::json;

use super::Context;
use crate::config::{self, Config, Mistakes};
use crate::exit::Exit;
use crate::output::{Output, Table};

pub(super) fn check(loaded: Result<Config, Mistakes>, output: Output) -> anyhow::Result<Exit> {
    match loaded {
        Ok(config) => {
            output.line("the configuration is right")?;
            output.object(&json!({ "mistakes": [], "digest": config.digest() }))?;
            Ok(Exit::Done)
        }
        Err(mistakes) => {
            output.remark(format_args!("error: {mistakes}"));
            let listed: Vec<_> = mistakes
                .0
                .iter()
                .map(|mistake| {
                    json!({
                        "setting": mistake.setting,
                        "value": mistake.value,
                        "origin": mistake.origin,
                        "problem": mistake.problem,
                    })
                })
                .collect();
            output.object(&json!({ "mistakes": listed }))?;
            Ok(Exit::WrongUsage)
        }
    }
}

pub(super) fn reference(output: Output) -> anyhow::Result<Exit> {
    let reference = config::reference();
    output.line(reference.trim_end())?;
    output.object(&json!({ "reference": reference }))?;
    Ok(Exit::Done)
}

pub(super) fn show(context: &Context) -> anyhow::Result<Exit> {
    let Context { config, output } = context;
    let mut table = Table::new(["setting", "value", "from", "what it is"]);
    for setting in &config.effective {
        let value = if setting.value.is_empty() { "-" } else { &setting.value };
        table.push([&setting.key, value, &setting.origin, &setting.about]);
    }
    output.table(&table)?;
    let settings: serde_json::Map<String, serde_json::Value> = config
        .effective
        .iter()
        .map(|setting| {
            (
                setting.key.to_owned(),
                json!({ "value": setting.value, "origin": setting.origin }),
            )
        })
        .collect();
    output.object(&json!({ "settings": settings, "digest": config.digest() }))?;
    Ok(Exit::Done)
}
