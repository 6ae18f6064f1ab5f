//! What is assumed about a file, and how an import ends early.

use domain::{Basis, RunFilter, RunState, SourceName};

use super::*;
use crate::clock::SystemClock;
use crate::config::{Config, Sources};
use crate::store::Store;

const BARS: &str =
    "timestamp,open,high,low,close,volume\n2024-01-02T14:30:00,1,2,1,2,5\n2024-01-02T14:31:00,1,2,1,2,5\n";

async fn importer(folder: &Path) -> (Store, FileImporter) {
    let url = format!("sqlite:{}", folder.join("s.db").display());
    let config = Config::load(&Sources::default().with_flag("database.url", "--database-url", url)).unwrap();
    let clock: Arc<dyn domain::Clock> = Arc::new(SystemClock);
    let store = Store::open(&config.database, clock.clone()).await.unwrap();
    let importer = FileImporter {
        use_cases: UseCases::over(&store, &config.ingest, &clock).unwrap(),
        instruments: store.instruments.clone(),
        stop: StopFlag::default(),
    };
    (store, importer)
}

fn settings() -> ImportSettings {
    ImportSettings {
        source: SourceName::file(),
        basis: Basis::Raw,
        complete: false,
        instrument: WantedInstrument::called("-".parse().unwrap()),
    }
}

async fn import(importer: &FileImporter, path: &Path) -> anyhow::Result<ImportedFile> {
    importer.import(path, "x", &ReadOptions::default(), &settings()).await
}

#[tokio::test]
async fn times_without_a_zone_are_utc_for_crypto_and_a_question_for_stocks() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, importer) = importer(folder.path()).await;
    let [crypto, stock] = ["BTC-USD_1m.csv", "AAPL_1m.csv"].map(|name| folder.path().join(name));
    std::fs::write(&crypto, BARS).unwrap();
    std::fs::write(&stock, BARS).unwrap();
    let imported = import(&importer, &crypto).await.unwrap();
    let range = imported.series.first().unwrap().range.unwrap();
    assert_eq!(range.start().to_string(), "2024-01-02T14:30:00Z");
    assert!(
        imported.warnings.iter().any(|warning| warning.contains("--timezone")),
        "{imported:?}"
    );
    let error = import(&importer, &stock).await.unwrap_err();
    assert!(
        error.is::<UsageError>() && error.to_string().contains("--timezone"),
        "{error:#}"
    );
}

#[tokio::test]
async fn a_signal_ends_the_import_and_its_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (store, importer) = importer(folder.path()).await;
    let path = folder.path().join("BTC-USD_1m.csv");
    std::fs::write(&path, BARS).unwrap();
    // The first batch holds all rows: the signal comes while it is merged.
    let survey = bar_formats::survey(&path, &ReadOptions::default()).unwrap();
    let options = ReadOptions {
        naive_times: NaiveTimes::In(domain::MarketZone::utc()),
        ..ReadOptions::default()
    };
    let mut rows = Rows {
        file: BarFile::open(&path, &survey, &options).unwrap(),
        stop: &importer.stop,
    };
    let mut raise = |_rows| importer.stop.raise();
    let imported = importer
        .use_cases
        .import
        .import(&mut rows, &settings(), &mut raise)
        .await;
    assert_eq!(
        imported
            .series
            .iter()
            .map(|one| one.counts.fetched())
            .collect::<Vec<_>>(),
        [0],
        "rows that were only held are left to the next import"
    );
    let stopped = imported.ended_early.unwrap();
    assert!(stopped.to_string().starts_with("stopped by hand"), "{stopped}");
    let runs = store.runs.list(&RunFilter::default(), 10, None).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| run.state).collect::<Vec<_>>(),
        [RunState::Cancelled]
    );
}

#[tokio::test]
async fn a_new_instrument_says_what_was_guessed_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, importer) = importer(folder.path()).await;
    let path = folder.path().join("SPX_1d.csv");
    std::fs::write(
        &path,
        "date,open,high,low,close\n2024-01-02,1,2,1,2\n2024-01-03,1,2,1,2\n",
    )
    .unwrap();
    let imported = import(&importer, &path).await.unwrap();
    assert_eq!(
        imported.warnings,
        [
            "SPX is new, taken for an index by its name, in an unknown currency (XXX); `sentinel instruments edit SPX \
          --asset-class CLASS --currency CODE` corrects that"
        ]
    );
    let again = import(&importer, &path).await.unwrap();
    assert_eq!(again.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn a_signal_ends_the_look_at_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let (store, importer) = importer(folder.path()).await;
    let path = folder.path().join("BTC-USD_1m.csv");
    let rows: String = (0..10_000)
        .map(|minute| format!("{},1,2,1,2,5\n", 1_600_000_020 + minute * 60))
        .collect();
    std::fs::write(&path, format!("timestamp,open,high,low,close,volume\n{rows}")).unwrap();
    importer.stop.raise();
    let error = import(&importer, &path).await.unwrap_err();
    assert!(error.to_string().contains("stopped"), "{error:#}");
    assert_eq!(store.runs.list(&RunFilter::default(), 10, None).await.unwrap(), []);
}
