//! How the sources over HTTP are reached.

use std::num::NonZeroU32;
use std::time::Duration;

use http_providers::{
    AlphaVantageSettings, AnswerFormat, BinanceSettings, BudgetSettings, ConnectionSettings, Plan, ProvidersSettings,
    RetrySettings, YahooSettings,
};

use super::reader::Reader;
use super::setting::{self, ConnectionSettingsOf, Setting};

pub(super) fn read(reader: &mut Reader) -> Option<ProvidersSettings> {
    let retry = retry(reader);
    let yahoo = yahoo(reader);
    let binance = binance(reader);
    let alpha_vantage = alpha_vantage(reader);
    let retry = retry?;
    let patient = |budget: BudgetSettings| BudgetSettings {
        longest_wait: retry.longest_wait,
        ..budget
    };
    let (mut yahoo, mut binance, mut alpha_vantage) = (yahoo?, binance?, alpha_vantage?);
    yahoo.budget = patient(yahoo.budget);
    binance.budget = patient(binance.budget);
    alpha_vantage.budget = Some(patient(alpha_vantage.effective_budget()));
    Some(ProvidersSettings {
        alpha_vantage,
        binance,
        yahoo,
        retry,
    })
}

fn retry(reader: &mut Reader) -> Option<RetrySettings> {
    let times = reader.whole(&setting::PROVIDERS_RETRY_TIMES);
    let first_pause = reader.whole(&setting::PROVIDERS_RETRY_FIRST_PAUSE);
    let longest_pause = reader.seconds(&setting::PROVIDERS_RETRY_LONGEST_PAUSE);
    let longest_wait = reader.seconds(&setting::PROVIDERS_LONGEST_WAIT);
    Some(RetrySettings {
        times: times?,
        first_pause: Duration::from_millis(first_pause?),
        longest_pause: longest_pause?,
        longest_wait: longest_wait?,
    })
}

fn yahoo(reader: &mut Reader) -> Option<YahooSettings> {
    let usual = YahooSettings::default();
    let connection = connection(reader, &setting::YAHOO, &usual.connection);
    let bounds = [&setting::YAHOO_CALLS_PER_MINUTE, &setting::YAHOO_CALLS_PER_DAY];
    let budget = budget(reader, bounds, usual.budget);
    Some(YahooSettings {
        connection: connection?,
        budget: budget?,
    })
}

fn binance(reader: &mut Reader) -> Option<BinanceSettings> {
    let usual = BinanceSettings::default();
    let connection = connection(reader, &setting::BINANCE, &usual.connection);
    let bounds = [&setting::BINANCE_WEIGHT_PER_MINUTE, &setting::BINANCE_WEIGHT_PER_DAY];
    let budget = budget(reader, bounds, usual.budget);
    Some(BinanceSettings {
        connection: connection?,
        budget: budget?,
    })
}

fn alpha_vantage(reader: &mut Reader) -> Option<AlphaVantageSettings> {
    let api_key = reader.secret(&setting::ALPHA_VANTAGE_API_KEY, |key| Ok(!key.is_empty()));
    let plan = reader.word(&setting::ALPHA_VANTAGE_PLAN, |word| match word {
        "free" => Some(Plan::Free),
        "premium" => Some(Plan::Premium),
        _ => None,
    });
    let format = reader.word(&setting::ALPHA_VANTAGE_FORMAT, |word| match word {
        "json" => Some(AnswerFormat::Json),
        "csv" => Some(AnswerFormat::Csv),
        _ => None,
    });
    let usual = AlphaVantageSettings {
        plan: plan.unwrap_or_default(),
        ..AlphaVantageSettings::default()
    };
    let connection = connection(reader, &setting::ALPHA_VANTAGE, &usual.connection);
    let bounds = [
        &setting::ALPHA_VANTAGE_CALLS_PER_MINUTE,
        &setting::ALPHA_VANTAGE_CALLS_PER_DAY,
    ];
    let budget = budget(reader, bounds, usual.effective_budget());
    let (api_key, is_given) = api_key?;
    Some(AlphaVantageSettings {
        connection: connection?,
        api_key: is_given.then_some(api_key),
        plan: plan?,
        format: format?,
        budget: Some(budget?),
    })
}

fn connection(
    reader: &mut Reader,
    keys: &'static ConnectionSettingsOf,
    usual: &ConnectionSettings,
) -> Option<ConnectionSettings> {
    let base_url = reader.value(&keys.base_url, |text| {
        let checked = ConnectionSettings::check_base_url(text);
        checked.map(|()| text.to_owned()).map_err(|error| error.to_string())
    });
    let timeout = reader.seconds(&keys.timeout);
    let max_response_bytes = reader.whole(&keys.max_response_bytes);
    let user_agent = reader.value(&keys.user_agent, |text| match text {
        "" => Ok(usual.user_agent.clone()),
        text if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err("write visible ASCII characters and spaces only".to_owned()),
    });
    Some(ConnectionSettings {
        base_url: base_url?,
        timeout: timeout?,
        max_response_bytes: max_response_bytes?,
        user_agent: user_agent?,
    })
}

/// Bounds a minute and a day: 0 for none, empty for the usual one.
fn budget(
    reader: &mut Reader,
    [per_minute, per_day]: [&'static Setting; 2],
    usual: BudgetSettings,
) -> Option<BudgetSettings> {
    let mut bound = |setting: &'static Setting, usual| {
        reader.value(setting, |text| match text {
            "" => Ok(usual),
            text => {
                let number = setting.values.whole(text)?;
                let number = u32::try_from(number).map_err(|error| error.to_string())?;
                Ok(NonZeroU32::new(number))
            }
        })
    };
    let per_minute = bound(per_minute, usual.per_minute);
    let per_day = bound(per_day, usual.per_day);
    Some(BudgetSettings {
        per_minute: per_minute?,
        per_day: per_day?,
        ..usual
    })
}
