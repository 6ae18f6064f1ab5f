//! What a document says about how one of its shell blocks is run: `<!-- docs: exit 3 -->` on the line before.

use anyhow::{Context, bail};

/// The orders before one block; several comments add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    /// `not run: REASON`
    pub(crate) not_run: Option<String>,
    /// `exit N`: how the last command ends, 0 by default.
    pub(crate) exit: i32,
    /// `until TEXT`: the block goes on by itself; once it has printed that, it gets SIGTERM and has to end well.
    pub(crate) until: Option<String>,
    /// `demo`: `sentinel.db` in the working folder holds the sample of `sentinel demo`.
    pub(crate) demo: bool,
    /// `postgres`: a server of its own stands for the one at `localhost`.
    pub(crate) postgres: bool,
    /// `file PATH as NAME`: files of the repository that are copied into the working folder before.
    pub(crate) files: Vec<Copied>,
}

/// A file of the repository, and what it is called where the block runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Orders {
    /// Takes one more comment.
    ///
    /// # Errors
    /// When it is no order, with those that there are.
    pub(crate) fn add(&mut self, order: &str) -> anyhow::Result<()> {
        let (word, rest) = order.split_once([' ', ':']).unwrap_or((order, ""));
        let rest = rest.trim();
        match word {
            "not" => self.not_run = Some(reason(rest)?),
            "exit" => {
                let code = rest.parse();
                self.exit = code.with_context(|| format!("`exit {rest}` names no exit code: write `exit 3`"))?;
            }
            "until" if rest.is_empty() => bail!("`until` says not until what: write `until listening on`"),
            "until" => self.until = Some(rest.to_owned()),
            "demo" if rest.is_empty() => self.demo = true,
            "postgres" if rest.is_empty() => self.postgres = true,
            "file" if !rest.is_empty() => self.files.push(copied(rest)),
            _ => bail!(
                "`{order}` is no order: there are `not run: REASON`, `exit N`, `until TEXT`, `demo`, `postgres`, \
                 `file PATH`, `file PATH as NAME` and, for all blocks of a page, `page not run: REASON`"
            ),
        }
        Ok(())
    }

    /// The reason of a `page not run: REASON`, which holds for every block of the page; `None` for any other order.
    ///
    /// # Errors
    /// When there is no reason.
    pub(crate) fn of_page(order: &str) -> anyhow::Result<Option<String>> {
        let Some(rest) = order.strip_prefix("page not ") else {
            return Ok(None);
        };
        reason(rest).map(Some)
    }
}

fn reason(rest: &str) -> anyhow::Result<String> {
    let reason = rest.strip_prefix("run:").map(str::trim);
    match reason {
        Some(reason) if !reason.is_empty() => Ok(reason.to_owned()),
        _ => bail!("a block that is not run needs its reason: write `not run: needs a container engine`"),
    }
}

fn copied(rest: &str) -> Copied {
    let (from, to) = match rest.split_once(" as ") {
        Some((from, to)) => (from.trim(), to.trim()),
        None => (rest, rest.rsplit_once('/').map_or(rest, |(_, name)| name)),
    };
    Copied {
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(comments: &[&str]) -> anyhow::Result<Orders> {
        let mut orders = Orders::default();
        comments.iter().try_for_each(|order| orders.add(order))?;
        Ok(orders)
    }

    #[test]
    fn several_orders_add_up() {
        let read = read(&["exit 3", "demo", "file a/b.csv", "file a/c.csv as d.csv"]).unwrap();
        let copied = |from: &str, to: &str| Copied {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let expected = Orders {
            exit: 3,
            demo: true,
            files: vec![copied("a/b.csv", "b.csv"), copied("a/c.csv", "d.csv")],
            ..Orders::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_not_run_says_why() {
        assert_eq!(
            read(&["not run: needs an engine: podman"]).unwrap().not_run.as_deref(),
            Some("needs an engine: podman")
        );
        for order in ["not run", "not run:", "not", "not tested: x"] {
            assert!(
                read(&[order]).unwrap_err().to_string().contains("needs its reason"),
                "{order}"
            );
        }
        assert_eq!(
            Orders::of_page("page not run: needs an engine").unwrap().as_deref(),
            Some("needs an engine")
        );
        assert_eq!(Orders::of_page("demo").unwrap(), None);
        assert!(Orders::of_page("page not run:").is_err());
    }

    #[test]
    fn an_order_that_there_is_not_is_answered_with_those_there_are() {
        for order in ["demos", "exit three", "until", "file", "postgres 15"] {
            let error = read(&[order]).unwrap_err().to_string();
            assert!(
                error.contains("there are `not run") || error.contains("write `"),
                "{order}: {error}"
            );
        }
    }
}
