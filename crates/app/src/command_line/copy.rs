//! `sentinel copy`

use clap::Args;

/// Flags of `sentinel copy`.
#[derive(Args, Debug)]
#[command(
    after_help = "Instruments, catalogue, bars, revisions, discrepancies, quarantine, journal, coverage, corporate actions and\n\
        runs keep their ids, stamps, versions and digits. Stop what writes to the source first. A copy that was\n\
        interrupted goes on where it stopped when the same command is run again; a complete one is only compared.\n\n\
        Example:\n  sentinel copy --from sqlite:./sentinel.db --to sqlite:/srv/sentinel.db"
)]
pub struct CopyArgs {
    /// Database to copy, such as sqlite:./sentinel.db
    #[arg(long, value_name = "URL")]
    pub from: String,
    /// Database to copy to: one that is not there yet, an empty one, or one with the beginning of this copy
    #[arg(long, value_name = "URL")]
    pub to: String,
}
