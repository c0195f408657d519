//! What a signed paper may be: its kinds, how each begins and ends, and the digest that its sender may state. Pure.
//!
//! The end of a file is looked at as well as its beginning, because what an interrupted scan or a broken upload leaves
//! would begin well and prove nothing in court.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How large a paper may be, in bytes: 10 MiB.
pub const LARGEST: usize = 10 * 1024 * 1024;

/// The kinds of file that a signed paper may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentType {
    /// A PDF (ISO 32000).
    Pdf,
    /// A JPEG image (ITU T.81).
    Jpeg,
    /// A PNG image (W3C PNG).
    Png,
}

/// Why bytes are not the file that they are said to be. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// They begin like something else.
    #[error("the body is not what `content-type` says: it begins like something else")]
    OtherType,
    /// They do not end as such a file ends.
    #[error("the file is cut off or broken: it does not end as such a file ends; send all of it")]
    CutOff,
}

/// A stated digest that cannot be read (RFC 9530, 2; RFC 9651, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be read: write `sha-256=:<base64 of the 32 bytes>:`")]
pub struct UnreadableDigestError;

impl DocumentType {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Pdf, Self::Jpeg, Self::Png];

    /// Returns its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Returns how a file's name ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Returns the kind that a `Content-Type` names. Parameters do not count.
    #[must_use]
    pub fn named(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or("").trim();
        Self::ALL
            .iter()
            .copied()
            .find(|kind| essence.eq_ignore_ascii_case(kind.media_type()))
    }

    /// Returns whether these bytes begin and end as such a file.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn check(self, bytes: &[u8]) -> Result<(), DocumentError> {
        let (begins, ends) = match self {
            Self::Pdf => (bytes.starts_with(b"%PDF-"), pdf_ends(bytes)),
            Self::Jpeg => (bytes.starts_with(&[0xff, 0xd8, 0xff]), jpeg_ends(bytes)),
            Self::Png => (bytes.starts_with(PNG), png_ends(bytes)),
        };
        match (begins, ends) {
            (false, _) => Err(DocumentError::OtherType),
            (true, None) => Err(DocumentError::CutOff),
            (true, Some(())) => Ok(()),
        }
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Within how many of a PDF's last bytes readers look for its end.
const PDF_END: usize = 1024;

/// Returns a PDF's end points to its table of objects (ISO 32000-1, 7.5.5).
fn pdf_ends(bytes: &[u8]) -> Option<()> {
    let end = last(bytes, b"%%EOF")?;
    let body = bytes.get(..end)?;
    let pointer = last(body, b"startxref")?;
    let near = bytes.len() - end <= PDF_END && end - pointer <= PDF_END;
    near.then_some(())
}

fn last(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|part| part == word)
}

/// Segments up to the scan, and the end of the image behind it (ITU T.81, B.1.1). Some cameras fill up with zeros.
fn jpeg_ends(bytes: &[u8]) -> Option<()> {
    const SCAN: u8 = 0xda;
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else {
            return None;
        };
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
        if marker == SCAN {
            break;
        }
    }
    let filled = rest.iter().rev().take_while(|byte| **byte == 0).count();
    rest.get(..rest.len() - filled)?
        .ends_with(&[0xff, 0xd9])
        .then_some(())
}

/// Follows chunk after chunk up to an `IEND`, behind which there is nothing (W3C PNG, 5.3 and 5.6).
fn png_ends(bytes: &[u8]) -> Option<()> {
    /// A chunk's length, type and check sum.
    const AROUND: usize = 12;
    let mut rest = bytes.get(PNG.len()..)?;
    let mut image = false;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let kind = after.first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest = rest.get(length.checked_add(AROUND)?..)?;
        match kind {
            b"IEND" => return (image && rest.is_empty()).then_some(()),
            b"IDAT" => image = true,
            _ => {}
        }
    }
}

/// Returns the SHA-256 that the lines of a `Content-Digest` or `Repr-Digest` state; none where they state only others.
///
/// # Errors
/// [`UnreadableDigestError`].
pub fn stated_sha256<'h>(
    lines: impl Iterator<Item = &'h str>,
) -> Result<Option<[u8; 32]>, UnreadableDigestError> {
    let mut stated = None;
    for member in lines.flat_map(|line| line.split(',')) {
        let (key, value) = member.trim().split_once('=').ok_or(UnreadableDigestError)?;
        if key != "sha-256" {
            continue;
        }
        let bytes = value.split(';').next().and_then(|value| {
            let text = value.trim().strip_prefix(':')?.strip_suffix(':')?;
            <[u8; 32]>::try_from(STANDARD.decode(text).ok()?).ok()
        });
        // Of a key that is there twice, the last counts (RFC 9651, 3.2).
        stated = Some(bytes.ok_or(UnreadableDigestError)?);
    }
    Ok(stated)
}
