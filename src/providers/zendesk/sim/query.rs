//! Query strings. Parameters that nobody knows are ignored (Zendesk reference, section 1).

use url::form_urlencoded;

use super::reply::Reply;

/// The parameters of a call, decoded.
#[derive(Debug, Default, Clone)]
pub(super) struct Query {
    /// Names and values in the order received.
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Decodes a query string.
    pub(super) fn read(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect();
        Self { pairs }
    }

    /// A parameter's value; the last one counts, and an empty one counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().rev().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All values of a parameter that may be repeated, such as `role[]`.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let fitting = self.pairs.iter().filter(|(key, _)| key == name);
        fitting.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether there is a parameter of this name, empty or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// A comma list, such as `include`.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let text = self.get(name).unwrap_or_default();
        let parts = text.split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// The comma list of ids of a call on many: at least one, at most 100 (section 9).
    pub(super) fn ids(&self, name: &str, place: &str) -> Result<Vec<u64>, Reply> {
        let texts = self.list(name);
        if texts.is_empty() {
            return Err(Reply::missing(name));
        }
        if texts.len() > 100 {
            return Err(Reply::too_many_values());
        }
        let ids: Option<Vec<u64>> = texts.iter().map(|text| text.parse().ok()).collect();
        ids.ok_or_else(|| Reply::wrong_type(name, "a list of integers", place))
    }

    /// Whether a parameter says yes.
    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    /// The same parameters with some exchanged, sorted by name as in recorded links (section 7).
    pub(super) fn with(&self, without: &[&str], more: &[(&str, &str)]) -> String {
        let kept = self.pairs.iter().filter(|(name, _)| {
            !without.contains(&name.as_str()) && more.iter().all(|(new, _)| new != name)
        });
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let mut pairs: Vec<(&str, &str)> = kept.chain(more.iter().copied()).collect();
        pairs.sort_unstable();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.finish()
    }
}
