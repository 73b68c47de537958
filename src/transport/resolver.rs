//! Which addresses a host name may lead to, decided where the connection is made.
//!
//! A name that is allowed ([`crate::transport::egress`]) can still lead anywhere: whoever owns it says where. So that a
//! vendor's name does not open a door to the gateway's own network, the addresses that a name has are sorted out between
//! their look-up and the connection: what was checked is what is connected to, however fast the name changes. The operator's
//! own hosts ([`AllowedUpstream`]) may be anywhere.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::transport::egress::AllowedUpstream;

/// Looks names up by the system, and leaves out what only the operator may allow.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    /// Hosts that may be anywhere.
    trusted: Arc<HashSet<String>>,
}

impl Resolver {
    /// Trusts the operator's hosts.
    pub(super) fn new(allowed: &[AllowedUpstream]) -> Self {
        let trusted = allowed.iter().map(|allowed| allowed.host().to_owned());
        Self {
            trusted: Arc::new(trusted.collect()),
        }
    }

    /// Leaves out of a name's addresses what it may not lead to. An error if nothing is left.
    fn sift(
        &self,
        name: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> io::Result<Vec<SocketAddr>> {
        let is_trusted = self.trusted.contains(name);
        let (good, bad): (Vec<_>, Vec<_>) =
            found.partition(|address| is_trusted || is_public(address.ip()));
        if good.is_empty() && !bad.is_empty() {
            tracing::error!(name, "the name of a help desk leads into a private network");
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "its name leads to an address that this gateway may not call; DESKGATE_ALLOW_UPSTREAM lists the ones that it may",
            ));
        }
        Ok(good)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good = resolver.sift(name.as_str(), found)?;
            let addresses: Addrs = Box::new(good.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address belongs to the public Internet: none of IANA's special-purpose registries for IPv4 and IPv6, no
/// multicast, and for IPv6 within `2000::/3`, the only part that is given out.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// [`is_public`] for IPv4.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 31, 196, _]
            | [192, 52, 193, _]
            | [192, 88, 99, _]
            | [192, 175, 48, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !special
}

/// [`is_public`] for IPv6. An address that carries one of IPv4 leads where that one does.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(v4(high, low))
        }
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Protocol assignments, documentation, and its larger successor.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_public_internet_only() {
        let public = [
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "64:ff9b::1.1.1.1",
            "::ffff:1.1.1.1",
        ];
        let private = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_a_name_leads_to_is_sorted_out_unless_the_operator_trusts_it() {
        let resolver = Resolver::new(&["desk.internal:443".parse().unwrap()]);
        let mixed: [SocketAddr; 2] = [([10, 0, 0, 1], 0).into(), ([1, 1, 1, 1], 0).into()];
        let private = [mixed[0]];

        let sift = |name, found: &[SocketAddr]| resolver.sift(name, found.iter().copied());

        assert_eq!(sift("acme.freshdesk.com", &mixed).unwrap(), [mixed[1]]);
        assert!(sift("acme.freshdesk.com", &private).is_err());
        assert_eq!(sift("desk.internal", &private).unwrap(), private);
        assert!(sift("acme.freshdesk.com", &[]).unwrap().is_empty());
    }
}
