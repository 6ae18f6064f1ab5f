//! The tier that runs things: images built, the stack up on podman, and what it promises tried one by one.

mod checkout;
mod data;
mod dev;
mod engine;
mod http;
mod images;
mod install;
mod project_image;
mod report;
mod resilience;
mod secrets;
mod stack;
mod tools;
mod update;
mod wrong_inputs;

use std::fs;

use anyhow::Context;

use self::checkout::Checkout;
use self::engine::Engine;
use self::images::Images;
use self::report::Report;
use self::stack::Stack;
use crate::workspace::members;

/// What of the tier is run, and on what.
#[derive(clap::Args)]
pub(super) struct Choice {
    /// Run this image, which the engine below target/deploy has already, instead of building one.
    #[arg(long, value_name = "IMAGE", requires = "run")]
    image: Option<String>,
    /// Take the program from this file instead of compiling it in the image's build; the Dockerfile is not proven then.
    #[arg(long, value_name = "FILE", requires = "run", conflicts_with = "image")]
    binary: Option<std::path::PathBuf>,
    /// Bring the profile `dev` up too: a debug build in its container, which takes many minutes.
    #[arg(long, requires = "run", conflicts_with = "image")]
    dev: bool,
}

/// Takes every step, tells each, and cleans up.
///
/// # Errors
/// When a step failed; what was not run is told and is no failure.
pub(super) fn run(choice: &Choice) -> anyhow::Result<()> {
    let folder = members()?.target_directory.into_std_path_buf().join("deploy");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut report = Report::default();
    if report.step("tools", || tools::require(&folder)).is_some() {
        let engine = Engine::started(&folder)?;
        steps(choice, &engine, &mut report)?;
    }
    report.conclude()
}

fn steps(choice: &Choice, engine: &Engine, report: &mut Report) -> anyhow::Result<()> {
    let images = Images::new(engine);
    report.step("stand-in images", || images.stand_ins());
    let Some(checkout) = report.step("checkout", || Checkout::laid_out(engine.folder(), choice)) else {
        return Ok(());
    };
    let Some(image) = report.step("image builds", || images.project(choice, &checkout)) else {
        report.not_run("everything behind the image", "there is no image");
        return Ok(());
    };
    report.step("image facts", || project_image::facts(engine, &image));
    report.step("image holds no secret", || {
        project_image::holds_no_secret(engine, &image)
    });
    report.step("hardened run", || project_image::runs_hardened(engine, &image));
    report.step("SQLite on a volume, backed up", || {
        data::sqlite_round_trip(engine, &image)
    });

    let Some(stack) = report.step("compose.yaml is sound", || Stack::laid_out(engine, &checkout)) else {
        return Ok(());
    };
    let is_up = if choice.image.is_some() {
        report.not_run("up.sh", "it builds an image, and one was given");
        stack.keep_profile()?;
        report.step("stack is healthy", || stack.up())
    } else {
        report.step("up.sh builds the image and waits for health", || stack.up_by_script())
    };
    if is_up.is_none() {
        stack.show_logs();
        report.not_run("everything on the stack", "it is not up");
        return Ok(());
    }
    report.not_run(
        "Grafana",
        "its image is in no registry that is asked here; `cargo xtask grafana check` runs its queries",
    );
    report.not_run(
        "TimescaleDB",
        "its image is in no registry that is asked here; PostgreSQL 15 stands in, `cargo xtask timescale-check` tries it",
    );
    report.step("API through the published port", || stack.answers());
    report.step("Prometheus scrapes it", || stack.is_scraped());
    report.step("demo data are answered", || data::demo_is_answered(&stack));
    report.step("secrets cannot be written", || stack.secrets_are_read_only());
    report.step("files are imported, HTTP takes none", || data::ways_in(&stack));
    report.step("data survive down and up", || data::survive_down_and_up(&stack));
    report.step("ten replicas migrate at once", || {
        resilience::ten_migrate_at_once(&stack)
    });
    report.step("a killed process is restarted", || {
        resilience::killed_is_restarted(&stack)
    });
    report.step("the database goes and comes back", || {
        resilience::database_comes_back(&stack)
    });
    report.step("SIGTERM ends it cleanly", || resilience::stops_cleanly(&stack));
    report.step("backups are rotated", || data::backups_are_rotated(&stack));
    report.step("a backup is restored and compared", || {
        data::postgres_round_trip(&stack)
    });
    report.step("a backup takes the place of the database", || {
        data::replaced_by_backup(&stack)
    });
    report.step("the password is changed", || secrets::password_is_changed(&stack));
    report.step("update, and the way back", || update::there_and_back(&stack));
    report.step("install.sh, and its units", || install::runs_by_its_units(&stack));
    updates_of_the_checkout(choice, &stack, report);
    report.step("a broken update is rolled back", || {
        update::broken_is_rolled_back(&stack)
    });
    report.step("no database", || wrong_inputs::no_database(&stack));
    report.step("wrong secret", || wrong_inputs::wrong_secret(&stack));
    report.step("port taken", || wrong_inputs::port_taken(&stack));
    report.step("full disk", || wrong_inputs::full_disk(&stack));
    report.step("a broken healthcheck fails the start", || {
        wrong_inputs::broken_healthcheck(&stack)
    });
    report.step("nothing is left", || stack.down());
    Ok(())
}

/// Versions that update.sh builds, which takes that of the profile `dev` for one with a migration more where it is brought up.
fn updates_of_the_checkout(choice: &Choice, stack: &Stack<'_>, report: &mut Report) {
    let newer = if choice.dev {
        report.step("profile dev takes up changes", || dev::takes_up_changes(stack))
    } else {
        report.not_run("profile dev", "its debug build takes many minutes: --dev");
        None
    };
    if choice.image.is_some() {
        report.not_run("update.sh --build", "it builds an image, and one was given");
        return;
    }
    report.step("update.sh --build, and the way back", || update::built_and_back(stack));
    report.step("a migration of the newer version is taken back", || {
        update::over_a_migration(stack, newer.as_deref())
    });
}
