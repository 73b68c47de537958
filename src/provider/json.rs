//! Reading a vendor's JSON so that nothing odd in it fails a read, and writing ours.
//!
//! An unknown or odd value becomes "not known": a help desk has hundreds of fields, their types differ
//! from what is documented, and a ticket with a strange one is still a ticket.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::patch::Patch;
use crate::model::text::Text;
use crate::provider::error::ProviderError;

/// A text if the value is one.
pub fn text(raw: Option<&RawValue>) -> Option<Text> {
    raw.and_then(Text::from_raw)
}

/// The texts of a list; what is none is left out.
pub fn texts(List(list): List<&RawValue>) -> Vec<Text> {
    list.into_iter().filter_map(Text::from_raw).collect()
}

/// A value that any client can read, or null: no number beyond all numbers, no depth without an end.
pub fn readable(raw: &RawValue) -> Box<RawValue> {
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(_) => raw.to_owned(),
        Err(_) => RawValue::NULL.to_owned(),
    }
}

/// A body whose texts any client can read: half of a surrogate pair that stands alone, which JSON can
/// spell and no text can hold, is the replacement character.
pub fn with_whole_pairs(body: Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(&body) else {
        return body;
    };
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return body;
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        whole.push_str(before);
        let low = escape.get(6..).and_then(unit);
        let (spelled, length) = match (unit(escape), low) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (escape.get(..12), 12),
            (Some(0xd800..=0xdfff), _) => (Some("\\ufffd"), 6),
            // A backslash and the letter that it is about.
            _ => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                (escape.get(..length), length)
            }
        };
        whole.push_str(spelled.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole.into()
}

/// The unit of UTF-16 that an escape at the beginning of a text spells.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// A time if the value is one.
pub fn time(raw: Option<&RawValue>) -> Option<Timestamp> {
    raw?.get()
        .strip_prefix('"')?
        .strip_suffix('"')?
        .parse()
        .ok()
}

/// Reads an id that is a decimal number, in its one spelling.
pub fn number(text: &str) -> Option<u64> {
    let canonical = !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

/// The value that a patch puts: null to clear, nothing to keep.
pub fn patched<T>(
    patch: &Patch<T>,
    put: impl FnOnce(&T) -> Result<Value, ProviderError>,
) -> Result<Option<Value>, ProviderError> {
    match patch {
        Patch::Keep => Ok(None),
        Patch::Clear => Ok(Some(Value::Null)),
        Patch::Set(value) => put(value).map(Some),
    }
}

/// Vendors' times have no fraction.
pub fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// An integer, read also from a float or a string; anything else is none.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub Option<u64>);

impl Number {
    /// As the text of an id.
    pub fn id(self) -> Option<String> {
        self.0.map(|number| number.to_string())
    }
}

/// An id, which must be there: an integer, also as a float or a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id(pub u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number(number) = Number::deserialize(deserializer)?;
        number
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("an id is missing"))
    }
}

/// A boolean; anything else is none.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

impl Flag {
    /// Whether it is there and true.
    pub fn is_set(self) -> bool {
        self.0 == Some(true)
    }
}

/// What a lenient scalar can become.
struct Scalar {
    /// If it was a number, or a text that is one.
    number: Option<u64>,
    /// If it was a boolean.
    flag: Option<bool>,
}

/// Reads any JSON value as a [`Scalar`].
struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar {
            number: None,
            flag: Some(flag),
        })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar {
            number: Some(number),
            flag: None,
        })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar {
            number: u64::try_from(number).ok(),
            flag: None,
        })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        let exact = (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within 2^53"
        )]
        let whole = exact.then_some(number as u64);
        Ok(Scalar {
            number: whole,
            flag: None,
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar {
            number: text.parse().ok(),
            flag: None,
        })
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar {
            number: None,
            flag: None,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.visit_unit()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.visit_unit()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(AnyScalar)
            .map(|scalar| Self(scalar.number))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(AnyScalar)
            .map(|scalar| Self(scalar.flag))
    }
}

/// What a visitor makes of values that are neither a list nor an object, null among them.
macro_rules! odd_scalars {
    ($value:ty, $empty:expr) => {
        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok($empty)
        }

        fn visit_bool<E>(self, _: bool) -> Result<$value, E> {
            Ok($empty)
        }

        fn visit_u64<E>(self, _: u64) -> Result<$value, E> {
            Ok($empty)
        }

        fn visit_i64<E>(self, _: i64) -> Result<$value, E> {
            Ok($empty)
        }

        fn visit_f64<E>(self, _: f64) -> Result<$value, E> {
            Ok($empty)
        }

        fn visit_str<E>(self, _: &str) -> Result<$value, E> {
            Ok($empty)
        }
    };
}

/// A list; anything else reads as an empty one.
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyList(PhantomData))
    }
}

/// Reads a [`List`].
struct AnyList<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyList<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List::default())
    }

    odd_scalars!(List<T>, List::default());
}

/// An object whose keys are not known beforehand, in its order; anything else reads as an empty one.
#[derive(Default)]
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut members = self.0.iter();
        members.find_map(|(own, value)| (own == name).then_some(*value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyFields(PhantomData))
    }
}

/// A key that borrows from the body unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads [`Fields`].
struct AnyFields<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for AnyFields<'a> {
    type Value = Fields<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'a>, A::Error> {
        let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(8));
        while let Some((Key(key), value)) = map.next_entry()? {
            fields.push((key, value));
        }
        Ok(Fields(fields))
    }

    odd_scalars!(Fields<'a>, Fields::default());

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Fields<'a>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Fields(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else_is_touched() {
        for (body, whole) in [
            (r#"["\ud83d\ude00"]"#, r#"["\ud83d\ude00"]"#),
            (r#"["\uD83D\uDE00\uD83D"]"#, r#"["\uD83D\uDE00\ufffd"]"#),
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\ude00\ud83dx"]"#, r#"["\ufffd\ufffdx"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\\ud83d","\\\ud83d"]"#, r#"["\\ud83d","\\\ufffd"]"#),
            (r#"["\u00e9\ud8"#, r#"["\u00e9\ud8"#),
            ("[\"\\ud83d\\\u{e9}\\", "[\"\\ufffd\\\u{e9}\\"),
        ] {
            assert_eq!(with_whole_pairs(body.into()), whole);
        }
        let no_text = Bytes::from_static(b"\\ud83d\xff");
        assert_eq!(with_whole_pairs(no_text.clone()), no_text);
    }

    #[test]
    fn what_common_readers_refuse_is_null() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for (value, shown) in [
            ("1e400", "null"),
            ("[-1e400]", "null"),
            (deep.as_str(), "null"),
            ("18446744073709551616", "18446744073709551616"),
            (r#"{"a":[1.50,"x"]}"#, r#"{"a":[1.50,"x"]}"#),
        ] {
            let raw = RawValue::from_string(value.to_owned()).unwrap();
            assert_eq!(readable(&raw).get(), shown);
        }
    }
}
