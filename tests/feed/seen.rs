//! Most polls find nothing: those that stand where the log ended just now are told so without a statement.

use concord::access::token::Claims;
use concord::request::log_end::{EndSeen, JUST_NOW, LogEnd, SeenLogEnd};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::vocabulary::DataCategory::Needs;
use serde_json::json;

use super::{CHANGES, all_have_their_places, newest, page, settled};
use crate::world::{Agency, EVERYTHING, World, on_both};

on_both!(an_empty_poll_says_the_same_whether_or_not_somebody_polled_just_before);
async fn an_empty_poll_says_the_same_whether_or_not_somebody_polled_just_before(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let east = world.agency("east").await;
    all_have_their_places(&world).await;
    let mut ends = Vec::new();
    for reader in [&north, &south, &east] {
        ends.push(newest(reader).await);
    }
    for (reader, end) in [&north, &south, &east].into_iter().zip(&ends) {
        let asked = json!({ "after": end, "first": 10 });
        tokio::time::sleep(JUST_NOW).await;
        let read = reader.asks(CHANGES, asked.clone()).await;
        for _ in 0..3 {
            let again = reader.asks(CHANGES, asked.clone()).await;
            assert_eq!(again.data(), read.data());
        }
    }
    // What comes then is told of, to each whom it concerns.
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let told = settled(&world, &south, &ends[1]).await;
    assert!(told.records().contains(&ada.referral.as_str()));
    let told = settled(&world, &east, &ends[2]).await;
    assert!(told.named.is_empty());
}

on_both!(somebody_whose_tokens_ended_polls_no_more_on_the_very_next_request);
async fn somebody_whose_tokens_ended_polls_no_more_on_the_very_next_request(world: World) {
    let (north, _) = world.agencies("north", "south").await;
    let claims = Claims {
        subject: "ada".to_owned(),
        ..world.claims(north.id, EVERYTHING)
    };
    let ada = Agency::new(
        north.id,
        "north",
        world.signs(&claims),
        world.server.address.clone(),
    );
    all_have_their_places(&world).await;
    let end = newest(&ada).await;
    for _ in 0..3 {
        assert!(page(&ada, Some(&end), 10).await.named.is_empty());
    }
    let ends = "mutation { endSubject(subject: \"ada\") { subject } }";
    north.asks(ends, json!({})).await.data();
    let answer = ada
        .asks(CHANGES, json!({ "after": end, "first": 10 }))
        .await;
    assert_eq!(answer.codes(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_end_is_taken_for_the_end_for_a_moment_and_under_the_epoch_that_is_known() {
    let (north, south) = (AgencyId::new(), AgencyId::new());
    let remembered = SeenLogEnd::default();
    let seen = |size| EndSeen {
        asked: tokio::time::Instant::now(),
        epoch: 7,
        now: concord::clock::now(),
        end: LogEnd {
            size,
            newest: Some(AuditEventId::new()),
        },
    };
    assert!(remembered.just_now(north, 7).is_none());
    remembered.remember(seen(3), north, true);
    let (last, has_previous) = remembered.just_now(north, 7).unwrap();
    assert_eq!((last.end.size, has_previous), (3, true));
    assert!(remembered.just_now(north, 8).is_none(), "sharing ended");
    assert!(remembered.just_now(south, 7).is_none(), "south did not ask");
    // Somebody else saw it grow: what it has of north's is not known any more.
    remembered.remember(seen(4), south, false);
    assert!(remembered.just_now(north, 7).is_none());
    assert!(!remembered.just_now(south, 7).unwrap().1);
    tokio::time::sleep(JUST_NOW).await;
    assert!(remembered.just_now(south, 7).is_none(), "a moment passed");
}
