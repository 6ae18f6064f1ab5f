//! `sentinel serve`: the API until a stop signal.

use std::time::Instant;

use serde_json::json;

use super::Context;
use crate::application::Application;
use crate::exit::Exit;

pub(super) async fn run(context: Context, began: Instant) -> anyhow::Result<Exit> {
    let output = context.output;
    let application = Application::build(context.config).await?;
    application.log_start(began);
    output.line(format_args!("listening on http://{}", application.address()))?;
    output.object(&json!({ "listening": format!("http://{}", application.address()) }))?;
    application.run_until_stopped().await?;
    Ok(Exit::Done)
}
