//! Client secrets and their hashes.

use argon2::password_hash::{PasswordHasher, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use concord::application::secret::{KeptHash, PREFIX, hash, issue};
use serde_json::Value;

use super::with_a_secret;
use crate::world::{World, on_both};

#[test]
fn a_secret_matches_its_own_hash_alone() {
    let (one, its_hash) = issue().unwrap();
    let (other, other_hash) = issue().unwrap();
    for secret in [&one, &other] {
        assert!(secret.starts_with(PREFIX));
        // 32 bytes in base64url, which HTTP Basic carries as they are.
        assert_eq!(secret.len(), PREFIX.len() + 43);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        assert!(secret.chars().all(plain));
    }
    assert_ne!(*one, *other);
    assert_ne!(its_hash, other_hash);
    assert!(!its_hash.contains(one.strip_prefix(PREFIX).unwrap()));

    let is_of =
        |secret: &str, kept: &str| KeptHash::parse(kept).is_some_and(|kept| kept.is_of(secret));
    for (secret, its_hash) in [(&one, &its_hash), (&other, &other_hash)] {
        for kept in [
            its_hash.clone(),
            hash(secret),
            of_before(secret, Algorithm::Argon2id),
        ] {
            assert!(is_of(secret, &kept), "{kept}");
        }
    }
    let before = of_before(&one, Algorithm::Argon2id);
    for kept in [its_hash.as_str(), &before] {
        for wrong in [
            &other[..],
            &one[..one.len() - 1],
            &format!("{}a", *one),
            &one.to_uppercase(),
            "",
            &"a".repeat(100_000),
        ] {
            assert!(!is_of(wrong, kept), "{kept}");
        }
    }
    for kept in [
        "",
        "plain",
        "sha256:",
        "sha256:00",
        &one,
        &of_before(&one, Algorithm::Argon2i),
    ] {
        assert!(!is_of(&one, kept), "{kept}");
    }
}

/// The hash of a secret as releases before 0.2 kept it.
fn of_before(secret: &str, algorithm: Algorithm) -> String {
    let params = Params::new(19_456, 2, 1, None).unwrap();
    let kept: PasswordHash = Argon2::new(algorithm, Version::V0x13, params)
        .hash_password(secret.as_bytes())
        .unwrap();
    kept.to_string()
}

on_both!(a_hash_of_before_is_replaced_when_its_secret_is_used);
async fn a_hash_of_before_is_replaced_when_its_secret_is_used(world: World) {
    let north = world.agency("north").await;
    let (id, secret) = with_a_secret(&north, "referral.r").await;
    let kept = of_before(&secret, Algorithm::Argon2id);
    world.tampers(&format!("UPDATE application_secret SET hash = '{kept}'"));
    let asks = async |secret: &str| -> Value {
        let answer = reqwest::Client::new()
            .post(format!("http://{}/oauth/token", north.address))
            .basic_auth(&id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let text = answer.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    };

    assert_eq!(asks("concord_wrong").await["error"], "invalid_client");
    let stored = || world.tampers("SELECT hash FROM application_secret");
    assert_eq!(stored().trim(), kept, "a wrong secret replaces nothing");
    for _ in 0..2 {
        let given = asks(&secret).await;
        assert_ne!(given["access_token"], Value::Null, "{given}");
        assert_eq!(stored().trim(), hash(&secret));
    }
}
