//! A person asks who was told what of them: the statement, the page, and the proof of each reading.

use concord::audit::proof::check_inclusion;
use concord::audit::tree::{Digest, Head};
use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use reqwest::Response;
use serde_json::{Value, json};

use crate::contact::story as contact;
use crate::form::said;
use crate::mandated_disclosure::story as mandate;
use crate::world::agency::{Told, day, text};
use crate::world::{Agency, World, on_both};

const LINES: &str = "lines { recipient { name } recipientOutside { kind name } purpose instrument issuingAuthority citation \
    count firstOn lastOn categories lastEvent first { event disclosedAt categories recipient { name } purpose referral consent \
    mandate } }";

/// Ada's story: south reads of her three times, and a court's order tells a court once.
struct Asked {
    world: World,
    north: Agency,
    south: Agency,
    told: Told,
    survivor: String,
}

impl Asked {
    async fn on(database: crate::world::Database) -> Self {
        let world = World::on(database).await;
        let (north, south) = world.agencies("north", "south").await;
        let told = north
            .refers("Ada")
            .to(&south)
            .sharing([Identity, Needs])
            .await;
        let survivor = north.survivor_of(&told.consent).await;
        let only = "query($id: ID!) { referral(id: $id) { package(purpose: SERVICE_DELIVERY) { identity { givenName } } } }";
        let only = south.asks(only, json!({ "id": told.referral })).await;
        assert_eq!(
            only.data()["referral"]["package"]["identity"]["givenName"],
            "Ada"
        );
        for _ in 0..2 {
            assert!(south.reads(&told).await.contains("Ada"));
        }
        // What was asked for and withheld tells nothing, and is not accounted for.
        south.reads_for(&told, "PROSECUTION").await;
        let mut ordered = mandate::disclosure(&survivor, &south);
        ordered["recipient"] = Value::Null;
        ordered["recipientOutside"] = json!({ "kind": "COURT", "name": "Family Court" });
        north
            .asks(mandate::RECORD, json!({ "d": ordered }))
            .await
            .data();
        Self {
            world,
            north,
            south,
            told,
            survivor,
        }
    }

    async fn statement(&self, who: &Agency, arguments: &str) -> crate::world::Answer {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on Survivor {{ accountingStatement{arguments} {{ since until timeZone total {LINES} }} }} }} }}"
        );
        who.asks(&query, json!({ "id": self.survivor })).await
    }

    async fn page(&self, who: &Agency, id: &str, query: &str) -> Response {
        let url = format!("http://{}/survivors/{id}/accounting{query}", who.address);
        let request = reqwest::Client::new().get(url).bearer_auth(&who.token);
        request.send().await.unwrap()
    }
}

on_both!(what_was_told_again_is_one_line_and_mandates_are_named: Asked);
async fn what_was_told_again_is_one_line_and_mandates_are_named(story: Asked) {
    let answer = story.statement(&story.north, "").await;
    let statement = &answer.data()["node"]["accountingStatement"];
    assert_eq!(statement["until"], day(0).as_str());
    assert_eq!(statement["timeZone"], "UTC");
    assert_eq!(statement["total"], 4);
    let lines = statement["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2);

    // The court first: it was told yesterday, though that was put on record today.
    let mut court = lines[0].clone();
    let first = court.as_object_mut().unwrap().remove("first").unwrap();
    assert_eq!(court["lastEvent"], first["event"]);
    court.as_object_mut().unwrap().remove("lastEvent");
    let docket = "Zyxabel-26-CV-5550173301";
    assert_eq!(
        court,
        json!({
            "recipient": null, "recipientOutside": { "kind": "COURT", "name": "Family Court" }, "purpose": null,
            "instrument": "COURT_ORDER", "issuingAuthority": format!("Court of {docket}"), "citation": docket,
            "count": 1, "firstOn": day(-1), "lastOn": day(-1), "categories": ["IDENTITY"],
        })
    );
    assert!(text(&first["mandate"]).starts_with("mandate_"));

    let south = &lines[1];
    assert_eq!(south["recipient"]["name"], "south");
    assert_eq!(south["purpose"], "SERVICE_DELIVERY");
    assert_eq!(
        (&south["count"], &south["firstOn"]),
        (&json!(3), &json!(day(0)))
    );
    assert_eq!(south["first"]["categories"], json!(["IDENTITY"]));
    assert_eq!(south["first"]["recipient"]["name"], "south");
    assert_eq!(south["first"]["referral"], story.told.referral.as_str());
    assert_eq!(south["first"]["consent"], story.told.consent.as_str());
    assert_eq!(south["categories"], json!(["IDENTITY", "NEEDS"]));

    // The lines are those of the list: the first and the last of it, and as many.
    let one_by_one = "accounting(first: 100) { edges { node { event mandate } } }";
    let listed = story
        .north
        .finds("Survivor", &story.survivor, one_by_one)
        .await;
    let listed = crate::world::agency::entries(&listed["accounting"]);
    assert_eq!(listed.len(), 4);
    let read: Vec<_> = listed
        .iter()
        .filter(|one| one["mandate"].is_null())
        .collect();
    assert_eq!(read[0]["event"], south["lastEvent"]);
    assert_eq!(read[2]["event"], south["first"]["event"]);

    // Whatever ended: the accounting stays.
    story.north.revokes_consent(&story.told).await.data();
    let after = story.statement(&story.north, "").await;
    assert_eq!(after.data()["node"]["accountingStatement"]["total"], 4);
    let made = story
        .north
        .lists(
            "auditEvents(first: 1, filter: { types: [AUDIT_READ] })",
            "operation",
        )
        .await;
    assert_eq!(made.len(), 1);
}

on_both!(a_period_narrows_it_and_an_impossible_one_is_refused: Asked);
async fn a_period_narrows_it_and_an_impossible_one_is_refused(story: Asked) {
    let of = async |since: i32, until: i32| {
        let arguments = format!("(since: \"{}\", until: \"{}\")", day(since), day(until));
        story.statement(&story.north, &arguments).await
    };
    for (since, until, total) in [(-1, 0, 4), (0, 0, 3), (-1, -1, 1), (-30, -2, 0)] {
        let answer = of(since, until).await;
        let statement = &answer.data()["node"]["accountingStatement"];
        assert_eq!(statement["total"], total, "{since} {until}");
        assert_eq!(statement["since"], day(since).as_str());
    }
    for (since, until) in [(0, -1), (-9, 1), (-2_300, 0)] {
        of(since, until).await.is_refused_for_input();
    }
}

on_both!(only_the_persons_own_agency_makes_it: Asked);
async fn only_the_persons_own_agency_makes_it(story: Asked) {
    for stranger in [&story.south, &story.world.coordinator()] {
        let answer = story.statement(stranger, "").await;
        assert_eq!(answer.data()["node"], Value::Null);
        let page = story.page(stranger, &story.survivor, "").await;
        assert_eq!(page.status(), 404);
    }
    for id in [
        "survivor_01h2xcejqtf2nbrexx3vqjhp41",
        &story.told.referral,
        "nonsense",
    ] {
        assert_eq!(story.page(&story.north, id, "").await.status(), 404, "{id}");
    }
    let narrow = story
        .north
        .with(story.world.token(story.north.id, "survivor.cus audit.rs"));
    assert_eq!(
        story.statement(&narrow, "").await.codes(),
        "FORBIDDEN_SCOPE"
    );
    assert_eq!(story.page(&narrow, &story.survivor, "").await.status(), 403);
    for query in [
        "?paper=a3",
        "?lang=e_s",
        "?what=1",
        "?since=yesterday",
        "?until=2199-01-01",
        "?since=2001-01-01",
    ] {
        let page = story.page(&story.north, &story.survivor, query).await;
        assert_eq!(page.status(), 400, "{query}");
    }
}

on_both!(the_page_is_handed_over_in_the_persons_language_and_names_nobody: Asked);
async fn the_page_is_handed_over_in_the_persons_language_and_names_nobody(story: Asked) {
    let survivor = &story.survivor;
    let correct = "mutation($id: ID!) { correctSurvivor(id: $id, ageGroup: ADULT, language: \"es-MX\") { pseudonym } }";
    let corrected = story.north.asks(correct, json!({ "id": survivor })).await;
    let pseudonym = text(&corrected.data()["correctSurvivor"]["pseudonym"]);
    let page = story.page(&story.north, survivor, "?paper=a4").await;
    assert_eq!(page.status(), 200);
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-language"), "es");
    assert_eq!(header("cache-control"), "no-store");
    let request = header("x-request-id");
    let html = page.text().await.unwrap();
    let told = said(&html);
    assert!(html.contains("@page { size: a4;"));
    assert!(
        told.contains("Este papel dice lo que north contó a otros sobre usted."),
        "{told}"
    );
    assert!(
        told.contains("3 veces.") && told.contains("Family Court"),
        "{told}"
    );
    assert!(told.contains("No plan for safe contact is set."), "{told}");
    assert!(
        told.contains(&request),
        "the paper and the log name the same request"
    );
    // A docket number leads to the person; so does any id of theirs.
    for secret in [
        "Ada",
        pseudonym.as_str(),
        survivor,
        &story.told.referral,
        &story.told.consent,
        ">Zyxabel-26",
    ] {
        assert!(!html.contains(secret), "{secret}");
    }
    let on_record =
        format!("SELECT kind FROM audit_event WHERE leaf LIKE '%{request}%' ORDER BY kind");
    let on_record = story.world.tampers(&on_record);
    assert!(
        on_record.contains("AUDIT_READ") && on_record.contains("SAFE_CONTACT_READ"),
        "{on_record}"
    );

    let never = json!({ "id": survivor, "plan": { "doNotContact": true } });
    story.north.asks(contact::SET, never).await.data();
    let english = story
        .page(&story.north, survivor, "?lang=en")
        .await
        .text()
        .await
        .unwrap();
    assert!(said(&english).contains("The plan says: do not contact this person."));
    assert!(said(&english).contains("3 times. The first time was on"));
}

on_both!(the_discloser_sees_each_reading_with_proof_and_finds_it_by_the_persons_accounting: Asked);
async fn the_discloser_sees_each_reading_with_proof_and_finds_it_by_the_persons_accounting(
    story: Asked,
) {
    let shown = "id type agency { name } recipient { name } categories object consent mou leafHash proof { index size rootHash hashes }";
    let log = "auditEvents(first: 10, filter: { types: [PACKAGE_READ] })";
    // A checkpoint covers an event after a moment.
    let mut read = Vec::new();
    for _ in 0..100 {
        read = story.north.lists(log, shown).await;
        if read.iter().all(|event| !event["proof"].is_null()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // The fourth told nothing.
    assert_eq!(read.len(), 4);
    let digest = |value: &Value| {
        let bytes = hex::decode(value.as_str().unwrap()).unwrap();
        Digest(bytes.try_into().unwrap())
    };
    for event in &read {
        assert_eq!(event["agency"]["name"], "south");
        assert_eq!(event["object"], story.told.referral.as_str());
        let proof = &event["proof"];
        let hashes: Vec<_> = proof["hashes"]
            .as_array()
            .unwrap()
            .iter()
            .map(digest)
            .collect();
        let head = Head {
            size: proof["size"].as_u64().unwrap(),
            root: digest(&proof["rootHash"]),
        };
        let index = proof["index"].as_u64().unwrap();
        check_inclusion(&hashes, index, digest(&event["leafHash"]), head).unwrap();
    }

    let statement = story.statement(&story.north, "").await;
    let line = &statement.data()["node"]["accountingStatement"]["lines"][1];
    for led in [&line["first"]["event"], &line["lastEvent"]] {
        let found = story
            .north
            .finds("AuditEvent", led.as_str().unwrap(), shown)
            .await;
        assert!(read.iter().any(|event| event["id"] == *led), "{led}");
        assert_eq!(found["type"], "PACKAGE_READ");
        assert_eq!(found["consent"], story.told.consent.as_str());
        assert!(!found["proof"].is_null());
    }
}
