//! The form: what the page says in each language, how hard it is to read, and whom it is shown to.
//!
//! What each page says is `form/*.snap`; after a change, `INSTA_UPDATE=always cargo test -p concord --test concord form::`
//! writes it anew, for review.

pub mod reading;
mod served;
pub mod texts;

use concord::consent::form::page::{PaperSize, Subject};
use concord::consent::form::texts::FormLanguage;
use concord_entities::consent;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, ConsentStatus, DataCategory, Purpose, Set};
use concord_entities::zone::Zone;
use uuid::Uuid;

/// A consent of an adult's, with few categories.
fn subject() -> Subject {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    Subject {
        consent: consent::Model {
            id: ConsentId(Uuid::from_u128(7)),
            version: 2,
            supersedes: None,
            survivor_id: SurvivorId(Uuid::from_u128(8)),
            discloser_id: AgencyId(Uuid::from_u128(9)),
            recipient_id: AgencyId(Uuid::from_u128(10)),
            grants: Grants::product(
                [DataCategory::Identity, DataCategory::Needs]
                    .into_iter()
                    .collect(),
                Set::only(Purpose::HousingPlacement),
            ),
            language: "es".to_owned(),
            effective_at: at("2026-03-01T00:00:00Z"),
            expires_at: at("2026-05-09T17:30:00Z"),
            signed_at: Some(at("2026-03-01T09:00:00Z")),
            revoked_at: None,
            revocation_channel: None,
            superseded_at: None,
            entered_in_error_at: None,
            created_at: at("2026-02-28T00:00:00Z"),
            explained: None,
            voluntary: None,
            revocable: None,
            interpreter: None,
            through_intermediary: false,
            intermediary_id: None,
            names_substance_use: false,
            minor_alone: None,
            incapacitated: false,
            sole_guardian: None,
            suspends_at: None,
        },
        status: ConsentStatus::Active,
        discloser: "Harbor House".to_owned(),
        recipient: "Elm Street Shelter & Clinic <north>".to_owned(),
        intermediary: None,
        zone: Zone::UTC,
        guarded: false,
    }
}

/// A consent of a minor's, with all that there is.
fn longest() -> Subject {
    let mut subject = subject();
    // Nobody consents to every category for every purpose: one purpose has all of them, each other one has two.
    let mut two = Purpose::ALL.iter().zip(DataCategory::ALL.windows(2));
    let two = two
        .by_ref()
        .map(|(purpose, pair)| (*purpose, pair.iter().copied().collect()));
    let all = [(Purpose::ServiceDelivery, Set::all())];
    subject.consent.grants = two.chain(all).collect();
    subject.guarded = true;
    subject.intermediary = Some("Three Rivers Hotline".to_owned());
    subject.status = ConsentStatus::Draft;
    subject
}

/// What a page says, a line each.
pub(crate) fn said(html: &str) -> String {
    let mut body = html.split_once("<body>").unwrap().1;
    let mut text = String::new();
    while let Some((before, rest)) = body.split_once('<') {
        text.push_str(before);
        body = rest.split_once('>').unwrap().1;
    }
    text.push_str(body);
    let plain = [
        ("&#38;", "&"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#39;", "'"),
        ("&#34;", "\""),
    ];
    let text = plain
        .iter()
        .fold(text, |text, (code, letter)| text.replace(code, letter));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn say(subject: &Subject, language: &str) -> String {
    said(&subject.page(language, PaperSize::Letter).unwrap().html)
}

#[test]
fn what_the_page_says_in_each_language() {
    insta::with_settings!({
        snapshot_path => "form",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("english", say(&subject(), "en"));
        insta::assert_snapshot!("spanish", say(&subject(), "es"));
        insta::assert_snapshot!("english_minor_everything", say(&longest(), "en-US"));
        insta::assert_snapshot!("spanish_minor_everything", say(&longest(), "es-419"));
        insta::assert_snapshot!("missing_language", say(&subject(), "vi"));
    });
}

#[test]
fn where_it_stands_is_said_in_words() {
    for status in ConsentStatus::ALL {
        for language in FormLanguage::ALL {
            let subject = Subject {
                status: *status,
                ..subject()
            };
            let html = subject.page(language.tag(), PaperSize::A4).unwrap().html;
            let marked = html.contains("class=\"watermark\"") && html.contains("class=\"status\"");
            assert_eq!(
                marked,
                *status != ConsentStatus::Active,
                "{status} {language:?}"
            );
        }
    }
}

#[test]
fn the_page_loads_nothing_and_names_its_language_and_paper() {
    for (language, named) in [
        ("es-MX", "es"),
        ("en", "en"),
        ("vi", "en"),
        ("", "en"),
        ("est", "en"),
    ] {
        for paper in PaperSize::ALL {
            let page = subject().page(language, *paper).unwrap();
            assert_eq!(page.language.tag(), named);
            assert!(page.html.contains(&format!("<html lang=\"{named}\">")));
            assert!(
                page.html
                    .contains(&format!("@page {{ size: {};", paper.word()))
            );
            for loaded in [
                "http", "src=", "href=", "url(", "@import", "<script", "style=",
            ] {
                assert!(!page.html.contains(loaded), "{loaded}");
            }
            let style = page.html.split_once("<style>").unwrap().1;
            let style = style.split_once("</style>").unwrap().0;
            let sum = <sha2::Sha256 as sha2::Digest>::digest(style.as_bytes());
            let sum = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum);
            assert!(
                page.policy.contains(&format!("'sha256-{sum}'")),
                "{}",
                page.policy
            );
            assert!(page.policy.starts_with("default-src 'none';"));
        }
    }
}

#[test]
fn names_are_put_in_as_text() {
    let mut subject = subject();
    subject.discloser = "<script>{recipient}</script> \"&' {unknown".to_owned();
    let html = subject.page("en", PaperSize::A4).unwrap().html;
    assert!(!html.contains("<script"));
    assert!(said(&html).contains("<script>{recipient}</script> \"&' {unknown shares."));
}
