//! What came of a referral: the code means what the needs say that were provided, and it can be corrected for a while.

use concord::referral::rules::outcome::{Outcome, OutcomeError, split};
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{Code, Need, Needs, OutcomeCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{Answer, World, on_both};

const SHOWN: &str = "status outcome { code provided further earlier { code provided further } }";

fn needs() -> impl Strategy<Value = Needs> {
    let some = proptest::sample::subsequence(Need::ALL.to_vec(), 0..=6);
    some.prop_map(|needs| needs.into_iter().collect())
}

proptest! {
    #[test]
    fn a_code_is_taken_where_it_means_what_was_provided(
        asked in needs(),
        provided in needs(),
        code in proptest::sample::select(OutcomeCode::ALL.to_vec()),
    ) {
        prop_assume!(!asked.is_empty());
        let (met, further) = split(asked, provided);
        // What was provided is told once, either way.
        prop_assert!(met.within(asked) && met.within(provided) && further.within(provided));
        prop_assert!(met.iter().all(|need| !further.has(need)));
        prop_assert_eq!(met.iter().count() + further.iter().count(), provided.iter().count());

        let all = asked.within(provided);
        let expected = match code {
            OutcomeCode::NeedsMet if all => Ok(()),
            OutcomeCode::NeedsMet => Err(OutcomeError::NotAll),
            _ if all => Err(OutcomeError::All),
            OutcomeCode::NeedsPartlyMet if met.is_empty() => Err(OutcomeError::None),
            _ => Ok(()),
        };
        prop_assert_eq!((Outcome { code, provided }).check(asked), expected);
        // Further needs decide nothing.
        prop_assert_eq!((Outcome { code, provided: met }).check(asked), expected);
    }
}

on_both!(an_outcome_means_what_it_says_and_is_corrected_with_both_on_record);
async fn an_outcome_means_what_it_says_and_is_corrected_with_both_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let says = async |verb: &str, code: &str, provided: &[&str]| -> Answer {
        let mutation = format!(
            "mutation($id: ID!, $o: OutcomeInput!) {{ {verb}(id: $id, outcome: $o) {{ {SHOWN} }} }}"
        );
        let outcome = json!({ "code": code, "provided": provided });
        let variables = json!({ "id": ada.referral, "o": outcome });
        south.asks(&mutation, variables).await
    };
    let early = says("correctReferralOutcome", "NEEDS_MET", &["HOUSING"]).await;
    assert_eq!(early.codes(), "INVALID_TRANSITION");
    south.does("acceptReferral", &ada).await.data();
    for (code, provided) in [
        ("NEEDS_MET", &["LEGAL"][..]),
        ("NEEDS_PARTLY_MET", &[]),
        ("NEEDS_PARTLY_MET", &["HOUSING"]),
        ("SURVIVOR_ENDED", &["HOUSING"]),
    ] {
        let refused = says("completeReferral", code, provided).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT", "{code}");
    }
    let completed = says("completeReferral", "SURVIVOR_ENDED", &["LEGAL"]).await;
    let first = json!({ "code": "SURVIVOR_ENDED", "provided": [], "further": ["LEGAL"] });
    let mut shown = first.clone();
    shown["earlier"] = json!([]);
    assert_eq!(completed.data()["completeReferral"]["outcome"], shown);

    let corrected = says("correctReferralOutcome", "NEEDS_MET", &["HOUSING"]).await;
    let now =
        json!({ "code": "NEEDS_MET", "provided": ["HOUSING"], "further": [], "earlier": [first] });
    assert_eq!(corrected.data()["correctReferralOutcome"]["outcome"], now);
    let again = says("correctReferralOutcome", "NEEDS_MET", &["HOUSING"]).await;
    assert_eq!(again.data(), corrected.data());
    // The sender sees both, and that it was corrected.
    let seen = north.finds("Referral", &ada.referral, SHOWN).await;
    assert_eq!(seen["outcome"], now);
    let log = "auditEvents(filter: { types: [REFERRAL_OUTCOME_CORRECTED] })";
    let told = json!({ "reason": "NEEDS_MET", "object": ada.referral });
    assert_eq!(north.lists(log, "reason object").await, [told]);
    let theirs = "mutation($id: ID!) { correctReferralOutcome(id: $id, outcome: { code: SURVIVOR_ENDED }) { id } }";
    let refused = north.asks(theirs, json!({ "id": ada.referral })).await;
    assert_ne!(refused.body["errors"], Value::Null);

    let a_month_ago = "UPDATE referral SET completed_at = completed_at - 2592000000000";
    world.tampers(a_month_ago);
    let late = says("correctReferralOutcome", "SURVIVOR_ENDED", &[]).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
}
