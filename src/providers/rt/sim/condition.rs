//! Conditions of searches, and how values are compared with what was asked for.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Several: whether one of them is enough, or all have to hold.
    Group(bool, Vec<Condition>),
    /// One.
    Test(Test),
}

/// A field that is compared with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    /// The field, in lower case.
    pub(super) field: String,
    /// What stands behind the first point of it.
    pub(super) subkey: Option<String>,
    /// The field as it was written.
    pub(super) written: String,
    /// How it is compared.
    pub(super) operator: Operator,
    /// The value.
    pub(super) value: String,
    /// Whether the value was quoted.
    pub(super) is_quoted: bool,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`
    Is,
    /// `!=`
    IsNot,
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `IS NOT`, which knows NULL only.
    IsSet,
    /// `IS`, which knows NULL only.
    IsNull,
    /// `NOT LIKE`
    Unlike,
    /// `LIKE`
    Like,
    /// `NOT STARTSWITH`
    StartsOtherwise,
    /// `STARTSWITH`
    Starts,
    /// `NOT ENDSWITH`
    EndsOtherwise,
    /// `ENDSWITH`
    Ends,
}

impl Operator {
    /// How they are written, in the order in which RT tries them.
    pub(super) const WORDS: [(&'static str, Self); 14] = [
        ("=", Self::Is),
        ("!=", Self::IsNot),
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        (">", Self::Above),
        ("<", Self::Below),
        ("is not", Self::IsSet),
        ("is", Self::IsNull),
        ("not like", Self::Unlike),
        ("like", Self::Like),
        ("not startswith", Self::StartsOtherwise),
        ("startswith", Self::Starts),
        ("not endswith", Self::EndsOtherwise),
        ("endswith", Self::Ends),
    ];

    /// Reads one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = Self::WORDS.iter();
        let found = words.find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, operator)| *operator)
    }

    /// How it is written.
    pub(super) fn written(self) -> String {
        let mut words = Self::WORDS.iter();
        let found = words.find(|(_, operator)| *operator == self);
        found
            .map(|(name, _)| name.to_uppercase())
            .unwrap_or_default()
    }

    /// The operator of which this is the opposite; of lists it holds where the other holds for no element.
    pub(super) fn denied(self) -> Option<Self> {
        Some(match self {
            Self::IsNot => Self::Is,
            Self::Unlike => Self::Like,
            Self::StartsOtherwise => Self::Starts,
            Self::EndsOtherwise => Self::Ends,
            _ => return None,
        })
    }

    /// Whether an order of two values fits.
    pub(super) fn fits(self, order: Ordering) -> bool {
        match self {
            Self::Is => order.is_eq(),
            Self::IsNot => order.is_ne(),
            Self::AtLeast => order.is_ge(),
            Self::AtMost => order.is_le(),
            Self::Above => order.is_gt(),
            Self::Below => order.is_lt(),
            Self::IsSet => true,
            _ => false,
        }
    }
}

impl Test {
    /// A test of a field as it was written; of the value both forms are told.
    pub(super) fn new(written: &str, operator: Operator, value: String, raw: &str) -> Self {
        let (field, subkey) = match written.split_once('.') {
            Some((field, subkey)) => (field, Some(subkey.to_owned())),
            None => (written, None),
        };
        let is_null = matches!(operator, Operator::IsNull | Operator::IsSet);
        Self {
            field: field.to_lowercase(),
            subkey,
            written: written.to_owned(),
            operator,
            value: if is_null { "NULL".to_owned() } else { value },
            is_quoted: raw.starts_with(['\'', '"']),
        }
    }

    /// Whether the value is the name of another column, which it is taken for without quotes.
    pub(super) fn names_column(&self) -> bool {
        let is_null = matches!(self.operator, Operator::IsNull | Operator::IsSet);
        !is_null
            && !self.is_quoted
            && self
                .value
                .starts_with(|first: char| first.is_ascii_alphabetic())
    }

    /// Whether a text fits, in any letter case.
    pub(super) fn fits_text(&self, text: &str) -> bool {
        if let Some(operator) = self.operator.denied() {
            let opposite = Self {
                operator,
                ..self.clone()
            };
            return !opposite.fits_text(text);
        }
        let (text, wanted) = (text.to_lowercase(), self.value.to_lowercase());
        match self.operator {
            Operator::Like => is_like(&text, &format!("%{wanted}%")),
            Operator::Starts => is_like(&text, &format!("{wanted}%")),
            Operator::Ends => is_like(&text, &format!("%{wanted}")),
            operator => operator.fits(text.cmp(&wanted)),
        }
    }

    /// Whether a number fits; SQLite puts texts behind all numbers.
    pub(super) fn fits_number(&self, number: &str) -> bool {
        let is_number = |text: &&str| text.bytes().all(|byte| b"+-.0123456789".contains(&byte));
        let parsed = [number, self.value.as_str()].map(|text| {
            let text = Some(text).filter(is_number);
            text.and_then(|text| text.parse::<f64>().ok())
        });
        match (self.operator, parsed) {
            (Operator::Like | Operator::Unlike | Operator::Starts | Operator::Ends, _)
            | (_, [None, None]) => self.fits_text(number),
            (operator, [Some(have), Some(value)]) => operator.fits(have.total_cmp(&value)),
            (operator, [Some(_), None]) => operator.fits(Ordering::Less),
            (operator, [None, Some(_)]) => operator.fits(Ordering::Greater),
        }
    }

    /// Whether one of several values fits, or none does if that is asked.
    pub(super) fn fits_any<T>(
        &self,
        values: impl IntoIterator<Item = T>,
        fits: impl Fn(&Self, &T) -> bool,
    ) -> bool {
        let mut values = values.into_iter().peekable();
        match self.operator {
            Operator::IsNull => values.peek().is_none(),
            Operator::IsSet => values.peek().is_some(),
            operator => {
                let is_denied = operator.denied().is_some();
                let operator = operator.denied().unwrap_or(operator);
                let test = Self {
                    operator,
                    ..self.clone()
                };
                values.any(|value| fits(&test, &value)) != is_denied
            }
        }
    }
}

impl Condition {
    /// Whether it holds.
    pub(super) fn holds(&self, test: &impl Fn(&Test) -> bool) -> bool {
        match self {
            Self::Group(_, conditions) if conditions.is_empty() => true,
            Self::Group(true, conditions) => conditions.iter().any(|one| one.holds(test)),
            Self::Group(false, conditions) => conditions.iter().all(|one| one.holds(test)),
            Self::Test(one) => test(one),
        }
    }

    /// The numbers to which it holds a field, if it does: what does not have one of them need not be looked at.
    pub(super) fn numbers(&self, fields: &[&str]) -> Option<BTreeSet<u64>> {
        match self {
            Self::Group(true, conditions) => {
                let numbers = conditions.iter().map(|one| one.numbers(fields));
                let numbers: Option<Vec<_>> = numbers.collect();
                numbers.map(|numbers| numbers.into_iter().flatten().collect())
            }
            Self::Group(false, conditions) => {
                let mut numbers = conditions.iter().map(|one| one.numbers(fields));
                numbers.find_map(|numbers| numbers)
            }
            Self::Test(test) => {
                let is_it = test.operator == Operator::Is && fields.contains(&test.field.as_str());
                let number = test.value.parse().ok().filter(|_| is_it)?;
                Some(BTreeSet::from([number]))
            }
        }
    }

    /// All tests in it.
    pub(super) fn tests(&self) -> Vec<&Test> {
        match self {
            Self::Group(_, conditions) => conditions.iter().flat_map(Self::tests).collect(),
            Self::Test(test) => vec![test],
        }
    }
}

/// Whether a text fits a pattern of SQL: `%` stands for any letters, `_` for one.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut place, mut wanted, mut retry) = (0, 0, None);
    while let Some(letter) = text.get(place) {
        match pattern.get(wanted) {
            Some('%') => {
                retry = Some((place, wanted));
                wanted += 1;
            }
            Some(one) if one == letter || *one == '_' => {
                place += 1;
                wanted += 1;
            }
            _ => {
                let Some((from, star)) = retry else {
                    return false;
                };
                retry = Some((from + 1, star));
                place = from + 1;
                wanted = star + 1;
            }
        }
    }
    pattern.iter().skip(wanted).all(|one| *one == '%')
}
