//! Free text: names, reasons, rows as they came. Every character but one can be kept by every store.

use std::borrow::Cow;

/// The text as every store can keep it. PostgreSQL's text cannot hold the character NUL: its picture, `␀`, stands in for
/// it. So texts that differ in nothing else count as the same wherever stores are compared.
#[must_use]
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nul_is_replaced() {
        for text in ["", "Société Générale", "tab\tand\u{1}", "\u{10ffff}"] {
            assert!(matches!(storable(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        assert_eq!(storable("a\0b\0"), "a\u{2400}b\u{2400}");
    }
}
