//! The language of search queries (Freshdesk reference, section 5):
//! `priority:3 AND (status:2 OR tag:'urgent')`.

use jiff::Timestamp;

use super::times;

/// A query, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// Every one holds.
    All(Vec<Expression>),
    /// At least one holds.
    Any(Vec<Expression>),
    /// One comparison.
    Is(Condition),
}

/// `field:value`, `field:>value` or `field:<value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// The field's name.
    pub(super) field: String,
    /// How it is compared.
    pub(super) comparison: Comparison,
    /// With what.
    pub(super) value: Literal,
}

/// How a field is compared; the two arrows include equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `:`
    Equal,
    /// `:>`
    AtLeast,
    /// `:<`
    AtMost,
}

/// A value in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    /// `null`: the field is empty.
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// A number.
    Whole(i64),
    /// A text in single quotes.
    Text(String),
}

/// What a searchable field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number.
    Whole,
    /// A text.
    Text,
    /// A checkbox.
    Truth,
    /// A day, or a moment that is compared by its day.
    Date,
}

/// A field's value on one object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Null,
    /// A number.
    Whole(i64),
    /// A text.
    Text(&'a str),
    /// Several texts, of which one has to fit.
    Texts(&'a [String]),
    /// A checkbox.
    Truth(bool),
    /// A moment.
    Moment(Timestamp),
    /// A day, as custom fields hold it; days of this form sort as texts.
    Day(&'a str),
}

impl Expression {
    /// All conditions in it.
    pub(super) fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Is(condition) => vec![condition],
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().flat_map(Self::conditions).collect()
            }
        }
    }

    /// Whether an object fits, whose fields `cell` looks up.
    pub(super) fn fits<'a>(&self, cell: &impl Fn(&str) -> Cell<'a>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.fits(cell)),
            Self::Any(parts) => parts.iter().any(|part| part.fits(cell)),
            Self::Is(condition) => condition.fits(&cell(&condition.field)),
        }
    }
}

impl Condition {
    /// Whether its value makes sense for a field of that kind.
    pub(super) fn suits(&self, kind: Kind) -> bool {
        let is_type_right = match (kind, &self.value) {
            (_, Literal::Null) => self.comparison == Comparison::Equal,
            (Kind::Whole, Literal::Whole(_))
            | (Kind::Text, Literal::Text(_))
            | (Kind::Truth, Literal::Truth(_)) => true,
            (Kind::Date, Literal::Text(text)) => times::read_date(text).is_some(),
            _ => false,
        };
        let is_ordered = matches!(kind, Kind::Whole | Kind::Date);
        is_type_right && (is_ordered || self.comparison == Comparison::Equal)
    }

    /// Whether a value fits.
    fn fits(&self, cell: &Cell<'_>) -> bool {
        match (cell, &self.value) {
            (Cell::Null, value) => *value == Literal::Null,
            (Cell::Texts(texts), Literal::Null) => texts.is_empty(),
            (Cell::Whole(number), Literal::Whole(asked)) => self.holds(number, asked),
            (Cell::Truth(truth), Literal::Truth(asked)) => truth == asked,
            (Cell::Text(text), Literal::Text(asked)) => text.to_lowercase() == asked.to_lowercase(),
            (Cell::Texts(texts), Literal::Text(asked)) => texts
                .iter()
                .any(|text| text.to_lowercase() == asked.to_lowercase()),
            (Cell::Day(day), Literal::Text(asked)) => self.holds(day, &asked.as_str()),
            (Cell::Moment(moment), Literal::Text(asked)) => {
                let day = moment.strftime("%Y-%m-%d").to_string();
                self.holds(&day, asked)
            }
            _ => false,
        }
    }

    /// Compares two values of one type.
    fn holds<T: Ord + ?Sized>(&self, found: &T, asked: &T) -> bool {
        match self.comparison {
            Comparison::Equal => found == asked,
            Comparison::AtLeast => found >= asked,
            Comparison::AtMost => found <= asked,
        }
    }
}

/// Parses a query without its double quotes.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let mut rest = text;
    let expression = any(&mut rest)?;
    rest.trim_start().is_empty().then_some(expression)
}

/// Parses parts joined by `OR`.
fn any(rest: &mut &str) -> Option<Expression> {
    joined(rest, "OR", all, Expression::Any)
}

/// Parses parts joined by `AND`, which binds closer.
fn all(rest: &mut &str) -> Option<Expression> {
    joined(rest, "AND", part, Expression::All)
}

/// Parses parts joined by a word; a single part stays itself.
fn joined(
    rest: &mut &str,
    word: &str,
    part: fn(&mut &str) -> Option<Expression>,
    join: fn(Vec<Expression>) -> Expression,
) -> Option<Expression> {
    let first = part(rest)?;
    let mut others = Vec::new();
    while take_word(rest, word) {
        others.push(part(rest)?);
    }
    if others.is_empty() {
        return Some(first);
    }
    others.insert(0, first);
    Some(join(others))
}

/// Parses a condition or an expression in parentheses.
fn part(rest: &mut &str) -> Option<Expression> {
    *rest = rest.trim_start();
    if take(rest, "(") {
        let inner = any(rest)?;
        *rest = rest.trim_start();
        return take(rest, ")").then_some(inner);
    }
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    let (field, after) = rest.split_at(end);
    *rest = after;
    if field.is_empty() || !take(rest, ":") {
        return None;
    }
    let comparison = if take(rest, ">") {
        Comparison::AtLeast
    } else if take(rest, "<") {
        Comparison::AtMost
    } else {
        Comparison::Equal
    };
    let value = literal(rest)?;
    Some(Expression::Is(Condition {
        field: field.to_owned(),
        comparison,
        value,
    }))
}

/// Parses a value.
fn literal(rest: &mut &str) -> Option<Literal> {
    if take(rest, "'") {
        let (text, after) = rest.split_once('\'')?;
        *rest = after;
        return Some(Literal::Text(text.to_owned()));
    }
    let end = rest.find([' ', ')']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    match word {
        "null" => Some(Literal::Null),
        "true" => Some(Literal::Truth(true)),
        "false" => Some(Literal::Truth(false)),
        number => number.parse().ok().map(Literal::Whole),
    }
}

/// Takes a sign from the front.
fn take(rest: &mut &str, sign: &str) -> bool {
    let Some(after) = rest.strip_prefix(sign) else {
        return false;
    };
    *rest = after;
    true
}

/// Takes a word from the front, with what may follow a word.
fn take_word(rest: &mut &str, word: &str) -> bool {
    let Some(after) = rest.trim_start().strip_prefix(word) else {
        return false;
    };
    if !after.starts_with([' ', '(']) {
        return false;
    }
    *rest = after;
    true
}
