//! Long texts that pass through the gateway without being read.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A string kept as the JSON string literal it arrived as.
///
/// Subjects, descriptions and comments are the bulk of every answer and the gateway never looks
/// into them. Decoding them into a `String` and escaping them again is most of a naive
/// translator's cost, so the literal is copied once and written out as it is. [`Text::decode`]
/// reads it when someone must.
#[derive(Clone)]
pub struct Text(Box<RawValue>);

impl Text {
    /// Takes a JSON value if it is a string.
    pub fn from_raw(raw: &RawValue) -> Option<Self> {
        raw.get().starts_with('"').then(|| Self(raw.to_owned()))
    }

    /// Encodes a string.
    pub fn new(text: &str) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "writing a string into memory as JSON cannot fail"
        )]
        let raw = serde_json::value::to_raw_value(text).expect("a string is JSON");
        Self(raw)
    }

    /// A plain text as the HTML that descriptions and comments are in the API: what reads as markup in it was
    /// text.
    #[must_use]
    pub fn into_html(self) -> Self {
        if !self.0.get().contains(['&', '<', '>', '\\']) {
            return self;
        }
        let mut html = String::new();
        for letter in self.decode().chars() {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '\n' => html.push_str("<br>"),
                letter => html.push(letter),
            }
        }
        Self::new(&html)
    }

    /// The text itself. A literal with an unpaired surrogate, which only a vendor can send, reads
    /// as the replacement character.
    pub fn decode(&self) -> Cow<'_, str> {
        let literal = self.0.get();
        let inner = literal
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(literal);
        if !inner.contains('\\') {
            return Cow::Borrowed(inner);
        }
        Cow::Owned(
            serde_json::from_str(literal)
                .unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string()),
        )
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.decode(), f)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.decode() == other.decode()
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
