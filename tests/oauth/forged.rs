//! Every forged token over the wire: one and the same answer to all of them, and one event each that tells which it was.

use concord::access::issued;
use concord::access::token::TokenError::{self, Expired, IssuedInFuture, NotYet, WrongLife};
use concord::clock;
use serde_json::{Value, json};

use super::authenticator::{Gate, Refusal, Row, is_on_record};
use crate::access::forge::Forge;
use crate::access::forgery::forgeries;
use crate::world::documents::VIEWER;
use crate::world::{Database, EVERYTHING};

/// The forgeries that fit into a header and that do not hang on the year in which they were written.
fn sendable(forge: &Forge) -> Vec<Row> {
    let of_the_clock = [Expired, IssuedInFuture, NotYet, WrongLife];
    let rows = forgeries(forge).into_iter().filter(|(name, token, fault)| {
        let fits = token.len() < 64 * 1024 && !token.contains('\n');
        // A header's value has no spaces around it (RFC 9110, 5.5), so that one is a good token here.
        fits && !of_the_clock.contains(fault) && name != "form: a space before"
    });
    rows.map(|(name, token, fault)| Row::bearing(name, &token, fault.code()))
        .collect()
}

fn out_of_time(forge: &Forge) -> Vec<Row> {
    let now = clock::now().unix_seconds();
    let rows = [
        ("expired a second ago", "exp", now - 1, Expired),
        ("expires now", "exp", now, Expired),
        ("issued in an hour", "iat", now + 300, IssuedInFuture),
        ("good in an hour", "nbf", now + 300, NotYet),
        ("good for ever", "exp", 4_294_967_295, WrongLife),
        ("good for more than a day", "exp", now + 86_400, WrongLife),
    ];
    rows.map(|(name, claim, moment, fault): (_, _, _, TokenError)| {
        Row::bearing(name, &forge.with_claim(claim, json!(moment)), fault.code())
    })
    .into()
}

fn for_others_as_well(forge: &Forge) -> Vec<Row> {
    let (ours, issuer) = (&forge.claims["aud"], &forge.claims["iss"]);
    let other = "https://elsewhere.example";
    let rows = [
        (
            "for us and another",
            "aud",
            json!([ours, other]),
            "wrong_audience",
        ),
        ("for us twice", "aud", json!([ours, ours]), "wrong_audience"),
        ("for our issuer", "aud", json!(issuer), "wrong_audience"),
        (
            "issued by us, in a list",
            "iss",
            json!([issuer]),
            "malformed_claim",
        ),
        (
            "issued by us, with a slash",
            "iss",
            json!(format!("{}/", issuer.as_str().unwrap())),
            "wrong_issuer",
        ),
        ("issued by another", "iss", json!(other), "wrong_issuer"),
    ];
    rows.map(|(name, claim, value, reason)| {
        Row::bearing(name, &forge.with_claim(claim, value), reason)
    })
    .into()
}

fn of_other_schemes(forge: &Forge) -> Vec<Row> {
    let good = forge.good();
    let twice = Row {
        name: "Authorization twice".to_owned(),
        headers: vec![("authorization", format!("Bearer {good}").into()); 2],
        reason: "malformed",
    };
    let latin = Row {
        name: "a header that is not UTF-8".to_owned(),
        headers: vec![("authorization", b"Bearer \xe9\xff".to_vec())],
        reason: "malformed",
    };
    let schemes = ["Basic", "Token", "JWT", "Negotiate", "Bearer,", "Bearer\t"];
    let mut rows = vec![
        twice,
        latin,
        Row::headed("an empty header", "", "malformed"),
        Row::headed("a scheme alone", "Bearer", "malformed"),
        Row::headed("the token alone", &good, "malformed"),
        Row::headed("two tokens", &format!("Bearer {good} {good}"), "malformed"),
        Row::headed(
            "two tokens, with a comma",
            &format!("Bearer {good},{good}"),
            "malformed",
        ),
        Row::headed(
            "in quotation marks",
            &format!("Bearer \"{good}\""),
            "malformed",
        ),
        Row::headed(
            "as a parameter",
            &format!("Bearer token={good}"),
            "malformed",
        ),
    ];
    for scheme in schemes {
        let name = format!("a good token after {scheme:?}");
        rows.push(Row::headed(&name, &format!("{scheme} {good}"), "malformed"));
    }
    rows
}

/// Tokens that prove what they say, and do not count any more.
async fn over(gate: &Gate, forge: &Forge) -> Vec<Row> {
    let unknown = "application_01h2xcejqtf2nbrexx3vqjhp41";
    let older = forge.with_claim("epoch", json!(0));
    let claims = gate.world.claims(gate.north.id, EVERYTHING);
    issued::record(&gate.world.service.store, &claims)
        .await
        .unwrap();
    let taken = concord::access::token::issue(&forge.ours, &claims).unwrap();
    let north = gate.north.with(forge.good());
    north.revokes_token(&claims.id).await.data();
    let agency = concord_entities::ids::AgencyId::new().to_string();
    vec![
        Row::bearing("taken back", &taken, "standing"),
        Row::bearing("of an epoch that is over", &older, "standing"),
        Row::bearing(
            "of a program that nobody registered",
            &forge.with_claim("client_id", json!(unknown)),
            "standing",
        ),
        Row::bearing(
            "of an agency that nobody registered",
            &forge.with_claim("agency", json!(agency)),
            "standing",
        ),
    ]
}

#[tokio::test]
async fn every_forged_token_is_answered_alike_and_recorded_without_itself() {
    let gate = Gate::new(Database::Sqlite).await;
    let forge = gate.forge();
    let answer = gate.north.with(forge.good());
    let answer = answer.asks(VIEWER, Value::Null).await;
    assert_eq!(answer.data()["viewer"]["subject"], "case worker 7");

    let mut rows = sendable(&forge);
    rows.extend(out_of_time(&forge));
    rows.extend(for_others_as_well(&forge));
    rows.extend(of_other_schemes(&forge));
    rows.extend(over(&gate, &forge).await);
    assert!(rows.len() >= 160, "{}", rows.len());

    let expected = Refusal {
        status: 401,
        body: json!({ "errors": [{ "message": "no valid access token: send `Authorization: Bearer <token>` with a token that is in force",
            "extensions": { "code": "UNAUTHENTICATED" } }], "extensions": { "requestId": null } }),
        challenges: gate.challenges("invalid_token", "invalid_token"),
    };
    let before = gate.survivors();
    let mut asked = Vec::new();
    for row in rows {
        let (refusal, id) = gate.turns_away(&row).await;
        assert_eq!(refusal, expected, "{}", row.name);
        asked.push((row, id));
    }
    assert_eq!(gate.survivors(), before, "a forged token has written");
    is_on_record(&gate, &asked);
}
