//! What a signed paper may be: its kinds, how each begins and ends, and the digest that its sender may state. Pure.
//!
//! The end of a file is looked at as well as its beginning, because what an interrupted scan or a broken upload leaves
//! would begin well and prove nothing in court. What does more than show a page is refused: it is stored to be opened.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fault::DocumentError;
use super::pdf;

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

    /// Returns the kind that a file is by its content, where it is whole and shows itself, no more. Whatever its sender calls
    /// it does not count.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn of(bytes: &[u8]) -> Result<Self, DocumentError> {
        let head = bytes.get(..bytes.len().min(PDF_HEAD)).unwrap_or(bytes);
        let pdf = head.windows(5).position(|part| part == b"%PDF-");
        let (kind, end) = match pdf {
            _ if bytes.starts_with(&[0xff, 0xd8, 0xff]) => (Self::Jpeg, jpeg_ends(bytes)),
            _ if bytes.starts_with(PNG) => (Self::Png, png_ends(bytes)),
            Some(_) => (Self::Pdf, pdf_ends(bytes)),
            None => return Err(DocumentError::OtherType),
        };
        let before = bytes.get(..pdf.unwrap_or_default()).unwrap_or_default();
        if (kind != Self::Pdf && pdf.is_some()) || begins_otherwise(before) || is_archive(bytes) {
            return Err(DocumentError::TwoTypes);
        }
        end?;
        if kind == Self::Pdf {
            pdf::check(bytes)?;
        }
        Ok(kind)
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Within how many of a PDF's first bytes readers look for its header.
const PDF_HEAD: usize = 1024;
/// Within how many of a PDF's last bytes readers look for its end.
const PDF_END: usize = 1024;

/// Returns whether what a scanner or a printer's queue put before a PDF's header begins like a file of another kind.
fn begins_otherwise(before: &[u8]) -> bool {
    const HEADS: [&[u8]; 9] = [
        b"<", b"PK", b"GIF8", b"RIFF", b"II*", b"MM", b"MZ", b"\x7fELF", b"#!",
    ];
    let begin = before
        .iter()
        .position(|byte| !b"\0\t\n\r \xef\xbb\xbf".contains(byte));
    let begin = begin
        .and_then(|begin| before.get(begin..))
        .unwrap_or_default();
    HEADS.iter().any(|head| begin.starts_with(head))
}

/// Returns whether the file can be opened as a ZIP archive, which is read from its end.
fn is_archive(bytes: &[u8]) -> bool {
    /// The archive's end, and the longest comment behind it.
    const TAIL: usize = 22 + 65_535;
    let tail = bytes
        .get(bytes.len().saturating_sub(TAIL)..)
        .unwrap_or_default();
    last(tail, b"PK\x05\x06").is_some()
}

/// Checks that a PDF's end points to its table of objects (ISO 32000-1, 7.5.5).
fn pdf_ends(bytes: &[u8]) -> Result<(), DocumentError> {
    let near = last(bytes, b"%%EOF").and_then(|end| {
        let pointer = last(bytes.get(..end)?, b"startxref")?;
        Some(bytes.len() - end <= PDF_END && end - pointer <= PDF_END)
    });
    near.filter(|near| *near)
        .map(drop)
        .ok_or(DocumentError::CutOff)
}

fn last(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|part| part == word)
}

/// Follows segments and scans up to the end of the image (ITU T.81, B.1.1). Behind it cameras put what they like, such as a
/// film or a second picture.
fn jpeg_ends(bytes: &[u8]) -> Result<(), DocumentError> {
    jpeg_end(bytes).ok_or(DocumentError::CutOff)
}

fn jpeg_end(bytes: &[u8]) -> Option<()> {
    const SCAN: u8 = 0xda;
    const END: u8 = 0xd9;
    let mut rest = bytes.get(2..)?;
    let mut has_image = false;
    loop {
        let (marker, behind) = next_marker(rest, has_image)?;
        match marker {
            END => return has_image.then_some(()),
            // Markers without a segment: restarts and TEM.
            0x01 | 0xd0..=0xd7 => rest = behind,
            _ => {
                let length = usize::from(u16::from_be_bytes(*behind.first_chunk::<2>()?));
                rest = behind.get(length.max(2)..)?;
                has_image |= marker == SCAN;
            }
        }
    }
}

/// Returns the next marker and what is behind it. Only behind a scan's header other bytes come before.
fn next_marker(bytes: &[u8], in_scan: bool) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let skipped = rest.iter().position(|byte| *byte == 0xff)?;
        if skipped > 0 && !in_scan {
            return None;
        }
        rest = rest.get(skipped..)?;
        let fill = rest.iter().position(|byte| *byte != 0xff)?;
        let (marker, behind) = rest.get(fill..)?.split_first()?;
        // A data byte that looks like a marker is followed by a zero.
        if *marker != 0 {
            return Some((*marker, behind));
        }
        rest = behind;
    }
}

/// Follows chunk after chunk up to an `IEND`, behind which there is nothing (W3C PNG, 5.3 and 5.6).
fn png_ends(bytes: &[u8]) -> Result<(), DocumentError> {
    match behind_png(bytes) {
        Some([]) => Ok(()),
        Some(_) => Err(DocumentError::BehindEnd),
        None => Err(DocumentError::CutOff),
    }
}

fn behind_png(bytes: &[u8]) -> Option<&[u8]> {
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
            b"IEND" => return image.then_some(rest),
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
