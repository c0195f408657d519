//! Every forgery: a good token made wrong in one way, and the fault that it is refused for.

use aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use concord::access::token::TokenError;
use serde_json::{Value, json};

use super::forge::{Forge, changed, parts, signature, signed};

use TokenError::{
    BadSignature, Expired, ForbiddenHeader, IssuedInFuture, Malformed, MalformedClaim,
    MissingClaim, NotYet, RepeatedMember, TooLong, UnknownKey, WrongAlgorithm, WrongAudience,
    WrongIssuer, WrongLife, WrongType,
};

/// What is wrong, the token, and the fault.
pub type Row = (String, String, TokenError);

fn forged_signatures(forge: &Forge) -> Vec<Row> {
    let [header, payload, good] = forge.split();
    let text = format!("{header}.{payload}");
    let der = signature(&text, &forge.ours, &ECDSA_P256_SHA256_ASN1_SIGNING);
    let raw = URL_SAFE_NO_PAD.decode(&good).unwrap();
    let with = |signature: &[u8]| format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
    let audit = URL_SAFE_NO_PAD.encode(written(&forge.claims, "scope", r#""audit.rs""#));
    let spaced = URL_SAFE_NO_PAD.encode(format!(" {}", forge.header));
    let rows = [
        ("a stranger's under our kid", signed(&text, &forge.stranger)),
        ("in DER", with(&der)),
        ("cut by a byte", with(&raw[..63])),
        ("cut by half", with(&raw[..32])),
        ("with a byte more", with(&[raw.as_slice(), &[0]].concat())),
        ("written twice", with(&raw.repeat(2))),
        ("of zeros", with(&[0; 64])),
        (
            "with its halves exchanged",
            with(&[&raw[32..], &raw[..32]].concat()),
        ),
        ("of other claims", format!("{header}.{audit}.{good}")),
        ("of another header", format!("{spaced}.{payload}.{good}")),
    ];
    rows.map(|(name, token)| (format!("a signature {name}"), token, BadSignature))
        .into()
}

fn forged_keys(forge: &Forge) -> Vec<Row> {
    let claims = forge.claims.to_string();
    let stranger = |member, value: Value| {
        let header = changed(&forge.header, member, Some(value)).to_string();
        signed(&parts(header, &claims), &forge.stranger)
    };
    let jwk = forge.ours.public_jwk();
    let [x, y] =
        ["x", "y"].map(|name| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap());
    let none = format!(
        "{}.",
        parts(written(&forge.header, "alg", r#""none""#), &claims)
    );
    let brought = stranger("jwk", forge.stranger.public_jwk());
    let rows = [
        ("none", none, Malformed),
        (
            "a stranger's under its kid",
            stranger("kid", json!(forge.stranger.kid())),
            UnknownKey,
        ),
        ("a stranger's, brought along", brought, ForbiddenHeader),
        (
            "our point as a secret",
            forge.hmac(&[&[4][..], &x, &y].concat()),
            WrongAlgorithm,
        ),
        (
            "our JWK as a secret",
            forge.hmac(jwk.to_string().as_bytes()),
            WrongAlgorithm,
        ),
        ("nothing as a secret", forge.hmac(b""), WrongAlgorithm),
    ];
    rows.map(|(name, token, fault)| (format!("a key: {name}"), token, fault))
        .into()
}

/// A member of the header, what is written there instead, and the fault. No text: the member is left out.
const HEADERS: &[(&str, &str, TokenError)] = &[
    ("alg", r#""none""#, WrongAlgorithm),
    ("alg", r#""NONE""#, WrongAlgorithm),
    ("alg", r#""es256""#, WrongAlgorithm),
    ("alg", r#""ES384""#, WrongAlgorithm),
    ("alg", r#""ES256K""#, WrongAlgorithm),
    ("alg", r#""RS256""#, WrongAlgorithm),
    ("alg", r#"["ES256"]"#, WrongAlgorithm),
    ("alg", "null", WrongAlgorithm),
    ("alg", "", WrongAlgorithm),
    ("typ", r#""JWT""#, WrongType),
    ("typ", r#""logout+jwt""#, WrongType),
    ("typ", r#""at+jwt ""#, WrongType),
    ("typ", r#""text/at+jwt""#, WrongType),
    ("typ", r#""application/application/at+jwt""#, WrongType),
    ("typ", r#"["at+jwt"]"#, WrongType),
    ("typ", "", WrongType),
    ("kid", r#""2027-01""#, UnknownKey),
    ("kid", r#""../../../dev/null""#, UnknownKey),
    ("kid", "0", UnknownKey),
    ("kid", r#""""#, UnknownKey),
    ("kid", "", UnknownKey),
    ("crit", r#"["exp"]"#, ForbiddenHeader),
    ("crit", "[]", ForbiddenHeader),
    ("jku", r#""https://forger.example/keys""#, ForbiddenHeader),
    ("jwk", r#"{"kty":"EC"}"#, ForbiddenHeader),
    ("x5u", r#""https://forger.example/cert""#, ForbiddenHeader),
    ("x5c", r#"["MIIB"]"#, ForbiddenHeader),
    ("x5t", r#""AAAA""#, ForbiddenHeader),
    ("b64", "false", ForbiddenHeader),
    ("zip", r#""DEF""#, ForbiddenHeader),
    ("cty", r#""JWT""#, ForbiddenHeader),
    ("enc", r#""A256GCM""#, ForbiddenHeader),
    ("Alg", r#""none""#, ForbiddenHeader),
];

/// A claim, what is written there instead, and the fault.
const CLAIMS: &[(&str, &str, TokenError)] = &[
    ("iss", r#""https://forger.example""#, WrongIssuer),
    ("iss", r#""https://concord.example/""#, WrongIssuer),
    ("iss", r#""HTTPS://CONCORD.EXAMPLE""#, WrongIssuer),
    (
        "iss",
        r#"["https://concord.example"]"#,
        MalformedClaim("iss"),
    ),
    ("aud", r#""https://other.example""#, WrongAudience),
    (
        "aud",
        r#""https://concord.example/graphql2""#,
        WrongAudience,
    ),
    (
        "aud",
        r#"["https://concord.example/graphql","https://other.example"]"#,
        WrongAudience,
    ),
    (
        "aud",
        r#"["https://concord.example/graphql","https://concord.example/graphql"]"#,
        WrongAudience,
    ),
    ("aud", r#"["https://other.example"]"#, WrongAudience),
    ("aud", "[]", WrongAudience),
    ("aud", "null", MalformedClaim("aud")),
    ("sub", r#""""#, MalformedClaim("sub")),
    ("sub", r#""a\nb""#, MalformedClaim("sub")),
    ("sub", "7", MalformedClaim("sub")),
    ("client_id", r#"["a"]"#, MalformedClaim("client_id")),
    (
        "agency",
        r#""survivor_01h2xcejqtf2nbrexx3vqjhp41""#,
        MalformedClaim("agency"),
    ),
    ("agency", r#""north""#, MalformedClaim("agency")),
    ("agency", "null", MalformedClaim("agency")),
    ("scope", r#"["referral.r"]"#, MalformedClaim("scope")),
    ("epoch", "-1", MalformedClaim("epoch")),
    ("epoch", "4294967296", MalformedClaim("epoch")),
    ("epoch", "3.0", MalformedClaim("epoch")),
    ("epoch", r#""3""#, MalformedClaim("epoch")),
    ("iat", "1800000031", IssuedInFuture),
    ("iat", "1800000600", WrongLife),
    ("iat", "1800000601", WrongLife),
    ("nbf", "1800000031", NotYet),
    ("exp", "1799999999", Expired),
    ("exp", "1800000000", Expired),
    ("exp", "1800086391", WrongLife),
    ("exp", "4294967295", WrongLife),
];

/// How a time may not be written.
const TIMES: &[&str] = &[
    "1800000005.5",
    "1800000005.0",
    "1.8e9",
    r#""1800000005""#,
    r#""2027-01-15T08:00:05Z""#,
    "-1",
    "-0",
    "1800000005000",
    "99999999999999999999999999",
    "null",
    "true",
    "[1800000005]",
];

fn forged_members(forge: &Forge) -> Vec<Row> {
    let claims = forge.claims.to_string();
    let header = forge.header.to_string();
    let times = ["iat", "nbf", "exp"].into_iter().flat_map(|claim| {
        TIMES
            .iter()
            .map(move |text| (claim, *text, MalformedClaim(claim)))
    });
    let headers = HEADERS.iter().map(|(member, text, fault)| {
        let token = forge.write(written(&forge.header, member, text), &claims);
        (format!("header {member}: {text}"), token, *fault)
    });
    let claimed = CLAIMS
        .iter()
        .copied()
        .chain(times)
        .map(|(claim, text, fault)| {
            let token = forge.write(&header, written(&forge.claims, claim, text));
            (format!("claim {claim}: {text}"), token, fault)
        });
    headers.chain(claimed).collect()
}

/// `object` with `text` for the member, letter for letter.
fn written(object: &Value, member: &str, text: &str) -> String {
    let rest = changed(object, member, None).to_string();
    if text.is_empty() {
        return rest;
    }
    rest.replacen('{', &format!("{{\"{member}\":{text},"), 1)
}

fn forged_json(forge: &Forge) -> Vec<Row> {
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    let deep = format!("{{\"deep\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    let twice = |text: &str| forge.write(&header, claims.replacen('{', &format!("{{{text},"), 1));
    let twice_above =
        |text: &str| forge.write(header.replacen('{', &format!("{{{text},"), 1), &claims);
    let marked = forge.write(format!("\u{feff}{header}"), &claims);
    let long = json!("a".repeat(129));
    let rows = [
        ("alg twice", twice_above(r#""alg":"none""#), RepeatedMember),
        (
            "alg twice, alike",
            twice_above(r#""alg":"ES256""#),
            RepeatedMember,
        ),
        (
            "kid twice, once escaped",
            twice_above(r#""\u006bid":"x""#),
            RepeatedMember,
        ),
        (
            "the scope twice",
            twice(r#""scope":"audit.rs""#),
            RepeatedMember,
        ),
        (
            "exp twice, once escaped",
            twice(r#""e\u0078p":9999999999"#),
            RepeatedMember,
        ),
        (
            "twice in a claim",
            twice(r#""act":{"sub":"a","sub":"b"}"#),
            RepeatedMember,
        ),
        (
            "twice in a list",
            twice(r#""act":[{"sub":"a","sub":"b"}]"#),
            RepeatedMember,
        ),
        (
            "a header that is a list",
            forge.write("[]", &claims),
            Malformed,
        ),
        (
            "a header that is text",
            forge.write(r#""ES256""#, &claims),
            Malformed,
        ),
        (
            "a header and more",
            forge.write(format!("{header}{{}}"), &claims),
            Malformed,
        ),
        (
            "a header cut short",
            forge.write(r#"{"alg":"ES256""#, &claims),
            Malformed,
        ),
        (
            "a header not in UTF-8",
            forge.write(b"{\"alg\":\"\xff\"}", &claims),
            Malformed,
        ),
        ("a header with a byte-order mark", marked, Malformed),
        (
            "claims that are a list",
            forge.write(&header, "[]"),
            Malformed,
        ),
        (
            "claims that are a token",
            forge.write(&header, forge.good()),
            Malformed,
        ),
        (
            "claims not in UTF-8",
            forge.write(&header, b"{\"sub\":\"\xc3\x28\"}"),
            Malformed,
        ),
        ("claims too deep", forge.write(&header, deep), Malformed),
        ("no claims", forge.write(&header, "{}"), MissingClaim("iss")),
        (
            "a subject too long",
            forge.with_claim("sub", long),
            MalformedClaim("sub"),
        ),
        (
            "a jti too long",
            forge.with_claim("jti", json!("a".repeat(65))),
            MalformedClaim("jti"),
        ),
    ];
    rows.map(|(name, token, fault)| (name.to_owned(), token, fault))
        .into()
}

fn forged_forms(forge: &Forge) -> Vec<Row> {
    let [header, payload, signature] = forge.split();
    let good = forge.good();
    let padded = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(&signature).unwrap());
    let json = json!({ "payload": payload, "protected": header, "signature": signature });
    let other_alphabet = {
        let claims = written(&forge.claims, "sub", r#""??>>~~??>>~~??""#);
        let encoded = STANDARD.encode(claims).trim_end_matches('=').to_owned();
        assert!(encoded.contains(['+', '/']));
        signed(&format!("{header}.{encoded}"), &forge.ours)
    };
    let padded_claims = {
        let encoded =
            |sub| URL_SAFE.encode(changed(&forge.claims, "sub", Some(json!(sub))).to_string());
        let padded = ["a", "ab"]
            .map(encoded)
            .into_iter()
            .find(|text| text.ends_with('='));
        signed(&format!("{header}.{}", padded.unwrap()), &forge.ours)
    };
    let rows = [
        ("nothing", String::new()),
        ("two points", "..".to_owned()),
        ("one part", header.clone()),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.{signature}")),
        (
            "five parts, as of a JWE",
            format!("{header}..{payload}.{signature}.{signature}"),
        ),
        ("a point before", format!(".{good}")),
        ("a point behind", format!("{good}.")),
        ("no header", format!(".{payload}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("no signature", format!("{header}.{payload}.")),
        ("a padded signature", format!("{header}.{payload}.{padded}")),
        ("padded claims", padded_claims),
        ("the other alphabet", other_alphabet),
        (
            "bits that mean nothing",
            format!("{header}.{payload}.{}", next_letter(&signature)),
        ),
        ("a space before", format!(" {good}")),
        ("a line end behind", format!("{good}\n")),
        ("the scheme with it", format!("Bearer {good}")),
        ("a letter that is none", format!("{good}\u{e9}")),
        ("quotation marks", format!("\"{good}\"")),
        ("JSON", json.to_string()),
    ];
    let oversize = forge.with_claim("note", json!("a".repeat(8 * 1024)));
    let long = [
        ("too long", oversize),
        ("far too long", ".".repeat(1 << 20)),
    ];
    let malformed = rows.map(|(name, token)| (format!("form: {name}"), token, Malformed));
    let too_long = long.map(|(name, token)| (name.to_owned(), token, TooLong));
    malformed.into_iter().chain(too_long).collect()
}

/// 64 bytes leave four bits of the last letter unused: the next letter stands for the same bytes.
fn next_letter(signature: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = signature.split_at(signature.len() - 1);
    let place = LETTERS.find(last).unwrap() + 1;
    format!("{rest}{}", &LETTERS[place..=place])
}

/// All of them.
pub fn forgeries(forge: &Forge) -> Vec<Row> {
    let tables = [
        forged_keys,
        forged_signatures,
        forged_members,
        forged_json,
        forged_forms,
    ];
    tables.iter().flat_map(|table| table(forge)).collect()
}
