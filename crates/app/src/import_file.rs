//! One file on its way in: surveyed, read, recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use bar_formats::{BarFile, FileError, FileProblem, NaiveTimes, ReadOptions, SeriesSurvey, Survey};
use domain::import_bars::{
    BarRows, FileRow, ImportError, ImportSettings, Imported, ImportedSeries, RowsError, SeriesTraits,
};
use domain::resolve_instrument::WantedInstrument;
use domain::{AssetClass, InstrumentDetails, InstrumentRepository, Interval, Symbol};

use crate::exit::UsageError;
use crate::output::Progress;
use crate::stop::StopFlag;
use crate::use_cases::UseCases;

/// What became of a file.
#[derive(Debug)]
pub(crate) struct ImportedFile {
    pub(crate) series: Vec<ImportedSeries>,
    /// Columns that were not read.
    pub(crate) ignored_columns: Vec<String>,
    /// What was assumed, and how to say otherwise.
    pub(crate) warnings: Vec<String>,
    /// Why the import ended before the file did.
    pub(crate) ended_early: Option<ImportError>,
}

/// Imports files with the same words for all of them.
pub(crate) struct FileImporter {
    pub(crate) use_cases: UseCases,
    pub(crate) instruments: Arc<dyn InstrumentRepository>,
    pub(crate) stop: StopFlag,
}

impl FileImporter {
    /// Imports one file; `label` is what progress calls it.
    ///
    /// # Errors
    /// [`UsageError`] when only a flag can settle what the file means; else why it failed.
    pub(crate) async fn import(
        &self,
        path: &Path,
        label: &str,
        said: &ReadOptions,
        settings: &ImportSettings,
    ) -> anyhow::Result<ImportedFile> {
        let mut looking = Progress::begin(&format!("looking at {label}"), None);
        let survey = bar_formats::survey_watched(path, said, &mut |rows| {
            looking.reach(rows);
            if self.stop.is_raised() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        drop(looking);
        let survey = survey.map_err(explained)?;
        let mut warnings = Vec::new();
        let options = self.complete(said.clone(), settings, &survey, &mut warnings).await?;
        let mut progress = Progress::begin(label, Some(survey.rows()));
        let file = BarFile::open(path, &survey, &options).map_err(explained)?;
        let mut rows = Rows { file, stop: &self.stop };
        let Imported { series, ended_early } = self
            .use_cases
            .import
            .import(&mut rows, settings, &mut |rows| progress.reach(rows))
            .await;
        drop(progress);
        for ImportedSeries {
            run,
            instrument,
            interval,
            counts,
            ..
        } in &series
        {
            let (instrument, rows, rejected) = (instrument.to_string(), counts.fetched(), counts.rejected);
            tracing::info!(run.id = run.0, %instrument, interval = interval.as_str(), rows, rejected, "ended a run");
        }
        warnings.extend(
            series
                .iter()
                .filter_map(|imported| guess(imported, &settings.instrument)),
        );
        warnings.extend(survey.series.iter().filter_map(without_volume));
        let ignored: BTreeSet<String> = survey.parts.into_iter().flat_map(|part| part.ignored_columns).collect();
        Ok(ImportedFile {
            series,
            ignored_columns: ignored.into_iter().collect(),
            warnings,
            ended_early,
        })
    }

    /// What the instruments of the file tell about its times.
    async fn complete(
        &self,
        mut options: ReadOptions,
        settings: &ImportSettings,
        survey: &Survey,
        warnings: &mut Vec<String>,
    ) -> anyhow::Result<ReadOptions> {
        let (mut never_sleep, mut zones) = (true, BTreeMap::new());
        for series in &survey.series {
            let details = self.details_of(&series.symbol, settings).await?;
            never_sleep &= matches!(details.asset_class, AssetClass::Crypto | AssetClass::Forex);
            let calendar = self.use_cases.calendars.get(&details.calendar);
            zones.extend(calendar.map(|calendar| (calendar.zone().name().to_owned(), calendar.zone())));
        }
        if survey.needs_zone() && options.naive_times == NaiveTimes::Refused && never_sleep {
            options.naive_times = NaiveTimes::Utc;
            warnings.push(
                "times without a zone are taken as UTC, as is usual for crypto and forex; --timezone says otherwise"
                    .to_owned(),
            );
        }
        if options.session_zone.is_none() && zones.len() == 1 {
            options.session_zone = zones.into_values().next();
        }
        Ok(options)
    }

    /// The instrument that is there, or the one that would be created.
    async fn details_of(&self, symbol: &Symbol, settings: &ImportSettings) -> anyhow::Result<InstrumentDetails> {
        let known = self.instruments.with_symbol(symbol).await?.into_iter().next();
        Ok(known.map_or_else(
            || {
                let symbol = symbol.clone();
                WantedInstrument {
                    symbol,
                    ..settings.instrument.clone()
                }
                .details()
            },
            |instrument| instrument.details,
        ))
    }
}

/// Rows of a file as the use case asks for them, until somebody asks to stop.
struct Rows<'a> {
    file: BarFile,
    stop: &'a StopFlag,
}

impl BarRows for Rows<'_> {
    fn traits_of(&self, symbol: &Symbol, interval: Interval) -> SeriesTraits {
        self.file.traits_of(symbol, interval)
    }

    fn next_rows(&mut self, limit: usize) -> Result<Vec<FileRow>, RowsError> {
        if self.stop.is_raised() {
            Err(RowsError::Stopped)
        } else {
            self.file.next_rows(limit)
        }
    }
}

/// Rows without a volume in a series that has volumes: they are kept, and said.
fn without_volume(series: &SeriesSurvey) -> Option<String> {
    let SeriesSurvey {
        symbol,
        interval,
        without_volume,
        gives_volume,
        ..
    } = series;
    (*gives_volume && *without_volume > 0)
        .then(|| format!("rows of {symbol} {interval} without a volume: {without_volume}; those with good prices are kept with volume 0"))
}

/// What was guessed of a new instrument, and how to correct it.
fn guess(imported: &ImportedSeries, said: &WantedInstrument) -> Option<String> {
    let (instrument, details) = (&imported.instrument, &imported.instrument.details);
    let class_guessed = said.asset_class.is_none();
    if !imported.created || !(class_guessed || details.currency.is_unknown()) {
        return None;
    }
    let class = if class_guessed {
        format!("taken for {} by its name", with_article(details.asset_class))
    } else {
        with_article(details.asset_class)
    };
    let (currency, flag) = if details.currency.is_unknown() {
        (", in an unknown currency (XXX)", " --currency CODE")
    } else {
        ("", "")
    };
    let class_flag = if class_guessed { " --asset-class CLASS" } else { "" };
    Some(format!(
        "{instrument} is new, {class}{currency}; `sentinel instruments edit {instrument}{class_flag}{flag}` corrects that"
    ))
}

fn with_article(class: AssetClass) -> String {
    match class {
        AssetClass::Etf | AssetClass::Index => format!("an {class}"),
        AssetClass::Crypto => "a crypto pair".to_owned(),
        AssetClass::Forex => "a currency pair".to_owned(),
        _ => format!("a {class}"),
    }
}

/// Whatever a flag settles is wrong usage; a file that is broken is a failure.
fn explained(error: FileError) -> anyhow::Error {
    match error.problem() {
        FileProblem::MissingColumn { .. }
        | FileProblem::AmbiguousColumn { .. }
        | FileProblem::MappedColumnAbsent { .. }
        | FileProblem::OrderUnknown { .. }
        | FileProblem::StampNotUnderstood { .. }
        | FileProblem::DayOrMonth { .. }
        | FileProblem::ZoneNeeded { .. }
        | FileProblem::NoSymbol
        | FileProblem::BadSymbol { .. }
        | FileProblem::SeveralSymbols { .. }
        | FileProblem::SeveralIntervals { .. }
        | FileProblem::BadInterval { .. }
        | FileProblem::NoInterval { .. }
        | FileProblem::OddInterval { .. }
        | FileProblem::IntervalContradicted { .. } => UsageError(error.to_string()).into(),
        FileProblem::Unreadable(_)
        | FileProblem::Damaged { .. }
        | FileProblem::WrongKind { .. }
        | FileProblem::Empty
        | FileProblem::NoRows
        | FileProblem::NoBarFiles
        | FileProblem::NotBars { .. }
        | FileProblem::LineTooLong
        | FileProblem::MixedDayOrder { .. }
        | FileProblem::MixedUnits { .. }
        | FileProblem::Changed
        | FileProblem::Stopped
        | FileProblem::NoRoomToSort(_) => error.into(),
    }
}

#[cfg(test)]
mod tests;
