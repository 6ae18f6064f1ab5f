//! Images: Debian and those of other projects stood in for, and our own, built from its Dockerfile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::Choice;
use super::checkout::Checkout;
use super::engine::{Engine, said_by};
use super::report::{Found, seen};
use crate::workspace::root;

/// What all images stand on. A published one cannot be had without a registry; this is Debian from its own archive.
const BASE: &str = "docker.io/library/debian:bookworm-slim";

/// Holds `certs/ca-certificates.crt`, the authorities that TLS is checked against on this machine.
const AUTHORITIES: &str = "/etc/ssl";

/// Files that the stand-ins are built from.
const FILES: [(&str, &str); 4] = [
    ("rust.Dockerfile", include_str!("../stand_ins/rust.Dockerfile")),
    ("postgres.Dockerfile", include_str!("../stand_ins/postgres.Dockerfile")),
    (
        "postgres-entrypoint.sh",
        include_str!("../stand_ins/postgres-entrypoint.sh"),
    ),
    (
        "prometheus.Dockerfile",
        include_str!("../stand_ins/prometheus.Dockerfile"),
    ),
];

/// The images of one engine.
pub(super) struct Images<'a> {
    engine: &'a Engine,
    /// Where stand-ins are built.
    folder: PathBuf,
}

impl<'a> Images<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Self {
            engine,
            folder: engine.folder().join("stand-ins"),
        }
    }

    /// Makes those that are not there yet, under the names that our files call them by.
    pub(super) fn stand_ins(&self) -> anyhow::Result<Found<()>> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        for (name, text) in FILES {
            write(&self.folder.join(name), text)?;
        }
        said_by(
            Command::new("chmod")
                .arg("0755")
                .arg(self.folder.join("postgres-entrypoint.sh")),
        )?;
        let mut made = Vec::new();
        if !self.has(BASE) {
            self.make_base()?;
            made.push("debian".to_owned());
        }
        let named = |service| image_of(&read(&root().join("deploy/compose.yaml"))?, service);
        let rust = rust_image(&read(&root().join("deploy/Dockerfile"))?)?;
        for (file, image) in [
            ("rust.Dockerfile", rust),
            ("postgres.Dockerfile", named("db")?),
            ("prometheus.Dockerfile", named("prometheus")?),
        ] {
            let name = in_full(&image);
            // What did not change comes from its layers; the toolchain alone would be read again to know.
            let is_rust = file == "rust.Dockerfile";
            if is_rust && self.trusts_this_machine(&name) {
                continue;
            }
            let mut build = self.build(&name, &self.folder.join(file), &self.folder);
            if is_rust {
                let toolchain = said_by(Command::new("rustc").args(["--print", "sysroot"]))?;
                build
                    .arg(format!("--build-context=toolchain={toolchain}"))
                    .arg(format!("--build-context=authorities={AUTHORITIES}"));
            }
            said_by(build.arg(&self.folder))?;
            made.push(image);
        }
        match made.as_slice() {
            [] => seen("all there"),
            made => seen(made.join(", ")),
        }
    }

    /// The image of this project, under a name that Compose finds; built from the checkout unless it is given.
    pub(super) fn project(&self, choice: &Choice, checkout: &Checkout) -> anyhow::Result<Found<String>> {
        let image = in_full("market-sentinel:verified");
        if let Some(given) = &choice.image {
            self.engine.podman(["tag", given, &image])?;
            let detail = format!("{given} was given: deploy/Dockerfile is not proven by this run");
            return Ok(Found { value: image, detail });
        }
        let folder = checkout.folder();
        said_by(
            self.build(&image, &folder.join("deploy/Dockerfile"), folder)
                .arg(folder),
        )?;
        let detail = match &choice.binary {
            None => format!("{image} from deploy/Dockerfile"),
            Some(program) => format!(
                "{image} around {}: its compiling is not proven by this run",
                program.display()
            ),
        };
        Ok(Found { value: image, detail })
    }

    fn has(&self, image: &str) -> bool {
        self.engine.podman(["image", "exists", image]).is_ok()
    }

    /// Whether the image is there, and of the kind that knows the authorities of this machine.
    fn trusts_this_machine(&self, image: &str) -> bool {
        let environment = self
            .engine
            .podman(["image", "inspect", "--format", "{{json .Config.Env}}", image]);
        environment.is_ok_and(|environment| environment.contains("CARGO_HTTP_CAINFO="))
    }

    /// Debian's own archive, at its smallest.
    fn make_base(&self) -> anyhow::Result<()> {
        let tree = self.folder.join("debian");
        let archive = self.folder.join("debian.tar");
        let _former = fs::remove_dir_all(&tree);
        said_by(
            Command::new("debootstrap")
                .args(["--variant=minbase", "bookworm"])
                .arg(&tree),
        )?;
        // As the published slim image does: what nobody reads in a container.
        for unread in [
            "usr/share/doc",
            "usr/share/man",
            "usr/share/locale",
            "usr/share/info",
            "var/cache/apt",
            "var/lib/apt/lists",
        ] {
            let _absent = fs::remove_dir_all(tree.join(unread));
        }
        fs::create_dir_all(tree.join("var/lib/apt/lists/partial"))?;
        fs::create_dir_all(tree.join("var/cache/apt/archives/partial"))?;
        said_by(
            Command::new("tar")
                .arg("-C")
                .arg(&tree)
                .arg("-cf")
                .arg(&archive)
                .arg("."),
        )?;
        let import = ["import", "--change", "CMD [\"bash\"]"];
        said_by(self.engine.command("podman").args(import).arg(&archive).arg(BASE))?;
        fs::remove_dir_all(&tree)?;
        fs::remove_file(&archive)?;
        Ok(())
    }

    /// Everything but the context.
    fn build(&self, image: &str, dockerfile: &Path, context: &Path) -> Command {
        let mut build = self.engine.command("buildah");
        build
            .args([
                "bud",
                "--isolation=chroot",
                "--network=host",
                "--pull-never",
                "--format=docker",
                "--layers",
            ])
            .arg(format!("--tag={image}"))
            .arg("--file")
            .arg(dockerfile)
            .current_dir(context);
        build
    }
}

/// What an image is called in an engine of its own: that of Docker's registry.
pub(super) fn in_full(image: &str) -> String {
    if image.contains('/') {
        format!("docker.io/{image}")
    } else {
        format!("docker.io/library/{image}")
    }
}

/// The image that a service of compose.yaml runs; an anchor in front of it is not part of it.
fn image_of(compose: &str, service: &str) -> anyhow::Result<String> {
    let mut lines = compose.lines().skip_while(|line| *line != format!("  {service}:"));
    let image = lines.find_map(|line| line.trim().strip_prefix("image:"));
    image
        .and_then(|image| image.split_whitespace().last())
        .map(str::to_owned)
        .with_context(|| format!("deploy/compose.yaml names no image of {service}"))
}

/// The image that the Dockerfile compiles in, from its arguments.
fn rust_image(dockerfile: &str) -> anyhow::Result<String> {
    let argument = |name: &str| {
        let prefix = format!("ARG {name}=");
        let value = dockerfile.lines().find_map(|line| line.strip_prefix(&prefix));
        value.with_context(|| format!("deploy/Dockerfile has no `ARG {name}=`"))
    };
    Ok(format!(
        "rust:{}-{}",
        argument("RUST_VERSION")?,
        argument("DEBIAN_RELEASE")?
    ))
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_called_as_in_the_files() {
        let compose = read(&root().join("deploy/compose.yaml")).unwrap();
        assert!(image_of(&compose, "db").unwrap().starts_with("timescale/timescaledb:"));
        assert!(
            image_of(&compose, "prometheus")
                .unwrap()
                .starts_with("prom/prometheus:")
        );
        assert!(image_of(&compose, "nobody").is_err());
        let dockerfile = read(&root().join("deploy/Dockerfile")).unwrap();
        assert!(rust_image(&dockerfile).unwrap().starts_with("rust:1."));
        assert_eq!(in_full("rust:1.95"), "docker.io/library/rust:1.95");
        assert_eq!(in_full("prom/prometheus:v3"), "docker.io/prom/prometheus:v3");
    }
}
