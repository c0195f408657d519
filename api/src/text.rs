//! The one home of what texts from people may be: whatever the script, but nothing that cannot be seen. Pure.
//!
//! - [`line()`] and [`prose`] return a text as it is kept: in Unicode's composed form (NFC), without spaces at its
//!   ends. They refuse control and format characters, and with them NUL and whatever turns the order of reading around.
//! - [`line_at`], [`prose_at`] and [`lines_at`] do so for a place of the arguments.
//!
//! What names are compared by is [`concord_entities::name_key`].

use concord_entities::name_key::is_joined;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::input_fault::{Faults, InputPath};
use crate::lists::once;

/// Characters in the longest name, title or other short text.
pub const LINE: usize = 200;
/// Characters in the longest pseudonym.
pub const PSEUDONYM: usize = 80;
/// Characters in the longest text of several lines.
pub const PROSE: usize = 10_000;

/// What is wrong with a text. Safe to show: of the text it repeats no more than a character that nobody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing in it, or too much.
    #[error("1 to {0} characters")]
    Length(usize),
    /// It has a character that cannot be seen.
    #[error(
        "has a character that cannot be seen, U+{:04X} as its character {place}: take it out", u32::from(*.character)
    )]
    Invisible {
        /// The character.
        character: char,
        /// Its place, counted from 1.
        place: usize,
    },
}

/// Returns a text of one line as it is kept.
///
/// # Errors
/// [`TextError`].
pub fn line(text: &str, longest: usize) -> Result<String, TextError> {
    kept(text, longest, |_| false)
}

/// Returns a text that may have several lines as it is kept. A line ends in one line feed, however it was typed.
///
/// # Errors
/// [`TextError`].
pub fn prose(text: &str, longest: usize) -> Result<String, TextError> {
    let text = text.replace("\r\n", "\n");
    kept(&text, longest, |character| matches!(character, '\n' | '\t'))
}

/// Returns the text of one line at a place of the arguments as it is kept; empty where it is wrong, which is added to
/// `faults`.
pub fn line_at(
    faults: &mut Faults,
    place: impl Into<InputPath>,
    text: &str,
    longest: usize,
) -> String {
    kept_at(faults, place, line(text, longest))
}

/// Returns the text at a place of the arguments as it is kept, of several lines; empty where it is wrong, which is added to
/// `faults`.
pub fn prose_at(
    faults: &mut Faults,
    place: impl Into<InputPath>,
    text: &str,
    longest: usize,
) -> String {
    kept_at(faults, place, prose(text, longest))
}

/// Returns the short texts at a place of the arguments as they are kept, each once; those that are wrong are added to
/// `faults`.
pub fn lines_at(faults: &mut Faults, place: &str, texts: &[String]) -> Vec<String> {
    let texts = texts.iter().enumerate();
    let kept = texts.map(|(nth, text)| line_at(faults, format!("{place}.{nth}"), text, LINE));
    once(kept.collect())
}

fn kept_at(
    faults: &mut Faults,
    place: impl Into<InputPath>,
    kept: Result<String, TextError>,
) -> String {
    kept.unwrap_or_else(|fault| {
        faults.add(place, fault);
        String::new()
    })
}

fn kept(text: &str, longest: usize, breaks: impl Fn(char) -> bool) -> Result<String, TextError> {
    let text: String = text.trim().nfc().collect();
    let mut before = None;
    let mut rest = text.chars().enumerate().peekable();
    while let Some((place, character)) = rest.next() {
        let after = rest.peek().map(|(_, after)| *after);
        if is_invisible(character) && !breaks(character) && !is_joined(before, character, after) {
            let place = place + 1;
            return Err(TextError::Invisible { character, place });
        }
        before = Some(character);
    }
    if text.is_empty() || text.chars().count() > longest {
        return Err(TextError::Length(longest));
    }
    Ok(text)
}

/// Returns whether nobody can see a character, or tell where it is: controls, formats, line separators, and what is no
/// character at all.
fn is_invisible(character: char) -> bool {
    /// Letters and marks by their category, which show nothing (Unicode's `Default_Ignorable_Code_Point`).
    const BLANK: [char; 7] = [
        '\u{34f}', '\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}', '\u{3164}', '\u{ffa0}',
    ];
    let is_noncharacter =
        u32::from(character) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&character);
    is_noncharacter
        || BLANK.contains(&character)
        || matches!(
            character.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}
