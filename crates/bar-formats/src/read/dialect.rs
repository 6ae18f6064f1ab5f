//! How a text file separates its columns, and splitting a line by it.

/// The cells of one line, trimmed, in buffers that are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<usize>,
}

/// A quoted cell without its closing quote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnclosedQuote;

impl Cells {
    /// Takes the place of what was held. Quotes enclose delimiters, a doubled quote stands for itself.
    pub(crate) fn split(&mut self, line: &str, delimiter: char) -> Result<(), UnclosedQuote> {
        self.text.clear();
        self.ends.clear();
        if !line.contains('"') {
            for cell in line.split(delimiter) {
                self.text.push_str(cell.trim());
                self.ends.push(self.text.len());
            }
            return Ok(());
        }
        let mut rest = line;
        loop {
            let cell = rest.trim_start_matches(' ');
            let after = match cell.strip_prefix('"') {
                Some(quoted) => self.take_quoted(quoted)?,
                None => {
                    let end = cell.find(delimiter).unwrap_or(cell.len());
                    let (plain, after) = cell.split_at_checked(end).unwrap_or((cell, ""));
                    self.text.push_str(plain.trim());
                    after
                }
            };
            self.ends.push(self.text.len());
            match after.find(delimiter) {
                Some(at) => rest = after.get(at + delimiter.len_utf8()..).unwrap_or_default(),
                None => return Ok(()),
            }
        }
    }

    /// Copies what is quoted and returns what follows the closing quote.
    fn take_quoted<'a>(&mut self, quoted: &'a str) -> Result<&'a str, UnclosedQuote> {
        let start = self.text.len();
        let mut rest = quoted;
        loop {
            let (piece, after) = rest.split_once('"').ok_or(UnclosedQuote)?;
            self.text.push_str(piece);
            match after.strip_prefix('"') {
                Some(more) => {
                    self.text.push('"');
                    rest = more;
                }
                None => {
                    let trimmed = self.text.get(start..).unwrap_or_default().trim().to_owned();
                    self.text.truncate(start);
                    self.text.push_str(&trimmed);
                    return Ok(after);
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index
            .checked_sub(1)
            .map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Puts another text into the first cell.
    pub(crate) fn rename_first(&mut self, name: &str) {
        let held = self.ends.first().copied().unwrap_or(0);
        self.text.replace_range(..held, name);
        for end in &mut self.ends {
            *end = *end + name.len() - held;
        }
    }

    /// Nothing in any cell.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// The characters that separate columns, the rarer in numbers and dates first.
const DELIMITERS: [char; 4] = ['\t', ';', '|', ','];

/// The delimiter and the usual number of columns of a file, judged by its first lines.
pub(crate) fn delimiter_of<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> (char, usize) {
    let mut best = (',', 1, 0);
    for delimiter in DELIMITERS {
        let mut cells = Cells::default();
        let mut widths: Vec<usize> = lines
            .clone()
            .map(|line| cells.split(line, delimiter).map_or(0, |()| cells.len()))
            .filter(|width| *width > 1)
            .collect();
        widths.sort_unstable();
        let usual = widths
            .chunk_by(|left, right| left == right)
            .map(|same| (same.len(), same.first().copied().unwrap_or(1)))
            .max();
        if let Some((count, width)) = usual
            && count > best.2
        {
            best = (delimiter, width, count);
        }
    }
    (best.0, best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str, delimiter: char) -> Vec<String> {
        let mut cells = Cells::default();
        cells.split(line, delimiter).unwrap();
        cells.iter().map(str::to_owned).collect()
    }

    #[test]
    fn splits_plain_and_quoted_cells() {
        assert_eq!(split("a, b ,c", ','), ["a", "b", "c"]);
        assert_eq!(
            split("\"Jan 02, 2024\",\"1,234.5\",x", ','),
            ["Jan 02, 2024", "1,234.5", "x"]
        );
        assert_eq!(split("\"say \"\"hi\"\"\",,", ','), ["say \"hi\"", "", ""]);
        assert_eq!(split("", ','), [""]);
        assert_eq!(Cells::default().split("\"open,1", ','), Err(UnclosedQuote));
    }

    #[test]
    fn finds_the_delimiter_of_decimal_commas() {
        let lines = ["Data;Otwarcie;Zamkniecie", "2024-01-02;1,5;1,6", "2024-01-03;1,5;1,7"];
        assert_eq!(delimiter_of(lines.into_iter()), (';', 3));
        assert_eq!(
            delimiter_of(["https://example.com", "a,b", "1,2"].into_iter()),
            (',', 2)
        );
    }
}
