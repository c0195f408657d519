//! Which proxies stand before the service, and the one header in which they say who asked.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// The proxies whose word about who asked is taken; none where the service is asked directly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    /// Where they write it. The other header is passed over, since anybody could write it.
    pub header: ForwardedHeader,
}

/// The header in which a proxy names whom it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses alone.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    /// Returns its name, in small letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

impl TrustedProxies {
    /// Returns whether this is the address of a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.networks.is_empty() {
            return f.write_str("none trusted");
        }
        for network in &self.networks {
            write!(f, "{network}, ")?;
        }
        write!(f, "by {}", self.header.name())
    }
}

/// The proxies as they are written.
pub(super) struct WrittenProxies {
    pub(super) trusted: Vec<String>,
    pub(super) header: Option<String>,
}

impl WrittenProxies {
    /// Returns the proxies. What is wrong is added to `faults`.
    pub(super) fn check(self, faults: &mut Vec<String>) -> TrustedProxies {
        let networks = self
            .trusted
            .iter()
            .map(|written| written.trim())
            .filter(|written| !written.is_empty())
            .filter_map(|written| network(written).map_err(|fault| faults.push(fault)).ok())
            .collect();
        let header = match self.header.as_deref().map(str::to_ascii_lowercase) {
            None => ForwardedHeader::default(),
            Some(_) if self.trusted.is_empty() => {
                faults.push("forwarded_header: only together with trusted_proxies".to_owned());
                ForwardedHeader::default()
            }
            Some(name) if name == "x-forwarded-for" => ForwardedHeader::XForwardedFor,
            Some(name) if name == "forwarded" => ForwardedHeader::Forwarded,
            Some(_) => {
                faults.push("forwarded_header: is `x-forwarded-for` or `forwarded`".to_owned());
                ForwardedHeader::default()
            }
        };
        TrustedProxies { networks, header }
    }
}

/// Returns the network that is written, or what is wrong with it.
fn network(written: &str) -> Result<IpNet, String> {
    let alone = || written.parse::<IpAddr>().ok().map(IpNet::from);
    let Some(network) = written.parse::<IpNet>().ok().or_else(alone) else {
        return Err(format!(
            "trusted_proxies: `{written}` is no network, such as 10.0.0.0/8 or 2001:db8::/64, and no address"
        ));
    };
    if network.prefix_len() == 0 {
        return Err(format!(
            "trusted_proxies: `{written}` is everybody, so that anybody could say who they are: name your proxies"
        ));
    }
    if let IpNet::V6(mapped) = network
        && mapped.addr().to_ipv4_mapped().is_some()
    {
        return Err(format!(
            "trusted_proxies: write `{written}` as the IPv4 network that it is"
        ));
    }
    Ok(network.trunc())
}
