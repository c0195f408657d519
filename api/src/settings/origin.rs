//! Origins of pages (RFC 6454), and what makes a URL safe from who listens on the way. Pure.

use url::{Host, Url};

/// How long an origin may be, in characters: longer than a host's name can be.
const MAX_ORIGIN: usize = 300;
/// What an origin that may be allowed looks like, for whoever wrote another.
pub const EXPECTED: &str = "an origin as a browser sends it: `https://` and a host, with `:` and a port unless it is 443, and \
    nothing behind it, not even a `/`; `http://` only for this very machine; never `*` or `null`";

/// Returns whether a text is the origin of pages that may be allowed, letter for letter as a browser sends it.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    // To a URL's parser a `*` is a letter like others.
    let writable = !text.contains('*') && text.len() <= MAX_ORIGIN;
    let url = Url::parse(text).ok().filter(|_| writable);
    url.is_some_and(|url| is_secure(&url) && url.origin().ascii_serialization() == text)
}

/// Returns whether a URL is `https`, or leads no further than this very machine.
#[must_use]
pub fn is_secure(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}
