//! A look at a GraphQL document's tokens, before the parser may see it.
//!
//! The parser descends once for each bracket, so brackets must be counted by something that does not. Strings, block
//! strings and comments are told apart from the rest exactly as the parser does; a string without an end is refused,
//! since what follows it could be read in two ways.

use crate::error::{Error, InputFault, SourcePosition};

/// The longest document, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;
/// How deep `{`, `[` and `(` may nest in one another.
pub const MAX_NESTING: usize = 24;
/// The most tokens of a document: names, numbers, strings and punctuation.
pub const MAX_TOKENS: usize = 2_000;

/// Counts the tokens of a document that keeps to the limits.
///
/// # Errors
/// [`Error::QueryTooCostly`] where a limit is passed, [`Error::BadUserInput`] for a string without an end.
pub fn count_tokens(document: &str) -> Result<usize, Error> {
    if document.len() > MAX_BYTES {
        return Err(Error::QueryTooCostly(
            format!(
                "this document has {} bytes and may have {MAX_BYTES}: send its literals as variables, or split it into several requests",
                document.len()
            )
            .into(),
        ));
    }
    let (mut tokens, mut nesting) = (0_usize, 0_usize);
    let mut rest = document.as_bytes();
    while let Some((lexeme, tail)) = next(rest) {
        let here = || position(document, rest);
        match lexeme {
            Lexeme::Ignored => {}
            Lexeme::Token => tokens += 1,
            Lexeme::Open => {
                tokens += 1;
                nesting += 1;
            }
            Lexeme::Close => {
                tokens += 1;
                nesting = nesting.saturating_sub(1);
            }
            Lexeme::Endless => return Err(endless(here())),
        }
        if nesting > MAX_NESTING {
            return Err(too_deep(here()));
        }
        if tokens > MAX_TOKENS {
            return Err(too_many(here()));
        }
        rest = tail;
    }
    Ok(tokens)
}

fn position(document: &str, rest: &[u8]) -> SourcePosition {
    let before = document
        .get(..document.len().saturating_sub(rest.len()))
        .unwrap_or(document);
    let last_line = before.rsplit('\n').next().unwrap_or(before);
    SourcePosition {
        line: before.matches('\n').count() + 1,
        column: last_line.chars().count() + 1,
    }
}

enum Lexeme {
    /// White space, commas, a byte order mark, a comment.
    Ignored,
    Open,
    Close,
    Token,
    /// A string that never ends.
    Endless,
}

fn next(rest: &[u8]) -> Option<(Lexeme, &[u8])> {
    Some(match rest {
        [] => return None,
        [b' ' | b'\t' | b'\n' | b'\r' | b',', tail @ ..] | [0xEF, 0xBB, 0xBF, tail @ ..] => {
            (Lexeme::Ignored, tail)
        }
        [b'#', tail @ ..] => (
            Lexeme::Ignored,
            skip(tail, |byte| !matches!(byte, b'\n' | b'\r')),
        ),
        [b'"', b'"', b'"', tail @ ..] => after(block_string(tail)),
        [b'"', tail @ ..] => after(string(tail)),
        [b'{' | b'[' | b'(', tail @ ..] => (Lexeme::Open, tail),
        [b'}' | b']' | b')', tail @ ..] => (Lexeme::Close, tail),
        [b'-' | b'0'..=b'9', tail @ ..] => {
            let in_number = |byte| matches!(byte, b'.' | b'+' | b'-') || in_name(byte);
            (Lexeme::Token, skip(tail, in_number))
        }
        [b'A'..=b'Z' | b'a'..=b'z' | b'_', tail @ ..] => (Lexeme::Token, skip(tail, in_name)),
        [b'.', b'.', b'.', tail @ ..] | [_, tail @ ..] => (Lexeme::Token, tail),
    })
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip(rest: &[u8], while_it: impl Fn(u8) -> bool) -> &[u8] {
    let end = rest
        .iter()
        .position(|byte| !while_it(*byte))
        .unwrap_or(rest.len());
    rest.get(end..).unwrap_or_default()
}

fn after(string_end: Option<&[u8]>) -> (Lexeme, &[u8]) {
    string_end.map_or((Lexeme::Endless, &[]), |tail| (Lexeme::Token, tail))
}

fn string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [] | [b'\n' | b'\r', ..] | [b'\\', b'\n' | b'\r', ..] => return None,
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', _, tail @ ..] | [_, tail @ ..] => tail,
        };
    }
}

fn block_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', b'"', b'"', tail @ ..] => return Some(tail),
            [b'\\', b'"', b'"', b'"', tail @ ..] | [_, tail @ ..] => tail,
        };
    }
}

fn endless(here: SourcePosition) -> Error {
    Error::from(InputFault {
        location: Some(here),
        ..InputFault::of_all(format!(
            "the document cannot be read: the string at {here} has no end"
        ))
    })
}

fn too_deep(here: SourcePosition) -> Error {
    Error::QueryTooCostly(
        format!(
            "brackets nest more than {MAX_NESTING} deep at {here}: ask for less depth, or send nested literals as variables"
        )
        .into(),
    )
}

fn too_many(here: SourcePosition) -> Error {
    Error::QueryTooCostly(
        format!(
            "this document has more than {MAX_TOKENS} tokens (the limit is passed at {here}): select fewer fields, send literals as variables, or split it into several requests"
        )
        .into(),
    )
}
