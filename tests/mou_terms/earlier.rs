//! MOUs that earlier releases took and that would be refused today stay as they are, are listed, and go on only mended.

use serde_json::json;

use crate::mou_life::{agree, terms, trio};
use crate::world::agency::day;
use crate::world::{Database, World, on_both};

on_both!(what_would_be_refused_today_stays_is_listed_and_is_not_renewed_unmended);
async fn what_would_be_refused_today_stays_is_listed_and_is_not_renewed_unmended(world: World) {
    let [north, south, west] = trio(&world).await;
    let agreed = terms(&[&north, &south], 30);
    let fine = agree(&[&north, &west], &terms(&[&north, &west], 30)).await;
    let empty = agree(&[&north, &south], &agreed).await;
    let long = agree(&[&north, &south], &agreed).await;
    let apart = agree(&[&north, &south], &agreed).await;
    let strange = agree(&[&north, &south], &agreed).await;
    let of = |id: &str| world.sql_id(id);
    let (text, cast) = match world.database {
        Database::Sqlite => ("terms", ""),
        Database::Postgres => ("terms::text", "::json"),
    };
    world.tampers(&format!(
        "UPDATE mou SET terms = replace({text}, 'yearly', ''){cast} WHERE id = {}",
        of(&empty)
    ));
    world.tampers(&format!(
        "UPDATE mou SET expires_on = effective_on + 4000, ends_at = ends_at + 345600000000000 WHERE id = {}", of(&long)
    ));
    world.tampers(&format!(
        "UPDATE mou SET review_on = expires_on + 1 WHERE id = {}",
        of(&strange)
    ));
    let other = "cd".repeat(32);
    let (mou, agency) = (of(&apart), of(&south.id.to_string()));
    world.tampers(&format!(
        "UPDATE mou_party SET document_sha256 = '{other}' WHERE mou_id = {mou} AND agency_id = {agency}"
    ));

    let (_, said) = world.commands(&["check-data"]);
    for (id, field) in [
        (&empty, "`mou.terms.training`"),
        (&long, "`expiresOn`"),
        (&strange, "`reviewOn`"),
        (&apart, "`parties.documentSha256`"),
    ] {
        let line = said.lines().find(|line| line.starts_with(id.as_str()));
        assert!(
            line.is_some_and(|line| line.contains(field)),
            "{field}: {said}"
        );
        // It stays as it is.
        assert_eq!(south.finds("Mou", id, "status").await["status"], "ACTIVE");
    }
    assert!(!said.contains(&fine), "{said}");
    assert_eq!(said.matches("`amendMou`").count(), 4, "{said}");

    let renew =
        "mutation($id: ID!, $last: Date!) { renewMou(id: $id, expiresOn: $last) { status } }";
    let refused = north
        .asks(renew, json!({ "id": empty, "last": day(700) }))
        .await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
    assert!(
        refused.text.contains("mou.terms.training"),
        "{}",
        refused.text
    );
    // Its next version is mended.
    let amend = "mutation($id: ID!, $m: MouInput!) { amendMou(id: $id, mou: $m) { status } }";
    let mended = north.asks(amend, json!({ "id": empty, "m": agreed })).await;
    assert_eq!(mended.data()["amendMou"]["status"], "DRAFT");
}
