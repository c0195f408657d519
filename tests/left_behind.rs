//! What an agency leaves behind where it ends: each of its partners sees its own, before and after, and is told.

use concord_entities::ids::TaskForceId;
use concord_entities::vocabulary::DataCategory::Needs;
use concord_entities::vocabulary::ReferralStatus::{Requested, Suspended};
use concord_entities::vocabulary::{Code, Explanation};
use serde_json::{Value, json};

use crate::world::agency::{Told, day, entries, text};
use crate::world::{Agency, Answer, World, on_both};

const LIST: &str = "leftBehind(first: 50) { edges { node { id status } } totalCount { count } }";

/// What an agency leaves behind, as a reader sees it: each referral, the oldest first.
async fn left(reader: &Agency, agency: &Agency, task_force: Option<&str>) -> Vec<String> {
    let document = "query($a: ID!, $t: ID) { agency(id: $a) { leftBehind(first: 50, taskForce: $t) { edges { node { id } } \
        totalCount { count } } } }";
    let variables = json!({ "a": agency.id.to_string(), "t": task_force });
    let answer = reader.asks(document, variables).await;
    let list = &answer.data()["agency"]["leftBehind"];
    let ids: Vec<String> = entries(list).iter().map(|one| text(&one["id"])).collect();
    assert_eq!(list["totalCount"]["count"], ids.len());
    ids
}

fn of<'t>(told: impl IntoIterator<Item = &'t Told>) -> Vec<String> {
    told.into_iter().map(|one| one.referral.clone()).collect()
}

async fn leaves(agency: &Agency, task_force: &str, shown: &str) -> Answer {
    let document =
        format!("mutation($t: ID!) {{ leaveTaskForce(taskForce: $t, ends: true) {{ {shown} }} }}");
    agency.asks(&document, json!({ "t": task_force })).await
}

/// The kinds of notice that an agency was given of another one.
async fn told_of(reader: &Agency, agency: &Agency) -> Vec<String> {
    let notices = reader.lists("notices(first: 50)", "kind object").await;
    let about = notices
        .iter()
        .filter(|one| one["object"] == agency.id.to_string());
    about.map(|one| text(&one["kind"])).collect()
}

on_both!(an_agency_that_ends_leaves_a_list_to_each_of_its_partners);
async fn an_agency_that_ends_leaves_a_list_to_each_of_its_partners(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let (east, west) = (world.agency("east").await, world.agency("west").await);
    let coordinator = world.coordinator();
    east.agrees_with(&south).await;
    east.agrees_with(&north).await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let ben = south.refers("Ben").to(&north).sharing([Needs]).await;
    let cora = east.refers("Cora").to(&south).sharing([Needs]).await;
    let dana = north.refers("Dana").to(&south).sharing([Needs]).await;
    let emil = north.refers("Emil").to(&south).sharing([Needs]).await;
    south.does("acceptReferral", &dana).await.data();
    // What is settled, drafted or between others is not in it; what is suspended is.
    let reject = "mutation($id: ID!) { rejectReferral(id: $id, reason: NO_CAPACITY) { status } }";
    let rejected = json!({ "id": emil.referral });
    south.asks(reject, rejected).await.data();
    north.refers("Finn").to(&south).drafted([Needs]).await;
    north.refers("Gus").to(&east).sharing([Needs]).await;
    north.revokes_consent(&dana).await.data();

    let circle = world.task_force.to_string();
    let of_north = of([&ada, &ben, &dana]);
    for within in [None, Some(circle.as_str())] {
        // Before the end, as its own agency and each partner sees it.
        assert_eq!(
            left(&south, &south, within).await,
            of([&ada, &ben, &cora, &dana])
        );
        assert_eq!(left(&north, &south, within).await, of_north);
        assert_eq!(left(&east, &south, within).await, of([&cora]));
        // Who is no party is shown no referral.
        assert_eq!(
            left(&coordinator, &south, within).await,
            Vec::<String>::new()
        );
        assert_eq!(left(&west, &south, within).await, Vec::<String>::new());
    }
    let elsewhere = TaskForceId::new().to_string();
    assert_eq!(
        left(&south, &south, Some(&elsewhere)).await,
        Vec::<String>::new()
    );

    let cursor = "{ mailbox { changesCursor } }";
    let cursor = north.asks(cursor, Value::Null).await.data()["mailbox"]["changesCursor"].clone();
    // Whoever is shut out by its own end reads nothing any more, and it is done.
    let done = leaves(&south, &circle, &format!("status {LIST}")).await;
    assert_eq!(
        done.body["data"]["leaveTaskForce"],
        json!({ "status": "SUSPENDED", "leftBehind": null })
    );
    assert_eq!(done.codes(), "UNAUTHENTICATED");

    // After the end its partners are told, and find it and the list by the notice.
    assert_eq!(told_of(&north, &south).await, ["AGENCY_LEFT"]);
    assert_eq!(told_of(&east, &south).await, ["AGENCY_LEFT"]);
    assert_eq!(told_of(&west, &south).await, Vec::<String>::new());
    let changes =
        "query($c: String) { changes(first: 50, after: $c) { edges { node { type state } } } }";
    let shown_since = async || {
        let answer = north.asks(changes, json!({ "c": cursor })).await;
        entries(&answer.data()["changes"])
    };
    let unseen = json!({ "type": "NOTICE", "state": "UNSEEN" });
    for _ in 0..100 {
        if shown_since().await.contains(&unseen) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(shown_since().await.contains(&unseen));
    assert_eq!(left(&north, &south, Some(&circle)).await, of_north);
    assert_eq!(left(&east, &south, None).await, of([&cora]));
    // Who never worked with it is not told that it was ever there.
    for stranger in [&coordinator, &west] {
        let unknown = "query($a: ID!) { agency(id: $a) { name } }";
        let unknown = stranger.asks(unknown, json!({ "a": south.id.to_string() }));
        assert_eq!(unknown.await.data()["agency"], Value::Null);
    }

    // A header says where each stands; consents that name it are found by their recipient.
    let shown = north.finds("Agency", &south.id.to_string(), LIST).await;
    let stands = entries(&shown["leftBehind"]);
    let stands: Vec<_> = stands.iter().map(|one| text(&one["status"])).collect();
    assert_eq!(stands, [Requested, Requested, Suspended].map(Code::code));
    let naming = format!(
        "consents(side: GIVEN, filter: {{ counterpart: \"{}\", statuses: [ACTIVE] }})",
        south.id
    );
    assert_eq!(north.lists(&naming, "id").await.len(), 3);

    // It goes on with somebody else by a new consent; what is called off is left no more.
    let explained: Vec<_> = Explanation::ALL.iter().map(|code| code.code()).collect();
    let from = json!({ "from": ada.consent, "recipient": east.id.to_string(), "expiresAt": format!("{}T00:00:00Z", day(30)),
        "explained": explained });
    let draft =
        "mutation($c: ConsentFromInput!) { draftConsentFrom(consent: $c) { recipient { name } } }";
    let drafted = north.asks(draft, json!({ "c": from })).await;
    assert_eq!(
        drafted.data()["draftConsentFrom"]["recipient"]["name"],
        "east"
    );
    let cancel = "mutation($id: ID!) { cancelReferral(id: $id, reason: WRONG_PARTNER) { status } }";
    let cancelled = north.asks(cancel, json!({ "id": ada.referral })).await;
    cancelled.data();
    assert_eq!(left(&north, &south, None).await, of([&ben, &dana]));
}

/// Makes one more task force, to which these agencies belong.
fn another_circle(world: &World, agencies: &[&Agency]) -> String {
    let id = TaskForceId::new().to_string();
    let circle = world.sql_id(&id);
    world.tampers(&format!(
        "INSERT INTO task_force (id, name, region, created_at) VALUES ({circle}, 'Hills', 'Hills', 0)"
    ));
    for agency in agencies {
        let agency = world.sql_id(&agency.id.to_string());
        world.tampers(&format!(
            "INSERT INTO membership (task_force_id, agency_id, role, since) VALUES ({circle}, {agency}, 'MEMBER', 0)"
        ));
    }
    id
}

on_both!(one_task_force_leaves_what_no_other_carries);
async fn one_task_force_leaves_what_no_other_carries(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let circle = world.task_force.to_string();
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    assert_eq!(left(&north, &south, Some(&circle)).await, of([&ada]));
    // None follows the MOU: another task force of both carries it on.
    let hills = another_circle(&world, &[&north, &south]);
    for (reader, agency) in [(&north, &south), (&south, &south), (&north, &north)] {
        assert_eq!(
            left(reader, agency, Some(&circle)).await,
            Vec::<String>::new()
        );
        assert_eq!(
            left(reader, agency, Some(&hills)).await,
            Vec::<String>::new()
        );
        assert_eq!(left(reader, agency, None).await, of([&ada]));
    }
    coordinator
        .suspends_in(&circle, &south, "review")
        .await
        .data();
    assert_eq!(told_of(&north, &south).await, Vec::<String>::new());
    assert_eq!(
        left(&north, &south, Some(&circle)).await,
        Vec::<String>::new()
    );
    // With the other one gone as well, it would be the last.
    assert_eq!(left(&north, &south, Some(&hills)).await, of([&ada]));
    coordinator.reinstates_in(&circle, &south).await.data();

    // This task force follows the MOU: what stands on it stands on the place here, whatever else both belong to.
    let followed = format!("UPDATE mou SET task_force_id = {}", world.sql_id(&circle));
    world.tampers(&followed);
    assert_eq!(left(&south, &south, Some(&circle)).await, of([&ada]));
    assert_eq!(
        left(&south, &south, Some(&hills)).await,
        Vec::<String>::new()
    );
    let suspended = coordinator.suspends_in(&circle, &south, "review").await;
    assert_eq!(suspended.data()["suspendMembership"]["status"], "ACTIVE");
    coordinator.reinstates_in(&circle, &south).await.data();
    assert_eq!(
        told_of(&north, &south).await,
        ["AGENCY_REINSTATED", "AGENCY_SUSPENDED"]
    );
    // Whoever goes on elsewhere sees the list in the same answer.
    let done = leaves(&south, &circle, &format!("status {LIST}")).await;
    let done = &done.data()["leaveTaskForce"];
    assert_eq!(
        (
            &done["status"],
            entries(&done["leftBehind"])[0]["id"].as_str()
        ),
        (&json!("ACTIVE"), Some(ada.referral.as_str()))
    );
    assert_eq!(left(&north, &south, Some(&circle)).await, of([&ada]));
}
