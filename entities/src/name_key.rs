//! What names are compared by: two names that differ in nothing that a reader would notice have one key.

use sea_orm::DeriveValueType;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// A name without its width, case and spaces: the comparison of RFC 8266, 2.4.
///
/// A column of the table keeps it, so a change of this rule is a step of the migration. Of `precis-profiles`, which has this
/// comparison too, only the tables of Unicode 6.3 are missing: it takes no name in a script that came later, such as Adlam.
#[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct NameKey(pub String);

impl NameKey {
    /// Returns the key of a name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut key = mapped(name);
        // What a compatible form hides may be mapped again, such as a space; three times suffice (RFC 8266, 2.3).
        for _ in 0..3 {
            key = mapped(&key);
        }
        Self(key)
    }
}

fn mapped(name: &str) -> String {
    let visible: String = name.chars().filter(|one| !is_joiner(*one)).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let lower = words.join(" ").to_lowercase();
    // The letter that ends a Greek word is no other letter.
    lower.replace('\u{3c2}', "\u{3c3}").nfkc().collect()
}

fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Returns whether `character` joins or parts letters whose shape depends on it, as in Persian and in the scripts of India
/// (RFC 5892, A.1 and A.2). Anywhere else nobody can see it.
#[must_use]
pub fn is_joined(before: Option<char>, character: char, after: Option<char>) -> bool {
    /// The combining class of a virama.
    const VIRAMA: u8 = 9;
    let cursive = |one: Option<char>| one.is_some_and(is_cursive);
    is_joiner(character)
        && (before.is_some_and(|one| canonical_combining_class(one) == VIRAMA)
            || (cursive(before) && cursive(after)))
}

/// Returns whether a character belongs to a script whose letters join.
fn is_cursive(character: char) -> bool {
    matches!(
        character,
        '\u{620}'..='\u{6ff}' // Arabic
        | '\u{700}'..='\u{7ff}' // Syriac, Arabic, Thaana, N'Ko
        | '\u{840}'..='\u{8ff}' // Mandaic, Syriac, Arabic
        | '\u{1807}'..='\u{18aa}' // Mongolian
        | '\u{a840}'..='\u{a873}' // Phags-pa
        | '\u{10d00}'..='\u{10d27}' // Hanifi Rohingya
        | '\u{1e900}'..='\u{1e943}' // Adlam
    )
}
