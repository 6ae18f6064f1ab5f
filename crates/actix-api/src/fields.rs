//! Reads the named fields of a query string or a JSON object, and gathers everything that is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Display;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

use crate::problem::{FieldError, Problem};

/// Names this close count as a slip of the pen.
const NEAR: f64 = 0.6;

/// Given fields, which are taken one by one; what nobody takes is unknown.
#[derive(Debug)]
pub(crate) struct Fields<V> {
    given: BTreeMap<String, V>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Fields<String> {
    /// The parameters of a query string, decoded.
    pub(crate) fn of_query(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self::of_pairs(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())))
    }

    /// A parameter that may be left out.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.take(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, error);
                None
            }
        }
    }

    /// A parameter that must be there.
    pub(crate) fn required<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !self.given.contains_key(name) {
            self.known.push(name);
            self.refuse(name, "it is required");
            return None;
        }
        self.optional(name, parse)
    }
}

impl<V> Fields<V> {
    /// Names with their values; one that comes twice is refused.
    pub(crate) fn of_pairs(pairs: impl IntoIterator<Item = (String, V)>) -> Self {
        let mut fields = Self {
            given: BTreeMap::new(),
            known: Vec::new(),
            errors: Vec::new(),
        };
        for (name, value) in pairs {
            if fields.given.insert(name.clone(), value).is_some() {
                fields.refuse(&name, "it is given twice: give it once");
            }
        }
        fields
    }

    /// Takes a field, if it is there.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<V> {
        self.known.push(name);
        self.given.remove(name)
    }

    /// Notes what is wrong with a field.
    pub(crate) fn refuse(&mut self, field: impl Display, message: impl Display) {
        self.errors.push(FieldError {
            field: field.to_string(),
            message: message.to_string(),
        });
    }

    /// What was read, unless something was wrong or nobody asked for a field that is there.
    ///
    /// # Errors
    /// 400 with every field at fault.
    pub(crate) fn finish<T>(mut self, read: Option<T>) -> Result<T, Problem> {
        let unknown: Vec<String> = std::mem::take(&mut self.given).into_keys().collect();
        for name in unknown {
            let message = match self.nearest(&name) {
                Some(known) => format!("it is unknown: did you mean {known}?"),
                None if self.known.is_empty() => "it is unknown: nothing is taken here".to_owned(),
                None => format!("it is unknown: one of {}", self.known.join(", ")),
            };
            self.refuse(name.chars().take(60).collect::<String>(), message);
        }
        match (read, self.errors.is_empty()) {
            (Some(read), true) => Ok(read),
            _ => Err(Problem::invalid(self.errors)),
        }
    }

    fn nearest(&self, name: &str) -> Option<&'static str> {
        let likeness = |known: &str| strsim::normalized_damerau_levenshtein(name, known);
        let best = self
            .known
            .iter()
            .copied()
            .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))?;
        (likeness(best) >= NEAR).then_some(best)
    }
}

/// Parameters of a query string.
pub(crate) trait QueryParameters: Sized {
    /// Takes its parameters; `None` only when an error was noted.
    fn read(fields: &mut Fields<String>) -> Option<Self>;
}

/// No parameters at all.
pub(crate) struct NoParameters;

impl QueryParameters for NoParameters {
    fn read(_fields: &mut Fields<String>) -> Option<Self> {
        Some(Self)
    }
}

/// Extracts parameters, strictly: an unknown, repeated or malformed one is a problem.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: QueryParameters> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let mut fields = Fields::of_query(request.query_string());
        let read = T::read(&mut fields);
        ready(fields.finish(read).map(Self))
    }
}

/// `true` or `false`.
///
/// # Errors
/// What would be right.
pub(crate) fn truth(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("write true or false"),
    }
}

/// A whole number from 1 to `most`.
pub(crate) fn limit(most: usize) -> impl Fn(&str) -> Result<usize, String> {
    move |text| match text.parse() {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(format!("`{}` is not a whole number from 1 to {most}", excerpt(text))),
    }
}

/// At most 60 characters of what a client sent, to be quoted in a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(query: &str) -> Vec<(String, String)> {
        let mut fields = Fields::of_query(query);
        let read = fields.optional("limit", limit(10)).or(Some(1));
        fields.optional("interval", |text| Ok::<_, String>(text.to_owned()));
        match fields.finish(read) {
            Ok(_) => Vec::new(),
            Err(problem) => problem
                .errors()
                .iter()
                .map(|error| (error.field.clone(), error.message.clone()))
                .collect(),
        }
    }

    #[test]
    fn names_the_nearest_known_parameter() {
        let found = messages("intervall=1d&zzz=1&limit=11");
        let found: Vec<_> = found
            .iter()
            .map(|(field, message)| (field.as_str(), message.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("limit", "`11` is not a whole number from 1 to 10"),
                ("intervall", "it is unknown: did you mean interval?"),
                ("zzz", "it is unknown: one of limit, interval"),
            ]
        );
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        assert_eq!(messages("limit=1&limit=2").len(), 1);
        assert!(messages("limit=1&interval=1d").is_empty());
    }
}
