//! The grammar of `TicketSQL` and `TransactionSQL`, with its traps: letters that fit nowhere are skipped, words need no
//! blanks around them, and the last `AND` or `OR` of a group stands for all of them.

use super::condition::{Condition, Operator, Test};

/// What the grammar waits for, and what it is called in messages: a set of bits as in RT.
const NAMES: [(u8, &str); 6] = [
    (VALUE, "VALUE"),
    (AGGREGATOR, "AGGREGATOR"),
    (OPERATOR, "OPERATOR"),
    (OPEN, "OPEN_PAREN"),
    (CLOSE, "CLOSE_PAREN"),
    (KEYWORD, "KEYWORD"),
];
/// A value.
const VALUE: u8 = 1;
/// `AND` or `OR`.
const AGGREGATOR: u8 = 2;
/// An operator.
const OPERATOR: u8 = 4;
/// An opening parenthesis.
const OPEN: u8 = 8;
/// A closing parenthesis.
const CLOSE: u8 = 16;
/// A field.
const KEYWORD: u8 = 32;

/// A group that is being read.
#[derive(Default)]
struct Group {
    /// Whether one condition is enough: what the last aggregator said.
    is_any: bool,
    /// The conditions so far.
    conditions: Vec<Condition>,
}

impl Group {
    /// The group as a condition.
    fn close(self) -> Condition {
        Condition::Group(self.is_any, self.conditions)
    }
}

/// Reads a condition; the error is RT's message without the place in its source.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    let mut groups = vec![Group::default()];
    let mut want = KEYWORD | OPEN;
    let mut last = 0;
    let (mut field, mut operator) = (String::new(), None);
    let mut rest = text;
    while !rest.is_empty() {
        let Some(length) = token(rest) else {
            rest = after(rest, 1);
            continue;
        };
        let (word, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let current = kind(word, want);
        if current == 0 {
            let before = text.strip_suffix(rest).unwrap_or_default();
            let names = names(want);
            let place = format!("{before}>{word}<--here{tail}");
            return Err(format!("Wrong query, expecting a {names} in '{place}'"));
        }
        let is_nested = |groups: &Vec<Group>| if groups.len() > 1 { CLOSE } else { 0 };
        match current {
            OPEN => {
                groups.push(Group::default());
                want = KEYWORD | OPEN;
            }
            CLOSE => {
                if let Some(group) = groups.pop() {
                    add(&mut groups, group.close());
                }
                want = AGGREGATOR | is_nested(&groups);
            }
            AGGREGATOR => {
                if let Some(group) = groups.last_mut() {
                    group.is_any = word.eq_ignore_ascii_case("or");
                }
                want = KEYWORD | OPEN;
            }
            KEYWORD => {
                field = unquoted(word);
                want = OPERATOR;
            }
            OPERATOR => {
                operator = Operator::read(word);
                want = VALUE;
            }
            _ => {
                let Some(operator) = operator.take() else {
                    return Err("Query parser is lost".to_owned());
                };
                let one = Test::new(&std::mem::take(&mut field), operator, unquoted(word), word);
                add(&mut groups, Condition::Test(one));
                want = AGGREGATOR | is_nested(&groups);
            }
        }
        last = current;
        rest = tail;
    }
    if last != 0 && last & (CLOSE | VALUE) == 0 {
        let name = names(last);
        return Err(format!(
            "Incomplete query, last element ({name}) is not close paren or value in '{text}'"
        ));
    }
    let unclosed = groups.len() - 1;
    if unclosed > 0 {
        let word = if unclosed == 1 { "paren" } else { "parens" };
        return Err(format!(
            "Incomplete query, {unclosed} unclosed {word} in '{text}'"
        ));
    }
    let outermost = groups.pop().unwrap_or_default();
    Ok(outermost.close())
}

/// Adds a condition to the innermost group.
fn add(groups: &mut [Group], condition: Condition) {
    if let Some(group) = groups.last_mut() {
        group.conditions.push(condition);
    }
}

/// The text after some letters.
fn after(text: &str, letters: usize) -> &str {
    let mut left = text.chars();
    for _ in 0..letters {
        left.next();
    }
    left.as_str()
}

/// The length of the token at the beginning, if there is one. The order decides.
fn token(text: &str) -> Option<usize> {
    aggregator(text)
        .or_else(|| operator(text))
        .or_else(|| keyword(text))
        .or_else(|| value(text))
        .or_else(|| text.starts_with(['(', ')']).then_some(1))
}

/// What a token is, of what is wanted: the last one that fits.
fn kind(word: &str, want: u8) -> u8 {
    let kinds = [
        (OPERATOR, operator(word).is_some()),
        (VALUE, value(word).is_some()),
        (KEYWORD, keyword(word).is_some()),
        (AGGREGATOR, aggregator(word).is_some()),
        (OPEN, word.starts_with('(')),
        (CLOSE, word.starts_with(')')),
    ];
    let fitting = kinds
        .iter()
        .rev()
        .find(|(kind, fits)| *fits && want & kind != 0);
    fitting.map_or(0, |(kind, _)| *kind)
}

/// What is wanted, in words.
fn names(kinds: u8) -> String {
    let names = NAMES.iter().filter(|(kind, _)| kinds & kind != 0);
    let mut names: Vec<&str> = names.map(|(_, name)| *name).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() {
        return last.to_owned();
    }
    format!("{} or {last}", names.join(", "))
}

/// The length of a word at the beginning, whatever the letter case.
fn word(text: &str, word: &str) -> Option<usize> {
    let start = text.get(..word.len())?;
    start.eq_ignore_ascii_case(word).then_some(word.len())
}

/// The length of an aggregator.
fn aggregator(text: &str) -> Option<usize> {
    word(text, "and").or_else(|| word(text, "or"))
}

/// The length of an operator.
fn operator(text: &str) -> Option<usize> {
    let mut words = Operator::WORDS.iter();
    words.find_map(|(name, _)| word(text, name))
}

/// The length of a field: a custom field in braces, a word, or a quoted text.
fn keyword(text: &str) -> Option<usize> {
    custom_field(text)
        .or_else(|| {
            run(text, |letter| {
                letter.is_alphanumeric() || "_.{}".contains(letter)
            })
        })
        .or_else(|| quoted(text))
}

/// The length of a value: a custom field, a word, a number, or a quoted text.
fn value(text: &str) -> Option<usize> {
    let number = || {
        let digits = text.strip_prefix(['+', '-'])?;
        run(digits, |letter| letter.is_ascii_digit()).map(|length| length + 1)
    };
    custom_field(text)
        .or_else(|| {
            run(text, |letter| {
                letter.is_alphanumeric() || "_.".contains(letter)
            })
        })
        .or_else(number)
        .or_else(|| quoted(text))
}

/// The length of the letters at the beginning that fit.
fn run(text: &str, fits: impl Fn(char) -> bool) -> Option<usize> {
    let end = text.find(|letter| !fits(letter)).unwrap_or(text.len());
    (end > 0).then_some(end)
}

/// The length of `CF.{…}`, with what part of its value is meant.
fn custom_field(text: &str) -> Option<usize> {
    let start = word(text, "cf.{")?;
    let length = text.get(start..)?.find('}').filter(|length| *length > 0)?;
    let end = start + length + 1;
    let more = [".content", ".largecontent"];
    let more = more.iter().find_map(|name| word(text.get(end..)?, name));
    Some(end + more.unwrap_or(0))
}

/// The length of a quoted text, in which a backslash takes the next letter as it is (trap 16).
fn quoted(text: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    let (_, quote) = letters
        .next()
        .filter(|(_, letter)| matches!(letter, '\'' | '"'))?;
    while let Some((place, letter)) = letters.next() {
        if letter == quote {
            return Some(place + 1);
        }
        if letter == '\\' {
            letters.next();
        }
    }
    None
}

/// A token without its quotes and backslashes.
fn unquoted(word: &str) -> String {
    let inner = quoted(word).and_then(|length| word.get(1..length - 1));
    let mut text = String::new();
    let mut letters = inner.unwrap_or(word).chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    text
}
