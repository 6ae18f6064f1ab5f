//! The anchors that GitHub gives to the headings of a document.

use std::collections::{BTreeSet, HashMap};

/// The anchors of one document, as its headings come.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    names: BTreeSet<String>,
    repeats: HashMap<String, u32>,
}

impl Anchors {
    /// Gives a heading its anchor, with a number behind it when the name is taken.
    pub(crate) fn add_heading(&mut self, text: &str) {
        let plain = slug(text);
        let mut name = plain.clone();
        while self.names.contains(&name) {
            let repeats = self.repeats.entry(plain.clone()).or_default();
            *repeats += 1;
            name = format!("{plain}-{repeats}");
        }
        self.names.insert(name);
    }

    /// Adds the `id` or `name` of an HTML element.
    pub(crate) fn add_id(&mut self, id: &str) {
        self.names.insert(id.to_owned());
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Those that there are, for a message.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Lower case, blanks as hyphens, and nothing but letters, digits, `-` and `_`.
fn slug(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headings: &[&str], expected: &[&str]) {
        let mut anchors = Anchors::default();
        for heading in headings {
            anchors.add_heading(heading);
        }
        let mut expected: Vec<_> = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(anchors.names().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn punctuation_goes_and_blanks_become_hyphens() {
        check(&["Two commands"], &["two-commands"]);
        check(&["What it does, today?"], &["what-it-does-today"]);
        check(
            &["`--chunk-days N`, 365 by default"],
            &["--chunk-days-n-365-by-default"],
        );
        check(&["A & B"], &["a--b"]);
        check(&["snake_case"], &["snake_case"]);
    }

    #[test]
    fn letters_of_every_alphabet_stay() {
        check(&["¿Qué hace?"], &["qué-hace"]);
        check(&["Año Nuevo"], &["año-nuevo"]);
    }

    #[test]
    fn a_heading_that_comes_again_gets_a_number() {
        check(&["Tests", "Tests", "Tests"], &["tests", "tests-1", "tests-2"]);
        check(&["Tests", "Tests 1", "Tests"], &["tests", "tests-1", "tests-2"]);
    }
}
