//! What the tests of files share: files made on the spot, and what was read from them as text.

use std::path::{Path, PathBuf};

use bar_formats::{BarFile, FileError, ReadOptions, survey};
use domain::import_bars::FileRow;
use tempfile::TempDir;

/// A file of this name and content in a folder of its own.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// All rows of a file.
pub(crate) fn rows(path: &Path, options: &ReadOptions) -> Result<Vec<FileRow>, FileError> {
    let survey = survey(path, options)?;
    BarFile::open(path, &survey, options)?.collect()
}

/// One line for each row: where it stood, whose it is, and its values or what is wrong with it.
pub(crate) fn told_row(row: &FileRow) -> String {
    let values = match &row.row.values {
        Ok(values) => format!(
            "{} {} {} {} {} v={}{}{}",
            values.opened_at,
            values.open,
            values.high,
            values.low,
            values.close,
            values.volume,
            values
                .trade_count
                .map(|count| format!(" n={count}"))
                .unwrap_or_default(),
            values.vwap.map(|vwap| format!(" vw={vwap}")).unwrap_or_default(),
        ),
        Err(fault) => format!("BAD {fault}"),
    };
    format!("{} {} {}: {values}", row.row.index, row.symbol, row.interval)
}

/// The survey and the rows of a file as lines, or what is wrong with it, without the folder's name.
pub(crate) fn told(path: &Path, options: &ReadOptions) -> String {
    let folder = format!("{}/", path.parent().unwrap().display());
    let text = match survey(path, options) {
        Err(error) => error.to_string(),
        Ok(survey) => {
            let mut lines = vec![format!("{:?}", survey.container)];
            for part in &survey.parts {
                let columns: Vec<_> = part
                    .columns
                    .iter()
                    .map(|(role, name)| format!("{role}={name}"))
                    .collect();
                lines.push(format!(
                    "{}: {:?} header={} {} ignored={:?} stamps: {} decimals: {:?} rows={}",
                    part.name,
                    part.delimiter,
                    part.header,
                    columns.join(" "),
                    part.ignored_columns,
                    part.stamps,
                    part.decimals,
                    part.rows
                ));
            }
            for series in &survey.series {
                lines.push(format!(
                    "{} {} {:?}..{:?} {:?} rows={} gives_volume={} without={} minutes={}",
                    series.symbol,
                    series.interval,
                    series.first,
                    series.last,
                    series.order,
                    series.rows,
                    series.gives_volume,
                    series.without_volume,
                    series.minutes_past_hour
                ));
            }
            match BarFile::open(path, &survey, options) {
                Err(error) => lines.push(error.to_string()),
                Ok(file) => lines.extend(file.map(|row| match row {
                    Ok(row) => told_row(&row),
                    Err(error) => error.to_string(),
                })),
            }
            lines.join("\n")
        }
    };
    text.replace(&folder, "")
}

/// The same for a file made of this content.
pub(crate) fn told_of(name: &str, content: impl AsRef<[u8]>, options: &ReadOptions) -> String {
    let (_folder, path) = file(name, content);
    told(&path, options)
}
