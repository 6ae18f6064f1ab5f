//! The stack of compose.yaml, from a copy of this checkout, so that nobody's settings, secrets or data are touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::checkout::Checkout;
use super::engine::{Engine, Finished, finished, last_lines, said_by};
use super::images::in_full;
use super::report::{Found, seen};
use super::{http, tools};
use crate::terminal;

/// Names of everything the stack makes begin with it.
const PROJECT: &str = "sentinel-verified";

/// What is left out of compose.yaml, because its image cannot be had.
/// Prometheus waits in its place for what ends by itself; `up --wait` would call that a failure if nobody did.
const OVERRIDE: &str = "services:\n  grafana:\n    profiles: !override [cannot-be-had-here]\n  prometheus:\n    depends_on:\n      \
                        demo: {condition: service_completed_successfully}\n      \
                        grafana-role: {condition: service_completed_successfully}\n";

/// In its place when the view's role is not part of this checkout.
const NO_ROLE: &str = "SELECT 1;\n";

/// Health and data may take that long to be there.
const PATIENCE: Duration = Duration::from_secs(90);

/// The stack and how to reach it.
pub(super) struct Stack<'a> {
    pub(super) engine: &'a Engine,
    pub(super) checkout: &'a Checkout,
    deploy: PathBuf,
    compose: PathBuf,
    pub(super) api_port: u16,
    pub(super) dev_port: u16,
    prometheus_port: u16,
}

impl<'a> Stack<'a> {
    /// Writes the settings, makes secrets twice, and has Compose read everything.
    pub(super) fn laid_out(engine: &'a Engine, checkout: &'a Checkout) -> anyhow::Result<Found<Self>> {
        make_what_is_missing(&checkout.folder().join("grafana"))?;
        let stack = Self {
            engine,
            checkout,
            deploy: checkout.folder().join("deploy"),
            compose: tools::compose(engine.folder()),
            api_port: http::free_port()?,
            dev_port: http::free_port()?,
            prometheus_port: http::free_port()?,
        };
        fs::write(stack.deploy.join("verified.yaml"), OVERRIDE)?;
        let mut settings = fs::read_to_string(stack.deploy.join(".env.example"))?;
        settings.push_str(&format!(
            "COMPOSE_PROJECT_NAME={PROJECT}\nCOMPOSE_FILE=compose.yaml:verified.yaml\n\
             IMAGE_TAG=verified\nAPI_PORT={}\nDEV_PORT={}\nPROMETHEUS_PORT={}\n",
            stack.api_port, stack.dev_port, stack.prometheus_port
        ));
        fs::write(stack.deploy.join(".env"), settings)?;
        stack.script("make-secrets.sh", &[])?;
        let made = fs::read(stack.deploy.join("secrets/database_url"))?;
        stack.script("make-secrets.sh", &[])?;
        ensure!(
            made == fs::read(stack.deploy.join("secrets/database_url"))?,
            "secrets were made anew the second time"
        );
        said_by(
            stack
                .compose(&["--profile", "*", "config", "--quiet"])
                .env("COMPOSE_FILE", "compose.yaml"),
        )?;
        stack.said(&["config", "--quiet"])?;
        Ok(Found {
            value: stack,
            detail: "every profile is read; secrets are made once".to_owned(),
        })
    }

    /// Compose on this stack.
    pub(super) fn compose(&self, args: &[&str]) -> Command {
        let mut command = self.engine.command(&self.compose);
        command.args(args).current_dir(&self.deploy);
        command
    }

    /// What answers to `docker compose`.
    pub(super) fn compose_program(&self) -> &Path {
        &self.compose
    }

    /// What Compose prints, trimmed.
    pub(super) fn said(&self, args: &[&str]) -> anyhow::Result<String> {
        said_by(&mut self.compose(args))
    }

    /// Lines of shell as `docs/container_setup.md` has them, in the copy of `deploy/`.
    pub(super) fn shell(&self, lines: &str) -> Command {
        let docker = "docker() { [ \"$1\" = compose ] && shift && \"$COMPOSE\" \"$@\"; }";
        let mut command = self.engine.command("bash");
        command
            .args(["-euo", "pipefail", "-c", &format!("{docker}\n{lines}")])
            .env("COMPOSE", &self.compose)
            .current_dir(&self.deploy);
        command
    }

    /// One of the scripts, as it lies in the copy.
    pub(super) fn script_command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = self.engine.command(self.deploy.join("scripts").join(name));
        command.args(args).env("DOCKER", "podman").env("COMPOSE", &self.compose);
        command
    }

    /// The last line that a script prints, which has to end well.
    pub(super) fn script(&self, name: &str, args: &[&str]) -> anyhow::Result<String> {
        let said = said_by(&mut self.script_command(name, args))?;
        Ok(said.lines().last().unwrap_or_default().to_owned())
    }

    /// Where the copy of `deploy/` is.
    pub(super) fn deploy(&self) -> &Path {
        &self.deploy
    }

    /// The container of a service.
    pub(super) fn container(&self, service: &str) -> anyhow::Result<String> {
        let id = self.said(&["ps", "--all", "--quiet", service])?;
        id.lines()
            .next()
            .map(str::to_owned)
            .with_context(|| format!("{service} has no container"))
    }

    /// What podman tells of a container, by one of its templates.
    pub(super) fn inspected(&self, container: &str, what: &str) -> anyhow::Result<String> {
        self.engine
            .podman(["container", "inspect", "--format", what, container])
    }

    /// One statement, by the superuser.
    pub(super) fn psql(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        self.said(&[
            "exec",
            "-T",
            "db",
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--username=postgres",
            "--dbname",
            database,
            "--command",
            statement,
        ])
    }

    /// The URL of a database of the stack, password included.
    pub(super) fn database_url(&self, database: &str) -> anyhow::Result<String> {
        let url = fs::read_to_string(self.deploy.join("secrets/database_url"))?;
        let (server, _market) = url.rsplit_once('/').context("secrets/database_url has no database")?;
        Ok(format!("{server}/{database}"))
    }

    /// `podman run` of the project image in the network of the database.
    pub(super) fn run_beside(&self, flags: &[&str], command: &[&str]) -> anyhow::Result<Finished> {
        let network = format!("--network={PROJECT}_database");
        let image = in_full("market-sentinel:verified");
        let mut run = self.engine.command("podman");
        run.args(["run", "--rm", "--pull=never", "--no-healthcheck", &network])
            .args(flags)
            .arg(image)
            .args(command);
        finished(&mut run)
    }

    /// The fingerprint of everything in a database, after every rule of the store was checked.
    pub(super) fn fingerprint(&self, database: &str) -> anyhow::Result<String> {
        let script = "sentinel verify --json --database-url \"$(sed \"s,/market\\$,/$1,\" /run/secrets/database_url)\"";
        let told = self.said(&["exec", "-T", "api", "sh", "-c", script, "--", database])?;
        let (_, rest) = told
            .split_once("\"fingerprint\":\"")
            .with_context(|| format!("no fingerprint in {told}"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }

    /// Brings it up by the one command, from the Dockerfile on; what was built before comes from the cache.
    pub(super) fn up_by_script(&self) -> anyhow::Result<Found<()>> {
        let told = finished(&mut self.script_command("up.sh", &[]))?;
        ensure!(
            told.code == 0,
            "up.sh ended with {}: {}",
            told.code,
            last_lines(&told.stderr, 12)
        );
        let said = format!("{}{}", told.stdout, told.stderr);
        ensure!(
            said.contains("Image market-sentinel:verified Built"),
            "Compose built nothing: {}",
            last_lines(&said, 12)
        );
        let settings = fs::read_to_string(self.deploy.join(".env"))?;
        ensure!(
            settings.contains("\nCOMPOSE_PROFILES=demo\n"),
            "deploy/.env does not keep the profile: {settings}"
        );
        self.ended_well()?;
        let kept = said.matches("Using cache").count();
        seen(format_args!(
            "Compose built the image, {kept} steps from the cache; db, api and prometheus are healthy, demo and grafana-role ended with 0"
        ))
    }

    /// As up.sh leaves it, for a stack that is brought up without.
    pub(super) fn keep_profile(&self) -> anyhow::Result<()> {
        self.checkout.change("deploy/.env", |settings| {
            Ok(format!("{settings}COMPOSE_PROFILES=demo\n"))
        })
    }

    /// Brings it up and waits for its health.
    pub(super) fn up(&self) -> anyhow::Result<Found<()>> {
        self.said(&[
            "up",
            "--detach",
            "--no-build",
            "--pull=never",
            "--wait",
            "--wait-timeout=180",
        ])?;
        self.ended_well()?;
        seen("db, api and prometheus are healthy; demo and grafana-role ended with 0")
    }

    /// What runs once has run.
    fn ended_well(&self) -> anyhow::Result<()> {
        for once in ["demo", "grafana-role"] {
            let container = self.container(once)?;
            let code = self.inspected(&container, "{{.State.Status}} {{.State.ExitCode}}")?;
            ensure!(code == "exited 0", "{once} is `{code}`: {}", self.logs(once));
        }
        Ok(())
    }

    /// The end of what a service logged.
    pub(super) fn logs(&self, service: &str) -> String {
        let logged = finished(&mut self.compose(&["logs", "--no-log-prefix", "--no-color", service]));
        logged.map(|said| last_lines(&said.stdout, 15)).unwrap_or_default()
    }

    /// For a stack that did not come up.
    pub(super) fn show_logs(&self) {
        for service in ["db", "api", "demo", "grafana-role", "prometheus"] {
            terminal::warn(format_args!("-- {service}\n{}", self.logs(service)));
        }
    }

    /// Until it is so, or time is up.
    pub(super) fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while !holds() {
            if began.elapsed() > PATIENCE {
                bail!("{what}: not within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(began.elapsed())
    }

    /// Whether the API says that it can work.
    pub(super) fn is_ready(&self) -> bool {
        http::get(self.api_port, "/health/ready").is_ok_and(|answer| answer.status == 200)
    }

    /// Live, ready, and measured.
    pub(super) fn answers(&self) -> anyhow::Result<Found<()>> {
        for path in ["/health", "/health/ready", "/metrics", "/docs/", "/openapi.json"] {
            let answer = http::get(self.api_port, path)?;
            ensure!(
                answer.status == 200,
                "{path} answers {}: {}",
                answer.status,
                last_lines(&answer.body, 3)
            );
        }
        let published = self.said(&["port", "api", "8000"])?;
        ensure!(
            published.starts_with("127.0.0.1:"),
            "the port is published on {published}"
        );
        seen(format_args!(
            "/health, /health/ready, /metrics, /docs/ and /openapi.json on {published}"
        ))
    }

    /// Prometheus found the API by its name in the network, and sees it up.
    pub(super) fn is_scraped(&self) -> anyhow::Result<Found<()>> {
        let up = "/api/v1/query?query=up%7Bjob%3D%22sentinel%22%7D";
        let took = self.wait_until("up{job=\"sentinel\"} is 1", || {
            http::get(self.prometheus_port, up).is_ok_and(|answer| answer.body.contains(",\"1\"]"))
        })?;
        seen(format_args!(
            "up{{job=\"sentinel\"}} is 1 after {:.0} s",
            took.as_secs_f64()
        ))
    }

    /// Mounted as files, which not even their reader can change.
    pub(super) fn secrets_are_read_only(&self) -> anyhow::Result<Found<()>> {
        let write = "cat /run/secrets/database_url >/dev/null && ! (echo x >/run/secrets/database_url) 2>/dev/null";
        self.said(&["exec", "-T", "api", "sh", "-c", write])?;
        let environment = self.inspected(&self.container("api")?, "{{json .Config.Env}}")?;
        let url = self.database_url("market")?;
        let password = url
            .split(['@', ':'])
            .nth(2)
            .context("secrets/database_url has no password")?;
        ensure!(
            !environment.contains(password),
            "the password stands in the environment of the container"
        );
        seen("read in the container, not written, and in no environment")
    }

    /// Takes it away with its data.
    pub(super) fn down(&self) -> anyhow::Result<Found<()>> {
        self.said(&["--profile", "*", "down", "--volumes", "--timeout=5"])?;
        let left = self.engine.podman(["ps", "--all", "--quiet"])?;
        ensure!(left.is_empty(), "containers are left: {left}");
        let volumes = self.engine.podman(["volume", "ls", "--quiet"])?;
        ensure!(volumes.is_empty(), "volumes are left: {volumes}");
        seen("no container and no volume")
    }
}

/// A bind mount wants its source to be there.
fn make_what_is_missing(grafana: &Path) -> anyhow::Result<()> {
    for folder in ["provisioning", "dashboards"] {
        fs::create_dir_all(grafana.join(folder))?;
    }
    let role = grafana.join("read-only-role.sql");
    if !role.exists() {
        terminal::warn("note: grafana/read-only-role.sql is not in this checkout; grafana-role runs nothing");
        fs::write(&role, NO_ROLE)?;
    }
    Ok(())
}
