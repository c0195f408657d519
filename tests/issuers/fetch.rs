//! Keys are fetched with care.

use std::time::{Duration, Instant};

use concord::access::issuer::address::Reach;
use concord::access::issuer::fetch::{FetchError, Fetcher, FetcherError};
use concord::jose::jwk::JwkError;
use concord::jose::key::SigningKey;
use serde_json::json;

use super::provider::{Answers, Provider, keys};

async fn refused(provider: &Provider, url: &str, reach: Reach) -> FetchError {
    provider.fetcher(reach).fetch(url).await.unwrap_err()
}

#[tokio::test]
async fn keys_are_fetched_over_https() {
    let provider = Provider::new();
    for host in ["localhost", "127.0.0.1"] {
        let fetcher = provider.fetcher(Reach::Private);
        let copy = fetcher.fetch(&provider.jwks_uri(host)).await.unwrap();
        let kids: Vec<_> = copy.keys.iter().map(|key| key.kid().unwrap()).collect();
        assert_eq!(kids, [provider.key.kid()]);
        assert_eq!(
            copy.jwks,
            json!({ "keys": [provider.key.public_jwk()] }).to_string()
        );
    }
    assert_eq!(provider.requests(), 2);
}

#[tokio::test]
async fn private_addresses_are_out_of_reach_by_default() {
    let provider = Provider::new();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
        "0.0.0.0",
    ] {
        let fault = refused(&provider, &provider.jwks_uri(host), Reach::Public).await;
        assert!(
            matches!(fault, FetchError::OutOfReach(_)),
            "{host}: {fault}"
        );
    }
    for name in ["localhost", "LOCALHOST"] {
        let fault = refused(&provider, &provider.jwks_uri(name), Reach::Public).await;
        assert!(matches!(fault, FetchError::NoAnswer(_)), "{name}: {fault}");
        assert!(
            fault
                .to_string()
                .contains("no public address has this name"),
            "{fault}"
        );
    }
    assert_eq!(provider.requests(), 0);
}

#[tokio::test]
async fn nothing_but_https_is_spoken() {
    let provider = Provider::new();
    for url in [
        format!("http://localhost:{}/jwks", provider.port),
        format!("ftp://localhost:{}/jwks", provider.port),
        "file:///etc/passwd".to_owned(),
        "data:application/json,{}".to_owned(),
        "not a URL".to_owned(),
    ] {
        let fault = refused(&provider, &url, Reach::Private).await;
        assert!(matches!(fault, FetchError::NotHttps), "{url}: {fault}");
    }
    assert_eq!(provider.requests(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let provider = Provider::new();
    provider.answers(Answers::Redirect);
    let fault = refused(&provider, &provider.jwks_uri("localhost"), Reach::Private).await;
    assert!(
        matches!(fault, FetchError::Status(status) if status == 302),
        "{fault}"
    );
    assert_eq!(provider.requests(), 1);
}

#[tokio::test]
async fn whoever_drips_is_given_up() {
    let provider = Provider::new();
    let good = json!({ "keys": [provider.key.public_jwk()] }).to_string();
    for slow in [
        Answers::Drips,
        Answers::Body(200, good, Duration::from_secs(20)),
    ] {
        provider.answers(slow);
        let began = Instant::now();
        let fault = refused(&provider, &provider.jwks_uri("localhost"), Reach::Private).await;
        assert!(
            matches!(&fault, FetchError::NoAnswer(why) if why.is_timeout()),
            "{fault}"
        );
        let taken = began.elapsed();
        assert!(taken >= Duration::from_millis(2_500), "{taken:?}");
        assert!(taken < Duration::from_secs(8), "{taken:?}");
    }
}

#[tokio::test]
async fn what_is_no_small_set_of_keys_is_refused() {
    let provider = Provider::new();
    let jwk = provider.key.public_jwk();
    let code = async |answers: Answers| {
        provider.answers(answers);
        refused(&provider, &provider.jwks_uri("localhost"), Reach::Private)
            .await
            .code()
    };
    let body = |status: u16, body: String| Answers::Body(status, body, Duration::ZERO);
    let good = json!({ "keys": [jwk] }).to_string();
    let padded = |length: usize| good.clone() + &" ".repeat(length - good.len());
    let mut private = jwk.clone();
    private["d"] = json!("c2VjcmV0");
    let oct = json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0" });
    let many = |count: usize| {
        let keys: Vec<_> = (0..count)
            .map(|_| SigningKey::generate().unwrap().public_jwk())
            .collect();
        keys
    };
    assert_eq!(code(body(200, padded(64 * 1024 + 1))).await, "too_long");
    assert_eq!(code(keys(&many(33))).await, JwkError::TooMany.code());
    assert_eq!(code(body(500, good.clone())).await, "wrong_status");
    assert_eq!(code(body(404, good.clone())).await, "wrong_status");
    assert_eq!(code(body(206, good.clone())).await, "wrong_status");
    assert_eq!(
        code(body(200, "<html>".to_owned())).await,
        "key_not_an_object"
    );
    assert_eq!(code(body(200, "{}".to_owned())).await, "key_not_a_set");
    assert_eq!(code(keys(&[private])).await, "key_secret");
    assert_eq!(code(keys(&[jwk, oct])).await, "key_secret");
    assert_eq!(code(keys(&[])).await, "none_usable");
    assert_eq!(code(Answers::HangsUp).await, "no_answer");

    // What is just within the limits is not.
    let fetcher = provider.fetcher(Reach::Private);
    for within in [body(200, padded(64 * 1024)), keys(&many(32))] {
        provider.answers(within);
        fetcher
            .fetch(&provider.jwks_uri("localhost"))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused() {
    let (provider, stranger) = (Provider::new(), Provider::new());
    let fetcher = stranger.fetcher(Reach::Private);
    let fault = fetcher
        .fetch(&provider.jwks_uri("localhost"))
        .await
        .unwrap_err();
    assert_eq!(fault.code(), "no_answer");
    assert!(
        fault.to_string().to_lowercase().contains("certificate"),
        "{fault}"
    );
    assert_eq!(provider.requests(), 0);
}

#[test]
fn a_file_of_certificates_must_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let made = || Fetcher::new(Reach::Public, Some(&file)).unwrap_err();
    assert!(matches!(made(), FetcherError::Unreadable { .. }));
    std::fs::write(&file, "not a certificate").unwrap();
    assert!(matches!(made(), FetcherError::NotPem(_)));
}
