//! A text that was looked through once.

use super::ascii::is_ascii;

/// A text, and whether it is ASCII: nearly all are, and everything that is counted or sought asks first.
#[derive(Debug, Clone, Copy)]
pub struct Text<'t> {
    text: &'t str,
    is_ascii: bool,
}

impl<'t> Text<'t> {
    #[must_use]
    pub fn as_str(self) -> &'t str {
        self.text
    }

    #[must_use]
    pub fn as_bytes(self) -> &'t [u8] {
        self.text.as_bytes()
    }

    #[must_use]
    pub fn is_ascii(self) -> bool {
        self.is_ascii
    }
}

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Self { text, is_ascii: is_ascii(text.as_bytes()) }
    }
}

impl<'t> From<&'t String> for Text<'t> {
    fn from(text: &'t String) -> Self {
        Self::from(text.as_str())
    }
}
