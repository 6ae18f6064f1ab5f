//! CPU seconds, from the kernel's account in ticks of 10 ms.

use super::Outcome;

/// User and system time of the process while `work` ran so many times.
pub(super) fn of_process(rounds: usize, mut work: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let before = account("/proc/self/stat")?;
    for _ in 0..rounds {
        work()?;
    }
    Ok((account("/proc/self/stat")? - before).max(0.01))
}

/// The same without that of this thread, which is the client's.
pub(super) fn of_server(rounds: usize, work: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let before = account("/proc/thread-self/stat")?;
    let all = of_process(rounds, work)?;
    Ok((all - (account("/proc/thread-self/stat")? - before)).max(0.01))
}

fn account(path: &str) -> Outcome<f64> {
    let account = std::fs::read_to_string(path)?;
    let behind_name = account.rsplit_once(')').map_or(account.as_str(), |(_, rest)| rest);
    let ticks: u32 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u32>().ok())
        .sum();
    Ok(f64::from(ticks) / 100.0)
}
