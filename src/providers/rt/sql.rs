//! `TicketSQL` and `TransactionSQL`, in which RT is asked for tickets and transactions.
//!
//! A condition can only be built here, from fields and operators that stand in our source and values that
//! are escaped: no text of a client's becomes part of the language.

use jiff::Timestamp;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sql(String);

impl Sql {
    /// A field that is a number.
    pub(super) fn number(field: &'static str, operator: &'static str, number: u64) -> Self {
        Self(format!("{field} {operator} {number}"))
    }

    /// A field that is a text.
    pub(super) fn text(field: &'static str, operator: &'static str, text: &str) -> Self {
        let mut condition = format!("{field} {operator} '");
        for letter in text.chars() {
            if matches!(letter, '\'' | '\\') {
                condition.push('\\');
            }
            condition.push(letter);
        }
        condition.push('\'');
        Self(condition)
    }

    /// A time, in unix seconds, compared as it is stored, in UTC. Without `.DateTime` RT reads a time in the
    /// time zone of the credential's owner, and `=` means the whole day (facts, 1).
    pub(super) fn second(column: &'static str, operator: &'static str, second: i64) -> Self {
        let time = Timestamp::from_second(second).unwrap_or_default();
        let time = time.strftime("%Y-%m-%d %H:%M:%S");
        Self(format!("{column}.DateTime {operator} '{time}'"))
    }

    /// All of these.
    pub(super) fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(conditions, " AND ")
    }

    /// Any of these.
    pub(super) fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(conditions, " OR ")
    }

    /// Conditions in parentheses.
    fn joined(conditions: impl IntoIterator<Item = Self>, word: &str) -> Self {
        let conditions: Vec<_> = conditions.into_iter().map(|Self(text)| text).collect();
        Self(format!("({})", conditions.join(word)))
    }

    /// The text that is sent.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Sql;

    /// Reads a quoted text at the beginning as RT does: a backslash takes the next letter as it is. The text,
    /// and what follows it.
    fn quoted(sql: &str) -> Option<(String, &str)> {
        let mut letters = sql.strip_prefix('\'')?.chars();
        let mut text = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                '\'' => return Some((text, letters.as_str())),
                '\\' => text.push(letters.next()?),
                letter => text.push(letter),
            }
        }
        None
    }

    proptest! {
        #[test]
        fn no_text_gets_out_of_its_quotes(text in r#"(\PC|['\\"()]|OR|AND|id > 0|--|\n){0,40}"#) {
            let condition = Sql::text("Owner", "=", &text).into_text();

            let value = condition.strip_prefix("Owner = ").unwrap();
            prop_assert_eq!(quoted(value), Some((text, "")));
        }
    }

    #[test]
    fn times_are_compared_as_they_are_stored() {
        let condition = Sql::second("LastUpdated", ">=", 1_795_262_790).into_text();
        assert_eq!(condition, "LastUpdated.DateTime >= '2026-11-21 12:06:30'");
    }

    #[test]
    fn conditions_are_bracketed() {
        let either = Sql::any([Sql::number("id", "=", 1), Sql::number("id", "=", 2)]);
        let condition = Sql::all([either, Sql::text("Status", "!=", "it's")]);
        assert_eq!(
            condition.into_text(),
            r"((id = 1 OR id = 2) AND Status != 'it\'s')"
        );
    }
}
