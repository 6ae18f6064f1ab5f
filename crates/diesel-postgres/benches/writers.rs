//! `cargo xtask bench writers`: eight writers on overlapping ranges of one series for a minute, or as many seconds as are
//! given behind `--`; ends with an error unless what they leave behind is what a serial replay gives.
#![expect(clippy::unwrap_used, reason = "a panic is a failed trial")]

#[path = "../tests/store/eight_writers.rs"]
mod eight_writers;

use std::time::{Duration, Instant};

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn main() {
    let seconds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(60);
    let end = Instant::now() + Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let merges = runtime.block_on(eight_writers::trial(move |_| Instant::now() < end));
    println!(
        "eight writers, one series, {seconds} s: {merges} merges, none failed; bars and revisions are those of a serial replay"
    );
}
