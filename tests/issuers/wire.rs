//! A token of an agency's own provider at a running server: what it reaches, and everything that ends it.

use concord::clock;
use serde_json::{Value, json};

use super::command::{adds_for, settings};
use super::provider::{Provider, claims, header, signed};
use crate::jose::hand::with;
use crate::oauth::partner::Partner;
use crate::world::{Agency, Answer, Database, Server, World, on_both};

const SCOPE: &str = "agency.crd audit.rs consent.r referral.rs";
const VIEWER: &str =
    "{ viewer { agency { name } subject client program application { id } scopes } }";

/// A world in which the agency north has brought its provider, and a server that can reach it.
struct Story {
    world: World,
    provider: Provider,
    north: Agency,
    server: Server,
    issuer: String,
}

impl Story {
    async fn on(database: Database) -> Self {
        let world = World::on(database).await;
        let provider = Provider::new();
        let north = world.agency("north").await;
        let config = settings(&world, &provider);
        let words = ["--config", &config, "--scope", SCOPE];
        let (content, said) = adds_for("north", &world, &provider, &words);
        assert!(content, "{said}");
        let issuer = said
            .split_whitespace()
            .find(|word| word.starts_with("issuer_"));
        let issuer = issuer.unwrap().to_owned();
        let server = serves(&world, &provider);
        Self {
            north: north.at(&server.address),
            issuer,
            world,
            provider,
            server,
        }
    }

    /// A token of the provider's for this audience, with claims changed.
    fn token(&self, changes: Value) -> String {
        let audience = &self.world.service.settings.audience;
        // After the agency's registration, which is a moment ago: older ones are not of this agency's time.
        let iat = clock::now().unix_seconds() + 1;
        let said = with(
            &claims(clock::now()),
            json!({ "aud": audience, "iat": iat }),
        );
        let key = &self.provider.key;
        signed(key, &header(key), &with(&said, changes))
    }

    async fn asks(&self, token: &str, query: &str) -> Answer {
        self.north
            .with(token.to_owned())
            .asks(query, json!({}))
            .await
    }

    async fn status(&self, token: &str) -> u16 {
        self.asks(token, VIEWER).await.status
    }
}

fn serves(world: &World, provider: &Provider) -> Server {
    let ca_file = provider.ca_file().display().to_string();
    let environment = [
        ("CONCORD_ISSUER_PRIVATE_ADDRESSES", "true"),
        ("CONCORD_ISSUER_CA_FILE", ca_file.as_str()),
    ];
    Server::start_under(&world.flags(), &environment)
}

on_both!(its_people_act_for_the_agency_of_the_registration: Story);
async fn its_people_act_for_the_agency_of_the_registration(story: Story) {
    // Whatever agency or scope it claims is nothing to us.
    let token = story.token(json!({
        "agency": story.world.coordinator.to_string(), "scope": "mou.c", "client_id": "their-app",
    }));
    let answer = story.asks(&token, VIEWER).await;
    let viewer = json!({ "viewer": {
            "agency": { "name": "north" }, "subject": "case worker 7", "client": story.issuer,
            "program": "their-app", "application": null, "scopes": ["referral.rs", "consent.r", "agency.crd", "audit.rs"],
        } });
    assert_eq!(answer.data(), &viewer);
    let wider = story.asks(&token, "{ mous { edges { cursor } } }").await;
    assert_eq!(
        (wider.status, wider.codes().as_str()),
        (403, "FORBIDDEN_SCOPE")
    );
    // The first asked for the keys; nobody asks again.
    assert_eq!(story.provider.requests(), 1);
    assert_eq!(
        story
            .status(&story.token(json!({ "aud": "https://other.example" })))
            .await,
        401
    );
    assert_eq!(
        story
            .status(&story.token(json!({ "iss": "https://stranger.example" })))
            .await,
        401
    );
}

on_both!(whoever_takes_it_back_ends_it_and_what_was_exchanged_for_it: Story);
async fn whoever_takes_it_back_ends_it_and_what_was_exchanged_for_it(story: Story) {
    let program = Partner::with_secret(&story.world, &story.north, SCOPE);
    let token = story.token(json!({ "jti": "one" }));
    let narrow = [(
        "scope",
        "referral.rs?category=NEEDS&purpose=HOUSING_PLACEMENT",
    )];
    let exchanged = program.exchanges(&token, &narrow).await;
    assert_eq!(exchanged.status, 200, "{}", exchanged.text);
    let exchanged = exchanged.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(story.status(&token).await, 200);
    assert_eq!(
        story.asks(&exchanged, VIEWER).await.data()["viewer"]["subject"],
        "case worker 7"
    );

    let id = format!("{}/one", story.issuer);
    let south = story.world.agency("south").await.at(&story.server.address);
    let other = south.revokes_token(&id).await;
    assert_eq!(other.codes(), "NOT_FOUND");
    assert_eq!(story.status(&token).await, 200);
    let by_another = story.north.with(story.token(json!({ "jti": "two" })));
    by_another.revokes_token(&id).await.data();
    assert_eq!(story.status(&token).await, 401);
    assert_eq!(story.status(&exchanged).await, 401);
    assert_eq!(
        story.status(&story.token(json!({ "jti": "two" }))).await,
        200
    );
}

on_both!(a_suspended_issuer_is_believed_no_more_nor_what_was_exchanged: Story);
async fn a_suspended_issuer_is_believed_no_more_nor_what_was_exchanged(story: Story) {
    let program = Partner::with_secret(&story.world, &story.north, SCOPE);
    let token = story.token(json!({}));
    let exchanged = program.exchanges(&token, &[]).await;
    let exchanged = exchanged.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(story.status(&token).await, 200);
    assert_eq!(story.status(&exchanged).await, 200);
    let (content, said) = story.world.commands(&["issuer", "suspend", &story.issuer]);
    assert!(content, "{said}");
    assert_eq!(story.status(&token).await, 401);
    assert_eq!(story.status(&exchanged).await, 401);
}

#[tokio::test]
async fn an_agencys_suspension_ends_the_tokens_that_its_issuer_gave_before() {
    let story = Story::on(Database::Sqlite).await;
    let before = story.token(json!({}));
    assert_eq!(story.status(&before).await, 200);
    // So that the suspension is in a later second than the token's.
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let coordinator = story.world.coordinator().at(&story.server.address);
    let suspended = coordinator.suspends(&story.north, "keys were lost");
    suspended.await.data();
    assert_eq!(story.status(&before).await, 401);
    coordinator.reinstates(&story.north).await.data();
    assert_eq!(story.status(&before).await, 401);
    // Issued after the suspension, by the provider's clock, which counts in seconds.
    let now = clock::now().unix_seconds();
    assert_eq!(
        story.status(&story.token(json!({ "iat": now + 2 }))).await,
        200
    );
}

on_both!(what_its_people_registered_falls_with_it: Story);
async fn what_its_people_registered_falls_with_it(story: Story) {
    let person = story.north.with(story.token(json!({})));
    let register = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { secret application { id \
        registeredBy { subject client } } } }";
    let input = json!({ "name": "intake", "scopes": ["referral.rs"], "secret": true });
    let registers = async |who: &Agency| {
        let answer = who.asks(register, json!({ "a": input })).await;
        answer.data()["registerApplication"].clone()
    };
    let program = async |who: &Agency| {
        let made = registers(who).await;
        let id = made["application"]["id"].as_str().unwrap();
        Partner::given(
            &story.world,
            &story.north,
            id,
            made["secret"].as_str().unwrap(),
        )
    };
    let by = registers(&person).await["application"]["registeredBy"].clone();
    assert_eq!(
        by,
        json!({ "subject": "case worker 7", "client": story.issuer })
    );
    let registered = program(&person).await;
    // By way of a token of ours, that the person's was exchanged for.
    let desk = Partner::with_secret(&story.world, &story.north, SCOPE);
    let exchanged = desk.exchanges(&person.token, &[]).await.access_token();
    let by_way = program(&story.north.with(exchanged)).await;
    let tokens =
        [&registered, &by_way].map(|program| async { program.token(&[]).await.access_token() });
    let tokens = futures_util::future::join_all(tokens).await;
    for token in &tokens {
        assert_eq!(story.status(token).await, 200);
    }

    let (content, said) = story.world.commands(&["issuer", "suspend", &story.issuer]);
    assert!(content, "{said}");
    for token in &tokens {
        assert_eq!(story.status(token).await, 401);
    }
    for program in [&registered, &by_way] {
        assert_eq!(program.token(&[]).await.refusal(), "401 invalid_client");
    }
    assert_eq!(desk.token(&[]).await.status, 200);

    // Reinstated, what it issues from then on is believed, and those programs come back.
    let before = clock::now().unix_seconds();
    let (content, said) = story
        .world
        .commands(&["issuer", "reinstate", &story.issuer]);
    assert!(content, "{said}");
    for program in [&registered, &by_way] {
        let token = program.token(&[]).await.access_token();
        assert_eq!(story.status(&token).await, 200);
    }
    for token in &tokens {
        assert_eq!(story.status(token).await, 401);
    }
    let old = story.token(json!({ "iat": before - 1 }));
    assert_eq!(story.status(&old).await, 401);
    let new = story.token(json!({ "iat": clock::now().unix_seconds() + 2 }));
    assert_eq!(story.status(&new).await, 200);
    let (content, said) = story
        .world
        .commands(&["issuer", "reinstate", &story.issuer]);
    assert!(!content && said.contains("not suspended"), "{said}");
}

on_both!(whoever_leaves_is_not_believed_of_it_either: Story);
async fn whoever_leaves_is_not_believed_of_it_either(story: Story) {
    let before = story.token(json!({}));
    let denied = story.asks(&before, "{ mous { edges { cursor } } }").await;
    assert_eq!(denied.status, 403);
    let keeper = story
        .north
        .with(story.token(json!({ "sub": "somebody else" })));
    let says = async |verb: &str| {
        let verb = format!(
            "mutation {{ {verb}(subject: \"case worker 7\") {{ reinstatedAt lastActedAt }} }}"
        );
        keeper.asks(&verb, json!({})).await
    };
    let ended = says("endSubject").await.data()["endSubject"].clone();
    assert!(ended["lastActedAt"].is_string());
    let later = |seconds: i64| clock::now().unix_seconds() + seconds;
    // Also of what their provider goes on to issue.
    for token in [before.clone(), story.token(json!({ "iat": later(5) }))] {
        assert_eq!(story.status(&token).await, 401);
    }
    let program = Partner::with_secret(&story.world, &story.north, SCOPE);
    let refused = program.exchanges(&before, &[]).await;
    assert_eq!(refused.refusal(), "400 invalid_request");
    let reinstated = story
        .north
        .asks(
            "mutation { reinstateSubject(subject: \"case worker 7\") { reinstatedAt } }",
            json!({}),
        )
        .await;
    reinstated.data();
    assert_eq!(
        story
            .status(&story.token(json!({ "iat": later(-1) })))
            .await,
        401
    );
    assert_eq!(
        story.status(&story.token(json!({ "iat": later(5) }))).await,
        200
    );
}

on_both!(an_outage_is_told_as_one: Story);
async fn an_outage_is_told_as_one(story: Story) {
    let program = Partner::with_secret(&story.world, &story.north, SCOPE);
    let token = story.token(json!({}));
    assert_eq!(story.status(&token).await, 200);
    // Never met, so that it is looked for.
    let unknown = story.token(json!({ "iss": "https://unmet.example" }));
    story
        .world
        .tampers("ALTER TABLE trusted_issuer RENAME TO out_of_reach");
    for said in [
        program.exchanges(&unknown, &[]).await,
        program.revokes(&unknown).await,
        program.introspects(&unknown).await,
        program.exchanges(&token, &[]).await,
    ] {
        assert_eq!(said.refusal(), "503 temporarily_unavailable");
        assert_eq!(said.headers["retry-after"], "2");
    }
    story
        .world
        .tampers("ALTER TABLE out_of_reach RENAME TO trusted_issuer");
    assert_eq!(
        program.introspects(&unknown).await.text,
        r#"{"active":false}"#
    );
    assert_eq!(program.exchanges(&token, &[]).await.status, 200);
}

on_both!(introspection_names_the_tokens_own_issuer: Story);
async fn introspection_names_the_tokens_own_issuer(story: Story) {
    let program = Partner::with_secret(&story.world, &story.north, SCOPE);
    let token = story.token(json!({ "jti": "one" }));
    let worth = program.introspects(&token).await.body;
    assert_eq!(worth["active"], true, "{worth}");
    assert_eq!(worth["iss"], super::provider::ISSUER);
    assert_eq!(worth["aud"], story.world.service.settings.audience.as_str());
    // The name by which it can be taken back here.
    assert_eq!(worth["jti"], format!("{}/one", story.issuer));
    let refused = program.revokes(&token).await;
    assert_eq!(refused.refusal(), "400 unauthorized_client");
    let ours = program.exchanges(&token, &[]).await.access_token();
    let worth = program.introspects(&ours).await.body;
    assert_eq!(worth["iss"], story.world.service.settings.issuer.as_str());
}

on_both!(a_token_with_a_long_name_or_none_is_taken_back: Story);
async fn a_token_with_a_long_name_or_none_is_taken_back(story: Story) {
    let program = Partner::with_secret(&story.world, &story.north, SCOPE);
    let keeper = story.north.with(story.token(json!({ "jti": "keeper" })));
    let long = "x".repeat(255);
    for (jti, named) in [
        (json!(long), Some(format!("{}/{long}", story.issuer))),
        (json!("y".repeat(200)), None),
        (Value::Null, None),
    ] {
        let token = story.token(json!({ "jti": jti }));
        assert_eq!(story.status(&token).await, 200);
        let known = program.introspects(&token).await.body["jti"].clone();
        let known = known.as_str().unwrap().to_owned();
        assert!(known.len() < 80, "{known}");
        let taken_back = keeper.revokes_token(&named.unwrap_or(known)).await;
        assert_eq!(taken_back.data()["revokeToken"], true);
        assert_eq!(story.status(&token).await, 401);
    }
}
