//! Which addresses may be called at all.

use std::str::FromStr;

use url::{Host, Url};

/// Says why an address may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is not an address that this gateway may call{hint}")]
pub struct NotAllowed {
    /// Host and port that were asked for.
    host: String,
    /// What would make it allowed.
    hint: &'static str,
}

/// A `host:port` outside of the vendors' domains that the operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedUpstream {
    /// Host name or address, as a URL has it.
    host: String,
    /// Port.
    port: u16,
}

impl AllowedUpstream {
    /// The host name or address.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for AllowedUpstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not host:port, such as 127.0.0.1:9000 or desk.example.com:443");
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(wrong)?;
        let host = Host::parse(host).map_err(|_| wrong())?.to_string();
        let port = port.parse().map_err(|_| wrong())?;
        Ok(Self { host, port })
    }
}

/// The addresses that may be called: the vendors' own, and those that the operator listed.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// The operator's list.
    allowed: Vec<AllowedUpstream>,
}

impl Egress {
    /// Allows these beside the vendors' own.
    pub fn new(allowed: Vec<AllowedUpstream>) -> Self {
        Self { allowed }
    }

    /// Checks an address against the vendor's domain (`freshdesk.com`), if it has one, and the operator's list.
    ///
    /// The vendor's addresses are `https` on the default port with one label before the domain.
    pub fn check(&self, url: &Url, vendor_domain: Option<&str>) -> Result<(), NotAllowed> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let plain = url.username().is_empty() && url.password().is_none();
        let refused = |hint| {
            Err(NotAllowed {
                host: format!("{host}:{port}"),
                hint,
            })
        };
        if !plain || !matches!(url.scheme(), "https" | "http") {
            return refused(": an upstream is http or https without a user name");
        }
        if self
            .allowed
            .iter()
            .any(|allowed| allowed.host == host && allowed.port == port)
        {
            return Ok(());
        }
        let label = vendor_domain
            .and_then(|domain| host.strip_suffix(domain))
            .and_then(|rest| rest.strip_suffix('.'));
        if url.scheme() == "https" && url.port().is_none() && label.is_some_and(is_label) {
            return Ok(());
        }
        refused("; DESKGATE_ALLOW_UPSTREAM lists the ones outside of the vendors' domains")
    }
}

/// Whether a text is one label of a host name: letters, digits and inner hyphens.
pub fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edges = !text.starts_with('-') && !text.ends_with('-');
    (1..=63).contains(&text.len()) && edges && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> bool {
        let egress = Egress::new(vec!["127.0.0.1:9000".parse().unwrap()]);
        Url::parse(url).is_ok_and(|url| egress.check(&url, Some("freshdesk.com")).is_ok())
    }

    #[test]
    fn only_vendors_and_listed_addresses_are_called() {
        assert!(check("https://acme.freshdesk.com"));
        assert!(check("http://127.0.0.1:9000"));

        for url in [
            "http://acme.freshdesk.com",
            "https://acme.freshdesk.com:8443",
            "https://a.b.freshdesk.com",
            "https://freshdesk.com",
            "https://.freshdesk.com",
            "https://acme.freshdesk.com.evil.example",
            "https://evilfreshdesk.com",
            "https://user@acme.freshdesk.com",
            "https://acme.freshdesk.com@evil.example",
            "https://acme.freshdesk.com.",
            "http://127.0.0.1:9001",
            "http://169.254.169.254",
            "http://0x7f000001:9001",
            "ftp://acme.freshdesk.com",
            "https://xn--acme-\u{e9}.freshdesk.com",
        ] {
            assert!(!check(url), "{url}");
        }
    }
}
