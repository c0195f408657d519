//! What is looked for in the log, and what is found.

use concord_entities::vocabulary::DataCategory::{Identity, Legal};
use serde_json::{Value, json};

use super::{events, hours, kinds, search};
use crate::world::agency::text;
use crate::world::{World, on_both};

on_both!(a_record_is_found_with_who_read_it_and_who_was_refused);
async fn a_record_is_found_with_who_read_it_and_who_was_refused(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let stranger = world.agency("stranger").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let other = north.refers("Ben").to(&south).sharing([Identity]).await;
    south.reads(&ada).await;
    south.reads(&other).await;
    stranger.reads(&ada).await;

    let about = kinds(&north, json!({ "object": ada.referral })).await;
    assert_eq!(about, ["PACKAGE_READ", "REFERRAL_SENT", "REFERRAL_DRAFTED"]);
    // Who tried and was refused is for those in whose reach they are.
    let attempt = kinds(&stranger, json!({ "object": ada.referral })).await;
    assert_eq!(attempt, ["ACCESS_DENIED"]);
    let all = kinds(&world.coordinator(), json!({ "object": ada.referral })).await;
    let expected = [
        "ACCESS_DENIED",
        "PACKAGE_READ",
        "REFERRAL_SENT",
        "REFERRAL_DRAFTED",
    ];
    assert_eq!(all, expected);

    // A list names many: those events are found within a period.
    south.lists("referrals(box: INBOX)", "id").await;
    let named = kinds(
        &south,
        json!({ "named": ada.referral, "types": ["RECORDS_LISTED"] }),
    )
    .await;
    assert!(
        !named.is_empty() && named.iter().all(|kind| kind == "RECORDS_LISTED"),
        "{named:?}"
    );
    assert!(
        !kinds(&south, json!({ "object": ada.referral }))
            .await
            .contains(&"RECORDS_LISTED".to_owned())
    );

    // A consent is found with what was told under it.
    let told = events(&north, json!({ "consent": ada.consent })).await;
    let read = told
        .iter()
        .find(|event| event["type"] == "PACKAGE_READ")
        .unwrap();
    assert_eq!(read["object"], ada.referral);
    assert_eq!(read["discloser"]["name"], "north");
    assert_eq!(
        (&read["consentVersion"], &read["mouVersion"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        told.iter()
            .filter(|event| event["type"] == "PACKAGE_READ")
            .count(),
        1
    );
    assert!(told.iter().any(|event| event["type"] == "CONSENT_SIGNED"));
}

on_both!(what_no_index_finds_is_found_within_a_period);
async fn what_no_index_finds_is_found_within_a_period(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Legal])
        .await;
    let ben = north.refers("Ben").to(&south).sharing([Identity]).await;
    south.reads(&ada).await;
    south.reads(&ben).await;
    let read = |filter: Value| {
        let north = &north;
        async move {
            let found = events(north, filter).await;
            let reads = found.iter().filter(|event| event["type"] == "PACKAGE_READ");
            reads
                .map(|event| text(&event["object"]))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(
        read(json!({ "category": "LEGAL" })).await,
        std::slice::from_ref(&ada.referral)
    );
    assert_eq!(
        read(json!({ "category": "IDENTITY" })).await,
        [ben.referral.clone(), ada.referral.clone()]
    );
    let both = [ben.referral.clone(), ada.referral.clone()];
    assert_eq!(
        read(json!({ "types": ["PACKAGE_READ"], "outcome": "SUCCESS" })).await,
        both
    );
    let purpose = events(&north, json!({ "types": ["PACKAGE_READ"] })).await[0]["purpose"].clone();
    assert_eq!(read(json!({ "purpose": purpose })).await, both);
    assert_eq!(
        read(json!({ "purpose": "PROSECUTION" })).await,
        Vec::<String>::new()
    );
    let mou = events(&north, json!({ "types": ["PACKAGE_READ"] })).await[0]["mou"].clone();
    assert_eq!(read(json!({ "mou": mou })).await.len(), 2);
    // Another agency's, which one does not coordinate, as far as one has a part in it.
    assert_eq!(read(json!({ "agency": south.id.to_string() })).await, both);
    // All that is named must hold.
    assert_eq!(
        read(
            json!({ "agency": south.id.to_string(), "category": "LEGAL", "object": ada.referral })
        )
        .await,
        std::slice::from_ref(&ada.referral)
    );
    assert_eq!(
        read(json!({ "category": "LEGAL", "object": ben.referral })).await,
        Vec::<String>::new()
    );

    // The survivor's own agency finds what was done with one person; whoever was only told cannot link two records.
    let survivor = events(
        &north,
        json!({ "object": ada.referral, "types": ["PACKAGE_READ"] }),
    )
    .await;
    let survivor = text(&survivor[0]["survivor"]);
    assert!(survivor.starts_with("subject_"));
    assert_eq!(
        read(json!({ "survivor": survivor })).await,
        std::slice::from_ref(&ada.referral)
    );
    let told = events(&south, json!({ "types": ["PACKAGE_READ"] })).await;
    assert!(told.iter().all(|event| event["survivor"] == Value::Null));
    assert!(
        events(&south, json!({ "survivor": survivor }))
            .await
            .is_empty()
    );
    let coordinator = world.coordinator();
    assert_eq!(
        kinds(
            &coordinator,
            json!({ "survivor": survivor, "types": ["PACKAGE_READ"] })
        )
        .await
        .len(),
        1
    );
    // Nothing leads from that id to the person.
    let node = north
        .asks(
            "query($id: ID!) { node(id: $id) { id } }",
            json!({ "id": survivor }),
        )
        .await;
    assert_eq!(node.codes(), "BAD_USER_INPUT");
}

on_both!(a_period_that_is_none_and_a_cursor_of_another_filter_are_refused);
async fn a_period_that_is_none_and_a_cursor_of_another_filter_are_refused(world: World) {
    let north = world.agency("north").await;
    for person in ["Ada", "Ben", "Cleo"] {
        north.registers(person).await;
    }
    let asks = |filter: Value| {
        let north = &north;
        async move { search(north, &filter, json!({})).await }
    };
    let now = hours(0);
    asks(json!({ "types": [] }))
        .await
        .is_refused_for("filter.types");
    asks(json!({ "since": now, "until": now }))
        .await
        .is_refused_for("filter.until");
    asks(json!({ "since": now, "until": hours(-1) }))
        .await
        .is_refused_for("filter.until");
    let month = json!({ "outcome": "SUCCESS", "since": hours(-24 * 32) });
    asks(month).await.is_refused_for("filter.since");
    let month = json!({ "outcome": "SUCCESS", "since": hours(-24 * 40), "until": hours(-24 * 8) });
    asks(month).await.is_refused_for("filter.since");
    // Along an index any period will do.
    asks(json!({ "since": hours(-24 * 400) })).await.data();
    asks(json!({ "subject": "somebody", "since": hours(-24 * 400) }))
        .await
        .data();
    asks(json!({ "object": "nonsense" }))
        .await
        .is_refused_for("filter.object");
    asks(json!({ "survivor": "survivor_01h2xcejqtf2nbrexx3vqjhp41" }))
        .await
        .is_refused_for("filter.survivor");

    let page = search(
        &north,
        &json!({ "types": ["SURVIVOR_REGISTERED"] }),
        json!({ "n": 1 }),
    )
    .await;
    let cursor = &page.data()["auditEvents"]["pageInfo"]["endCursor"];
    let other = search(
        &north,
        &json!({ "types": ["SURVIVOR_ERASED"] }),
        json!({ "a": cursor }),
    )
    .await;
    other.is_refused_for("after");
    let none = search(&north, &Value::Null, json!({ "a": cursor })).await;
    none.is_refused_for("after");
    let back = search(&north, &Value::Null, json!({ "l": 2, "b": cursor })).await;
    back.is_refused_for("before");
    let own = json!({ "types": ["SURVIVOR_REGISTERED"] });
    let next = search(&north, &own, json!({ "n": 5, "a": cursor })).await;
    assert_eq!(
        next.data()["auditEvents"]["edges"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

on_both!(a_period_holds_what_was_recorded_in_it);
async fn a_period_holds_what_was_recorded_in_it(world: World) {
    let north = world.agency("north").await;
    for person in ["Ada", "Ben", "Cleo"] {
        north.registers(person).await;
    }
    let registered = json!({ "types": ["SURVIVOR_REGISTERED"] });
    let all = events(&north, registered).await;
    let at = |nth: usize| all[nth]["recordedAt"].clone();
    for by_index in [true, false] {
        let within = |mut period: Value| {
            if !by_index {
                period["types"] = json!(["SURVIVOR_REGISTERED"]);
            }
            let north = &north;
            async move {
                let found = events(north, period).await;
                let found = found
                    .iter()
                    .filter(|event| event["type"] == "SURVIVOR_REGISTERED");
                found.map(|event| text(&event["id"])).collect::<Vec<_>>()
            }
        };
        let id = |nth: usize| text(&all[nth]["id"]);
        assert_eq!(within(json!({ "since": at(1) })).await, [id(0), id(1)]);
        assert_eq!(
            within(json!({ "since": at(2), "until": at(1) })).await,
            [id(2)]
        );
        assert_eq!(
            within(json!({ "since": at(2), "until": at(0) })).await,
            [id(1), id(2)]
        );
        assert!(within(json!({ "since": hours(1) })).await.is_empty());
    }
}
