//! CPU time of a server and its client, from the kernel's account in ticks of 10 ms.

use std::fs;

use anyhow::Context;

/// What the kernel says of a process.
struct Account {
    parent: u32,
    own: u32,
    ended_children: u32,
}

/// User and system time in seconds of this process and the programs it ran, of the server and of all its processes, dead
/// or alive.
pub(crate) fn of_server_and_client(postmaster: u32) -> anyhow::Result<f64> {
    let mut ticks = 0;
    for pid in [std::process::id(), postmaster] {
        let account = account(pid).with_context(|| format!("process {pid} has no account in /proc"))?;
        ticks += account.own + account.ended_children;
    }
    for entry in fs::read_dir("/proc")? {
        let pid = entry?.file_name().to_string_lossy().parse().ok();
        // It may have ended since.
        if let Some(child) = pid.and_then(account)
            && child.parent == postmaster
        {
            ticks += child.own;
        }
    }
    Ok(f64::from(ticks) / 100.0)
}

fn account(pid: u32) -> Option<Account> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = line.rsplit_once(')')?;
    let fields: Vec<u32> = behind_name
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    let sum = |places: std::ops::Range<usize>| fields.get(places).map(|ticks| ticks.iter().sum());
    Some(Account {
        parent: *fields.get(1)?,
        own: sum(11..13)?,
        ended_children: sum(13..15)?,
    })
}
