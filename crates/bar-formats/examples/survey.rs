//! Shows how files would be read: `cargo run -p bar-formats --features parquet --example survey -- PATH…`
//!
//! For each file its survey, its first and last row, and every row that makes no bar (as of a future, which may be
//! negative).

use std::error::Error;
use std::io::Write;
use std::path::Path;

use bar_formats::{BarFile, NaiveTimes, ReadOptions, bar_files, survey};
use domain::{AssetClass, Bar};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for argument in std::env::args().skip(1) {
        for path in bar_files(Path::new(&argument))? {
            if let Err(error) = show(&path, &mut out) {
                writeln!(out, "refused: {error}")?;
                if let Some(source) = error.source() {
                    writeln!(out, "  {source}")?;
                }
            }
        }
    }
    Ok(())
}

fn show(path: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let options = ReadOptions {
        naive_times: NaiveTimes::Utc,
        ..ReadOptions::default()
    };
    writeln!(out, "{}", path.display())?;
    let survey = survey(path, &options)?;
    for part in &survey.parts {
        writeln!(out, "  {part:?}")?;
    }
    for series in &survey.series {
        writeln!(out, "  {series:?}")?;
    }
    let (mut first, mut last, mut good, mut bad) = (None, None, 0_u64, 0_u64);
    for row in BarFile::open(path, &survey, &options)? {
        let row = row?.row;
        let line = row.index;
        match row.values.and_then(|values| Bar::new(values, AssetClass::Future)) {
            Ok(bar) => {
                good += 1;
                first.get_or_insert_with(|| bar.clone());
                last = Some(bar);
            }
            Err(fault) => {
                bad += 1;
                writeln!(out, "  line {line}: {fault}: {}", row.raw)?;
            }
        }
    }
    writeln!(out, "  {good} good, {bad} bad")?;
    for bar in [first, last].into_iter().flatten() {
        writeln!(out, "  {bar:?}")?;
    }
    Ok(())
}
