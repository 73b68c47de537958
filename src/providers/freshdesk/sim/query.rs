//! Query strings: known parameters only, pages, includes (Freshdesk reference, sections 3 and 4.4).

use jiff::Timestamp;
use url::form_urlencoded;

use super::reply::{FieldError, Reply};
use super::switches::LinkBlanks;
use super::times;

/// The parameters of a call, decoded.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// Names and values in the order received. python-freshdesk sends some twice (section 4.4).
    pairs: Vec<(String, String)>,
}

/// The part of a list that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// From 1.
    pub(super) number: usize,
    /// 1 to 100.
    pub(super) size: usize,
}

impl Page {
    /// How many elements come before it.
    pub(super) fn offset(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// Cuts it out of a list, and says whether there is more.
    pub(super) fn cut<T>(self, all: impl IntoIterator<Item = T>) -> (Vec<T>, bool) {
        let mut rest = all.into_iter().skip(self.offset());
        let page: Vec<T> = rest.by_ref().take(self.size).collect();
        (page, rest.next().is_some())
    }
}

impl Query {
    /// Decodes a query string.
    pub(super) fn read(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect();
        Self { pairs }
    }

    /// Refuses parameters that are not named: the real service ignores none.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), Reply> {
        let mut errors: Vec<FieldError> = Vec::new();
        for (name, _) in &self.pairs {
            let known = names.contains(&name.as_str());
            if !known && errors.iter().all(|error| error.field != *name) {
                errors.push(FieldError::unexpected(name));
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Reply::invalid(errors))
    }

    /// A parameter's value; the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that is a whole number above zero.
    pub(super) fn positive(&self, name: &str) -> Result<Option<u64>, Reply> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(Reply::invalid([FieldError::new(
                name,
                "datatype_mismatch",
                "It should be a/an Positive Integer",
            )])),
        }
    }

    /// A parameter that is `true` or `false`.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, Reply> {
        let value = self.one_of(name, &["true", "false"])?;
        Ok(value.map(|value| value == "true"))
    }

    /// A parameter that is a moment.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Timestamp>, Reply> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let Some(moment) = times::read_moment(text) else {
            let message = "It should be in the 'combined date and time ISO8601' format";
            let error = FieldError::new(name, "invalid_value", message);
            return Err(Reply::invalid([error]));
        };
        Ok(Some(moment))
    }

    /// A parameter that has a fixed set of values.
    pub(super) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, Reply> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if values.contains(&value) {
            return Ok(Some(value));
        }
        Err(Reply::invalid([not_among(name, values)]))
    }

    /// The comma list of `include`.
    pub(super) fn includes(&self, values: &[&str]) -> Result<Vec<&str>, Reply> {
        let Some(list) = self.get("include") else {
            return Ok(Vec::new());
        };
        let asked: Vec<&str> = list.split(',').map(str::trim).collect();
        if asked.iter().all(|name| values.contains(name)) {
            return Ok(asked);
        }
        Err(Reply::invalid([not_among("include", values)]))
    }

    /// How many includes are asked for; what each costs is the route's matter.
    pub(super) fn include_count(&self) -> u32 {
        let list = self.get("include").unwrap_or_default();
        let asked = list.split(',').filter(|name| !name.trim().is_empty());
        u32::try_from(asked.count()).unwrap_or(u32::MAX).min(8)
    }

    /// `page` and `per_page`: from 1, default 30, at most 100 (section 3).
    pub(super) fn page(&self) -> Result<Page, Reply> {
        let number = self.positive("page")?.unwrap_or(1);
        let size = self.positive("per_page")?.unwrap_or(30);
        if size > 100 {
            // The text is one mock's: none was recorded (section 19).
            let message = "Has to be greater than 0 and less than 101";
            let error = FieldError::new("per_page", "invalid_value", message);
            return Err(Reply::invalid([error]));
        }
        Ok(Page {
            number: usize::try_from(number).unwrap_or(usize::MAX),
            size: usize::try_from(size).unwrap_or(100),
        })
    }

    /// The `Link` header to the next page: the same query with another page (section 3).
    pub(super) fn link(&self, address: &str, next: usize, blanks: LinkBlanks) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs.iter().filter(|(name, _)| name != "page") {
            query.append_pair(name, value);
        }
        query.append_pair("page", &next.to_string());
        let query = query.finish();
        match blanks {
            LinkBlanks::AfterSemicolon => format!("<{address}?{query}>; rel=\"next\""),
            LinkBlanks::InsideBrackets => format!("< {address}?{query}>;rel=\"next\""),
        }
    }
}

/// The entry for a value outside of its set.
pub(super) fn not_among(field: &str, values: &[&str]) -> FieldError {
    let message = format!("It should be one of these values: '{}'", values.join(","));
    FieldError::new(field, "invalid_value", message)
}
