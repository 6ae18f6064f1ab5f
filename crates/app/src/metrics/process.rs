//! What the kernel tells of this process, as Linux does; elsewhere there is nothing to tell.

use std::fs;

use super::catalogue;
use super::exposition::Exposition;

/// How many ticks of the kernel's accounts are a second. A constant of Linux' interface for programs on every processor that it
/// is built for here, whatever the kernel's own timer does (`man 5 proc`, `man 7 time`).
const TICKS_PER_SECOND: f64 = 100.0;
/// Memory is told in pages by `stat`; `status` says kibibytes.
const KIBIBYTE: f64 = 1_024.0;

/// Writes what can be had, and leaves out what cannot.
pub(super) fn write(exposition: &mut Exposition) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (stat, status) = (read("/proc/self/stat"), read("/proc/self/status"));
    let figures = [
        (&catalogue::PROCESS_CPU, cpu_seconds(&stat)),
        (&catalogue::PROCESS_OPEN_FDS, open_descriptors()),
        (
            &catalogue::PROCESS_MAX_FDS,
            most_descriptors(&read("/proc/self/limits")),
        ),
        (&catalogue::PROCESS_MEMORY, bytes(&status, "VmRSS:")),
        (&catalogue::PROCESS_VIRTUAL_MEMORY, bytes(&status, "VmSize:")),
        (&catalogue::PROCESS_START_TIME, start_time(&stat, &read("/proc/stat"))),
    ];
    for (metric, figure) in figures {
        if let Some(figure) = figure {
            exposition.value(metric, figure);
        }
    }
}

/// A field of `/proc/self/stat` by its number in the manual, from 3 on: the name before may hold anything, parentheses too.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(number.checked_sub(3)?)?.trim().parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, 14)? + stat_field(stat, 15)?) / TICKS_PER_SECOND)
}

fn start_time(stat: &str, of_system: &str) -> Option<f64> {
    let booted = of_system.lines().find_map(|line| line.strip_prefix("btime "))?;
    let booted: f64 = booted.trim().parse().ok()?;
    Some(booted + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

fn open_descriptors() -> Option<f64> {
    // One of them is the listing itself.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(f64::from(u32::try_from(open).ok()?))
}

fn most_descriptors(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn bytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * KIBIBYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shaped like `man 5 proc` says, with a name that wants to be two fields.
    const STAT: &str = "4242 (a ) b) S 1 4242 4242 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 5 0 12345 1000000 300 1 2";

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(cpu_seconds(STAT), Some(3.0));
        assert_eq!(start_time(STAT, "cpu 1 2\nbtime 1700000000\n"), Some(1_700_000_123.45));
        assert_eq!(bytes("VmSize:\t  8 kB\nVmRSS:\t    4 kB\n", "VmRSS:"), Some(4_096.0));
        let limits = "Limit   Soft Limit  Hard Limit  Units\nMax open files   1024   524288   files\n";
        assert_eq!(most_descriptors(limits), Some(1_024.0));
        assert_eq!(
            most_descriptors("Max open files   unlimited   unlimited   files\n"),
            None
        );
    }

    #[test]
    fn leaves_out_what_it_cannot_read() {
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(cpu_seconds("1 (a) S 1"), None);
        assert_eq!(start_time(STAT, ""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn tells_all_of_it_here() {
        let mut exposition = Exposition::default();
        write(&mut exposition);
        let told = exposition.behind(String::new());
        for metric in catalogue::METRICS
            .iter()
            .filter(|metric| metric.name.starts_with("process_"))
        {
            assert!(
                told.contains(&format!("\n{} ", metric.name)),
                "{} is missing: {told}",
                metric.name
            );
        }
    }
}
