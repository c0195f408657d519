//! Who may take a token back, and what is said of one that is another's, over, or nobody's (RFC 7009).

use serde_json::json;

use super::partner::{Partner, reasons};
use crate::jose::hand::Hand;
use crate::world::{World, on_both};

const SCOPE: &str = "agency.r referral.rs";

on_both!(a_client_takes_back_what_it_was_given_and_nothing_else);
async fn a_client_takes_back_what_it_was_given_and_nothing_else(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let program = Partner::with_key(&world, &north, SCOPE, Hand::p256());
    let sibling = Partner::with_secret(&world, &north, SCOPE);
    let stranger = Partner::with_secret(&world, &south, SCOPE);
    let given = program.token(&[]).await;
    let (token, jti) = (given.access_token(), given.jti());

    // Of its own agency's, also by the name alone; of another agency's nobody says whether there is such a name.
    for (client, brought, answer) in [
        (&sibling, &token, "400 unauthorized_client"),
        (&sibling, &jti, "400 unauthorized_client"),
        (&stranger, &token, "400 unauthorized_client"),
        (&stranger, &jti, "200 -"),
    ] {
        let said = client.revokes(brought).await;
        assert_eq!(said.refusal(), answer, "{}", said.text);
    }
    let why = json!(reasons(&world, "CLIENT_REFUSED"));
    assert_eq!(why, json!({ "unauthorized_client": 3 }));
    assert_eq!(program.introspects(&token).await.body["active"], true);

    // What is unknown, forged or over is as good as taken back.
    let forged = format!("{token}x");
    for unknown in ["nothing", "a.b.c", &forged] {
        assert_eq!(sibling.revokes(unknown).await.refusal(), "200 -");
    }
    for _ in 0..2 {
        assert_eq!(program.revokes(&token).await.text, "{}");
        assert_eq!(program.introspects(&token).await.body["active"], false);
    }
}
