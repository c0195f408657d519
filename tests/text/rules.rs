//! What a text may be, and what names are compared by.

use concord::error::Faults;
use concord::lists::once;
use concord::text::{LINE, TextError, line, lines_at, prose};
use concord_entities::name_key::NameKey;
use proptest::prelude::*;

/// Names as people have them, in scripts of every kind; all are kept as they are.
const NAMES: [&str; 16] = [
    "María José Núñez-O'Brien",
    "Nguyễn Thị Ánh",
    "Владислава Ј. Ћирић",
    "王小明",
    "やまだ ゆうき",
    "김하늘",
    "สมหญิง ใจดี",
    "អ្នកស្រី សុខ",
    "ማርያም",
    "नेहा शर्मा",
    // Joined and parted as Persian and Sinhala write it.
    "می\u{200c}خواهم",
    "ශ්\u{200d}රී",
    // Adlam, which Fulani is written in, and Rohingya.
    "𞤀𞤣𞤤𞤢𞤥",
    "𐴌𐴟𐴇𐴥𐴝𐴚𐴒𐴙𐴝",
    "ʻOhana o Hawaiʻi",
    "Center #4 (East) – “New Day” ☀",
];

#[test]
fn names_in_any_script_are_kept_as_they_are() {
    for name in NAMES {
        assert_eq!(line(name, LINE).as_deref(), Ok(name));
        assert_eq!(prose(name, LINE).as_deref(), Ok(name));
    }
}

#[test]
fn a_text_is_composed_and_has_no_spaces_at_its_ends() {
    assert_eq!(
        line(" \u{3000}Jose\u{301}\u{a0} ", 4).as_deref(),
        Ok("José")
    );
    assert_eq!(
        prose("\n one\r\n\ttwo \n", LINE).as_deref(),
        Ok("one\n\ttwo")
    );
    assert_eq!(line("ééé", 2), Err(TextError::Length(2)));
    assert_eq!(line(" \u{2003} ", LINE), Err(TextError::Length(LINE)));
}

#[test]
fn what_cannot_be_seen_is_refused_and_named_by_its_code() {
    let invisible = [
        '\0',
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{85}', // controls
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200e}',
        '\u{200f}',
        '\u{feff}', // formats
        '\u{202a}',
        '\u{202d}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}', // what turns the order around
        '\u{2028}',
        '\u{2029}', // separators
        '\u{e0041}',
        '\u{fffe}',
        '\u{fdd0}', // tags, noncharacters
        '\u{34f}',
        '\u{115f}',
        '\u{3164}',
        '\u{ffa0}', // blank letters and marks
        '\u{200c}',
        '\u{200d}', // joiners between letters that do not join
    ];
    for character in invisible {
        let text = format!("Ma{character}ry");
        let refused = Err(TextError::Invisible {
            character,
            place: 3,
        });
        // A compatible form of a blank letter is a letter of its own until it is compared.
        assert_eq!(line(&text, LINE), refused, "U+{:04X}", u32::from(character));
        assert_eq!(prose(&text, LINE), refused);
    }
    for inside_lines_only in ['\n', '\t'] {
        let text = format!("Ma{inside_lines_only}ry");
        assert!(line(&text, LINE).is_err());
        assert_eq!(prose(&text, LINE).as_ref(), Ok(&text));
    }
    let said = line("a\u{202e}b", LINE).unwrap_err().to_string();
    assert_eq!(
        said,
        "has a character that cannot be seen, U+202E as its character 2: take it out"
    );
}

#[test]
fn names_that_look_the_same_have_one_key() {
    for alike in [
        &[
            "Harbor House",
            "harbor  house",
            " HARBOR\u{a0}HOUSE ",
            "Ｈａｒｂｏｒ　Ｈｏｕｓｅ",
        ][..],
        &["José", "Jose\u{301}", "JOSÉ"],
        &["ΟΔΟΣ", "οδος", "οδοσ"],
        &["ﬁrst ﬂoor", "First Floor"],
        &["ｶﾞｯｺｳ", "ガッコウ"],
        &["می\u{200c}خواهم", "میخواهم"],
        &["Å", "\u{212b}", "A\u{30a}"],
    ] {
        let keys: Vec<NameKey> = alike.iter().map(|name| NameKey::of(name)).collect();
        assert!(
            keys.iter().all(|key| *key == keys[0]),
            "{alike:?}: {keys:?}"
        );
    }
    for (one, other) in [
        ("Harbor House", "HarborHouse"),
        ("Jose", "José"),
        ("R-1", "R-l"),
        ("quiet heron", "quiet herons"),
    ] {
        assert_ne!(NameKey::of(one), NameKey::of(other), "{one} and {other}");
    }
}

#[test]
fn a_list_has_each_of_its_entries_once() {
    let said = ["north", " north ", "south", "nor\u{74}h"].map(str::to_owned);
    let mut faults = Faults::default();
    assert_eq!(lines_at(&mut faults, "areas", &said), ["north", "south"]);
    assert_eq!(faults.found(), None);
    assert_eq!(once(vec![3, 1, 3, 2, 1]), [3, 1, 2]);
    let said = ["north", "", "so\0uth"].map(str::to_owned);
    lines_at(&mut faults, "areas", &said);
    let refused = faults.found().unwrap().to_string();
    assert!(refused.starts_with("`areas[1]`: 1 to 200 characters; `areas[2]`: has a character"));
}

proptest! {
    #[test]
    fn what_is_kept_once_is_kept_as_it_is(text in "\\PC{0,40}|.{0,40}") {
        if let Ok(kept) = line(&text, LINE) {
            prop_assert_eq!(line(&kept, LINE), Ok(kept.clone()));
            prop_assert!(!kept.contains('\0'));
        }
        if let Ok(kept) = prose(&text, LINE) {
            prop_assert_eq!(prose(&kept, LINE), Ok(kept));
        }
    }

    #[test]
    fn a_key_is_its_own_key_and_does_not_know_case(name in "\\PC{0,40}") {
        let key = NameKey::of(&name);
        prop_assert_eq!(NameKey::of(&key.0), key);
    }
}
