//! The language of search queries: `type:ticket status<solved -tags:spam "blue screen"`
//! (Zendesk reference, section 10).
//!
//! What the reference knows by name only is filled in by what the vendor's clients rely on: terms
//! are joined by "and", several values of one property by "or".

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The properties that hold moments; their values have to be dates.
const MOMENTS: [&str; 4] = ["created", "updated", "solved", "due_date"];

/// A query, parsed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Search {
    /// What has to hold.
    pub(super) terms: Vec<Term>,
    /// The kinds of objects that were asked for by `type:`; none means all.
    pub(super) kinds: Vec<String>,
    /// The order asked for by `order_by:`, which the parameter `sort_by` overrules.
    pub(super) order_by: Option<String>,
    /// The direction asked for by `sort:`.
    pub(super) sort: Option<String>,
}

/// `-property<value`, or a word or phrase without a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// Whether it must not hold.
    pub(super) is_negated: bool,
    /// The property; none means all that is searched without one.
    pub(super) property: Option<String>,
    /// How it is compared.
    pub(super) comparison: Comparison,
    /// With what.
    pub(super) value: String,
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `:`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A property's value on one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Objects of this kind have no such property, so no term on it fits.
    Unknown,
    /// Names of which one has to be the value, in any case. Without any it is `none`.
    Names(Vec<String>),
    /// A text that has to hold the value's words in a row.
    Text(String),
    /// A text in which some word has to begin with each of the value's words.
    Loose(String),
    /// A place on a scale whose steps are named from lowest to highest.
    Step(&'static [&'static str], Option<String>),
    /// A moment.
    Moment(Option<Timestamp>),
}

impl Search {
    /// Parses a query. A date that is none is the error.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut search = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (term, after) = term(rest);
            rest = after.trim_start();
            search.add(term)?;
        }
        Ok(search)
    }

    /// Whether an object fits, whose properties `cell` looks up; without a property it is asked for what is
    /// searched then.
    pub(super) fn fits(&self, cell: &impl Fn(Option<&str>) -> Cell) -> bool {
        self.terms.iter().all(|term| {
            let cell = cell(term.property.as_deref());
            if cell == Cell::Unknown {
                return false;
            }
            let is_alone = term.is_negated || term.property.is_none();
            if is_alone || term.comparison != Comparison::Equal {
                return term.fits(&cell) != term.is_negated;
            }
            // Several values of one property are alternatives.
            let mut alternatives = self.terms.iter().filter(|other| {
                !other.is_negated
                    && other.comparison == Comparison::Equal
                    && other.property == term.property
            });
            alternatives.any(|other| other.fits(&cell))
        })
    }

    /// Keeps a term, or what it says of the results as such.
    fn add(&mut self, term: Term) -> Result<(), String> {
        match term.property.as_deref() {
            Some("type") if !term.is_negated => self.kinds.push(term.value.to_lowercase()),
            Some("order_by") => self.order_by = Some(term.value),
            Some("sort") => self.sort = Some(term.value),
            Some(property)
                if MOMENTS.contains(&property)
                    && term.value != "none"
                    && span(&term.value).is_none() =>
            {
                return Err(format!("{} is not a date", term.value));
            }
            _ => self.terms.push(term),
        }
        Ok(())
    }
}

impl Term {
    /// Whether a value fits, its sign aside.
    fn fits(&self, cell: &Cell) -> bool {
        let is_equality = self.comparison == Comparison::Equal;
        match cell {
            Cell::Names(names) if is_equality => is_named(names, &self.value),
            Cell::Text(text) if is_equality && self.value == "none" => text.is_empty(),
            Cell::Text(text) if is_equality => holds_words(text, &self.value),
            Cell::Loose(text) => {
                let found = words(text);
                let mut asked = words(&self.value).into_iter();
                asked.all(|word| found.iter().any(|one| one.starts_with(&word)))
            }
            Cell::Unknown | Cell::Names(_) | Cell::Text(_) => false,
            Cell::Step(steps, found) => {
                let place = |name: &str| steps.iter().position(|step| *step == name);
                let Some(found) = found.as_deref().and_then(place) else {
                    return is_equality && self.value == "none";
                };
                place(&self.value.to_lowercase())
                    .is_some_and(|asked| self.holds(found, asked, asked))
            }
            Cell::Moment(None) => is_equality && self.value == "none",
            Cell::Moment(Some(moment)) => {
                span(&self.value).is_some_and(|(first, last)| self.holds(*moment, first, last))
            }
        }
    }

    /// Compares a value with a span: a day is one that lasts from its first to its last second.
    fn holds<T: Ord + Copy>(&self, found: T, first: T, last: T) -> bool {
        match self.comparison {
            Comparison::Equal => first <= found && found <= last,
            Comparison::Less => found < first,
            Comparison::AtMost => found <= last,
            Comparison::Greater => found > last,
            Comparison::AtLeast => found >= first,
        }
    }
}

/// Takes one term from the front of a text that does not begin with a blank.
fn term(text: &str) -> (Term, &str) {
    let (is_negated, text) = match text.strip_prefix('-') {
        Some(after) => (true, after),
        None => (false, text),
    };
    let end = text.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '.'));
    let (name, after) = text.split_at(end.unwrap_or(text.len()));
    let signs = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        (":", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let found = signs.iter().find_map(|(sign, comparison)| {
        let after = after.strip_prefix(sign)?;
        (!name.is_empty()).then_some((*comparison, after))
    });
    let (property, comparison, rest) = match found {
        Some((comparison, after)) => (Some(name.to_lowercase()), comparison, after),
        None => (None, Comparison::Equal, text),
    };
    let (value, rest) = value(rest);
    let term = Term {
        is_negated,
        property,
        comparison,
        value: value.to_owned(),
    };
    (term, rest)
}

/// Takes a word, or a phrase in double quotes, from the front. A quote without an end is dropped.
fn value(text: &str) -> (&str, &str) {
    if let Some(inner) = text.strip_prefix('"') {
        return inner.split_once('"').unwrap_or((inner, ""));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at(end)
}

/// Whether one of the names is meant; `none` means that there is none, a star at the end that more
/// may follow.
fn is_named(names: &[String], value: &str) -> bool {
    if value == "none" {
        return names.is_empty();
    }
    let value = value.to_lowercase();
    let mut names = names.iter().map(|name| name.to_lowercase());
    match value.strip_suffix('*') {
        Some(start) => names.any(|name| name.starts_with(start)),
        None => names.any(|name| name == value),
    }
}

/// Whether a text holds the value's words in a row. A star at the end lets the last one go on.
fn holds_words(text: &str, value: &str) -> bool {
    let asked = words(value);
    let Some((last, before)) = asked.split_last() else {
        return true;
    };
    let goes_on = value.ends_with('*');
    words(text).windows(asked.len()).any(|window| {
        let Some((end, start)) = window.split_last() else {
            return false;
        };
        start == before && (end == last || (goes_on && end.starts_with(last.as_str())))
    })
}

/// The words of a text, in small letters.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The first and the last second that a date or a moment means.
fn span(value: &str) -> Option<(Timestamp, Timestamp)> {
    if let Ok(moment) = value.parse::<Timestamp>() {
        return Some((moment, moment));
    }
    let date: Date = value.parse().ok().filter(|_| value.len() == 10)?;
    let midnight = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let last = midnight(date.tomorrow().ok()?)?.checked_sub(SignedDuration::from_secs(1));
    Some((midnight(date)?, last.ok()?))
}
