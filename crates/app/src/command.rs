//! The commands: each reads its arguments, calls use cases, and prints.

mod backup;
mod config;
mod copy;
mod demo;
mod doctor;
mod errand;
mod export;
mod gaps;
mod health;
mod import;
mod ingest;
mod instruments;
mod json;
mod merge_words;
mod migrate;
mod named_instruments;
mod providers;
mod runs;
mod serve;
mod status;
mod timescale;
mod verify;

use std::sync::Arc;
use std::time::Instant;

use domain::{CalendarName, Calendars, Clock, Providers};

use crate::clock::SystemClock;
use crate::command_line::{Command, CommandLine, ConfigCommand, GlobalArgs};
use crate::config::{Config, Mistakes, SETTINGS, Sources};
use crate::exit::{Exit, UsageError};
use crate::logs;
use crate::output::{Output, chain};
use crate::store::{Store, StoreError};

/// What every command works with.
struct Context {
    config: Config,
    output: Output,
}

impl Context {
    /// The configured database, made when it is not there.
    async fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.config.database, Arc::new(SystemClock)).await?)
    }

    /// The configured database, which has to be there.
    async fn existing_store(&self) -> anyhow::Result<Store> {
        Store::open_existing(&self.config.database, Arc::new(SystemClock)).await
    }

    /// The sources of bars, configured or not; none is asked yet.
    fn providers(&self) -> anyhow::Result<Providers> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Ok(http_providers::providers(&self.config.providers, &clock)?)
    }
}

/// Runs a command, tells what went wrong, and says how to end.
pub(crate) async fn run(line: CommandLine) -> Exit {
    let output = Output::new(line.global.json);
    match dispatch(line, output).await {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::Done,
        Err(error) => {
            let text = chain(error.as_ref());
            output.remark(format_args!("error: {text}"));
            // Standard output may be what failed; the exit code tells it all the same.
            let _unheard = output.object(&serde_json::json!({ "error": text }));
            exit_of(&error)
        }
    }
}

/// A database that is not where the user said is wrong usage; one that is there and broken is a failure.
fn exit_of(error: &anyhow::Error) -> Exit {
    let misplaced = error.downcast_ref().is_some_and(StoreError::is_misplaced);
    if misplaced || error.is::<UsageError>() || error.is::<Mistakes>() {
        Exit::WrongUsage
    } else {
        Exit::Failed
    }
}

/// Whoever read our standard output has read enough: `sentinel export AAPL | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref().map(std::io::Error::kind);
    error
        .chain()
        .any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

async fn dispatch(line: CommandLine, output: Output) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let CommandLine { global, command } = line;
    let sources = sources(&global, &command)?;
    let mut config = match (Config::load(&sources), &command) {
        (Ok(config), _) => config,
        (Err(mistakes), Command::Config(ConfigCommand::Check)) => return config::check(Err(mistakes), output),
        (Err(_), Command::Config(ConfigCommand::Reference)) => return config::reference(output),
        (Err(mistakes), Command::Health(args)) => return health::run(Err(mistakes), args, output).await,
        (Err(mistakes), Command::Doctor) => return doctor::run(Err(mistakes), output).await,
        (Err(mistakes), _) => return Err(mistakes.into()),
    };
    if !matches!(command, Command::Serve(_) | Command::Demo(_)) {
        quieten(&mut config);
    }
    // What is asked every few seconds beside a server leaves the log file to the server.
    if !matches!(command, Command::Health(_)) {
        logs::begin(&config.log)?;
    }
    let context = Context { config, output };
    match command {
        Command::Demo(args) => demo::run(context, &args, began).await,
        Command::Serve(_) => serve::run(context, began).await,
        Command::Ingest(args) => ingest::run(&context, &args).await,
        Command::Runs(args) => runs::run(&context, &args).await,
        Command::Providers(args) => providers::run(&context, &args).await,
        Command::Import(args) => import::run(&context, &args).await,
        Command::Export(args) => export::run(&context, &args).await,
        Command::Instruments(command) => instruments::run(&context, command).await,
        Command::Status(args) => status::run(&context, &args).await,
        Command::Gaps(args) => gaps::run(&context, &args).await,
        Command::Verify => verify::run(&context).await,
        Command::Backup(args) => backup::run(&context, &args).await,
        Command::Copy(args) => copy::run(&context, &args).await,
        Command::Migrate(command) => migrate::run(&context, &command).await,
        Command::Timescale(command) => timescale::run(&context, command).await,
        Command::Config(ConfigCommand::Check) => config::check(Ok(context.config), output),
        Command::Config(ConfigCommand::Show) => config::show(&context),
        Command::Doctor => doctor::run(Ok(context.config), output).await,
        Command::Config(ConfigCommand::Reference) => config::reference(output),
        Command::Health(args) => health::run(Ok(context.config), &args, output).await,
    }
}

/// Where the configuration comes from: this process, and the flags that are settings.
fn sources(global: &GlobalArgs, command: &Command) -> anyhow::Result<Sources> {
    let mut sources = Sources::of_process();
    sources.file.clone_from(&global.config);
    let mut flag = |key, flag, value: &Option<String>| {
        if let Some(value) = value {
            sources.flags.push((key, flag, value.clone()));
        }
    };
    flag("log.level", "--log-level", &global.log_level);
    flag("database.url", "--database-url", &global.database_url);
    match command {
        Command::Serve(args) => flag("server.listen", "--listen", &args.listen),
        Command::Demo(args) => {
            if !args.configured {
                if global.database_url.is_some() {
                    let problem = "the demo has a database of its own: name its file with --database FILE, or say \
                                   --configured to import into this one";
                    return Err(UsageError(problem.to_owned()).into());
                }
                flag(
                    "database.url",
                    "--database",
                    &Some(format!("sqlite:{}", args.database.display())),
                );
            }
            flag("server.listen", "--listen", &args.listen);
        }
        Command::Copy(args) => {
            if global.database_url.is_some() {
                let problem = "copy takes no --database-url: name both databases with --from URL and --to URL";
                return Err(UsageError(problem.to_owned()).into());
            }
            flag("database.url", "--from", &Some(args.from.clone()));
        }
        _ => {}
    }
    Ok(sources)
}

/// A calendar that nobody knows would silently behave like the fallback.
fn check_calendar(name: Option<&CalendarName>) -> anyhow::Result<()> {
    let calendars = Calendars::built_in()?;
    match name {
        Some(name) if calendars.get(name).is_none() => {
            let known: Vec<&str> = calendars.names().map(CalendarName::as_str).collect();
            Err(UsageError(format!("there is no calendar {name}; there are {}", known.join(", "))).into())
        }
        _ => Ok(()),
    }
}

/// Commands that end by themselves say what they did; their log is for what went wrong, unless it was asked for.
fn quieten(config: &mut Config) {
    let level = SETTINGS.into_iter().find(|setting| setting.key == "log.level");
    let set = config.effective.iter().find(|setting| setting.key == "log.level");
    if level.is_some_and(|level| level.default == config.log.level) && set.is_some_and(|set| set.origin == "default") {
        "warn".clone_into(&mut config.log.level);
    }
}
