//! The addresses that pages write, and those that are meant while their blocks run.

/// Where pages have `sentinel serve` and `sentinel demo` listen.
pub(super) const WRITTEN: &str = "127.0.0.1:8000";

/// The addresses that a page writes, and those that are meant here.
pub(super) struct Addresses<'a> {
    /// Host and port of what answers where a page says [`WRITTEN`].
    pub(super) server: &'a str,
    /// Host and port of the server that stands for the one at `localhost`.
    pub(super) postgres: Option<String>,
}

impl Addresses<'_> {
    /// A page's commands, with the addresses that are meant.
    pub(super) fn real(&self, script: &str) -> String {
        let script = script.replace(WRITTEN, self.server);
        match &self.postgres {
            Some(postgres) => script
                .replace("@localhost:5432/", &format!("@{postgres}/"))
                .replace("@localhost/", &format!("@{postgres}/")),
            None => script,
        }
    }

    /// What they printed, with the addresses that a page writes.
    pub(super) fn written(&self, printed: &str) -> String {
        let printed = printed.replace(self.server, WRITTEN);
        match &self.postgres {
            Some(postgres) => printed.replace(postgres, "localhost"),
            None => printed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_changed_there_and_back() {
        let addresses = Addresses {
            server: "127.0.0.1:4711",
            postgres: Some("127.0.0.1:5544".to_owned()),
        };
        let written = "curl http://127.0.0.1:8000/health; x postgres://sentinel:secret@localhost/market";
        let real = "curl http://127.0.0.1:4711/health; x postgres://sentinel:secret@127.0.0.1:5544/market";
        assert_eq!(addresses.real(written), real);
        assert_eq!(addresses.written(real), written);
    }
}
