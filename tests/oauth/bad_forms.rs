//! Requests that are wrong in their form, their credentials, their scope or their proof.

use concord::clock;
use reqwest::Method;
use serde_json::json;

use super::partner::{CLIENT_CREDENTIALS, JWT_BEARER, basic, encoded, granting, proof, said};
use super::refused::{Cases, Cast};
use crate::jose::hand::Hand;

pub fn bad_forms(cast: &Cast) -> Cases {
    let program = &cast.secret;
    let good = basic(&program.id, program.secret());
    let url = |endpoint: &str| format!("http://{}/oauth/{endpoint}", program.address);
    let body = |body: Vec<u8>| {
        program
            .bare("token", &[])
            .header("authorization", &good)
            .body(body)
    };
    let form = encoded(&granting(&[]));
    let typed = |media: &str| {
        program
            .http
            .post(url("token"))
            .header("authorization", &good)
            .header("content-type", media)
            .body(form.clone())
    };
    let untyped = program
        .http
        .post(url("token"))
        .header("authorization", &good);
    let long = format!("{form}&more={}", "a".repeat(32 * 1024));
    vec![
        (
            "a GET",
            program
                .http
                .get(url("token"))
                .header("authorization", &good),
        ),
        (
            "a PUT",
            program
                .http
                .put(url("revoke"))
                .header("authorization", &good),
        ),
        (
            "an OPTIONS",
            program.http.request(Method::OPTIONS, url("introspect")),
        ),
        ("JSON", typed("application/json")),
        ("a multipart form", typed("multipart/form-data; boundary=x")),
        (
            "two media types",
            typed("application/x-www-form-urlencoded, application/json"),
        ),
        ("no media type", untyped.body(form.clone())),
        ("a body beyond 32 KiB", body(long.into_bytes())),
        (
            "a body that is not UTF-8",
            body(b"grant_type=\xff".to_vec()),
        ),
        (
            "a parameter twice, alike",
            body(format!("{form}&{form}").into()),
        ),
        (
            "a parameter twice, once escaped",
            body(format!("{form}&grant%5Ftype=x").into()),
        ),
        (
            "an unknown parameter twice",
            body(format!("{form}&x=1&x=2").into()),
        ),
        (
            "an empty parameter twice",
            body(format!("{form}&scope=&scope=").into()),
        ),
        (
            "parameters in the URL alone",
            program
                .http
                .post(format!("{}?{form}", url("token")))
                .header("authorization", &good)
                .header("content-type", "application/x-www-form-urlencoded"),
        ),
        ("an empty body", program.request("token", &[])),
        (
            "no grant_type",
            program.request("token", &[("scope", "agency.r")]),
        ),
        (
            "an empty grant_type",
            program.request("token", &[("grant_type", "")]),
        ),
        (
            "a password",
            program.request(
                "token",
                &[
                    ("grant_type", "password"),
                    ("username", "u"),
                    ("password", "p"),
                ],
            ),
        ),
        (
            "a refresh token",
            program.request(
                "token",
                &[("grant_type", "refresh_token"), ("refresh_token", "r")],
            ),
        ),
        (
            "a grant in capitals",
            program.request("token", &[("grant_type", "CLIENT_CREDENTIALS")]),
        ),
        ("revocation without a token", program.request("revoke", &[])),
        (
            "introspection without a token",
            program.request("introspect", &[("token", "")]),
        ),
    ]
}

pub fn bad_clients(cast: &Cast) -> Cases {
    let (keyed, secret) = (&cast.keyed, &cast.secret);
    let grant = granting(&[]);
    let headed = |header: &str| secret.bare("token", &grant).header("authorization", header);
    let good = basic(&secret.id, secret.secret());
    let encoded_pair = |pair: &str| {
        use base64::Engine;
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        headed(&format!("Basic {pair}"))
    };
    let pair = format!("{}:{}", secret.id, secret.secret());
    let in_body = [
        ("client_id", secret.id.as_str()),
        ("client_secret", secret.secret()),
    ];
    let unknown = "application_01h2xcejqtf2nbrexx3vqjhp41";
    let both = keyed
        .request("token", &grant)
        .header("authorization", basic(&keyed.id, "x"));
    let keyed_by_secret = format!("{}:{}", keyed.id, secret.secret());
    let assertion = keyed.asserts(json!({}));
    let untyped = keyed.bare(
        "token",
        &[&grant[..], &[("client_assertion", &assertion)]].concat(),
    );
    let mistyped = [
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        ),
        ("client_assertion", &assertion),
    ];
    vec![
        ("no credentials", secret.bare("token", &grant)),
        (
            "no credentials, to revoke",
            secret.bare("revoke", &[("token", "x")]),
        ),
        (
            "no credentials, to introspect",
            secret.bare("introspect", &[("token", "x")]),
        ),
        (
            "a name alone",
            secret.bare("token", &granting(&[("client_id", &secret.id)])),
        ),
        ("both kinds of credentials", both),
        (
            "Authorization twice",
            headed(&good).header("authorization", &good),
        ),
        (
            "the secret in the body",
            secret.bare("token", &granting(&in_body)),
        ),
        (
            "the secret in the body and the header",
            headed(&good).body(encoded(&granting(&[("client_secret", secret.secret())]))),
        ),
        (
            "a wrong secret",
            headed(&basic(&secret.id, "concord_wrong")),
        ),
        (
            "a wrong secret, to revoke",
            secret
                .bare("revoke", &[("token", "x")])
                .header("authorization", basic(&secret.id, "concord_wrong")),
        ),
        (
            "a wrong secret, to introspect",
            secret
                .bare("introspect", &[("token", "x")])
                .header("authorization", basic(&secret.id, "concord_wrong")),
        ),
        ("an empty secret", headed(&basic(&secret.id, ""))),
        (
            "the secret with a space behind",
            headed(&basic(&secret.id, &format!("{} ", secret.secret()))),
        ),
        (
            "a secret cut short",
            headed(&basic(&secret.id, &secret.secret()[..20])),
        ),
        (
            "an unknown client",
            headed(&basic(unknown, secret.secret())),
        ),
        (
            "a name that is none",
            headed(&basic("somebody", secret.secret())),
        ),
        (
            "another one's secret",
            headed(&basic(&cast.foreign.id, secret.secret())),
        ),
        (
            "a program with a key, by Basic",
            encoded_pair(&keyed_by_secret),
        ),
        ("Basic without a colon", encoded_pair(&secret.id)),
        ("Basic that is no base64", headed("Basic ????")),
        ("Basic that is not UTF-8", headed("Basic //79")),
        ("Basic without anything", headed("Basic")),
        ("Basic with two pairs", encoded_pair(&format!("{pair}&a=b"))),
        ("Bearer", headed(&good.replacen("Basic", "Bearer", 1))),
        ("Basic of a good pair, cut", headed(&good[..good.len() - 9])),
        (
            "a client_id that differs",
            headed(&good).body(encoded(&granting(&[("client_id", &keyed.id)]))),
        ),
        ("an assertion without its type", untyped),
        (
            "an assertion of another type",
            keyed.bare("token", &[&grant[..], &mistyped].concat()),
        ),
        (
            "a client_id that differs from the assertion",
            keyed.request("token", &granting(&[("client_id", unknown)])),
        ),
        (
            "an assertion that is none",
            keyed.asserting("token", &grant, "x.y.z"),
        ),
        (
            "a suspended program",
            cast.suspended.request("token", &grant),
        ),
        (
            "a suspended program, to revoke",
            cast.suspended.request("revoke", &[("token", "x")]),
        ),
        (
            "a program of a suspended agency",
            cast.outcast.request("token", &grant),
        ),
        (
            "no credentials, and nothing asked",
            secret.bare("token", &[("client_assertion_type", JWT_BEARER)]),
        ),
    ]
}

pub fn bad_scopes(cast: &Cast) -> Cases {
    let program = &cast.keyed;
    let audience = program.audience.as_str();
    let wanting = |scope: &str| program.request("token", &granting(&[("scope", scope)]));
    let at = |name: &str, value: &str| program.request("token", &granting(&[(name, value)]));
    vec![
        ("another resource", wanting("consent.r")),
        ("a letter more", wanting("agency.ru")),
        ("a category more", wanting("referral.r?category=MEDICAL")),
        ("every category", wanting("referral.r")),
        (
            "good and wider",
            wanting("agency.r referral.rs?category=NEEDS,LEGAL"),
        ),
        ("an unknown resource", wanting("everything.r")),
        ("a wildcard", wanting("*")),
        ("OpenID's", wanting("openid")),
        (
            "letters out of order",
            wanting("referral.sr?category=NEEDS"),
        ),
        ("an unknown category", wanting("referral.r?category=NEED")),
        (
            "an unknown parameter",
            wanting("referral.r?category=NEEDS&agency=north"),
        ),
        ("two spaces", wanting("agency.r  agency.r")),
        ("a space", wanting(" ")),
        ("too long", wanting(&"agency.r ".repeat(500))),
        (
            "a resource that is another's",
            at("resource", "https://elsewhere.example/graphql"),
        ),
        (
            "the issuer as the resource",
            at("resource", &program.issuer),
        ),
        (
            "the resource with a slash",
            at("resource", &format!("{audience}/")),
        ),
        (
            "an audience that is another's",
            at("audience", "https://elsewhere.example"),
        ),
        (
            "a good resource, another's audience",
            program.request(
                "token",
                &granting(&[("resource", audience), ("audience", "elsewhere")]),
            ),
        ),
        (
            "an unknown grant for another",
            program.request(
                "token",
                &[("grant_type", "password"), ("audience", "elsewhere")],
            ),
        ),
    ]
}

pub async fn bad_proofs(cast: &Cast) -> Cases {
    let (bound, hand) = (&cast.bound, Hand::p256());
    let url = format!("{}/oauth/token", bound.issuer);
    let now = clock::now().unix_seconds();
    let with = |proof: &str| bound.request("token", &granting(&[])).header("dpop", proof);
    let changed = |changes| with(&proof(&hand, changes));
    let used = bound.proves_at_token(&hand);
    let first = said(with(&used)).await;
    assert_eq!(first.body["token_type"], "DPoP", "{}", first.text);
    let good = || bound.proves_at_token(&hand);
    let cut = good();
    let listens = format!("http://{}/oauth/token", bound.address);
    vec![
        (
            "none, where tokens must be bound",
            bound.request("token", &[("grant_type", CLIENT_CREDENTIALS)]),
        ),
        ("one that was used", with(&used)),
        ("two", with(&good()).header("dpop", good())),
        ("an empty one", with("")),
        ("one that is none", with("proof")),
        (
            "one for another URL",
            changed(json!({ "htu": bound.audience })),
        ),
        (
            "one for where the server listens",
            changed(json!({ "htu": listens })),
        ),
        (
            "one for another method",
            changed(json!({ "htu": url, "htm": "GET" })),
        ),
        (
            "one that is too old",
            changed(json!({ "htu": url, "iat": now - 61 })),
        ),
        (
            "one from the future",
            changed(json!({ "htu": url, "iat": now + 120 })),
        ),
        (
            "one without a jti",
            changed(json!({ "htu": url, "jti": null })),
        ),
        ("one cut short", with(&cut[..cut.len() - 2])),
        ("an assertion", with(&bound.asserts(json!({})))),
    ]
}
