//! What a client calls its request itself: the trace that it belongs to, and an id of the client's own. Both stand beside
//! our own id, in the program's log and in the audit log; what cannot be read is no reason to refuse anybody.

use actix_web::http::header::HeaderMap;

use super::answer::REQUEST_ID;

/// The longest id of a client's that is kept, in characters.
const LONGEST: usize = 64;

/// Returns the trace's id in the `traceparent` header (W3C Trace Context, 3.2), 32 hexadecimal digits: none where there is
/// not exactly one header, or it is malformed. Of a later version, what the first one has is read.
#[must_use]
pub fn trace(headers: &HeaderMap) -> Option<&str> {
    trace_in(only(headers, "traceparent")?)
}

/// Returns the `X-Request-Id` that the client sent: none where there is not exactly one, or it is not an id of letters,
/// digits and `.`, `_`, `:`, `=`, `+`, `/`, `-`.
#[must_use]
pub fn client_request(headers: &HeaderMap) -> Option<&str> {
    let in_id = |byte: u8| byte.is_ascii_alphanumeric() || b"._:=+/-".contains(&byte);
    only(headers, REQUEST_ID)
        .filter(|id| (1..=LONGEST).contains(&id.len()) && id.bytes().all(in_id))
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name);
    match (all.next(), all.next()) {
        (Some(only), None) => only.to_str().ok(),
        (_, _) => None,
    }
}

/// The length of a header of the first version: 2, 32, 16 and 2 digits, and what separates them.
const FIRST_VERSION: usize = 55;

fn trace_in(header: &str) -> Option<&str> {
    let known = header.get(..FIRST_VERSION)?;
    let rest = header.get(FIRST_VERSION..)?;
    let mut parts = known.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (parent, flags) = (parts.next()?, parts.next()?);
    let of_digits = |text: &str, length| {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        text.len() == length && text.bytes().all(digit)
    };
    let not_zero = |text: &str| text.bytes().any(|byte| byte != b'0');
    let ends = rest.is_empty() || (version != "00" && rest.starts_with('-'));
    let good = parts.next().is_none()
        && ends
        && of_digits(version, 2)
        && version != "ff"
        && of_digits(trace, 32)
        && not_zero(trace)
        && of_digits(parent, 16)
        && not_zero(parent)
        && of_digits(flags, 2);
    good.then_some(trace)
}
