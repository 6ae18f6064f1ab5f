//! `sentinel export`: bars as a file, with the same bytes as the API.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use bar_formats::{BarRow, BarWriter};
use domain::query_prices::PriceRequest;
use domain::{Clock, Instrument, TimeRange, Timestamp};
use serde_json::json;
use tempfile::NamedTempFile;

use super::{Context, named_instruments};
use crate::clock::SystemClock;
use crate::command_line::ExportArgs;
use crate::exit::{Exit, UsageError};
use crate::output::{Output, counted};
use crate::use_cases::UseCases;

/// Bytes gathered before they are written.
const CHUNK_BYTES: usize = 64 * 1_024;

pub(super) async fn run(context: &Context, args: &ExportArgs) -> anyhow::Result<Exit> {
    if context.output.is_json() && args.output.is_none() {
        let problem = "--json needs --output FILE: standard output cannot hold both the bars and the JSON object";
        return Err(UsageError(problem.to_owned()).into());
    }
    let range = TimeRange::new(args.start.unwrap_or(Timestamp::MIN), args.end.unwrap_or(Timestamp::MAX))
        .map_err(|error| UsageError(format!("--start and --end: {error}")))?;
    let store = context.existing_store().await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let use_cases = UseCases::over(&store, &context.config.ingest, &clock)?;
    let instruments = named_instruments::find(&use_cases, &args.symbols).await?;
    let export = Export {
        use_cases,
        instruments,
        args,
        range,
        output: context.output,
    };
    match &args.output {
        None => drop(export.write(&mut io::stdout()).await?),
        Some(path) => {
            let written = export.write_file(path).await?;
            let bars = counted(written, "bar", "bars");
            context.output.line(format_args!("{}: {bars}", path.display()))?;
            context
                .output
                .object(&json!({ "output": path.display().to_string(), "bars": written }))?;
        }
    }
    Ok(Exit::Done)
}

struct Export<'a> {
    use_cases: UseCases,
    instruments: Vec<Instrument>,
    args: &'a ExportArgs,
    range: TimeRange,
    output: Output,
}

impl Export<'_> {
    /// Into a file that appears whole, or not at all.
    async fn write_file(&self, path: &Path) -> anyhow::Result<u64> {
        let failed = || format!("{} cannot be written", path.display());
        let folder = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder).with_context(failed)?;
        let written = self.write(file.as_file_mut()).await?;
        file.as_file().sync_all().with_context(failed)?;
        readable_by_others(file.as_file()).with_context(failed)?;
        file.persist(path).with_context(failed)?;
        Ok(written)
    }

    /// Returns how many bars were written.
    async fn write(&self, out: &mut (dyn Write + Send)) -> anyhow::Result<u64> {
        let mut writer = BarWriter::new(self.args.format);
        if self.args.symbols.len() > 1 {
            writer = writer.with_symbols();
        }
        let mut written = 0;
        let mut bytes = Vec::with_capacity(CHUNK_BYTES);
        writer.header(&mut bytes);
        for instrument in &self.instruments {
            let request = PriceRequest {
                range: self.range,
                ..PriceRequest::all(instrument.clone(), self.args.interval)
            };
            let before = written;
            let mut reader = self.use_cases.query.open(request).await?;
            loop {
                let rows = reader.next_rows(usize::MAX).await?;
                if rows.is_empty() {
                    break;
                }
                for row in &rows {
                    let symbol = Some(&instrument.details.symbol);
                    let source = row.source.as_ref();
                    writer.row(
                        &BarRow {
                            symbol,
                            bar: &row.bar,
                            source,
                        },
                        &mut bytes,
                    );
                    written += 1;
                    if bytes.len() >= CHUNK_BYTES {
                        out.write_all(&bytes)?;
                        bytes.clear();
                    }
                }
            }
            if written == before {
                let interval = self.args.interval;
                self.output.remark(format_args!(
                    "note: {instrument} has no {interval} bars in that range; `sentinel status` tells what is stored"
                ));
            }
        }
        out.write_all(&bytes)?;
        out.flush()?;
        Ok(written)
    }
}

/// Temporary files are for their owner alone; what was asked for is an ordinary file.
#[cfg(unix)]
fn readable_by_others(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_file: &std::fs::File) -> io::Result<()> {
    Ok(())
}
