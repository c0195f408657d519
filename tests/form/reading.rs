//! How hard the form is to read: by Flesch and Kincaid's grade in English, and in Spanish by Fernández Huerta's ease of
//! reading and by the INFLESZ scale of Szigriszt and Barrio.

use std::collections::BTreeMap;

use super::texts::sentences;

/// The school grade that a reader of about twelve is in.
const GRADE: f64 = 7.0;
/// "Rather easy" on both Spanish scales.
const EASY: f64 = 65.0;

struct Count {
    sentences: f64,
    words: f64,
    syllables: f64,
}

impl Count {
    fn of(text: &str, syllables: impl Fn(&str) -> usize) -> Self {
        let ends = |letter: char| matches!(letter, '.' | '?' | '!' | ':');
        let has_words = |part: &&str| part.chars().any(char::is_alphabetic);
        let words: Vec<String> = text
            .split(|letter: char| !letter.is_alphabetic() && letter != '\'')
            .filter(|word| word.chars().any(char::is_alphabetic))
            .map(str::to_lowercase)
            .collect();
        let count = |number: usize| f64::from(u32::try_from(number).unwrap());
        Self {
            sentences: count(text.split(ends).filter(has_words).count()),
            words: count(words.len()),
            syllables: count(words.iter().map(|word| syllables(word)).sum()),
        }
    }

    /// Kincaid and others, 1975.
    fn grade(&self) -> f64 {
        0.39 * (self.words / self.sentences) + 11.8 * (self.syllables / self.words) - 15.59
    }

    /// Fernández Huerta, 1959, as corrected: syllables and words for each hundred words and each sentence.
    fn fernandez_huerta(&self) -> f64 {
        206.84 - 60.0 * (self.syllables / self.words) - 1.02 * (self.words / self.sentences)
    }

    /// Szigriszt, 1992; the scale is Barrio's, 2008.
    fn inflesz(&self) -> f64 {
        206.835 - 62.3 * (self.syllables / self.words) - self.words / self.sentences
    }
}

/// Groups of vowels, without a silent `e`.
fn english(word: &str) -> usize {
    let letters: Vec<char> = word
        .chars()
        .filter(|letter| letter.is_alphabetic())
        .collect();
    let vowel = |letter: char| "aeiouy".contains(letter);
    let mut groups = 0;
    let mut before = false;
    for letter in &letters {
        groups += usize::from(vowel(*letter) && !before);
        before = vowel(*letter);
    }
    let text: String = letters.iter().collect();
    let silent = (text.ends_with('e') && !text.ends_with("le"))
        || text.ends_with("es") && !text.ends_with("ses") && !text.ends_with("ces")
        || text.ends_with("ed") && !text.ends_with("ted") && !text.ends_with("ded");
    (groups - usize::from(silent && groups > 1)).max(1)
}

/// Vowels, of which a weak one beside another makes one syllable with it.
fn spanish(word: &str) -> usize {
    let word = word
        .replace("que", "ke")
        .replace("qui", "ki")
        .replace("gue", "ge")
        .replace("gui", "gi");
    let strong = |letter: char| "aeoáéíóú".contains(letter);
    let weak = |letter: char| "iuü".contains(letter);
    let letters: Vec<char> = word.chars().collect();
    let mut count = 0;
    let mut before: Option<char> = None;
    for (place, letter) in letters.iter().copied().enumerate() {
        let last = letter == 'y' && place + 1 == letters.len();
        if strong(letter) || weak(letter) || last {
            let joins = before.is_some_and(|before| {
                let both_weak = weak(before) && (weak(letter) || last);
                let stressed = "íú".contains(before) || "íú".contains(letter);
                both_weak || (!stressed && (weak(before) != (weak(letter) || last)))
            });
            count += usize::from(!joins);
            before = Some(letter);
        } else if letter != 'h' {
            before = None;
        }
    }
    count.max(1)
}

/// What a reader reads: the file's sentences, each on its own, with names in place.
fn text(language: &str) -> String {
    written(sentences(language))
}

fn written(sentences: BTreeMap<String, String>) -> String {
    let skipped = ["date", "short_date"];
    let read = sentences
        .into_iter()
        .filter(|(key, _)| !skipped.contains(&key.as_str()) && !key.starts_with("months"));
    let mut text = String::new();
    for (_, sentence) in read {
        let named = sentence
            .replace("{discloser}", "Harbor House")
            .replace("{recipient}", "Elm Street Clinic")
            .replace("{agency}", "Harbor House");
        text.push_str(&named);
        text.push_str(if named.ends_with(['.', ':']) {
            "\n"
        } else {
            ".\n"
        });
    }
    text
}

/// The sentences that explain; headings and lists, which are easier, do not help these.
fn explained(text: &str) -> String {
    let long = text.lines().filter(|line| line.split(' ').count() > 7);
    long.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_reader_of_twelve_reads_the_english_form() {
    is_easy_english(&text("en"));
}

fn is_easy_english(text: &str) {
    for text in [text, &explained(text)] {
        let grade = Count::of(text, english).grade();
        assert!(grade <= GRADE, "grade {grade:.1}");
        assert!(grade > 0.0, "grade {grade:.1}: nothing is as easy as that");
    }
}

#[test]
fn a_reader_of_twelve_reads_the_spanish_form() {
    is_easy_spanish(&text("es"));
}

fn is_easy_spanish(text: &str) {
    for text in [text, &explained(text)] {
        let count = Count::of(text, spanish);
        let (one, other) = (count.fernandez_huerta(), count.inflesz());
        assert!(one >= EASY && other >= EASY, "{one:.0} {other:.0}");
        assert!(one < 110.0, "{one:.0}: nothing is as easy as that");
    }
}

/// Checks that a reader of about twelve reads these sentences of an English and of a Spanish file.
pub fn are_easy(english: BTreeMap<String, String>, spanish: BTreeMap<String, String>) {
    for (text, is_easy) in [
        (written(english), is_easy_english as fn(&str)),
        (written(spanish), is_easy_spanish),
    ] {
        is_easy(&text);
        is_short(&text);
    }
}

#[test]
fn no_sentence_is_long() {
    for language in ["en", "es"] {
        is_short(&text(language));
    }
}

fn is_short(text: &str) {
    for sentence in text.split(['.', '?', '\n']) {
        let words = sentence.split_whitespace().count();
        assert!(words <= 25, "{words} words: {sentence}");
    }
}

#[test]
fn the_measures_tell_hard_from_easy() {
    for (word, syllables) in [
        ("you", 1),
        ("share", 1),
        ("agency", 3),
        ("table", 2),
        ("interpreter", 4),
        ("signed", 1),
        ("needed", 2),
    ] {
        assert_eq!(english(word), syllables, "{word}");
    }
    for (word, syllables) in [
        ("usted", 2),
        ("quiere", 2),
        ("agencia", 3),
        ("día", 2),
        ("muy", 1),
        ("leer", 2),
        ("ciudad", 2),
        ("intérprete", 4),
        ("guerra", 2),
    ] {
        assert_eq!(spanish(word), syllables, "{word}");
    }
    let law = "No grantee shall disclose personally identifying information regarding individual clients without the informed, written, reasonably time-limited consent of the person about whom information is sought.";
    assert!(Count::of(law, english).grade() > 14.0);
    let ley = "La autorización informada, escrita y razonablemente limitada en el tiempo constituye una condición indispensable para la divulgación de información confidencial.";
    assert!(Count::of(ley, spanish).fernandez_huerta() < 40.0);
}
