//! The form over HTTP: shown to the agency that may disclose, on record, and to nobody else.

use concord_entities::vocabulary::DataCategory::{Identity, SubstanceUse};
use reqwest::Response;

use super::said;
use crate::world::{Agency, Database, World, on_both, packed};

async fn asks(agency: &Agency, consent: &str, query: &str) -> Response {
    let url = format!("http://{}/consents/{consent}/form{query}", agency.address);
    let request = reqwest::Client::new().get(url).bearer_auth(&agency.token);
    request.send().await.unwrap()
}

async fn refused(agency: &Agency, consent: &str, query: &str) -> (u16, String) {
    let answer = asks(agency, consent, query).await;
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.unwrap();
    assert!(body.get("data").is_none() && body["extensions"]["requestId"].is_string());
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap();
    (status, code.to_owned())
}

on_both!(the_discloser_prints_it_and_that_is_on_record);
async fn the_discloser_prints_it_and_that_is_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north
        .consents(&survivor, &south, &[Identity, SubstanceUse])
        .await;
    let reads = "SELECT count(*) FROM audit_event WHERE leaf LIKE '%\"operation\":\"readConsentForm\"%' \
        AND kind = 'RECORDS_LISTED'";
    assert_eq!(world.tampers(reads), "0");

    let answer = asks(&north, &consent, "").await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("content-language"), "en");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(
        header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-")
    );
    let html = answer.text().await.unwrap();
    assert!(html.contains("@page { size: letter;"));
    assert!(!html.contains("pseudonym") && !html.contains(&survivor));
    let text = said(&html);
    assert!(text.contains("north shares. Only south is told."), "{text}");
    assert!(text.contains("Not valid until it is signed"));
    assert!(text.contains("Your drug and alcohol records"));
    assert!(text.contains(&format!("{consent}, version 1")));
    assert!(!text.contains("guardian"));

    assert_eq!(world.tampers(reads), "1");
    let leaf = world.tampers("SELECT leaf FROM audit_event WHERE leaf LIKE '%readConsentForm%'");
    assert!(leaf.contains(&packed(&consent)), "{leaf}");

    let spanish = asks(&north, &consent, "?lang=es-MX&paper=a4").await;
    assert_eq!(spanish.headers()["content-language"], "es");
    assert!(spanish.text().await.unwrap().contains("@page { size: a4;"));
    let id = world.sql_id(&consent);
    world.tampers(&format!(
        "UPDATE consent SET language = 'es-419' WHERE id = {id}"
    ));
    assert_eq!(
        asks(&north, &consent, "").await.headers()["content-language"],
        "es"
    );
    let english = asks(&north, &consent, "?lang=en").await;
    assert_eq!(english.headers()["content-language"], "en");
    let missing = asks(&north, &consent, "?lang=vi").await;
    assert_eq!(missing.headers()["content-language"], "en");
    let text = said(&missing.text().await.unwrap());
    assert!(text.contains("(vi). A qualified interpreter"), "{text}");

    let survivors = world.sql_id(&survivor);
    world.tampers(&format!(
        "UPDATE survivor SET age_group = 'MINOR' WHERE id = {survivors}"
    ));
    let text = said(
        &asks(&north, &consent, "?lang=en")
            .await
            .text()
            .await
            .unwrap(),
    );
    assert!(text.contains("Parent or guardian (you sign too)"));
}

#[tokio::test]
async fn nobody_else_is_shown_it() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let consent = &told.consent;
    assert_eq!(asks(&north, consent, "").await.status(), 200);
    let stranger = world.agency("stranger").await;
    let denied = "SELECT count(*) FROM audit_event WHERE kind = 'ACCESS_DENIED'";

    let before: usize = world.tampers(denied).parse().unwrap();
    let never = "consent_01h2xcejqtf2nbrexx3vqjhp41";
    let not_found = (404, "NOT_FOUND".to_owned());
    for (who, which) in [
        (&south, consent.as_str()),
        (&stranger, consent),
        (&world.coordinator(), consent),
        (&north, never),
        (&north, &told.referral),
        (&north, "nonsense"),
    ] {
        assert_eq!(
            refused(who, which, "").await,
            not_found,
            "{} {which}",
            who.name
        );
    }
    let narrow = north.with(world.token(north.id, "consent.cus evidence.cr"));
    assert_eq!(
        refused(&narrow, consent, "").await,
        (403, "FORBIDDEN_SCOPE".to_owned())
    );
    let after: usize = world.tampers(denied).parse().unwrap();
    assert_eq!(after, before + 7, "each attempt is on record once");

    let nobody = north.with("nonsense".to_owned());
    assert_eq!(
        refused(&nobody, consent, "").await,
        (401, "UNAUTHENTICATED".to_owned())
    );
    for query in [
        "?paper=a3",
        "?paper=",
        "?lang=",
        "?lang=e_s",
        "?lang=<script>",
        "?lang=es&lang=en",
        "?what=1",
    ] {
        let bad = (400, "BAD_USER_INPUT".to_owned());
        assert_eq!(refused(&north, consent, query).await, bad, "{query}");
    }

    north.revokes_consent(&told).await.data();
    let text = said(&asks(&north, consent, "").await.text().await.unwrap());
    assert!(
        text.contains("No longer valid: it was taken back"),
        "{text}"
    );
    assert_eq!(refused(&south, consent, "").await, not_found);
}
