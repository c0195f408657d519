//! Which addresses lie on the open internet.

use std::net::IpAddr;

use concord::access::issuer::address::{Reach, is_public};

#[test]
fn what_lies_on_the_open_internet_is_public() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ] {
        assert!(is_public(ip(address)), "{address}");
        assert!(Reach::Public.has(ip(address)), "{address}");
        assert!(Reach::Private.has(ip(address)), "{address}");
    }
}

#[test]
fn what_lies_elsewhere_is_not() {
    for address in [
        // Unspecified, this network.
        "0.0.0.0",
        "0.1.2.3",
        "::",
        // Loopback.
        "127.0.0.1",
        "127.255.255.255",
        "::1",
        // Private, shared, link-local.
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        // Multicast, reserved, broadcast.
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "ff02::1",
        // Protocols, documentation, benchmarks.
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        // IPv4 within IPv6.
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
    ] {
        assert!(!is_public(ip(address)), "{address}");
        assert!(!Reach::Public.has(ip(address)), "{address}");
    }
}

#[test]
fn a_private_address_is_within_reach_where_the_operator_says_so() {
    for address in ["127.0.0.1", "10.0.0.1", "fd00::1", "::1", "::ffff:10.0.0.1"] {
        assert!(Reach::of(true).has(ip(address)), "{address}");
        assert!(!Reach::of(false).has(ip(address)), "{address}");
    }
    for nowhere in ["0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1"] {
        assert!(!Reach::of(true).has(ip(nowhere)), "{nowhere}");
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}
