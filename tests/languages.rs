//! Languages, countries and money by their registries.

use concord::consent::language::is_understood_by;
use concord::wire::scalars::LanguageTag;
use serde_json::json;

use crate::world::documents::DRAFT_REFERRAL;
use crate::world::{World, on_both};
use concord_entities::vocabulary::DataCategory::{Demographics, Financial, Location};

#[test]
fn a_language_is_kept_as_the_registry_has_it_now() {
    for (written, kept) in [
        ("es-GT", "es-GT"),
        ("ES-gt", "es-GT"),
        ("en-Latn-US", "en-US"),
        ("iw", "he"),
        ("in", "id"),
        ("zh-yue", "yue"),
        ("zh-min-nan", "nan"),
        ("i-klingon", "tlh"),
        ("sgn-US", "ase"),
        ("sgn-ase", "ase"),
        ("quc", "quc"),
        ("nah", "nah"),
        ("en-BU", "en-MM"),
    ] {
        let tag = LanguageTag::new(written).unwrap_or_else(|| panic!("{written}"));
        assert_eq!(tag.as_str(), kept, "{written}");
    }
    for none in [
        "", "english", "xq", "es-YY", "es_GT", "es-Xxxx", "zh-ase", "e", "es-", "-es", "es\0",
    ] {
        assert_eq!(LanguageTag::new(none), None, "{none}");
    }
}

#[test]
fn a_macro_language_is_understood_in_each_of_its_languages_and_not_the_other_way_round() {
    for (understood, spoken) in [
        ("es", "es-GT"),
        ("es-MX", "es-GT"),
        ("he", "iw"),
        ("zh", "yue"),
        ("zh-yue", "yue-HK"),
        ("ar", "arz"),
        ("sgn", "ase"),
        ("ase", "sgn-US"),
    ] {
        assert!(
            is_understood_by(understood, spoken),
            "{understood} {spoken}"
        );
    }
    for (understood, spoken) in [
        ("yue", "zh"),
        ("yue", "cmn"),
        ("arz", "ar"),
        ("ase", "bfi"),
        ("ase", "en"),
        ("es", "en"),
        ("zh", "ase"),
        ("und", "und"),
        ("zxx", "zxx"),
        ("mul", "mul"),
        ("es", "mul"),
        ("und", "es"),
    ] {
        assert!(
            !is_understood_by(understood, spoken),
            "{understood} {spoken}"
        );
    }
}

on_both!(countries_and_currencies_are_those_of_their_registries);
async fn countries_and_currencies_are_those_of_their_registries(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let consent = north
        .consents(&ada, &south, &[Demographics, Location, Financial])
        .await;
    north.signs(&consent).await.data();
    let referral = |country: &str, nationality: &str, currency: &str| {
        json!({ "r": {
            "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "again": true,
            "package": {
                "location": { "country": country }, "financial": { "currency": currency },
                "demographics": { "nationalities": ["GT", nationality] },
            },
        } })
    };
    for (sent, place) in [
        (
            referral("USA", "GT", "USD"),
            "referral.package.location.country",
        ),
        (
            referral("XX", "GT", "USD"),
            "referral.package.location.country",
        ),
        (
            referral("US", "", "USD"),
            "referral.package.demographics.nationalities[1]",
        ),
        (
            referral("US", "Guatemalan", "USD"),
            "referral.package.demographics.nationalities[1]",
        ),
        (
            referral("US", "GT", "$"),
            "referral.package.financial.currency",
        ),
        (
            referral("US", "GT", "ABC"),
            "referral.package.financial.currency",
        ),
    ] {
        north.asks(DRAFT_REFERRAL, sent).await.is_refused_for(place);
    }
    north
        .asks(DRAFT_REFERRAL, referral("us", "HN", "usd"))
        .await
        .data();
}
