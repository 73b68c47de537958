//! Searches by a list in JSON: `[{"field": …, "operator": …, "value": …}]`.
//!
//! Conditions of different fields are joined by AND, those of one field by OR unless `entry_aggregator` says
//! otherwise. What names a field that cannot be searched is skipped; if nothing is left, nothing is found.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use super::condition::{Operator, Test};
use super::reply::Reply;
use super::routes::Ask;

/// One condition.
struct Limit {
    /// The field.
    field: String,
    /// Whether it is joined by AND to those of the same field.
    is_and: bool,
    /// The operator, where it is one of a list, and whether it is denied.
    within: Option<bool>,
    /// One test for each value.
    tests: Vec<Test>,
}

/// A search.
pub(super) struct Search {
    /// The conditions.
    limits: Vec<Limit>,
}

impl Search {
    /// Reads the search of a call, for which these fields can be searched.
    pub(super) fn read(ask: &Ask, searchable: &[&str]) -> Result<Self, Reply> {
        let body = String::from_utf8_lossy(&ask.body);
        if ask.method == Method::POST
            && ask.content_type.starts_with("application/json")
            && !body.is_empty()
        {
            super::body::check_json(&body, Value::is_array, "ARRAY")?;
        }
        let text = ask.query.search(&ask.method, &body);
        if !text.trim_start().starts_with('[') {
            return Ok(Self { limits: Vec::new() });
        }
        // Broken JSON in the address is not looked for before it kills the request.
        let list: Vec<Value> = serde_json::from_str(text).map_err(|_| Reply::died())?;
        if !list.iter().all(Value::is_object) {
            return Err(Reply::died());
        }
        let limits = list
            .iter()
            .filter_map(|one| limit(one, searchable))
            .collect();
        Ok(Self { limits })
    }

    /// The numbers to which it holds a field, if it does: what does not have one of them need not be looked at.
    pub(super) fn numbers(&self, field: &str) -> Option<BTreeSet<u64>> {
        let limits: Vec<_> = self
            .limits
            .iter()
            .filter(|limit| limit.field == field)
            .collect();
        let tests = limits.iter().flat_map(|limit| &limit.tests);
        let is_plain = |limit: &&Limit| limit.within != Some(true);
        if limits.is_empty() || !limits.iter().all(is_plain) {
            return None;
        }
        let numbers = tests.map(|test| {
            let number = test.value.parse().ok();
            number.filter(|_| test.operator == Operator::Is)
        });
        numbers.collect()
    }

    /// Whether nothing was asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Whether a record fits, by the texts of its fields; `None` is NULL.
    pub(super) fn fits(&self, value: impl Fn(&str) -> Option<String>) -> bool {
        let fits = |limit: &Limit| {
            let text = value(&limit.field);
            let is_number = text
                .as_ref()
                .is_some_and(|text| text.parse::<i64>().is_ok());
            let one = |test: &Test| match (test.operator, &text) {
                (Operator::IsNull, text) => text.is_none(),
                (Operator::IsSet, text) => text.is_some(),
                (_, None) => false,
                (_, Some(text)) if is_number => test.fits_number(text),
                (_, Some(text)) => test.fits_text(text),
            };
            match limit.within {
                Some(is_denied) => limit.tests.iter().any(one) != is_denied,
                None => limit.tests.iter().all(one),
            }
        };
        let fields = self.limits.iter().map(|limit| &limit.field);
        let mut fields: Vec<&String> = fields.collect();
        fields.sort_unstable();
        fields.dedup();
        fields.into_iter().all(|field| {
            let mut own = self.limits.iter().filter(|limit| limit.field == *field);
            let first = own.next().is_some_and(&fits);
            own.fold(first, |holds, limit| {
                let next = fits(limit);
                if limit.is_and {
                    holds && next
                } else {
                    holds || next
                }
            })
        })
    }
}

/// Reads one condition; what cannot be searched is none.
fn limit(one: &Value, searchable: &[&str]) -> Option<Limit> {
    let field = one.get("field")?.as_str()?;
    let value = one.get("value").filter(|value| !value.is_null())?;
    if !searchable.contains(&field) {
        return None;
    }
    let values = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let operator = one
        .get("operator")
        .and_then(Value::as_str)
        .unwrap_or("=")
        .to_lowercase();
    let within = match operator.as_str() {
        "in" => Some(false),
        "not in" => Some(true),
        _ => None,
    };
    let known = if within.is_some() {
        Some(Operator::Is)
    } else {
        Operator::read(&operator)
    };
    // An operator that does not exist is taken for an attack: nothing is found.
    let tests = known.map_or_else(
        || vec![Test::new("id", Operator::Below, "0".to_owned(), "0")],
        |operator| {
            let values = values.iter();
            let tests = values.map(|value| Test::new(field, operator, text(value), "'"));
            tests.collect()
        },
    );
    let aggregator = one.get("entry_aggregator").and_then(Value::as_str);
    Some(Limit {
        field: if known.is_some() {
            field.to_owned()
        } else {
            "id".to_owned()
        },
        is_and: aggregator.is_some_and(|word| word.eq_ignore_ascii_case("and")),
        within,
        tests,
    })
}

/// A value as a text.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
