//! What of a setting is kept out of sight.

/// What of a setting's value is masked wherever it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Nothing.
    Open,
    /// The password in a URL.
    Login,
    /// All of it.
    Whole,
}

impl Secrecy {
    /// A value as it may be shown; an empty one hides nothing.
    #[must_use]
    pub fn shown(self, value: &str) -> String {
        match self {
            Self::Login => mask_password(value),
            Self::Whole if !value.is_empty() => "***".to_owned(),
            Self::Open | Self::Whole => value.to_owned(),
        }
    }
}

/// `scheme://user:***@host`: whatever stands between the first `:` after `//` and the last `@` is masked, also where the
/// text is no proper URL; so are values of parameters that are called like passwords.
fn mask_password(text: &str) -> String {
    let (address, parameters) = match text.split_once('?') {
        Some((address, parameters)) => (address, Some(parameters)),
        None => (text, None),
    };
    let (before, rest) = match address.split_once("//") {
        Some((scheme, rest)) => (format!("{scheme}//"), rest),
        None => (String::new(), address),
    };
    let mut shown = match rest.rsplit_once('@').map(|(login, host)| (login.split_once(':'), host)) {
        Some((Some((user, _password)), host)) => format!("{before}{user}:***@{host}"),
        _ => address.to_owned(),
    };
    if let Some(parameters) = parameters {
        let masked: Vec<String> = parameters
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
                _ => pair.to_owned(),
            })
            .collect();
        shown = format!("{shown}?{}", masked.join("&"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_passwords_and_nothing_else() {
        let check = |text: &str, shown: &str| assert_eq!(Secrecy::Login.shown(text), shown);
        check("sqlite:./sentinel.db", "sqlite:./sentinel.db");
        check("postgres://u:secret@h:5432/db", "postgres://u:***@h:5432/db");
        check("postgres://u:se@cr:et@h/db", "postgres://u:***@h/db");
        check(
            "postgres://u@h/db?password=secret&x=1",
            "postgres://u@h/db?password=***&x=1",
        );
        check("u:secret@h", "u:***@h");
    }

    #[test]
    fn a_key_is_masked_as_a_whole() {
        assert_eq!(Secrecy::Whole.shown("demo"), "***");
        assert_eq!(Secrecy::Whole.shown(""), "", "whether there is one is no secret");
        assert_eq!(Secrecy::Open.shown("demo"), "demo");
    }
}
