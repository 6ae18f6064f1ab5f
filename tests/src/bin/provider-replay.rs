//! The providers' servers for a person or a script: plays the recordings until its standard input ends.

use std::io::{Read, Write};

use end_to_end::replay::Replay;

fn main() -> anyhow::Result<()> {
    let replay = Replay::recorded()?;
    // For whoever started this: one line, and it listens already.
    let mut output = std::io::stdout().lock();
    writeln!(output, "http://{}", replay.address())?;
    output.flush()?;
    std::io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(())
}
