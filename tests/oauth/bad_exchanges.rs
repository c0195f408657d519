//! Exchanges that would give more than was brought, or for something that is worth nothing.

use std::time::Duration;

use concord::access::issued;
use concord::access::token::{Actor, Claims, issue};
use concord_entities::ids::TokenId;

use super::partner::{ACCESS_TOKEN, EXCHANGE, exchanging};
use super::refused::{Cases, Cast};
use crate::jose::hand::Hand;

const NARROW: &str = "referral.r?category=NEEDS";

pub async fn bad_exchanges(cast: &Cast) -> Cases {
    let (keyed, program) = (&cast.keyed, &cast.beside);
    let good = keyed.token(&[]).await.access_token();
    let foreign = cast.foreign.token(&[]).await.access_token();
    let revoked = keyed.token(&[]).await.access_token();
    assert_eq!(keyed.revokes(&revoked).await.text, "{}");
    let of_a_user = [("requested_subject", "case worker 7"), ("scope", NARROW)];
    let of_a_user = program.exchanges(&good, &of_a_user).await.access_token();
    let holder = Hand::p256();
    let bound = cast.bound.bound(&holder).await.access_token();
    let mut worn = good.clone();
    for _ in 0..4 {
        worn = program.exchanges(&worn, &[]).await.access_token();
    }

    let sent = |token: &str, more: &[(&str, &str)]| {
        let form: Vec<_> = exchanging(token, more);
        program.request("token", &form)
    };
    let by = |hand: &Hand| sent(&bound, &[]).header("dpop", program.proves_at_token(hand));
    let typed = |kind: &str| {
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token", good.as_str()),
            ("subject_token_type", kind),
        ];
        program.request("token", &form)
    };
    let bare = |more: &[(&str, &str)]| {
        program.request("token", &[&[("grant_type", EXCHANGE)], more].concat())
    };
    let long = "a".repeat(129);
    vec![
        (
            "nothing brought",
            bare(&[("subject_token_type", ACCESS_TOKEN)]),
        ),
        (
            "brought without its type",
            bare(&[("subject_token", &good)]),
        ),
        (
            "a type that is wrong",
            typed("urn:ietf:params:oauth:token-type:id_token"),
        ),
        ("a type that is short", typed("access_token")),
        (
            "an actor's token",
            sent(
                &good,
                &[("actor_token", &good), ("actor_token_type", ACCESS_TOKEN)],
            ),
        ),
        (
            "an actor's type alone",
            sent(&good, &[("actor_token_type", ACCESS_TOKEN)]),
        ),
        (
            "a refresh token wanted",
            sent(
                &good,
                &[(
                    "requested_token_type",
                    "urn:ietf:params:oauth:token-type:refresh_token",
                )],
            ),
        ),
        ("another agency's", sent(&foreign, &[])),
        (
            "an agency's that is suspended",
            sent(&made(cast, |claims| claims.epoch = 0).await, &[]),
        ),
        ("expired", sent(&made(cast, expired).await, &[])),
        ("taken back", sent(&revoked, &[])),
        (
            "for somebody else",
            sent(&made(cast, |claims| claims.audience += "2").await, &[]),
        ),
        (
            "of another issuer",
            sent(&made(cast, |claims| claims.issuer += "2").await, &[]),
        ),
        ("its jti alone", sent(&TokenId::new().to_string(), &[])),
        (
            "an assertion",
            sent(&keyed.asserts(serde_json::json!({})), &[]),
        ),
        ("nonsense", sent("nonsense", &[])),
        ("a changed one", sent(&good.replacen("eyJ", "eyK", 1), &[])),
        ("too long", sent(&"a".repeat(9000), &[])),
        (
            "a scope wider than the token's",
            sent(&of_a_user, &[("scope", "referral.r?category=CONTACT")]),
        ),
        (
            "all that the client may, for a narrow token",
            sent(&of_a_user, &[("scope", "agency.r")]),
        ),
        (
            "a scope that is malformed",
            sent(&good, &[("scope", "referral")]),
        ),
        (
            "a token wider than the client",
            sent(
                &made(cast, |claims| "consent.r".clone_into(&mut claims.scope)).await,
                &[],
            ),
        ),
        (
            "a token that allows nothing",
            sent(
                &made(cast, |claims| "nonsense".clone_into(&mut claims.scope)).await,
                &[],
            ),
        ),
        (
            "one user's for another",
            sent(&of_a_user, &[("requested_subject", "case worker 8")]),
        ),
        (
            "one user's for the program",
            sent(&of_a_user, &[("requested_subject", &program.id)]),
        ),
        (
            "a subject too long",
            sent(&good, &[("requested_subject", &long)]),
        ),
        (
            "a subject with a line end",
            sent(&good, &[("requested_subject", "a\nb")]),
        ),
        ("exchanged too often", sent(&worn, &[])),
        (
            "many actors already",
            sent(&made(cast, many_actors).await, &[]),
        ),
        (
            "for another resource",
            sent(&good, &[("resource", "https://elsewhere.example")]),
        ),
        ("bound, without a proof", sent(&bound, &[])),
        ("bound, with another key's proof", by(&Hand::p256())),
    ]
}

/// A recorded token of north's, made otherwise.
async fn made(cast: &Cast, change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = cast.world.claims(cast.north.id, NARROW);
    change(&mut claims);
    issued::record(&cast.world.service.store, &claims)
        .await
        .unwrap();
    issue(&cast.world.service.key_cache.signer(), &claims).unwrap()
}

fn expired(claims: &mut Claims) {
    for moment in [
        &mut claims.issued_at,
        &mut claims.not_before,
        &mut claims.expires_at,
    ] {
        *moment = moment.minus(Duration::from_hours(1));
    }
}

fn many_actors(claims: &mut Claims) {
    for _ in 0..4 {
        claims.actor = Some(Actor {
            subject: "somebody".to_owned(),
            before: claims.actor.take().map(Box::new),
        });
    }
}
