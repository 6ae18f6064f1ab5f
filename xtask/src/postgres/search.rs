//! The ways to a server, tried one after the other.

use anyhow::bail;

/// What to do where no way led to a server.
const REMEDY: &str = "install PostgreSQL 15 or newer (Debian and Ubuntu: `apt-get install postgresql`, macOS: `brew \
                      install postgresql@17`), which need not run, or docker or podman; or name a server in which \
                      databases may be made: TEST_DATABASE_URL=postgres://USER:PASSWORD@HOST/postgres";

/// The first server that there is.
///
/// # Errors
/// When there is none: why each way failed, and what to install.
pub(super) fn first<const N: usize, Server>(
    ways: [(&str, &dyn Fn() -> anyhow::Result<Server>); N],
) -> anyhow::Result<Server> {
    let mut failed = String::new();
    for (name, way) in ways {
        match way() {
            Ok(server) => return Ok(server),
            Err(error) => failed.push_str(&format!("\n  {name}: {error:#}")),
        }
    }
    bail!("tests need a PostgreSQL, and there is none:{failed}\n{REMEDY}")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_first_that_is_there_is_taken_and_the_rest_not_tried() {
        let tried = Cell::new(0);
        let way = |outcome: Result<u32, &'static str>| {
            let tried = &tried;
            move || {
                tried.set(tried.get() + 1);
                outcome.map_err(|message| anyhow!(message))
            }
        };
        let (absent, second, third) = (way(Err("absent")), way(Ok(2)), way(Ok(3)));
        let ways: [(&str, &dyn Fn() -> _); 3] = [("a", &absent), ("b", &second), ("c", &third)];
        assert_eq!(first(ways).unwrap(), 2);
        assert_eq!(tried.get(), 2);
    }

    #[test]
    fn no_server_is_an_error_that_says_why_and_what_to_install() {
        let error = first::<_, ()>([
            ("installed programs", &|| Err(anyhow!("no initdb"))),
            ("a container", &|| Err(anyhow!("no docker").context("starting"))),
        ]);
        let error = error.unwrap_err().to_string();
        for part in [
            "\n  installed programs: no initdb\n",
            "\n  a container: starting: no docker\n",
            "apt-get install postgresql",
            "brew install postgresql",
            "TEST_DATABASE_URL=",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
