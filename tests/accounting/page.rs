//! What the page says in each language, and what it says to whoever prints it.

use std::collections::BTreeMap;

use concord::consent::form::page::PaperSize;
use concord::review::accounting::sheet::{
    PaperWays, PrintedAccounting, PrintedLine, PrintedReason, PrintedRecipient,
};
use concord::survivor::contact::rules::{Plan, StatedPlan, StatedRoute, Window};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{
    Categories, Code, ContactChannel, DataCategory, MandateInstrument, OutsideRecipient, Purpose,
    Set, Weekday,
};

use crate::form::said;
use crate::form::texts::{names, sentences_in};

const TEXTS: &str = "src/review/accounting";

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn told(categories: &[DataCategory]) -> Categories {
    categories.iter().copied().collect()
}

fn by_consent(name: &str, purpose: Purpose) -> PrintedLine {
    PrintedLine {
        recipient: PrintedRecipient {
            name: Some(name.to_owned()),
            outside: None,
        },
        reason: PrintedReason::Consent(Some(purpose)),
        days: (day("2026-03-02"), day("2026-03-02")),
        count: 1,
        first: told(&[DataCategory::Identity]),
        categories: told(&[DataCategory::Identity]),
    }
}

fn by_mandate(name: Option<&str>, instrument: MandateInstrument) -> PrintedLine {
    PrintedLine {
        recipient: PrintedRecipient {
            name: name.map(str::to_owned),
            outside: Some(OutsideRecipient::Court),
        },
        reason: PrintedReason::Mandate(instrument, name.map(str::to_owned)),
        ..by_consent("", Purpose::Prosecution)
    }
}

/// An accounting with a line of each kind.
fn accounting() -> PrintedAccounting {
    let repeated = PrintedLine {
        days: (day("2026-03-01"), day("2026-05-09")),
        count: 41,
        categories: told(&[DataCategory::Identity, DataCategory::Needs]),
        ..by_consent(
            "Elm Street Shelter & Clinic <north>",
            Purpose::HousingPlacement,
        )
    };
    PrintedAccounting {
        agency: "Harbor House".to_owned(),
        zone: "America/Chicago".parse().unwrap(),
        days: (day("2020-05-10"), day("2026-05-10")),
        made_at: at("2026-05-10T15:00:00Z"),
        request: "0190c9a4-7c11-7e57-a2c1-0d5d3f6f7a01".to_owned(),
        lines: vec![
            repeated,
            by_mandate(Some("Family Court"), MandateInstrument::CourtOrder),
            by_mandate(None, MandateInstrument::Statute),
        ],
        ways: PaperWays::NoPlan,
    }
}

fn say(accounting: &PrintedAccounting, language: &str) -> String {
    said(&accounting.page(language, PaperSize::Letter).unwrap().html)
}

#[test]
fn what_the_page_says_in_each_language() {
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("english", say(&accounting(), "en"));
        insta::assert_snapshot!("spanish", say(&accounting(), "es-MX"));
        let nothing = PrintedAccounting { lines: Vec::new(), ..accounting() };
        insta::assert_snapshot!("nothing_and_no_language", say(&nothing, "vi"));
    });
}

fn plan(channels: &[ContactChannel], do_not_contact: bool) -> Plan {
    let route = |channel: &ContactChannel| StatedRoute {
        channel: *channel,
        address: if *channel == ContactChannel::Phone {
            "+12025550142"
        } else {
            "Zyxabel Quorndon"
        }
        .to_owned(),
    };
    Plan::from_stated(StatedPlan {
        do_not_contact,
        routes: channels.iter().map(route).collect(),
        windows: vec![Window {
            days: Set::only(Weekday::Monday),
            from: 9 * 60,
            until: 17 * 60,
        }],
        zone: Some("America/Chicago".to_owned()),
        may_leave_message: false,
        code_word: Some("Zyxabel".to_owned()),
    })
    .unwrap()
}

#[test]
fn whoever_prints_it_is_told_what_the_plan_for_safe_contact_says_and_the_paper_is_not() {
    use ContactChannel::{InPerson, Phone, ThroughAdvocate};
    let monday = at("2026-05-11T15:00:00Z");
    let sunday = at("2026-05-10T15:00:00Z");
    let listed = plan(&[InPerson, Phone, ThroughAdvocate], false);
    for (ways, expected) in [
        (
            PaperWays::by(None, monday),
            "No plan for safe contact is set. Do not send it.",
        ),
        (
            PaperWays::by(Some(&plan(&[InPerson], true)), monday),
            "The plan says: do not contact this person.",
        ),
        (
            PaperWays::by(Some(&listed), monday),
            "In person: now, until May 11, 2026, 17:00.",
        ),
        (
            PaperWays::by(Some(&listed), sunday),
            "Through the advocate: not now. From May 11, 2026, 09:00.",
        ),
        (PaperWays::by(Some(&listed), monday), "By post: no."),
        (
            PaperWays::by(Some(&plan(&[Phone], false)), monday),
            "In person: no.",
        ),
    ] {
        let accounting = PrintedAccounting {
            ways,
            ..accounting()
        };
        let html = accounting.page("es", PaperSize::A4).unwrap().html;
        assert!(
            said(&html).contains(expected),
            "{expected}: {}",
            said(&html)
        );
        assert!(!html.contains("Zyxabel") && !html.contains("2025550142"));
        let (before, after) = html.split_once("</aside>").unwrap();
        let (_, notice) = before.split_once("<aside class=\"staff\">").unwrap();
        assert!(notice.contains(expected) && !after.contains(expected));
        assert!(
            html.contains(".staff { display: none; }"),
            "it would be printed"
        );
    }
}

#[test]
fn both_languages_have_the_same_keys_and_names_and_words_for_every_code() {
    let (english, spanish) = (sentences_in(TEXTS, "en"), sentences_in(TEXTS, "es"));
    let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&english), keys(&spanish));
    for (key, sentence) in &english {
        assert_eq!(names(sentence), names(&spanish[key]), "{key}");
    }
    // A subpoena alone is refused, so that nothing was told by one.
    let instruments = MandateInstrument::ALL
        .iter()
        .filter(|one| **one != MandateInstrument::Subpoena);
    let outside = OutsideRecipient::ALL
        .iter()
        .map(|code| format!("outside.{code}"));
    for key in instruments
        .map(|code| format!("instruments.{code}"))
        .chain(outside)
    {
        assert!(english.contains_key(&key), "{key}");
    }
}

#[test]
fn a_reader_of_twelve_reads_it_and_every_sentence_is_on_some_page() {
    let to_the_person = |language: &str| {
        let mut texts = sentences_in(TEXTS, language);
        texts.retain(|key, _| !key.starts_with("staff") && !key.starts_with("ways"));
        texts
    };
    crate::form::reading::are_easy(to_the_person("en"), to_the_person("es"));
    for language in ["en", "es"] {
        let mut all = say(&accounting(), language);
        for kind in OutsideRecipient::ALL {
            let mut one = accounting();
            one.lines[1].recipient.outside = Some(*kind);
            all.push_str(&say(&one, language));
        }
        let single = PrintedAccounting {
            lines: vec![by_consent("Elm Street", Purpose::HealthCare)],
            ..accounting()
        };
        let nothing = PrintedAccounting {
            lines: Vec::new(),
            ..accounting()
        };
        all.push_str(&say(&single, language));
        all.push_str(&say(&nothing, language));
        all.push_str(&say(&nothing, "vi"));
        for (key, sentence) in to_the_person(language) {
            for piece in sentence.split('{') {
                let piece = piece.split_once('}').map_or(piece, |(_, behind)| behind);
                let said = piece.trim().len() < 2 || all.contains(piece.trim());
                assert!(said, "{language}: {key}: no page says `{piece}`");
            }
        }
    }
}
