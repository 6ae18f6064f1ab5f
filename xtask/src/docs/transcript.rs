//! A `console` block: what is typed, what it prints, and whether that is what was printed.

use anyhow::bail;

/// Stands for any characters within a line; alone on a line, for any lines.
const ANYTHING: char = '…';

/// One command of a transcript, and the lines that the document shows for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Lines behind the block's opening fence.
    pub(crate) line: usize,
    pub(crate) command: String,
    pub(crate) expected: String,
}

/// The commands of a transcript: lines that begin with `$ `, and `> ` where one goes on.
///
/// # Errors
/// When something is printed before the first command.
pub(crate) fn steps(text: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_typed = false;
    for (line, content) in (1..).zip(text.lines()) {
        let typed = content.strip_prefix("$ ");
        let goes_on = content.strip_prefix("> ").filter(|_| is_typed);
        match (typed, goes_on, steps.last_mut()) {
            (Some(command), ..) => steps.push(Step {
                line,
                command: command.to_owned(),
                expected: String::new(),
            }),
            (None, Some(more), Some(step)) => {
                step.command.push('\n');
                step.command.push_str(more);
            }
            (None, None, Some(step)) => {
                step.expected.push_str(content);
                step.expected.push('\n');
            }
            (None, _, None) => bail!("a `console` block begins with a command behind `$ `, not with `{content}`"),
        }
        is_typed = typed.or(goes_on).is_some();
    }
    Ok(steps)
}

/// Whether a command printed what the document shows.
///
/// `…` stands for whatever differs from run to run. Blanks at the ends of lines do not count, and JSON may be laid out in
/// lines that it does not have.
pub(crate) fn matches(expected: &str, printed: &str) -> bool {
    if let (Some(expected), Some(printed)) = (compact_json(expected), compact_json(printed)) {
        return line_matches(&expected, &printed);
    }
    let lines =
        |text: &str| -> Vec<String> { text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect() };
    lines_match(&lines(expected), &lines(printed))
}

fn lines_match(expected: &[String], printed: &[String]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == ANYTHING.to_string() => {
            (0..=printed.len()).any(|skipped| lines_match(rest, printed.get(skipped..).unwrap_or_default()))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others)),
    }
}

/// Each part between two `…` is looked for behind the one before; the first and the last are bound to the ends.
fn line_matches(expected: &str, printed: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}

/// JSON without the blanks between its tokens; `None` for what does not begin as an object or a list.
fn compact_json(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let (mut in_string, mut escaped) = (false, false);
    let compact = text.chars().filter(|&c| {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return true;
        }
        in_string = c == '"';
        !c.is_whitespace()
    });
    Some(compact.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_what_they_print() {
        let read = steps("$ a \\\n> b\nprinted\n\n> quoted\n$ c\n").unwrap();
        let step = |line, command: &str, expected: &str| Step {
            line,
            command: command.to_owned(),
            expected: expected.to_owned(),
        };
        assert_eq!(read, [step(1, "a \\\nb", "printed\n\n> quoted\n"), step(6, "c", "")]);
    }

    #[test]
    fn a_transcript_begins_with_a_command() {
        let error = steps("printed\n$ a\n").unwrap_err().to_string();
        assert!(error.ends_with("not with `printed`"), "{error}");
    }

    #[test]
    fn what_is_printed_has_to_be_the_same() {
        assert!(matches("a  b\nc\n", "a  b  \nc\n\n"));
        assert!(!matches("a\n", "a b\n"));
        assert!(!matches("a\n", "a\nb\n"));
        assert!(!matches("a\nb\n", "a\n"));
        assert!(matches("", "\n"));
        assert!(!matches("", "surprise\n"));
    }

    #[test]
    fn an_ellipsis_stands_for_what_differs() {
        assert!(matches("run …, at …Z\n", "run 17, at 2026-11-25T10:00:00Z\n"));
        assert!(!matches("run …, at …Z\n", "run 17 at 10:00Z\n"));
        assert!(!matches("a…b…b\n", "ab\n"));
        assert!(matches("first\n…\nlast\n", "first\n2\n3\nlast\n"));
        assert!(matches("first\n…\nlast\n", "first\nlast\n"));
        assert!(!matches("first\n…\nlast\n", "first\n2\n"));
    }

    #[test]
    fn json_may_be_laid_out() {
        assert!(matches(
            "{\n  \"name\": \"a \\\" {b\",\n  \"id\": …\n}\n",
            "{\"name\":\"a \\\" {b\",\"id\":17}\n"
        ));
        assert!(matches("{\"a\": 1}\n{\"a\": 2}\n", "{\"a\":1}\n{\"a\":2}\n"));
        assert!(!matches("{\"a\": \"x y\"}\n", "{\"a\":\"xy\"}\n"));
        assert!(!matches("{ \"a\": 1.50 }\n", "{\"a\":1.5}\n"));
    }
}
