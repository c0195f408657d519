//! Which network addresses lie on the open internet.
//!
//! After the IANA registries of special-purpose addresses (RFC 6890 and its updates). Whoever registers a provider names
//! a host; that host must not become a way to make this service ask its own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far this service goes to fetch keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses alone.
    Public,
    /// To private addresses as well, for a provider on the same network.
    Private,
}

impl Reach {
    /// Returns how far the setting `issuer_private_addresses` lets a fetch reach.
    #[must_use]
    pub fn of(private_addresses: bool) -> Self {
        if private_addresses {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// Returns whether this address is within reach.
    #[must_use]
    pub fn has(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::Public => is_public(address),
            Self::Private => !address.is_unspecified() && !address.is_multicast(),
        }
    }
}

/// Returns whether this address lies on the open internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network; loopback; private (RFC 1918); multicast, what is reserved, and the broadcast.
        [0 | 127 | 10 | 224..=255, ..] => true,
        // Private (RFC 1918), too.
        [172, second, ..] => (16..=31).contains(&second),
        // Shared with a carrier (RFC 6598).
        [100, second, ..] => (64..=127).contains(&second),
        // Link-local (RFC 3927).
        [169, second, ..] => second == 254,
        // Private; protocol assignments, documentation, the former 6to4 relays.
        [192, second, third, _] => matches!((second, third), (168, _) | (0, 0 | 2) | (88, 99)),
        // Benchmarks (RFC 2544), documentation.
        [198, second, third, _] => matches!((second, third), (18 | 19, _) | (51, 100)),
        // Documentation.
        [203, second, third, _] => (second, third) == (0, 113),
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // An address that carries an IPv4 one leads to that one: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056).
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => is_public_v4(joined(high, low)),
        // Within what is given out (2000::/3): protocol assignments with Teredo, documentation, SRv6.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}
