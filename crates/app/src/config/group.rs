//! Groups of instruments that are ingested together, each a list under a name that the user chooses.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use domain::InstrumentReference;

use super::reader::Reader;

/// What a group is called: 1 to 32 of `a-z 0-9 - _`, so that a variable of the environment can name it too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupName(String);

/// The text names no group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a group: write 1 to 32 of a-z 0-9 - _, such as tech")]
pub struct GroupNameError(String);

impl GroupName {
    /// What stands before it in a key.
    pub(super) const SECTION: &str = "groups.";

    /// The key of its list.
    pub(super) fn key(&self) -> String {
        format!("{}{self}", Self::SECTION)
    }
}

impl FromStr for GroupName {
    type Err = GroupNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if (1..=32).contains(&text.len()) && text.bytes().all(is_known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(GroupNameError(text.to_owned()))
        }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The groups by name. One whose list is empty is none: that is how a variable takes a file's group away.
pub(super) fn read(reader: &mut Reader) -> Option<BTreeMap<GroupName, Vec<InstrumentReference>>> {
    let section = GroupName::SECTION.trim_end_matches('.');
    let names: Vec<GroupName> = reader
        .names_in(section)
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    let read: Vec<Option<_>> = names
        .into_iter()
        .map(|name| {
            let members = reader.list_at(&name.key(), "instruments for --group, comma-separated", |text| {
                text.parse::<InstrumentReference>().map_err(|error| error.to_string())
            })?;
            Some((name, members))
        })
        .collect();
    let groups: Option<BTreeMap<_, _>> = read.into_iter().collect();
    groups.map(|groups| groups.into_iter().filter(|(_, members)| !members.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_variable_can_spell() {
        let check = |text: &str, is_name: bool| assert_eq!(text.parse::<GroupName>().is_ok(), is_name, "{text}");
        check("tech", true);
        check("us-large_500", true);
        check("Tech", false);
        check("a.b", false);
        check("", false);
        check(&"a".repeat(33), false);
    }
}
