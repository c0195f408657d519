//! What the rule packs that bind the parties ask of an MOU, and what they keep out of it.

use std::collections::BTreeSet;

use concord::mou::rules::packs::{DUTIES, check_within, lacks_qsoa};
use concord_entities::grants::Grants;
use concord_entities::vocabulary::{Categories, Code, DataCategory, Pack, Purpose, Purposes, Set};
use serde_json::{Value, json};

use crate::mou_life::{DRAFT, does, drafts, terms, trio};
use crate::world::{Agency, World, on_both};

fn pair(category: DataCategory, purpose: Purpose) -> Grants {
    Grants::product(Categories::only(category), Purposes::only(purpose))
}

#[test]
fn part_2_alone_keeps_something_out_of_every_mou_and_that_is_records_in_proceedings() {
    for pack in Pack::ALL.iter().copied() {
        for category in DataCategory::ALL.iter().copied() {
            for purpose in Purpose::ALL.iter().copied() {
                let kept_out = pack == Pack::Part2
                    && category == DataCategory::SubstanceUse
                    && [Purpose::Investigation, Purpose::Prosecution].contains(&purpose);
                let refused = check_within(&pair(category, purpose), &[pack]);
                assert_eq!(refused.is_err(), kept_out, "{pack} {category} {purpose}");
            }
        }
    }
    assert!(check_within(&Grants::product(Set::all(), Set::all()), &[]).is_ok());
    let records = pair(DataCategory::SubstanceUse, Purpose::HealthCare);
    assert!(lacks_qsoa(&records, false, &[Pack::Vawa, Pack::Part2]));
    assert!(!lacks_qsoa(&records, true, &[Pack::Part2]));
    assert!(!lacks_qsoa(&records, false, &[Pack::Vawa]));
    let needs = pair(DataCategory::Needs, Purpose::HealthCare);
    assert!(!lacks_qsoa(&needs, false, &[Pack::Part2]));
}

#[test]
fn every_pack_asks_for_something_and_says_where_it_is_written() {
    let codes: BTreeSet<_> = DUTIES.iter().map(|duty| duty.code).collect();
    assert_eq!(codes.len(), DUTIES.len());
    for pack in Pack::ALL {
        assert!(DUTIES.iter().any(|duty| duty.pack == *pack), "{pack}");
    }
    for duty in DUTIES {
        assert!(duty.pack == Pack::State || !duty.citation.is_empty());
        assert!(duty.english.ends_with('.') && duty.spanish.ends_with('.'));
        assert_ne!(duty.english, duty.spanish);
    }
}

async fn binds(agency: &Agency, pack: Value) {
    let bind = "mutation($p: RulePackInput!) { bindRulePack(pack: $p) { id } }";
    agency.asks(bind, json!({ "p": pack })).await.data();
}

on_both!(an_mou_is_refused_that_is_wider_than_a_partys_rules_allow);
async fn an_mou_is_refused_that_is_wider_than_a_partys_rules_allow(world: World) {
    let [north, south, west] = trio(&world).await;
    binds(&south, json!({ "pack": "PART2" })).await;
    binds(&north, json!({ "pack": "VAWA" })).await;
    let state = json!({ "pack": "STATE", "citation": "Rev. Code 70.123.076" });
    binds(&north, state).await;

    let mut mou = terms(&[&north, &south], 30);
    mou["terms"]["grants"] = json!([
        { "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"] },
        { "purpose": "HEALTH_CARE", "categories": ["SUBSTANCE_USE"] },
    ]);
    let refused = north.asks(DRAFT, json!({ "m": mou })).await;
    refused.is_refused_for("mou.terms.qsoa");
    mou["terms"]["qsoa"] = json!(true);
    let id = drafts(&north, &mou).await;
    // No pack of its own parties speaks against it.
    let mut elsewhere = terms(&[&north, &west], 30);
    let proceedings =
        json!([{ "purpose": "PROSECUTION", "categories": ["NEEDS", "SUBSTANCE_USE"] }]);
    elsewhere["terms"]["grants"] = proceedings.clone();
    drafts(&north, &elsewhere).await;
    let mut wider = mou.clone();
    wider["terms"]["grants"] = proceedings;
    let refused = north.asks(DRAFT, json!({ "m": wider })).await;
    assert_eq!(refused.codes(), "BEYOND_RULE_PACK");
    let told = &refused.body["errors"][0]["extensions"];
    assert_eq!(told["field"], json!(["mou", "terms", "grants"]));
    assert_eq!(
        (&told["category"], &told["purpose"], &told["pack"]),
        (
            &json!("SUBSTANCE_USE"),
            &json!("PROSECUTION"),
            &json!("PART2")
        )
    );

    does(&north, &id, "OFFER", "status").await.data();
    let shown = "terms { qsoa } obligations(language: \"es-MX\") { code pack citation text }";
    let seen = south.finds("Mou", &id, shown).await;
    assert_eq!(seen["terms"]["qsoa"], true);
    let codes: Vec<_> = seen["obligations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "VAWA_CONSENT",
            "VAWA_COMPELLED",
            "VAWA_TOTALS",
            "PART2_BOUND",
            "PART2_NOTICE",
            "PART2_NO_PROSECUTION",
            "STATE_LAW",
        ]
    );
    let last = seen["obligations"].as_array().unwrap().last().unwrap();
    assert_eq!(last["citation"], "Rev. Code 70.123.076");
    assert!(last["text"].as_str().unwrap().starts_with("La ley estatal"));
    let url = format!("http://{}/mous/{id}/page?lang=en", south.address);
    let page = reqwest::Client::new()
        .get(url)
        .bearer_auth(&south.token)
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    for words in [
        "What the law asks of the parties",
        "42 CFR 2.11, 2.12(c)(4)",
        "as a qualified service organization is",
    ] {
        assert!(page.contains(words), "{words}");
    }
}
