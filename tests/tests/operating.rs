//! What an operator needs of a server: whether it is ready, its figures, its log, and secrets that are no variables.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::time::{Duration, Instant};

use end_to_end::replay::Replay;
use end_to_end::{Finished, Sentinel, Server, on_each_database};
use reqwest::Client;
use serde_json::Value;

/// Apple over its 7:1 split, as traded (Lean sample data, Apache-2.0).
const APPLE: &str = "timestamp,open,high,low,close,volume\n\
    2014-06-05,646.25,649.35,642.61,647.35,10445282\n\
    2014-06-06,650.00,651.25,644.48,645.57,12116671\n\
    2014-06-09,92.69,93.88,91.75,93.70,72875948\n";

on_each_database! {
    health_tells_a_server_that_is_ready_from_one_that_is_gone,
    figures_tell_what_was_merged_and_how_old_it_is,
    figures_tell_what_a_provider_was_asked_and_how_its_run_ended,
    a_log_file_tells_the_start_and_each_request_by_its_id,
}

fn serve(sentinel: &Sentinel) -> Server {
    sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap()
}

async fn metrics(server: &Server) -> String {
    let answer = reqwest::get(server.url("/metrics")).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// The value of a sample, as it is written.
fn value<'a>(metrics: &'a str, sample: &str) -> &'a str {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in {metrics}"))
}

async fn health_tells_a_server_that_is_ready_from_one_that_is_gone(sentinel: Sentinel) {
    let server = serve(&sentinel);
    let address = server.address().to_owned();
    let health = |args: &[&str]| sentinel.run([&["health"], args].concat()).unwrap();
    let Finished { code, stdout, stderr } = health(&["--url", &address]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(
        stdout,
        format!("ready: {address}/health/ready answers, and its database does too\n")
    );

    // The address that the server is configured with is enough; a log file of the server is not touched.
    let listen = address.trim_start_matches("http://");
    let configuration = format!("[server]\nlisten = \"{listen}\"\n[log]\nfile = \"sentinel.log\"\n");
    sentinel.configure(&configuration).unwrap();
    let told = sentinel.object(0, &["health"]).unwrap();
    assert_eq!((&told["ready"], &told["status"]), (&true.into(), &200.into()), "{told}");
    assert_eq!(told["dependencies"]["database"]["status"], "up", "{told}");
    let files = fs::read_dir(sentinel.home()).unwrap();
    let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(!names.any(|name| name.starts_with("sentinel.log")));

    assert_eq!(server.terminate().unwrap().0, Some(0));
    let Finished { code, stdout, stderr } = health(&[]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_eq!(
        stderr,
        format!(
            "error: nothing answers at {address}/health/ready: Connection refused (os error 111); start it with `sentinel \
             serve`, or name another address with --url\n"
        )
    );
    let told = sentinel.object(1, &["health"]).unwrap();
    assert_eq!(
        (&told["ready"], &told["status"]),
        (&false.into(), &Value::Null),
        "{told}"
    );
}

#[test]
fn a_health_check_that_cannot_be_is_wrong_usage() {
    let sentinel = Sentinel::of_this_build().unwrap();
    let refused = |args: &[&str]| {
        let done = sentinel.run(args.iter().copied()).unwrap();
        assert_eq!(done.code, Some(2), "{done:?}");
        done.stderr
    };
    insta::assert_snapshot!(refused(&["health", "--url", "127.0.0.1:8000"]));
    sentinel.configure("[server]\nlisten = \"[::]:0\"\n").unwrap();
    insta::assert_snapshot!(refused(&["health"]));
    sentinel.configure("[server]\nlisten = \"here\"\n").unwrap();
    insta::assert_snapshot!(refused(&["health"]));
}

async fn figures_tell_what_was_merged_and_how_old_it_is(sentinel: Sentinel) {
    fs::write(sentinel.home().join("AAPL_1d.csv"), APPLE).unwrap();
    assert_eq!(sentinel.run(["import", "AAPL_1d.csv"]).unwrap().code, Some(0));
    let server = serve(&sentinel);
    let before = metrics(&server).await;
    // What another process imported is not counted here.
    assert_eq!(value(&before, "sentinel_rows_merged_total{outcome=\"inserted\"}"), "0");
    let age = "sentinel_series_age_seconds{instrument=\"AAPL\",interval=\"1d\"}";
    let ten_years = 10.0 * 365.0 * 86_400.0;
    assert!(value(&before, age).parse::<f64>().unwrap() > ten_years, "{before}");
    assert_eq!(value(&before, "sentinel_series_omitted"), "0");
    assert!(value(&before, "sentinel_start_up_seconds").parse::<f64>().unwrap() > 0.0);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        value(&before, &format!("sentinel_build_info{{version=\"{version}\"}}")),
        "1"
    );

    let body = r#"{"data":[{"timestamp":"2014-06-10","open":"94.64","high":"95.05","low":"93.57","close":"94.25","volume":60833696},
        {"timestamp":"2014-06-09","open":"92.69","high":"93.88","low":"91.75","close":"93.70","volume":72875948}]}"#;
    let path = "/api/v1/instruments/AAPL/prices";
    let request = Client::new().put(server.url(&format!("{path}?interval=1d")));
    let request = request.header("content-type", "application/json").body(body);
    assert_eq!(request.send().await.unwrap().status(), 200);

    let after = metrics(&server).await;
    assert_eq!(value(&after, "sentinel_rows_merged_total{outcome=\"inserted\"}"), "1");
    assert_eq!(value(&after, "sentinel_rows_merged_total{outcome=\"unchanged\"}"), "1");
    let route = "route=\"/api/v1/instruments/{instrument}/prices\"";
    let answered = format!("sentinel_http_requests_total{{method=\"PUT\",{route},status=\"200\"}}");
    assert_eq!(value(&after, &answered), "1");
    let timed = format!("sentinel_http_request_duration_seconds_count{{method=\"PUT\",{route}}}");
    assert_eq!(value(&after, &timed), "1");
    // This scrape is the only request.
    assert_eq!(value(&after, "sentinel_http_requests_in_flight"), "1");
    let of_pools = |name: &str| after.lines().filter(|line| line.starts_with(name)).count();
    assert!(of_pools("sentinel_database_pool_connections{pool=\"") >= 2, "{after}");
    assert!(
        of_pools("sentinel_database_pool_wait_seconds_count{pool=\"") >= 1,
        "{after}"
    );
}

async fn figures_tell_what_a_provider_was_asked_and_how_its_run_ended(sentinel: Sentinel) {
    let replay = Replay::recorded().unwrap();
    sentinel.configure(&replay.configuration()).unwrap();
    let server = serve(&sentinel);
    let ended = "sentinel_ingest_runs_total{provider=\"binance\",state=\"succeeded\"}";
    let before = metrics(&server).await;
    assert_eq!(value(&before, ended), "0");
    let order = r#"{"provider": "binance", "instruments": ["BTCUSDT"], "interval": "1h",
        "start": "2020-04-30T21:00:00Z", "end": "2020-07-01T04:00:00Z"}"#;
    let request = Client::new().post(server.url("/api/v1/ingest/run"));
    let request = request.header("content-type", "application/json").body(order);
    assert_eq!(request.send().await.unwrap().status(), 202);
    let began = Instant::now();
    let after = loop {
        let now = metrics(&server).await;
        if value(&now, ended) == "1" {
            break now;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{now}");
    };
    assert_eq!(
        value(&after, "sentinel_rows_merged_total{outcome=\"inserted\"}"),
        "1468"
    );
    let calls: usize = value(
        &after,
        "sentinel_provider_calls_total{provider=\"binance\",outcome=\"ok\"}",
    )
    .parse()
    .unwrap();
    // Two pages of bars, and what the symbol is.
    assert_eq!(calls, 3, "{after}");
    let timed = "sentinel_provider_call_duration_seconds_count{provider=\"binance\"}";
    assert_eq!(value(&after, timed), "3");
    // The replay is asked without a bound, so there is nothing to be left of.
    assert!(
        !after.contains("sentinel_provider_quota_left{provider=\"binance\""),
        "{after}"
    );
}

async fn a_log_file_tells_the_start_and_each_request_by_its_id(sentinel: Sentinel) {
    sentinel
        .configure("[log]\nfile = \"logs/sentinel.log\"\nrotation = \"hourly\"\nkeep_files = 2\n")
        .unwrap();
    let folder = sentinel.home().join("logs");
    fs::create_dir(&folder).unwrap();
    for old in ["sentinel.log.2020-01-01-00", "sentinel.log.2020-01-01-01"] {
        fs::write(folder.join(old), "").unwrap();
    }
    let server = serve(&sentinel);
    let asked = Client::new().get(server.url("/api/v1/instruments/NONE"));
    let answer = asked.header("x-request-id", "story-7").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-request-id"]),
        (404, &"story-7".parse().unwrap())
    );
    assert_eq!(server.terminate().unwrap().0, Some(0));

    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort_unstable();
    assert!(
        files[0].ends_with("sentinel.log.2020-01-01-01") || files.len() == 2,
        "two are kept: {files:?}"
    );
    // An hour may have passed in between.
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let started = lines.iter().find(|line| line["message"] == "started").unwrap();
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(started["configuration"].as_str().unwrap().len(), 12, "{started}");
    assert!(started["startup_ms"].is_u64(), "{started}");
    let request = lines
        .iter()
        .find(|line| line["span"]["request.id"] == "story-7")
        .unwrap();
    assert_eq!(
        (&request["status"], &request["method"]),
        (&404.into(), &"GET".into()),
        "{request}"
    );
    assert!(request["duration_ms"].is_u64(), "{request}");
}

/// As a container has them: the URL with its password in a file, nothing of it in the environment.
#[test]
fn the_url_of_the_database_can_come_from_a_file() {
    let sentinel = Sentinel::on_postgres().unwrap();
    let mut command = sentinel.command(["status"]);
    let url = command
        .get_envs()
        .find_map(|(name, value)| (name == "SENTINEL_DATABASE__URL").then(|| value.unwrap().to_owned()))
        .unwrap();
    let secret = sentinel.home().join("database_url");
    fs::write(&secret, format!("{}\n", url.to_str().unwrap())).unwrap();
    command
        .env_remove("SENTINEL_DATABASE__URL")
        .env("SENTINEL_DATABASE__URL_FILE", &secret);
    let done = Sentinel::finish(&mut command).unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        !sentinel.home().join("sentinel.db").exists(),
        "the file was read, and not the default taken"
    );

    let mut both = sentinel.command(["config", "check"]);
    let done = Sentinel::finish(both.env("SENTINEL_DATABASE__URL_FILE", &secret)).unwrap();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.stderr
            .contains("SENTINEL_DATABASE__URL is set here too; keep one of them"),
        "{done:?}"
    );
    fs::remove_file(&secret).unwrap();
    let mut absent = sentinel.command(["config", "check"]);
    absent
        .env_remove("SENTINEL_DATABASE__URL")
        .env("DATABASE_URL_FILE", "database_url");
    let done = Sentinel::finish(&mut absent).unwrap();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.stderr
            .contains("DATABASE_URL_FILE = `database_url` (environment): the file cannot be read"),
        "{done:?}"
    );
}
