//! What the kernel says of this process.

use std::process::Command;

use crate::Outcome;

/// User and system time of all threads, from the kernel's account in ticks of 10 ms.
pub(crate) fn cpu_seconds() -> Outcome<f64> {
    let account = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = account.rsplit_once(')').map_or(account.as_str(), |(_, rest)| rest);
    let ticks: u32 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u32>().ok())
        .sum();
    Ok(f64::from(ticks) / 100.0)
}

/// The most memory that was ever in use.
pub(crate) fn peak_kilobytes() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next());
    Ok(kilobytes
        .ok_or("the kernel does not tell the peak of memory")?
        .parse()?)
}

/// What this program prints when it is run with these arguments.
pub(crate) fn of_child(args: &[&str]) -> Outcome<String> {
    let output = Command::new(std::env::current_exe()?).args(args).output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into())
    }
}
