//! An MOU on paper: what the page says in each language, and whom it is shown to.
//!
//! What each page says is `printed/*.snap`; after a change, `INSTA_UPDATE=always cargo test -p concord --test concord
//! register::printed` writes it anew, for review.

use concord::consent::form::page::PaperSize;
use concord::mou::page::sheet::PrintedMou;
use concord::mou::rules;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::Instant;
use concord_entities::promise::{Promises, StoredPromise};
use concord_entities::vocabulary::DataCategory::{Contact, Identity, Medical, Needs};
use concord_entities::vocabulary::Need::{Housing, Legal};
use concord_entities::vocabulary::Purpose::{HealthCare, HousingPlacement};
use concord_entities::vocabulary::{
    Code, DataCategory, MouKind, MouStatus, Need, Needs as NeedSet, Purpose,
};
use concord_entities::zone::Zone;
use concord_entities::{mou, mou_party};
use reqwest::Response;
use uuid::Uuid;

use super::story::offered;
use crate::form::said;
use crate::world::{Agency, World, on_both, packed};

/// An MOU that one of its two parties signed.
fn subject() -> PrintedMou {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    let party = |number: u128, name: &str, does: &str| {
        let (mou, agency) = (Uuid::from_u128(7), Uuid::from_u128(number));
        let party = mou_party::Model::unsigned(MouId(mou), AgencyId(agency), does.to_owned());
        (name.to_owned(), party)
    };
    let mut signed = party(
        8,
        "Harbor House",
        "Refers people who need a bed.\nAsks for their consent.",
    );
    signed.1.promises = Promises(vec![StoredPromise {
        needs: [Housing, Legal].into_iter().collect(),
        languages: vec!["es".to_owned(), "vi".to_owned()],
        areas: vec!["US-CA".parse().unwrap(), "32003".parse().unwrap()],
        capacity: Some(4),
    }]);
    signed.1.signatory = Some("Ana Ruiz".to_owned());
    signed.1.title = Some("Director".to_owned());
    signed.1.document_sha256 = Some("ab".repeat(32));
    signed.1.signed_at = Some(at("2026-02-27T09:00:00Z"));
    let mou = mou::Model {
        id: MouId(Uuid::from_u128(7)),
        version: 2,
        supersedes: None,
        kind: MouKind::JointServices,
        title: "Beds & care <north>".to_owned(),
        task_force_id: None,
        drafted_by: AgencyId(Uuid::from_u128(8)),
        grants: [
            (
                HousingPlacement,
                [Identity, Contact, Needs].into_iter().collect(),
            ),
            (HealthCare, [Medical].into_iter().collect()),
        ]
        .into_iter()
        .collect(),
        terms: mou::Terms {
            purpose: "To find beds for those who leave.".to_owned(),
            services: "Four beds, two of them for families.".to_owned(),
            confidentiality: "As the law asks, and no less.".to_owned(),
            breach_notice_hours: 24,
            training: "Both train their staff each year.".to_owned(),
            conflict_resolution: "The directors meet within a week.".to_owned(),
            termination_notice_days: 30,
            qsoa: false,
        },
        effective_on: "2026-03-01".parse().unwrap(),
        review_on: Some("2026-09-01".parse().unwrap()),
        expires_on: "2027-02-28".parse().unwrap(),
        open_ended: false,
        terminates_on: None,
        time_zone: Zone::UTC,
        zone_assumed: false,
        zone_from: None,
        begins_at: Instant(0),
        ends_at: Instant(0),
        review_at: None,
        offered_at: Some(at("2026-02-26T09:00:00Z")),
        signed_at: None,
        suspended_at: None,
        terminated_at: None,
        declined_at: None,
        superseded_at: None,
        reminded_at: None,
        document: None,
        created_at: at("2026-02-25T09:00:00Z"),
    };
    let zone: Zone = "America/Los_Angeles".parse().unwrap();
    PrintedMou {
        mou: rules::counted_in(mou, zone),
        status: MouStatus::PartiallySigned,
        obligations: Vec::new(),
        parties: vec![signed, party(9, "Elm Street Clinic", "Keeps four beds.")],
    }
}

fn say(subject: &PrintedMou, language: &str) -> String {
    said(&subject.page(language, PaperSize::Letter).unwrap().html)
}

#[test]
fn what_an_mous_page_says_in_each_language() {
    insta::with_settings!({
        snapshot_path => "printed",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("english", say(&subject(), "en"));
        insta::assert_snapshot!("spanish", say(&subject(), "es-MX"));
    });
    // The headings are counted over all sections, not each within its own.
    let html = subject().page("en", PaperSize::A4).unwrap().html;
    assert!(html.contains("main { counter-reset: heading; }"));
    let bare = PrintedMou {
        mou: mou::Model {
            grants: Grants::EMPTY,
            review_on: None,
            terms: mou::Terms {
                termination_notice_days: 0,
                ..subject().mou.terms
            },
            ..subject().mou
        },
        status: MouStatus::Active,
        ..subject()
    };
    let text = say(&bare, "vi");
    assert!(
        text.contains("There is no page in the language that was asked for (vi)."),
        "{text}"
    );
    assert!(
        text.contains("No information about any person") && text.contains("may end it at once")
    );
    assert!(!text.contains("review it by") && !text.contains("Not in force"));
}

/// Each language has a word for every code that a page can show.
#[test]
fn every_code_has_its_words_in_each_language() {
    let mut subject = subject();
    let all = DataCategory::ALL.iter().copied().collect();
    let grants = Purpose::ALL.iter().map(|purpose| (*purpose, all));
    subject.mou.grants = grants.collect();
    for language in ["en", "es"] {
        for need in Need::ALL {
            subject.parties[0].1.promises.0[0].needs = NeedSet::only(*need);
            assert!(!say(&subject, language).contains("\n. "), "{}", need.code());
        }
        let html = subject.page(language, PaperSize::A4).unwrap().html;
        assert_eq!(
            html.matches("<li>").count(),
            Purpose::ALL.len() * DataCategory::ALL.len()
        );
        for kind in MouKind::ALL {
            subject.mou.kind = *kind;
            assert!(!say(&subject, language).contains("\n\n"));
        }
        for status in MouStatus::ALL {
            subject.status = *status;
            let in_force = matches!(status, MouStatus::Active | MouStatus::DueForReview);
            let html = subject.page(language, PaperSize::A4).unwrap().html;
            assert_eq!(
                !html.contains("class=\"status\""),
                in_force,
                "{}",
                status.code()
            );
        }
    }
}

async fn asks(agency: &Agency, mou: &str, query: &str) -> Response {
    let url = format!("http://{}/mous/{mou}/page{query}", agency.address);
    let request = reqwest::Client::new().get(url).bearer_auth(&agency.token);
    request.send().await.unwrap()
}

on_both!(whoever_follows_an_mou_prints_it_and_that_is_on_record);
async fn whoever_follows_an_mou_prints_it_and_that_is_on_record(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let id = offered(&world, &north, &south, 300).await;
    let answer = asks(&south, &id, "").await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("content-language"), "en");
    assert_eq!(header("cache-control"), "no-store");
    assert!(
        header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-")
    );
    let html = answer.text().await.unwrap();
    assert!(html.contains("@page { size: letter;"));
    let text = said(&html);
    assert!(
        text.contains("Not in force until all parties sign") && text.contains("north"),
        "{text}"
    );
    let leaf = world.tampers("SELECT leaf FROM audit_event WHERE leaf LIKE '%readMouPage%'");
    assert!(leaf.contains(&packed(&id)), "{leaf}");
    let spanish = asks(&world.coordinator(), &id, "?lang=es-419&paper=a4").await;
    assert_eq!(spanish.headers()["content-language"], "es");
    assert!(spanish.text().await.unwrap().contains("@page { size: a4;"));

    let west = world.agency("west").await;
    let nobodys = MouId::new().to_string();
    for (reader, id) in [
        (&west, id.as_str()),
        (&north, nobodys.as_str()),
        (&north, "x"),
    ] {
        assert_eq!(asks(reader, id, "").await.status(), 404);
    }
    let narrow = world.caller(north.id, "north", "mou.s");
    assert_eq!(asks(&narrow, &id, "").await.status(), 403);
    for query in ["?paper=a3", "?lang=--", "?x=1"] {
        assert_eq!(asks(&north, &id, query).await.status(), 400, "{query}");
    }
}
