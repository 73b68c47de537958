//! Freshdesk's JSON, exactly, as far as the gateway reads it.
//!
//! Strings are borrowed from the reply as JSON literals. Numbers and flags are read leniently: an
//! unknown or odd value must never fail a read (Freshdesk reference, sections 3 and 4.2), so they
//! become "not known" instead.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A ticket as lists, views, creates and updates return it; key sets differ between them.
#[derive(Deserialize)]
pub(super) struct Ticket<'a> {
    /// Running number of the account.
    pub(super) id: Id,
    /// Plain text.
    #[serde(borrow, default)]
    pub(super) subject: Option<&'a RawValue>,
    /// HTML. Absent from lists without `include=description`.
    #[serde(borrow, default)]
    pub(super) description: Option<&'a RawValue>,
    /// A free list of the account.
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<&'a RawValue>,
    /// 2 to 5 built in, further ones per account.
    #[serde(default)]
    pub(super) status: Number,
    /// 1 to 4.
    #[serde(default)]
    pub(super) priority: Number,
    /// The requester's user id.
    #[serde(default)]
    pub(super) requester_id: Number,
    /// The agent's user id.
    #[serde(default)]
    pub(super) responder_id: Number,
    /// Group.
    #[serde(default)]
    pub(super) group_id: Number,
    /// Company.
    #[serde(default)]
    pub(super) company_id: Number,
    /// Addresses in copy; null on some old tickets.
    #[serde(borrow, default)]
    pub(super) cc_emails: List<&'a RawValue>,
    /// Tags.
    #[serde(borrow, default)]
    pub(super) tags: List<&'a RawValue>,
    /// All custom fields of the account.
    #[serde(borrow, default)]
    pub(super) custom_fields: Fields<'a>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) updated_at: Option<&'a RawValue>,
    /// When it is due to be resolved.
    #[serde(borrow, default)]
    pub(super) due_by: Option<&'a RawValue>,
    /// Present, and true, on trashed tickets only.
    #[serde(default)]
    pub(super) deleted: Flag,
    /// Held for spam.
    #[serde(default)]
    pub(super) spam: Flag,
    /// By `include=requester` only.
    #[serde(borrow, default)]
    pub(super) requester: Option<&'a RawValue>,
    /// By `include=conversations` only: at most ten, oldest first.
    #[serde(borrow, default)]
    pub(super) conversations: List<&'a RawValue>,
}

/// The requester that a ticket embeds.
#[derive(Deserialize)]
pub(super) struct Requester<'a> {
    /// User id.
    #[serde(default)]
    pub(super) id: Number,
    /// Name.
    #[serde(borrow, default)]
    pub(super) name: Option<&'a RawValue>,
    /// Address.
    #[serde(borrow, default)]
    pub(super) email: Option<&'a RawValue>,
}

/// A conversation: a reply, a note, a customer's message. The answers to a new reply and a new
/// note have fewer keys each.
#[derive(Deserialize)]
pub(super) struct Conversation<'a> {
    /// Id.
    pub(super) id: Id,
    /// Author.
    #[serde(default)]
    pub(super) user_id: Number,
    /// HTML.
    #[serde(borrow, default)]
    pub(super) body: Option<&'a RawValue>,
    /// Whether only agents see it. Absent from the answer to a new reply.
    #[serde(default)]
    pub(super) private: Flag,
    /// 2 is a note, but not every note has it.
    #[serde(default)]
    pub(super) source: Number,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) updated_at: Option<&'a RawValue>,
    /// Files.
    #[serde(borrow, default)]
    pub(super) attachments: List<Attachment<'a>>,
}

/// A file of a conversation.
#[derive(Deserialize)]
pub(super) struct Attachment<'a> {
    /// Id.
    pub(super) id: Id,
    /// File name.
    #[serde(borrow, default)]
    pub(super) name: Option<&'a RawValue>,
    /// Media type.
    #[serde(borrow, default)]
    pub(super) content_type: Option<&'a RawValue>,
    /// Bytes.
    #[serde(default)]
    pub(super) size: Number,
    /// Signed, valid for some minutes, to be fetched without credentials.
    #[serde(borrow, default, rename = "attachment_url")]
    pub(super) url: Option<&'a RawValue>,
    /// For images.
    #[serde(borrow, default)]
    pub(super) thumb_url: Option<&'a RawValue>,
}

/// The owner of an API key.
#[derive(Deserialize)]
pub(super) struct Agent {
    /// Name and address are in here, not beside it (section 10).
    pub(super) contact: AgentContact,
}

/// The person behind an agent.
#[derive(Deserialize)]
pub(super) struct AgentContact {
    /// Address.
    #[serde(default)]
    pub(super) email: Option<String>,
    /// Name.
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// One of the account's ticket fields.
#[derive(Deserialize)]
pub(super) struct TicketField<'a> {
    /// Name of the field, `status` for the statuses.
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    /// For the statuses `{"2": ["Open", "Being Processed"], …}`; other fields have other shapes.
    #[serde(borrow, default)]
    pub(super) choices: Option<&'a RawValue>,
}

/// The body of an error: one of two shapes (section 12).
#[derive(Deserialize, Default)]
pub(super) struct Failure {
    /// With `errors`: what failed as a whole.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// What is wrong with which field.
    #[serde(default)]
    pub(super) errors: Vec<FieldFailure>,
    /// Without `errors`: what is wrong.
    #[serde(default)]
    pub(super) message: Option<String>,
}

/// What is wrong with one field.
#[derive(Deserialize)]
pub(super) struct FieldFailure {
    /// The field, in Freshdesk's words.
    #[serde(default)]
    pub(super) field: Option<String>,
    /// What is wrong.
    #[serde(default)]
    pub(super) message: Option<String>,
}

/// An integer, read also from a float or a string; anything else is none.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) Option<u64>);

impl Number {
    /// As the text of an id.
    pub(super) fn id(self) -> Option<String> {
        self.0.map(|number| number.to_string())
    }
}

/// An id, which must be there: an integer, also as a float or a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(pub(super) u64);

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
pub(super) struct Flag(pub(super) Option<bool>);

impl Flag {
    /// Whether it is there and true.
    pub(super) fn is_set(self) -> bool {
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
pub(super) struct List<T>(pub(super) Vec<T>);

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
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

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
