//! The templates: one for each kind, in English and Spanish, each taken as it is.

use concord::consent::form::texts::FormLanguage;
use concord::mou::template::texts;
use concord_entities::vocabulary::{Code, MouKind};
use serde_json::{Value, json};

use crate::mou_life::{DRAFT, trio};
use crate::world::agency::{day, text};
use crate::world::{World, on_both};

const ALL: &str = "query($l: LanguageTag, $k: MouKind) { mouTemplates(language: $l, kind: $k) { kind language title \
    responsibilities termDays reviewAfterDays terms { purpose grants { purpose categories } services confidentiality \
    breachNoticeHours training conflictResolution terminationNoticeDays qsoa } } }";

#[test]
fn every_kind_has_a_template_in_every_language() {
    for kind in MouKind::ALL.iter().copied() {
        let [english, spanish] = [FormLanguage::English, FormLanguage::Spanish]
            .map(|language| texts::of(kind, language).unwrap());
        assert_ne!(english.title, spanish.title);
        assert_ne!(english.terms(), spanish.terms());
        let lines = |text: &str| text.lines().count();
        assert_eq!(
            lines(&english.responsibilities),
            lines(&spanish.responsibilities),
            "{kind}"
        );
        assert!(!texts::usual_grants(kind).is_empty());
    }
}

on_both!(each_template_is_drafted_as_it_is);
async fn each_template_is_drafted_as_it_is(world: World) {
    let [north, south, _] = trio(&world).await;
    // Whatever law binds them.
    for pack in ["VAWA", "VOCA", "FVPSA", "PART2"] {
        let bind = format!("mutation {{ bindRulePack(pack: {{ pack: {pack} }}) {{ id }} }}");
        north.asks(&bind, Value::Null).await.data();
    }
    for language in ["en", "es"] {
        let listed = north.asks(ALL, json!({ "l": language })).await;
        let listed = listed.data()["mouTemplates"].as_array().unwrap().clone();
        assert_eq!(listed.len(), MouKind::ALL.len());
        for template in &listed {
            assert_eq!(template["language"], language);
            let party = |id: String| json!({ "agency": id, "responsibilities": template["responsibilities"] });
            let days = |of: &str| i32::try_from(template[of].as_i64().unwrap()).unwrap();
            let mou = json!({
                "kind": template["kind"], "title": template["title"], "terms": template["terms"],
                "parties": [party(north.id.to_string()), party(south.id.to_string())],
                "effectiveOn": day(0), "reviewOn": day(days("reviewAfterDays")), "expiresOn": day(days("termDays")),
            });
            let drafted = north.asks(DRAFT, json!({ "m": mou })).await;
            let id = text(&drafted.data()["draftMou"]["id"]);
            let kept = north
                .finds("Mou", &id, "kind title terms { services training }")
                .await;
            assert_eq!(
                (&kept["kind"], &kept["title"]),
                (&template["kind"], &template["title"])
            );
            assert_eq!(kept["terms"]["services"], template["terms"]["services"]);
        }
    }
    let one = north.asks(ALL, json!({ "k": "REFERRAL", "l": "vi" })).await;
    let one = &one.data()["mouTemplates"];
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(
        (&one[0]["kind"], &one[0]["language"]),
        (&json!("REFERRAL"), &json!("en"))
    );
}
