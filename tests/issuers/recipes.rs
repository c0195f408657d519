//! The identity providers that `docs/CLIENTS.md` has a recipe for, each with the tokens that its documentation shows.

use aws_lc_rs::rsa::KeySize;
use concord::clock;
use serde_json::{Value, json};

use super::command::settings;
use super::provider::Provider;
use crate::jose::hand::{Hand, with};
use crate::world::{Agency, Server, World, on_both};

const SCOPE: &str = "consent.r referral.rs";
const VIEWER: &str = "{ viewer { agency { name } subject client program scopes } }";
/// How a challenge tells what is wrong with a signed token.
const DESCRIPTION: &str = "error=\"invalid_token\", error_description=\"the token's ";

/// A provider: how the operator registers it, what it publishes, and what it signs.
struct Recipe {
    issuer: &'static str,
    words: &'static [&'static str],
    /// The members of its published key beside those of the key itself.
    key: Value,
    header: Value,
    claims: Value,
    program: &'static str,
    /// The claim that says what the token may do, with what says nothing here.
    nothing: Value,
}

/// "Access token" in Keycloak's server administration guide: roles by a mapper of the realm's roles, and the audience by a
/// mapper of its own, beside `account`.
fn keycloak() -> Recipe {
    Recipe {
        issuer: "https://keycloak.example/realms/north",
        words: &[
            "--audience",
            "concord",
            "--map",
            "roles",
            "--map-value",
            "caseworker=referral.rs",
        ],
        key: json!({ "use": "sig", "alg": "RS256", "x5c": ["MIIC"], "x5t": "t", "x5t#S256": "t" }),
        header: json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }),
        claims: json!({
            "auth_time": 1, "jti": "onrtac:2ba4cc75-8a0f-4d5c-8b43-3d3e1c8b6a05", "aud": ["concord", "account"],
            "sub": "f18b6f5a-3d5e-4b9e-9d5c-8a7b6c5d4e3f", "typ": "Bearer", "azp": "case-desk", "sid": "s", "acr": "1",
            "allowed-origins": ["https://desk.north.example"], "realm_access": { "roles": ["caseworker"] },
            "resource_access": { "account": { "roles": ["view-profile"] } }, "scope": "openid email profile",
            "roles": ["caseworker", "offline_access"], "preferred_username": "ada", "email_verified": true,
        }),
        program: "case-desk",
        nothing: json!({ "roles": ["offline_access"] }),
    }
}

/// "Access token claims reference" of the Microsoft identity platform, version 2.0, with app roles. Its keys name no
/// algorithm, and its tokens have a `uti` in the place of a `jti`.
fn entra() -> Recipe {
    Recipe {
        issuer: "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
        words: &[
            "--audience",
            "00001111-aaaa-2222-bbbb-3333cccc4444",
            "--map",
            "roles",
            "--map-value",
            "Caseworker=referral.rs",
        ],
        key: json!({ "use": "sig", "x5t": "t", "x5c": ["MIIC"], "cloud_instance_name": "microsoftonline.com",
            "issuer": "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0" }),
        header: json!({ "typ": "JWT", "alg": "RS256", "kid": "k1", "x5t": "t" }),
        claims: json!({
            "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "aio": "AXQAi/8IAAAA", "azp": "11112222-bbbb-3333-cccc-4444dddd5555",
            "azpacr": "0", "name": "Ada", "oid": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb", "preferred_username": "ada@north.example",
            "rh": "I", "roles": ["Caseworker"], "scp": "access_as_user", "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0",
        }),
        program: "11112222-bbbb-3333-cccc-4444dddd5555",
        nothing: json!({ "roles": null }),
    }
}

/// "Access tokens" of a custom authorization server in Okta's developer documentation: no `typ`, scopes as a list.
fn okta() -> Recipe {
    Recipe {
        issuer: "https://north.okta.example/oauth2/default",
        words: &[
            "--audience",
            "api://default",
            "--map",
            "scp",
            "--map-value",
            "caseworker=referral.rs",
        ],
        key: json!({ "use": "sig", "alg": "RS256" }),
        header: json!({ "alg": "RS256", "kid": "k1" }),
        claims: json!({
            "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "aud": "api://default", "sub": "ada@north.example",
            "cid": "nmdP1fcyvdVO11AL7ECm", "uid": "00ujmkLgagxeRrAg20g3", "scp": ["openid", "caseworker"],
        }),
        program: "nmdP1fcyvdVO11AL7ECm",
        nothing: json!({ "scp": ["openid"] }),
    }
}

/// "Access token profiles" in Auth0's documentation, with role-based access control and permissions in the token: its own
/// profile, whose tokens have no `jti`.
fn auth0() -> Recipe {
    Recipe {
        issuer: "https://north.auth0.example/",
        words: &[
            "--audience",
            "https://concord.north.example",
            "--map",
            "permissions",
            "--map-value",
            "caseworker=referral.rs",
        ],
        key: json!({ "use": "sig", "alg": "RS256", "x5c": ["MIIC"], "x5t": "t" }),
        header: json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }),
        claims: json!({
            "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "azp": "my_client_id", "scope": "openid profile",
            "aud": ["https://concord.north.example", "https://north.auth0.example/userinfo"],
            "permissions": ["caseworker", "read:reports"],
        }),
        program: "my_client_id",
        nothing: json!({ "permissions": [] }),
    }
}

/// What a token is answered with, and the first challenge.
async fn asks(north: &Agency, token: &str, query: &str) -> (u16, Value, String) {
    let request = reqwest::Client::new()
        .post(format!("http://{}/graphql", north.address))
        .header("accept", "application/graphql-response+json")
        .bearer_auth(token)
        .json(&json!({ "query": query }));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map_or("", |one| one.to_str().unwrap()).to_owned();
    (status, response.json().await.unwrap(), challenge)
}

on_both!(each_recipe_lets_its_providers_tokens_in);
async fn each_recipe_lets_its_providers_tokens_in(world: World) {
    let patient = [("CONCORD_FAILED_PER_MINUTE", "10000")];
    let server = Server::start_under(&world.flags(), &patient);
    let north = world.agency("north").await.at(&server.address);
    for recipe in [keycloak(), entra(), okta(), auth0()] {
        follows(&world, &north, &recipe).await;
    }
}

async fn follows(world: &World, north: &Agency, recipe: &Recipe) {
    let (provider, hand) = (Provider::new(), Hand::rsa(KeySize::Rsa2048));
    provider.publishes(&[with(&hand.named("k1"), recipe.key.clone())]);
    let (config, uri) = (settings(world, &provider), provider.jwks_uri("localhost"));
    let mut words = vec!["issuer", "add", "--agency", "north", "--config", &config];
    words.extend([
        "--issuer",
        recipe.issuer,
        "--jwks-uri",
        &uri,
        "--scope",
        SCOPE,
    ]);
    words.extend(["--token-type", "JWT", "--algorithm", "RS256"]);
    words.extend(["--max-life", "90"]);
    words.extend(recipe.words);
    let (content, said) = world.commands(&words);
    assert!(content, "{said}");
    let issuer = said.split_whitespace().nth(1).unwrap();

    // After the agency's registration, which is a moment ago: older ones are not of this agency's time.
    let iat = clock::now().unix_seconds() + 1;
    let good = json!({ "iss": recipe.issuer, "iat": iat, "nbf": iat, "exp": iat + 3600 });
    let good = with(&recipe.claims, good);
    let token = |changes: Value| hand.jws(&recipe.header, &with(&good, changes));
    let (status, body, _) = asks(north, &token(json!({})), VIEWER).await;
    assert_eq!(status, 200, "{body}");
    let viewer = json!({ "agency": { "name": "north" }, "subject": recipe.claims["sub"], "client": issuer,
        "program": recipe.program, "scopes": ["referral.rs"] });
    assert_eq!(body["data"]["viewer"], viewer);
    // What it does is on record as that program's.
    let (status, _, _) = asks(north, &token(json!({})), "{ mous { edges { cursor } } }").await;
    assert_eq!(status, 403);
    let leaf = "SELECT leaf FROM audit_event WHERE kind = 'ACCESS_DENIED' ORDER BY id DESC LIMIT 1";
    let leaf: Value = serde_json::from_str(&world.tampers(leaf)).unwrap();
    assert_eq!(leaf["program"], recipe.program);

    // Who brings what the issuer signed may know what is wrong with it.
    for (changes, fault) in [
        (
            json!({ "exp": iat - 600, "iat": iat - 900, "nbf": null }),
            "exp: expired",
        ),
        (json!({ "exp": iat + 5401 }), "exp: good for longer"),
        (
            json!({ "aud": "https://elsewhere.example" }),
            "aud: issued for another",
        ),
        (json!({ "nonce": "of an ID token" }), "typ: not of the type"),
        (json!({ "sub": null }), "sub: the claim `sub` is missing"),
    ] {
        let (status, _, challenge) = asks(north, &token(changes), VIEWER).await;
        assert_eq!(status, 401, "{fault}");
        let told = challenge.contains(&format!("{DESCRIPTION}{fault}"));
        assert!(told, "{challenge}");
    }
    let typed = hand.jws(&with(&recipe.header, json!({ "typ": "id+jwt" })), &good);
    let (_, _, challenge) = asks(north, &typed, VIEWER).await;
    assert!(
        challenge.contains(&format!("{DESCRIPTION}typ: ")),
        "{challenge}"
    );
    let nothing = token(recipe.nothing.clone());
    let (status, _, challenge) = asks(
        north,
        &nothing,
        "{ referrals(box: INBOX) { edges { cursor } } }",
    )
    .await;
    let claim = recipe.nothing.as_object().unwrap().keys().next().unwrap();
    let told = format!("error_description=\"the token's {claim}: it gives none of the scopes");
    assert!(
        status == 403 && challenge.contains(&told),
        "{status} {challenge}"
    );

    // A forger learns nothing.
    let stranger = Hand::rsa(KeySize::Rsa2048);
    let forged = |changes: Value| stranger.jws(&recipe.header, &with(&good, changes));
    let unknown = hand.jws(&with(&recipe.header, json!({ "kid": "k2" })), &good);
    for token in [
        forged(json!({})),
        forged(json!({ "exp": iat - 600 })),
        forged(json!({ "aud": "https://elsewhere.example" })),
        unknown,
        token(json!({ "iss": "https://stranger.example", "exp": iat - 600 })),
    ] {
        let (status, _, challenge) = asks(north, &token, VIEWER).await;
        assert_eq!(status, 401);
        assert!(
            challenge.ends_with("error=\"invalid_token\""),
            "{challenge}"
        );
    }
}
