//! A party promises in codes: what it serves, in which languages, where and for how many; and it signs that with the rest.

use concord_entities::area::Area;
use serde_json::{Value, json};

use crate::mou_life::{DRAFT, agree, drafts, impact_digest, signs, terms};
use crate::world::agency::{day, text};
use crate::world::{World, on_both};

const SHOWN: &str = "parties { agency { name } promises { needs languages areas capacity } }";

/// What the party of this name promises, as an MOU shows it.
fn promises_of(mou: &Value, name: &str) -> Value {
    let parties = mou["parties"].as_array().unwrap();
    let of_name = |party: &&Value| party["agency"]["name"] == name;
    parties.iter().find(of_name).unwrap()["promises"].clone()
}

on_both!(what_a_party_promises_is_signed_with_the_rest);
async fn what_a_party_promises_is_signed_with_the_rest(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let parties = [&north, &south];
    let mut mou = terms(&parties, 30);
    let beds = json!({ "needs": ["HOUSING", "LEGAL"], "languages": ["es", "en"], "areas": ["15003", "US-GU"], "capacity": 4 });
    mou["parties"][1]["promises"] = json!([beds]);
    let id = agree(&parties, &mou).await;
    let seen = north.finds("Mou", &id, SHOWN).await;
    assert_eq!(promises_of(&seen, "south"), json!([beds]));
    assert_eq!(promises_of(&seen, "north"), json!([]));
    let url = format!("http://{}/mous/{id}/page?lang=es", north.address);
    let page = reqwest::Client::new().get(url).bearer_auth(&north.token);
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("Vivienda, Ayuda legal. Idiomas: es, en. Zonas: 15003, US-GU. Para un máximo de 4 personas a la vez."),
        "{page}"
    );

    // It goes on in a renewal, and what is taken back of it is read off the next version.
    let renew = "mutation($id: ID!, $d: Date!) { renewMou(id: $id, expiresOn: $d) { id parties { agency { name } \
        promises { needs languages areas capacity } } } }";
    let renewed = north.asks(renew, json!({ "id": id, "d": day(500) })).await;
    assert_eq!(
        promises_of(&renewed.data()["renewMou"], "south"),
        json!([beds])
    );
    mou["parties"][1]["promises"] =
        json!([{ "needs": ["HOUSING"], "languages": ["es"], "areas": ["15003"] }]);
    mou["effectiveOn"] = json!(day(0));
    let amend = "mutation($id: ID!, $m: MouInput!, $s: Sha256) { amendMou(id: $id, mou: $m, impactSeen: $s) { id \
        changes(since: 1) { field before after } } }";
    let seen = impact_digest(&south, &id).await;
    let amended = south
        .asks(amend, json!({ "id": id, "m": mou, "s": seen }))
        .await;
    let changes = amended.data()["amendMou"]["changes"].clone();
    let of_promises = changes.as_array().unwrap().iter().filter(|one| {
        let field = one["field"].as_str().unwrap();
        field.contains(".promises.")
    });
    let at = |need: &str| format!("parties.{}.promises.{need}", south.id);
    let before = "es en; 15003 US-GU; 4";
    let told: Vec<_> = of_promises.cloned().collect();
    assert_eq!(
        told,
        [
            json!({ "field": at("HOUSING"), "before": before, "after": "es; 15003" }),
            json!({ "field": at("LEGAL"), "before": before, "after": null }),
        ]
    );
}

on_both!(a_promise_in_no_code_is_refused_where_it_stands);
async fn a_promise_in_no_code_is_refused_where_it_stands(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let good =
        json!({ "needs": ["HOUSING"], "languages": ["es"], "areas": ["US-HI"], "capacity": 1 });
    let with = |field: &str, value: Value| {
        let mut promise = good.clone();
        promise[field] = value;
        json!([promise])
    };
    let tries = async |promises: Value| {
        let mut mou = terms(&[&north, &south], 30);
        mou["parties"][0]["promises"] = promises;
        north.asks(DRAFT, json!({ "m": mou })).await
    };
    for (field, value, place) in [
        ("needs", json!([]), "needs"),
        ("languages", json!([]), "languages"),
        ("languages", json!(["en", "und"]), "languages[1]"),
        ("areas", json!([]), "areas"),
        ("areas", json!(["US-HI", "US-XX"]), "areas[1]"),
        ("areas", json!(["Honolulu"]), "areas[0]"),
        ("areas", json!(["15000"]), "areas[0]"),
        ("capacity", json!(0), "capacity"),
        ("capacity", json!(10_001), "capacity"),
    ] {
        let refused = tries(with(field, value)).await;
        refused.is_refused_for(&format!("mou.parties[0].promises[0].{place}"));
    }
    let many: Vec<Value> = (1..=21)
        .map(|people| with("capacity", json!(people))[0].clone())
        .collect();
    let refused = tries(json!(many)).await;
    refused.is_refused_for("mou.parties[0].promises");
    tries(json!(many[..20])).await.data();
    tries(Value::Null).await.data();
}

/// A server of the version before writes parties without promises, and reads past those that are there.
#[tokio::test]
async fn a_party_that_an_earlier_server_writes_promises_nothing() {
    let world = World::on(crate::world::Database::Postgres).await;
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let id = drafts(&north, &terms(&[&north, &south], 30)).await;
    let mou = world.sql_id(&id);
    world.tampers(&format!(
        "DELETE FROM mou_party WHERE mou_id = {mou}; INSERT INTO mou_party (mou_id, agency_id, responsibilities) \
         SELECT {mou}, id, 'refers' FROM agency WHERE name IN ('north', 'south')"
    ));
    north.changes("offerMou", &id, "status").await.data();
    for party in [&north, &south] {
        let signed = signs(party, &id).await;
        assert!(
            text(&signed.data()["signMou"]["status"]).ends_with("SIGNED") || party.name == "south"
        );
    }
    let seen = south.finds("Mou", &id, SHOWN).await;
    assert_eq!(promises_of(&seen, "north"), json!([]));
}

#[test]
fn a_county_lies_in_its_state_and_in_no_other() {
    let area = |text: &str| text.parse::<Area>();
    for good in ["US-HI", "US-PR", "US-DC", "15003", "01001", "72127"] {
        assert_eq!(area(good).unwrap().to_string(), good);
    }
    for wrong in [
        "", "US-", "US-hi", "HI", "US-XX", "USA", "15000", "1503", "150033", "03001", "+5003",
        "1500a", "US-HI ",
    ] {
        assert!(area(wrong).is_err(), "{wrong}");
    }
    let [hawaii, honolulu, maui, alabama] =
        ["US-HI", "15003", "15009", "US-AL"].map(|text| area(text).unwrap());
    assert!(hawaii.holds(honolulu) && hawaii.holds(hawaii) && honolulu.holds(honolulu));
    assert!(!honolulu.holds(hawaii) && !honolulu.holds(maui) && !alabama.holds(honolulu));
    assert_eq!(honolulu.state(), hawaii);
}
