//! `sentinel providers`, `ingest` and `runs`, against a server of the test's own.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test, and says where"
)]

mod binance;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use binance::Binance;
use serde_json::Value;
use tempfile::TempDir;

/// The recorded hours, and a week more in which there are none.
const RANGE: [&str; 6] = ["--interval", "1h", "--start", "2020-05-01", "--end", "2020-07-08"];

/// A folder of its own and a provider to ask.
struct Rig {
    home: TempDir,
    binance: Binance,
}

impl Rig {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let binance = Binance::serving();
        let file = format!(
            "[providers]\nretry_times = 0\n[providers.binance]\nbase_url = \"{}\"\n[groups]\nmajors = [\"BTCUSDT\", \"ETHUSDT\"]\n\
             [ingest]\nconcurrency = 1\n",
            binance.base_url
        );
        std::fs::write(home.path().join("sentinel.toml"), file).unwrap();
        Self { home, binance }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel"));
        command.args(args).env_clear().current_dir(self.home.path());
        command
    }

    /// Exit code, standard output and standard error, without what differs from run to run.
    fn said(&self, args: &[&str]) -> String {
        told(self.command(args).output().unwrap())
    }

    fn exit_code(&self, args: &[&str]) -> Option<i32> {
        self.command(args).output().unwrap().status.code()
    }

    /// The object on the last line of standard output.
    fn object(&self, args: &[&str]) -> Value {
        let output = self.command(&[&["--json"], args].concat()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(stdout.lines().count(), 1, "{args:?}: {stdout}");
        serde_json::from_str(&stdout).unwrap()
    }

    fn has_database(&self) -> bool {
        Path::exists(&self.home.path().join("sentinel.db"))
    }
}

fn told(output: Output) -> String {
    let Output { status, stdout, stderr } = output;
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let code = status.code().unwrap();
    let mut told = format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    // What was asked comes back as time goes by: 50 a second.
    let (before, after) = ("left: ", " of 3,000 a minute");
    if let Some((start, end)) = told.find(before).zip(told.find(after)) {
        told.replace_range(start + before.len()..end, "SOME");
    }
    let words = told.split_inclusive(char::is_whitespace).map(|word| {
        let text = word.trim_end();
        // Those that are recorded or asked for lie before.
        let is_now = text.ends_with('Z') && text.len() == 20 && text > "2025";
        if is_now {
            word.replace(text, "NOW")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

fn ingest<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["ingest", "binance"], args, &RANGE].concat()
}

#[test]
fn each_provider_says_what_it_can_do() {
    let rig = Rig::new();
    insta::assert_snapshot!("providers", rig.said(&["providers"]));
    insta::assert_snapshot!("search", rig.said(&["providers", "search", "binance", "eth"]));
    let told = rig.object(&["providers"]);
    let names: Vec<&Value> = told["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["alpha_vantage", "binance", "yahoo"]);
    assert_eq!(
        told["providers"][0]["missing_setting"],
        "providers.alpha_vantage.api_key"
    );
    assert_eq!(told["providers"][2]["intervals"][0]["look_back_days"], 29);
    let found = rig.object(&["providers", "search", "binance", "ltc"]);
    assert_eq!(
        (&found["matches"][0]["spelling"], &found["matches"][0]["symbol"]),
        (&"LTCUSDT".into(), &"LTC-USDT".into())
    );
    assert!(!rig.has_database());
}

#[test]
fn from_a_plan_to_bars_and_back_to_the_last_sessions() {
    let rig = Rig::new();
    insta::assert_snapshot!("plan", rig.said(&ingest(&["BTCUSDT", "--dry-run"])));
    assert!(!rig.has_database(), "looking does not make a database");
    assert!(rig.binance.klines().is_empty(), "nor does it ask for bars");

    insta::assert_snapshot!(
        "ingest",
        rig.said(&ingest(&["BTCUSDT", "--group", "majors", "BTC-USDT"]))
    );
    assert_eq!(rig.binance.klines().len(), 4, "two pages of each, and each once");
    insta::assert_snapshot!("runs", rig.said(&["runs"]));
    insta::assert_snapshot!("run", rig.said(&["runs", "show", "1"]));
    insta::assert_snapshot!("plan_again", rig.said(&ingest(&["BTC-USDT", "--dry-run"])));
    insta::assert_snapshot!("ingest_again", rig.said(&ingest(&["--all"])));
    assert_eq!(rig.said(&["verify"]).lines().next(), Some("exit 0"));

    let planned = rig.object(&ingest(&["BTC-USDT", "LTCUSDT", "--refresh", "--dry-run"]));
    assert_eq!(planned["series"][1]["instrument"], Value::Null);
    assert_eq!(planned["series"][0]["fetch"][0]["start"], "2020-05-01T00:00:00Z");
    let again = rig.object(&ingest(&["BTC-USDT", "--refresh"]));
    assert_eq!(again["counts"]["unchanged"], 1_465, "{again}");
    assert_eq!(again["runs"][0]["instrument"]["symbol"], "BTC-USDT");
    assert_eq!(
        (&again["runs"][0]["refresh"], &again["waiting"]),
        (&true.into(), &0.into())
    );
    let listed = rig.object(&[
        "runs",
        "list",
        "--symbol",
        "BTC-USDT",
        "--provider",
        "binance",
        "--state",
        "succeeded",
    ]);
    assert_eq!(listed["runs"].as_array().unwrap().len(), 3);
    assert_eq!(listed["runs"][0]["asked"]["end"], "2020-07-08T00:00:00Z");
    assert_eq!(
        rig.object(&["runs", "--limit", "2"])["runs"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn one_run_that_fails_does_not_stop_the_others_and_all_that_fail_are_a_failure() {
    let rig = Rig::new();
    insta::assert_snapshot!("failed_in_part", rig.said(&ingest(&["XRPUSDT", "LTCUSDT"])));
    insta::assert_snapshot!("failed", rig.said(&ingest(&["XRP-USDT"])));
    assert_eq!(rig.object(&["runs", "show", "1"])["state"], "failed");
}

#[test]
fn wrong_usage_is_told_with_what_would_be_right() {
    let rig = Rig::new();
    let cases: [&[&str]; 12] = [
        &["ingest", "kraken", "BTCUSDT"],
        &["ingest", "alpha_vantage", "IBM"],
        &["ingest", "binance"],
        &["ingest", "binance", "--group", "minors"],
        &["ingest", "binance", "--all"],
        &["ingest", "binance", "NOPE", "NONE", "BTCUSDT"],
        &["ingest", "binance", "id:7", "XNAS:AAPL"],
        &[
            "ingest",
            "yahoo",
            "AAPL",
            "--interval",
            "4h",
            "--start",
            "2024-02-01",
            "--end",
            "2024-01-01",
        ],
        &["ingest", "binance", "BTCUSDT", "--start", "1588280400000"],
        &["providers", "search", "yahoo", "apple"],
        &["runs", "show", "7"],
        &["runs", "cancel", "x"],
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|args| {
            assert_eq!(rig.exit_code(args), Some(2), "{args:?}");
            format!("$ sentinel {}\n{}", args.join(" "), rig.said(args))
        })
        .collect();
    insta::assert_snapshot!("wrong_usage", told.join("\n"));
}

/// Two of three runs are stopped: one with its first page of two, one before it began.
#[cfg(unix)]
#[test]
fn an_interrupted_ingest_hands_its_runs_back_and_is_resumed() {
    let rig = Rig::new();
    rig.binance.hold_after(2);
    let mut interrupted = rig
        .command(&ingest(&["BTCUSDT", "ETHUSDT", "LTCUSDT"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    rig.binance.wait_for(3);
    interrupt(&interrupted);
    let stderr = read_until(&mut interrupted, "stopping");
    rig.binance.let_through();
    let mut output = interrupted.wait_with_output().unwrap();
    output.stderr = [stderr.into_bytes(), output.stderr].concat();
    insta::assert_snapshot!("interrupted", told(output));
    // The page behind may have been asked for already, in vain.
    assert!((3..=4).contains(&rig.binance.klines().len()));

    insta::assert_snapshot!("cancelled", rig.said(&["runs", "cancel", "3"]));
    insta::assert_snapshot!("cancelled_again", rig.said(&["runs", "cancel", "3"]));
    insta::assert_snapshot!("resumed", rig.said(&["runs", "resume"]));
    insta::assert_snapshot!("nothing_to_resume", rig.said(&["runs", "resume"]));
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// What a process says on standard error, up to and with the line that holds a word.
fn read_until(child: &mut Child, word: &str) -> String {
    let mut lines = BufReader::with_capacity(1, child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(word) {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    child.stderr = Some(lines.into_inner());
    said
}
