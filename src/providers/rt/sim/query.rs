//! Parameters, from the query string and from form bodies, and the addresses of other pages.

use std::fmt::Write;

use http::Method;
use url::form_urlencoded;

/// What stays as it is in the addresses of pages, beside letters and digits.
const PLAIN: &[u8] = b"-_.!~*'()";

/// The parameters of a call, decoded.
#[derive(Debug, Default, Clone)]
pub(super) struct Query {
    /// Names and values of the address, in the order received.
    address: Vec<(String, String)>,
    /// Names and values of a form body.
    form: Vec<(String, String)>,
}

impl Query {
    /// Decodes the query string of an address, and a body if it is a form.
    pub(super) fn read(query: &str, content_type: &str, body: &[u8]) -> Self {
        let decode = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect();
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        Self {
            address: decode(query.as_bytes()),
            form: if is_form { decode(body) } else { Vec::new() },
        }
    }

    /// A parameter's value; the last one counts, and an empty one counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.all(name).last();
        value.filter(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.address.iter().chain(&self.form);
        let fitting = pairs.filter(move |(key, _)| key == name);
        fitting.map(|(_, value)| value.as_str())
    }

    /// The names and values of the address alone: of a write they are taken for members of its body.
    pub(super) fn address(&self) -> &[(String, String)] {
        &self.address
    }

    /// A comma list; what is not there is one without elements. Perl drops empty ones at the end only.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let text = self.get(name).unwrap_or_default().trim_end_matches(',');
        if text.is_empty() {
            return Vec::new();
        }
        text.split(',').collect()
    }

    /// The order asked for: fields, and whether each is descending.
    pub(super) fn order(&self) -> Vec<(&str, bool)> {
        let mut orders = self.all("order");
        let fields = self.all("orderby");
        fields
            .map(|field| {
                let order = orders.next().unwrap_or_default();
                (field, order.eq_ignore_ascii_case("desc"))
            })
            // What cannot be the name of a column is left out, for fear of attacks.
            .filter(|(field, _)| !field.is_empty() && !field.contains(char::is_whitespace))
            .collect()
    }

    /// The JSON of a search: in the address of a GET, else the body.
    pub(super) fn search<'a>(&'a self, method: &Method, body: &'a str) -> &'a str {
        if *method == Method::GET {
            return self.get("query").unwrap_or_default();
        }
        body
    }

    /// The query of another page. RT takes the first `page` out, but leaves a hole where it was not the last
    /// parameter: `&=&` (trap 15).
    pub(super) fn of_page(&self, page: u64) -> String {
        let mut pairs = self.address.clone();
        if let Some(place) = pairs.iter().position(|(name, _)| name == "page") {
            if place + 1 == pairs.len() {
                pairs.pop();
            } else if let Some(pair) = pairs.get_mut(place) {
                *pair = (String::new(), String::new());
            }
        }
        pairs.push(("page".to_owned(), page.to_string()));
        let pairs = pairs.iter();
        let pairs = pairs.map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// A text as the Perl module URI writes it into forms.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            escaped.push(char::from(byte));
        } else if byte == b' ' {
            escaped.push('+');
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
