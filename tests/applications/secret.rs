//! Client secrets and their hashes.

use argon2::password_hash::{PasswordHasher, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use concord::application::secret::{OF_NOBODY, PREFIX, issue, matches};

const MADE_LIKE: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

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
    assert!(its_hash.starts_with(MADE_LIKE), "{its_hash}");
    assert!(!its_hash.contains(one.strip_prefix(PREFIX).unwrap()));

    assert!(matches(&one, &its_hash));
    assert!(matches(&other, &other_hash));
    for (secret, hash) in [
        (one.as_str(), other_hash.as_str()),
        (&one[..one.len() - 1], &its_hash),
        (&format!("{}a", *one), &its_hash),
        (&one.to_uppercase(), &its_hash),
        ("", &its_hash),
        (&"a".repeat(100_000), &its_hash),
        (&one, ""),
        (&one, "plain"),
        (&one, &one),
        (&one, OF_NOBODY),
    ] {
        assert!(!matches(secret, hash), "{hash}");
    }
}

#[test]
fn nobodys_hash_costs_what_every_other_does() {
    assert!(OF_NOBODY.starts_with(MADE_LIKE));
    let (_, hash) = issue().unwrap();
    assert_eq!(OF_NOBODY.len(), hash.len());
    let nobodys = PasswordHash::new(OF_NOBODY).unwrap();
    let somebodys = PasswordHash::new(&hash).unwrap();
    assert_eq!(nobodys.params, somebodys.params);
    assert_eq!(nobodys.salt.unwrap().len(), somebodys.salt.unwrap().len());
    assert_eq!(nobodys.hash.unwrap().len(), somebodys.hash.unwrap().len());
}

#[test]
fn a_hash_of_another_kind_matches_nothing() {
    let params = Params::new(64, 1, 1, None).unwrap();
    let weak: PasswordHash = Argon2::new(Algorithm::Argon2i, Version::V0x13, params)
        .hash_password(b"concord_x")
        .unwrap();
    assert!(!matches("concord_x", &weak.to_string()));
}
