//! Where a request comes from: the peer on the socket or, behind trusted proxies, whom they ask for.
//!
//! Each proxy adds the address of its own peer at the end of one header. So the header is read from its end, and the walk
//! ends at the first address that is not a trusted proxy's: what stands before that, whoever asks may have written
//! themselves. What a trusted proxy wrote and cannot be read ends the walk at that proxy.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;

use crate::settings::{ForwardedHeader, TrustedProxies};

/// Returns where a request comes from; none where it came over no network. An IPv4 address is written as one.
#[must_use]
pub fn of(http: &HttpRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = http.peer_addr()?.ip();
    let lines: Vec<_> = http
        .headers()
        .get_all(proxies.header.name())
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    Some(behind(peer, proxies, &lines))
}

/// Returns where a request of `peer`'s comes from, by the header's lines in their order.
#[must_use]
pub fn behind(peer: IpAddr, proxies: &TrustedProxies, lines: &[impl AsRef<str>]) -> IpAddr {
    let mut nearest = peer.to_canonical();
    for line in lines.iter().rev() {
        for entry in FromTheEnd(Some(line.as_ref())) {
            if !proxies.trust(nearest) {
                return nearest;
            }
            let read = match proxies.header {
                ForwardedHeader::XForwardedFor => node(entry),
                ForwardedHeader::Forwarded => forwarded_for(entry).and_then(|said| node(&said)),
            };
            let Some(address) = read else {
                return nearest;
            };
            nearest = address.to_canonical();
        }
    }
    nearest
}

/// The elements of a list (RFC 9110, 5.6.1), the last one first; empty ones are none. A comma within quotes belongs to its
/// element. Read from the end, a quote that somebody left open farther to the front changes nothing.
struct FromTheEnd<'l>(Option<&'l str>);

impl<'l> Iterator for FromTheEnd<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        loop {
            let rest = self.0?;
            let mut quoted = false;
            let comma = rest.char_indices().rev().find(|(place, letter)| {
                if *letter == '"' && !is_escaped(rest, *place) {
                    quoted = !quoted;
                }
                *letter == ',' && !quoted
            });
            let (before, element) = match comma {
                Some((place, _)) => (rest.get(..place), rest.get(place + 1..).unwrap_or("")),
                None => (None, rest),
            };
            self.0 = before;
            let element = element.trim_matches([' ', '\t']);
            if !element.is_empty() {
                return Some(element);
            }
        }
    }
}

/// Returns whether the letter at this place is escaped, by an odd number of backslashes before it.
fn is_escaped(text: &str, place: usize) -> bool {
    let before = text.get(..place).unwrap_or("");
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\');
    backslashes.count() % 2 == 1
}

/// Returns the node that a `Forwarded` element is for (RFC 7239, 4): none where the element is malformed, names none, or
/// names one twice.
fn forwarded_for(element: &str) -> Option<String> {
    let mut found = None;
    for pair in pairs(element)? {
        let (name, value) = pair.split_once('=')?;
        let value = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted.strip_suffix('"')?)?,
            None if is_token(value) => value.to_owned(),
            None => return None,
        };
        if !is_token(name) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

/// Returns the pairs between the semicolons of an element; none where a quote stays open.
fn pairs(element: &str) -> Option<Vec<&str>> {
    let mut pairs = Vec::new();
    let (mut begin, mut quoted) = (0, false);
    for (place, letter) in element.char_indices() {
        if letter == '"' && !(quoted && is_escaped(element, place)) {
            quoted = !quoted;
        }
        if letter == ';' && !quoted {
            pairs.push(element.get(begin..place)?);
            begin = place + 1;
        }
    }
    pairs.push(element.get(begin..)?);
    (!quoted).then_some(pairs)
}

/// Returns what stands in a quoted string, without its escapes.
fn unquoted(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let mut said = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => said.push(letters.next()?),
            _ => said.push(letter),
        }
    }
    Some(said)
}

/// Returns whether this is a token (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(in_token)
}

/// Returns the address of a node, which may have a port (RFC 7239, 6): none where it is unknown, hidden or malformed.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse().ok().map(IpAddr::V6)
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|node| node.ip());
    text.parse().ok().or_else(with_port).or_else(bracketed)
}
