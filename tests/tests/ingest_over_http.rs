//! Ingesting by way of the API: asked for, carried out by the server, cancelled, and taken up by the next server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::time::{Duration, Instant};

use end_to_end::replay::{Asked, Klines, Replay};
use end_to_end::{Sentinel, Server, on_each_database};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// Two months of hours in two recorded pages.
const ORDER: &str = r#"{"provider": "binance", "instruments": ["BTCUSDT"], "interval": "1h",
    "start": "2020-04-30T21:00:00Z", "end": "2020-07-01T04:00:00Z"}"#;
/// Where the first page begins, in milliseconds.
const FIRST_HOUR: &str = "1588280400000";
const KLINES: &str = "/api/v3/klines";
/// No run of these takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

on_each_database! {
    a_run_that_was_asked_for_is_carried_out,
    the_same_key_is_the_same_run_and_never_another_order,
    a_run_that_is_cancelled_stops_and_the_next_one_goes_on,
    what_a_stopped_server_left_is_taken_up_by_the_next,
    a_plan_tells_what_would_be_asked,
}

/// A server, and the providers that it asks.
struct Service {
    server: Server,
    client: Client,
}

impl Service {
    fn start(sentinel: &Sentinel) -> Self {
        let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
        Self {
            server,
            client: Client::new(),
        }
    }

    /// The status, the header `Location` and the body.
    async fn told(request: RequestBuilder) -> (u16, String, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let location = response
            .headers()
            .get("location")
            .map(|location| location.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (status, location.unwrap_or_default(), body)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, _, body) = Self::told(self.client.get(self.server.url(path))).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn post(&self, path: &str, body: &str) -> RequestBuilder {
        let request = self
            .client
            .post(self.server.url(path))
            .header("content-type", "application/json");
        request.body(body.to_owned())
    }

    /// Asks for an ingest; where its run is.
    async fn ingest(&self, order: &str) -> String {
        let (status, location, body) = Self::told(self.post("/api/v1/ingest/run", order)).await;
        assert_eq!(status, 202, "{body}");
        location
    }

    /// The run once it has ended.
    async fn ended(&self, location: &str) -> Value {
        let began = Instant::now();
        loop {
            let run = self.get(location).await;
            if !run["finished_at"].is_null() {
                return run;
            }
            assert!(began.elapsed() < PATIENCE, "{run}");
        }
    }
}

fn recorded(sentinel: &Sentinel) -> Replay {
    let replay = Replay::recorded().unwrap();
    // A stop does not wait long for a provider that does not answer.
    let configuration = format!("{}[server]\nshutdown_timeout_s = 2\n", replay.configuration());
    sentinel.configure(&configuration).unwrap();
    replay
}

fn is_second_page(asked: &Asked) -> bool {
    asked.path == KLINES && asked.parameter("startTime") != FIRST_HOUR
}

fn holds_what_was_recorded(sentinel: &Sentinel) {
    let recorded = Klines::recorded().unwrap().exported("BTCUSDT", "1h").unwrap();
    assert!(sentinel.bars("BTC-USDT", "1h").unwrap() == recorded);
    sentinel.fingerprint().unwrap();
}

async fn a_run_that_was_asked_for_is_carried_out(sentinel: Sentinel) {
    let _replay = recorded(&sentinel);
    let service = Service::start(&sentinel);
    let providers = service.get("/api/v1/providers").await;
    let providers = providers["data"].as_array().unwrap();
    let ready: Vec<_> = providers
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), &one["configured"]))
        .collect();
    assert_eq!(
        ready,
        [
            ("alpha_vantage", &json!(true)),
            ("binance", &json!(true)),
            ("yahoo", &json!(true))
        ]
    );

    let location = service.ingest(ORDER).await;
    let run = service.ended(&location).await;
    assert_eq!(
        (&run["state"], &run["counts"]["inserted"]),
        (&json!("succeeded"), &json!(1_468)),
        "{run}"
    );
    assert_eq!(
        (&run["instrument"], &run["source"], &run["attempts"]),
        (&json!("BINANCE:BTC-USDT"), &json!("binance"), &json!(1))
    );
    let listed = service
        .get("/api/v1/ingest/runs?provider=binance&state=succeeded&instrument=BTC-USDT")
        .await;
    assert_eq!(listed["data"], json!([run]));
    let failed = service.get("/api/v1/ingest/runs?state=failed").await;
    assert_eq!(failed["data"], json!([]));
    holds_what_was_recorded(&sentinel);

    // The exchange stood still for three hours of 2020-06-28: it answered, so they are known to be empty.
    let gaps = "/api/v1/instruments/BTC-USDT/gaps?interval=1h&end=2020-07-01T04:00:00Z";
    assert_eq!(service.get(gaps).await["data"], json!([]));
    let empty = json!([{
        "state": "confirmed_empty", "first": "2020-06-28T02:00:00Z", "last": "2020-06-28T04:00:00Z", "count": 3
    }]);
    assert_eq!(service.get(&format!("{gaps}&state=all")).await["data"], empty);
}

async fn the_same_key_is_the_same_run_and_never_another_order(sentinel: Sentinel) {
    let replay = recorded(&sentinel);
    let service = Service::start(&sentinel);
    let ask = |order: &str| {
        service
            .post("/api/v1/ingest/run", order)
            .header("Idempotency-Key", "story-1")
    };
    let (status, location, first) = Service::told(ask(ORDER)).await;
    assert_eq!(
        (status, &first["data"][0]["created_run"]),
        (202, &json!(true)),
        "{first}"
    );
    service.ended(&location).await;
    let asked = replay.asked_for(KLINES).len();

    // Also when the run has ended.
    let (status, again, second) = Service::told(ask(ORDER)).await;
    assert_eq!((status, &again), (202, &location));
    assert_eq!(second["data"][0]["created_run"], false, "{second}");
    assert_eq!(replay.asked_for(KLINES).len(), asked);

    let other = ORDER.replace("2020-07-01", "2020-06-01");
    let (status, _, problem) = Service::told(ask(&other)).await;
    assert_eq!((status, &problem["status"]), (422, &json!(422)), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("story-1"), "{problem}");
    let runs = service.get("/api/v1/ingest/runs").await;
    assert_eq!(runs["data"].as_array().unwrap().len(), 1, "{runs}");
}

async fn a_run_that_is_cancelled_stops_and_the_next_one_goes_on(sentinel: Sentinel) {
    let replay = recorded(&sentinel);
    let service = Service::start(&sentinel);
    replay.hold(is_second_page);
    let location = service.ingest(ORDER).await;
    replay.wait_until_held(1).unwrap();
    let at_work = service.get(&location).await;
    assert_eq!(
        (&at_work["state"], &at_work["counts"]["inserted"]),
        (&json!("running"), &json!(1_000)),
        "{at_work}"
    );
    let cancel = format!("{location}/cancel");
    let (status, _, cancelled) = Service::told(service.post(&cancel, "")).await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")), "{cancelled}");
    let (status, _, problem) = Service::told(service.post(&cancel, "")).await;
    assert_eq!(status, 409, "it has ended: {problem}");
    replay.release();

    let next = service.ingest(ORDER).await;
    assert_ne!(next, location);
    assert_eq!(service.ended(&next).await["state"], "succeeded");
    assert_eq!(service.get(&location).await["state"], "cancelled");
    holds_what_was_recorded(&sentinel);
}

async fn what_a_stopped_server_left_is_taken_up_by_the_next(sentinel: Sentinel) {
    let replay = recorded(&sentinel);
    let service = Service::start(&sentinel);
    replay.hold(is_second_page);
    let location = service.ingest(ORDER).await;
    replay.wait_until_held(1).unwrap();
    assert_eq!(service.server.terminate().unwrap().0, Some(0));
    replay.hang_up();
    let id = location.rsplit('/').next().unwrap();
    let waiting = sentinel.object(0, &["runs", "show", id]).unwrap();
    assert_eq!(
        (&waiting["state"], &waiting["counts"]["inserted"]),
        (&json!("queued"), &json!(1_000)),
        "{waiting}"
    );

    let service = Service::start(&sentinel);
    let run = service.ended(&location).await;
    assert_eq!(
        (&run["state"], &run["attempts"]),
        (&json!("succeeded"), &json!(2)),
        "{run}"
    );
    holds_what_was_recorded(&sentinel);
    let first_pages = replay
        .asked_for(KLINES)
        .iter()
        .filter(|asked| !is_second_page(asked))
        .count();
    assert_eq!(first_pages, 1, "what was merged is not asked for again");
}

async fn a_plan_tells_what_would_be_asked(sentinel: Sentinel) {
    let replay = recorded(&sentinel);
    let service = Service::start(&sentinel);
    let plan = async || Service::told(service.post("/api/v1/ingest/plan", ORDER)).await.2;
    let before = plan().await;
    assert_eq!(
        (&before["calls"], &before["bars"]),
        (&json!(2), &json!(1_471)),
        "{before}"
    );
    assert_eq!(
        before["series"][0]["instrument"],
        Value::Null,
        "it would be made: {before}"
    );
    assert!(replay.asked_for(KLINES).is_empty());
    let runs = service.get("/api/v1/ingest/runs").await;
    assert_eq!(runs["data"], json!([]));

    let location = service.ingest(ORDER).await;
    service.ended(&location).await;
    let after = plan().await;
    let fetch = json!([{"start": "2020-06-27T00:00:00Z", "end": "2020-07-01T04:00:00Z"}]);
    assert_eq!(after["series"][0]["fetch"], fetch, "the last five days: {after}");
}
