//! Nothing of the log leaves unrecorded, and nothing without the scope.

use concord::review::export::{BEHIND, horizon};
use reqwest::Response;

use crate::world::{Agency, Database, World, on_both};

async fn asks(agency: &Agency, path: &str) -> Response {
    let url = format!("http://{}/audit/{path}", agency.address);
    let request = reqwest::Client::new().get(url).bearer_auth(&agency.token);
    request.send().await.unwrap()
}

fn exports(world: &World) -> String {
    world.tampers("SELECT count(*) FROM audit_event WHERE kind = 'AUDIT_EXPORTED'")
}

on_both!(nothing_of_the_log_leaves_unrecorded_or_without_the_scope);
async fn nothing_of_the_log_leaves_unrecorded_or_without_the_scope(world: World) {
    let coordinator = world.coordinator();
    let without = world.token(world.coordinator, "audit.cru referral.crus");
    let refused = asks(&coordinator.with(without), "events.ndjson").await;
    assert_eq!(refused.status(), 403);
    assert_eq!(exports(&world), "0");

    // The newest two minutes are held back, and are all that this log has.
    let answer = asks(&coordinator, "events.ndjson").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "");
    let answer = asks(&coordinator, "events.csv").await.text().await.unwrap();
    assert!(answer.starts_with("\u{feff}\"id\",\"index\",\"recordedAt\","));
    assert_eq!(answer.lines().count(), 1);
    assert_eq!(exports(&world), "2");
    let now = concord::clock::now();
    assert!(horizon(now) < horizon(now.plus(BEHIND)));

    world.tampers(if world.database == Database::Postgres {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"
    });
    for path in ["events.ndjson", "events.csv"] {
        let refused = asks(&coordinator, path).await;
        assert_eq!(refused.status(), 503);
        let told = refused.text().await.unwrap();
        assert!(told.contains("UNAVAILABLE"), "{told}");
    }
    let out = world.flags()[1].clone() + "/none.ndjson";
    let (done, told) = world.commands(&["audit", "export", "--format", "fhir", "--out", &out]);
    assert!(!done, "{told}");
    assert_eq!(std::fs::read_to_string(&out).unwrap_or_default(), "");
    world.tampers(if world.database == Database::Postgres {
        "DROP TRIGGER refuse ON audit_event"
    } else {
        "DROP TRIGGER refuse"
    });
    assert_eq!(exports(&world), "2");
}
