//! Wrong inputs, each with the answer that a person gets: files, flags, configuration and requests.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use end_to_end::{Sentinel, Server};

/// A command in a folder with these files, and what it says, without what differs from run to run.
fn said(files: &[(&str, &[u8])], args: &[&str]) -> String {
    said_by(&Sentinel::of_this_build().unwrap(), files, args)
}

fn said_by(sentinel: &Sentinel, files: &[(&str, &[u8])], args: &[&str]) -> String {
    for (name, content) in files {
        fs::write(sentinel.home().join(name), content).unwrap();
    }
    let told = sentinel.run(args.iter().copied()).unwrap().transcript(args);
    told.replace(&sentinel.home().display().to_string(), "HOME")
}

/// A snapshot of its own for each wrong input, named after it.
macro_rules! wrong {
    ($($name:ident: [$($file:literal => $content:expr),*] $args:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let files: &[(&str, &[u8])] = &[$(($file, $content.as_ref())),*];
                insta::assert_snapshot!(said(files, &$args));
            }
        )*
    };
}

wrong! {
    a_file_that_is_not_there: [] ["import", "AAPL.csv"];
    an_empty_file: ["AAPL_1d.csv" => ""] ["import", "AAPL_1d.csv"];
    a_header_without_rows: ["AAPL_1d.csv" => "timestamp,open,high,low,close,volume\n"] ["import", "AAPL_1d.csv"];
    prose_instead_of_bars: ["AAPL_1d.csv" => "Dear sir,\nplease find the prices attached.\n"] ["import", "AAPL_1d.csv"];
    a_factor_file: ["AAPL_1d.csv" => "date,price_factor,split_factor,reference_close\n19980102,0.8613657,0.00892857,1\n"]
        ["import", "AAPL_1d.csv"];
    a_file_of_dividends: ["IBM_1d.csv" => "ex_dividend_date,declaration_date,record_date,payment_date,amount\n2026-05-08,2026-04-22,2026-05-08,2026-06-10,1.69\n"]
        ["import", "IBM_1d.csv"];
    a_column_that_is_missing: ["AAPL_1d.csv" => "timestamp,open,high,low,volume\n2024-01-02,1,2,1,5\n"] ["import", "AAPL_1d.csv"];
    a_truncated_gzip: ["AAPL_1d.csv.gz" => b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\xc9\xcc"] ["import", "AAPL_1d.csv.gz"];
    a_date_that_could_be_two: ["AAPL_1d.csv" => "date,open,high,low,close,volume\n01/02/2024,1,2,1,2,5\n03/04/2024,1,2,1,2,5\n"]
        ["import", "AAPL_1d.csv"];
    a_naive_time_without_a_zone: ["AAPL_1m.csv" => "datetime,open,high,low,close,volume\n2024-01-02 09:30:00,1,2,1,2,5\n2024-01-02 09:31:00,1,2,1,2,5\n"]
        ["import", "AAPL_1m.csv"];
    a_symbol_that_nobody_tells: ["prices.csv" => "timestamp,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n2024-01-03,1,2,1,2,5\n"]
        ["import", "prices.csv"];
    a_symbol_with_a_space: ["x.csv" => "timestamp,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n"]
        ["import", "--symbol", "A B", "--interval", "1d", "x.csv"];
    an_interval_that_there_is_not: ["x.csv" => "timestamp,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n"]
        ["import", "--symbol", "A", "--interval", "2d", "x.csv"];
    a_zone_that_there_is_not: ["x.csv" => "timestamp,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n"]
        ["import", "--symbol", "A", "--interval", "1d", "--timezone", "Mars/Olympus", "x.csv"];
    a_basis_that_there_is_not: ["x.csv" => "timestamp,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n"]
        ["import", "--symbol", "A", "--interval", "1d", "--basis", "adjusted", "x.csv"];
    an_unknown_flag: [] ["import", "--simbol", "AAPL", "x.csv"];
    an_unknown_command: [] ["imprt"];
    an_export_of_an_unknown_symbol: [] ["export", "NOPE", "--format", "csv"];
    an_export_with_the_end_before_the_start: []
        ["export", "AAPL", "--start", "2024-01-02", "--end", "2023-01-02", "--format", "csv"];
    a_database_that_no_adapter_serves: [] ["--database-url", "oracle://localhost/x", "status"];
    a_database_in_a_folder_that_is_not_there: [] ["--database-url", "sqlite:./nowhere/s.db", "status"];
    a_database_that_is_none: ["s.db" => "this is not a database, it only has its name, and is long enough to be read as one.........."]
        ["--database-url", "sqlite:./s.db", "status"];
    a_misspelt_setting: ["sentinel.toml" => "[server]\nlisten_adress = \"127.0.0.1:8000\"\n"] ["config", "check"];
    two_wrong_settings_at_once: ["sentinel.toml" => "[server]\nlisten = \"8000\"\n\n[log]\nlevel = \"loud\"\n"] ["config", "check"];
    a_configuration_that_is_not_toml: ["sentinel.toml" => "[server\n"] ["config", "check"];
    a_configuration_file_that_is_not_there: [] ["--config", "other.toml", "config", "check"];
}

/// The same wrong input gets the same answer whatever the database, so both tests share the snapshot.
mod sqlite {
    use super::Sentinel;

    #[test]
    fn rows_that_make_no_bar() {
        super::rows_that_make_no_bar(&Sentinel::of_this_build().unwrap());
    }

    #[tokio::test]
    async fn wrong_requests() {
        super::wrong_requests(Sentinel::of_this_build().unwrap()).await;
    }
}

mod postgres {
    use super::Sentinel;

    #[test]
    fn rows_that_make_no_bar() {
        super::rows_that_make_no_bar(&Sentinel::on_postgres().unwrap());
    }

    #[tokio::test]
    async fn wrong_requests() {
        super::wrong_requests(Sentinel::on_postgres().unwrap()).await;
    }
}

fn rows_that_make_no_bar(sentinel: &Sentinel) {
    let rows = "timestamp,open,high,low,close,volume\n2023-05-02,4037,4032,3917,3965,11818133\n2023-05-03,3975,4098,3968,4095,14657028\n2023-05-04,,,,,\n2023-05-05,abc,1,1,1,1\n";
    let told = said_by(sentinel, &[("SSW_1d.csv", rows.as_bytes())], &["import", "SSW_1d.csv"]);
    insta::assert_snapshot!("rows_that_make_no_bar", told);
}

/// A server over a store with three bars of AAPL.
fn serving(sentinel: Sentinel) -> (Sentinel, Server) {
    let bars = "timestamp,open,high,low,close,volume\n2014-06-05,646.25,649.35,642.61,647.35,10445282\n2014-06-06,650,651.25,644.48,645.57,12116671\n2014-06-09,92.69,93.88,91.75,93.7,72875948\n";
    fs::write(sentinel.home().join("AAPL_1d.csv"), bars).unwrap();
    let imported = sentinel.run(["import", "AAPL_1d.csv"]).unwrap();
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    (sentinel, server)
}

async fn asked(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let method: reqwest::Method = method.parse().unwrap();
    let mut request = reqwest::Client::new()
        .request(method.clone(), server.url(path))
        .header("x-request-id", "story");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.body(body.to_owned()).send().await.unwrap();
    let (status, kind) = (response.status(), response.headers().get("content-type").cloned());
    let allow = response
        .headers()
        .get("allow")
        .map(|allow| format!(" allow: {}", allow.to_str().unwrap()));
    let text = response.text().await.unwrap();
    let pretty = serde_json::from_str::<serde_json::Value>(&text)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or(text);
    let kind = kind.map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    format!(
        "{method} {path}\n{body}\n{status} {kind}{}\n{pretty}\n",
        allow.unwrap_or_default()
    )
}

/// Method, path, headers and body.
type Asked<'a> = (&'a str, String, &'a [(&'a str, &'a str)], &'a str);

async fn wrong_requests(sentinel: Sentinel) {
    let (_home, server) = serving(sentinel);
    let json = [("content-type", "application/json")];
    let prices = "/api/v1/instruments/AAPL/prices";
    let wrong: &[Asked<'_>] = &[
        ("GET", "/api/v1/instruments/NOPE/prices".to_owned(), &[], ""),
        ("GET", "/api/v1/nothing".to_owned(), &[], ""),
        ("DELETE", "/health".to_owned(), &[], ""),
        ("GET", format!("{prices}?intervall=1d"), &[], ""),
        ("GET", format!("{prices}?interval=2d"), &[], ""),
        ("GET", format!("{prices}?limit=0"), &[], ""),
        ("GET", format!("{prices}?limit=10001&sort=up"), &[], ""),
        ("GET", format!("{prices}?start=1402272000000"), &[], ""),
        ("GET", format!("{prices}?start=2014-06-09&end=2014-06-09"), &[], ""),
        ("GET", format!("{prices}?start=2014-06-10&end=2014-06-09"), &[], ""),
        ("GET", format!("{prices}?start=yesterday"), &[], ""),
        ("GET", format!("{prices}?page_token=abc"), &[], ""),
        ("GET", format!("{prices}?format=xml"), &[], ""),
        ("GET", format!("{prices}?adjustment=some"), &[], ""),
        ("GET", format!("{prices}?as_of=2999-01-01"), &[], ""),
        (
            "PUT",
            format!("{prices}?interval=1d"),
            &[("content-type", "text/html")],
            "<p>",
        ),
        ("PUT", format!("{prices}?interval=1d"), &json, "{\"data\":["),
        (
            "PUT",
            format!("{prices}?interval=1d&strict=true"),
            &json,
            "{\"data\":[{\"timestamp\":\"2014-06-10\",\"open\":1,\"high\":0.5,\"low\":1,\"close\":1,\"volume\":1}]}",
        ),
        (
            "POST",
            "/api/v1/instruments".to_owned(),
            &json,
            "{\"symbol\":\"A B\",\"asset_class\":\"share\",\"currency\":\"dollar\"}",
        ),
        (
            "POST",
            "/api/v1/instruments".to_owned(),
            &json,
            "{\"symbol\":\"AAPL\",\"asset_class\":\"stock\"}",
        ),
        ("DELETE", "/api/v1/instruments/AAPL".to_owned(), &[], ""),
    ];
    let mut told = String::new();
    for (method, path, headers, body) in wrong {
        told.push_str(&asked(&server, method, path, headers, body).await);
        told.push('\n');
    }
    let clock = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d+Z";
    insta::with_settings!({filters => vec![(clock, "NOW")]}, { insta::assert_snapshot!("wrong_requests", told) });
}
