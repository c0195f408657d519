//! Seals: what was sealed comes back, and from nowhere else.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use concord::seal::envelope::{
    DocumentBinding, InvalidKekError, KeyEncryptionKey, KeyOwner, PackageBinding, PackageKey,
    SealError,
};
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::vocabulary::{Code, DataCategory};
use proptest::prelude::*;
use uuid::Uuid;

const KEK: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

fn place() -> PackageBinding {
    PackageBinding {
        referral: ReferralId(Uuid::from_u128(7)),
        category: DataCategory::Identity,
        version: 1,
    }
}

fn holder() -> KeyOwner<'static> {
    KeyOwner {
        purpose: "package",
        owner: Uuid::from_u128(7),
        version: 1,
    }
}

fn kek() -> KeyEncryptionKey {
    KeyEncryptionKey::from_file_bytes(&KEK).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_sealed_opens(plain in prop::collection::vec(any::<u8>(), 0..2000)) {
        let key = PackageKey::generate().unwrap();
        let sealed = key.seal(place(), &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + 28);
        prop_assert_eq!(&**key.open(place(), &sealed).unwrap(), &plain[..]);
    }

    #[test]
    fn no_other_bytes_open(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = PackageKey::generate().unwrap();
        prop_assert_eq!(key.open(place(), &bytes).unwrap_err(), SealError);
        prop_assert_eq!(kek().unwrap(holder(), &bytes).unwrap_err(), SealError);
    }
}

#[test]
fn a_flipped_bit_breaks_the_seal() {
    let key = PackageKey::generate().unwrap();
    let sealed = key.seal(place(), b"Ada").unwrap();
    let wrapped = kek().wrap(holder(), &key).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            key.open(place(), &changed).unwrap_err(),
            SealError,
            "bit {bit}"
        );
    }
    for bit in 0..wrapped.len() * 8 {
        let mut changed = wrapped.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            kek().unwrap(holder(), &changed).unwrap_err(),
            SealError,
            "bit {bit}"
        );
    }
}

#[test]
fn a_cut_or_lengthened_text_breaks_the_seal() {
    let key = PackageKey::generate().unwrap();
    let sealed = key.seal(place(), b"Ada").unwrap();
    for length in 0..sealed.len() {
        assert_eq!(
            key.open(place(), &sealed[..length]).unwrap_err(),
            SealError,
            "{length} bytes"
        );
    }
    let longer = [sealed.as_slice(), &[0]].concat();
    assert_eq!(key.open(place(), &longer).unwrap_err(), SealError);
}

#[test]
fn a_sealed_text_opens_nowhere_else() {
    let key = PackageKey::generate().unwrap();
    let sealed = key.seal(place(), b"Ada").unwrap();
    let mut elsewhere: Vec<PackageBinding> = DataCategory::ALL
        .iter()
        .filter(|category| **category != place().category)
        .map(|category| PackageBinding {
            category: *category,
            ..place()
        })
        .collect();
    elsewhere.push(PackageBinding {
        referral: ReferralId(Uuid::from_u128(8)),
        ..place()
    });
    elsewhere.extend([0, 2, 256, u32::MAX].map(|version| PackageBinding { version, ..place() }));
    for other in elsewhere {
        assert_eq!(
            key.open(other, &sealed).unwrap_err(),
            SealError,
            "{other:?}"
        );
    }
    let stranger = PackageKey::generate().unwrap();
    assert_eq!(stranger.open(place(), &sealed).unwrap_err(), SealError);
    assert_eq!(&**key.open(place(), &sealed).unwrap(), b"Ada");
}

#[test]
fn a_wrapped_key_unwraps_for_its_holder_alone() {
    let key = PackageKey::generate().unwrap();
    let sealed = key.seal(place(), b"Ada").unwrap();
    let wrapped = kek().wrap(holder(), &key).unwrap();
    let back = kek().unwrap(holder(), &wrapped).unwrap();
    assert_eq!(&**back.open(place(), &sealed).unwrap(), b"Ada");

    for other in [
        KeyOwner {
            purpose: "packages",
            ..holder()
        },
        KeyOwner {
            purpose: "",
            ..holder()
        },
        KeyOwner {
            owner: Uuid::from_u128(8),
            ..holder()
        },
        KeyOwner {
            version: 2,
            ..holder()
        },
    ] {
        assert_eq!(
            kek().unwrap(other, &wrapped).unwrap_err(),
            SealError,
            "{other:?}"
        );
    }
    let stranger = KeyEncryptionKey::from_file_bytes(b"another key of thirty-two bytes!").unwrap();
    assert_eq!(stranger.unwrap(holder(), &wrapped).unwrap_err(), SealError);
}

#[test]
fn a_wrapped_key_is_not_a_sealed_category() {
    // Were both bound alike, whoever can write rows could have a key opened as content.
    let holder = KeyOwner {
        purpose: "IDENTITY",
        ..holder()
    };
    let wrapped = kek()
        .wrap(holder, &PackageKey::generate().unwrap())
        .unwrap();
    let binding = binding("concord package v1\0", "IDENTITY");
    assert!(opened_by_hand(&wrapped, &binding).is_none());
}

/// The layout that stored packages have: whoever changes it cannot read them any more.
#[test]
fn the_stored_form_is_this_one() {
    let wrapped = kek()
        .wrap(holder(), &PackageKey::generate().unwrap())
        .unwrap();
    assert_eq!(wrapped.len(), 12 + 32 + 16);
    let package_key =
        opened_by_hand(&wrapped, &binding("concord wrapped v1\0", "package")).unwrap();
    assert_eq!(package_key.len(), 32);
}

fn binding(kind: &str, word: &str) -> Vec<u8> {
    let mut binding = kind.as_bytes().to_vec();
    binding.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
    binding.extend([0, 0, 0, 1]);
    binding.extend(word.as_bytes());
    binding
}

fn opened_by_hand(wrapped: &[u8], binding: &[u8]) -> Option<Vec<u8>> {
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, &KEK).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&wrapped[..12]).unwrap();
    let mut body = wrapped[12..].to_vec();
    cipher
        .open_in_place(nonce, Aad::from(binding), &mut body)
        .ok()
        .map(|plain| plain.to_vec())
}

#[test]
fn the_same_text_is_never_sealed_alike() {
    let key = PackageKey::generate().unwrap();
    let sealed: std::collections::BTreeSet<_> = (0..500)
        .map(|_| key.seal(place(), b"Ada").unwrap())
        .collect();
    let nonces: std::collections::BTreeSet<_> = sealed.iter().map(|text| &text[..12]).collect();
    assert_eq!((sealed.len(), nonces.len()), (500, 500));
}

#[test]
fn a_key_encryption_key_is_read_from_text_and_file() {
    let bytes: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 8 + 3).unwrap());
    let wrapped = KeyEncryptionKey::from_file_bytes(&bytes)
        .unwrap()
        .wrap(holder(), &PackageKey::generate().unwrap())
        .unwrap();
    for text in [
        hex::encode(bytes),
        hex::encode_upper(bytes),
        STANDARD.encode(bytes),
        STANDARD_NO_PAD.encode(bytes),
        URL_SAFE.encode(bytes),
        format!("  {}\n", STANDARD.encode(bytes)),
    ] {
        let by_text = KeyEncryptionKey::from_text(&text).unwrap();
        assert!(by_text.unwrap(holder(), &wrapped).is_ok(), "{text}");
        let by_file = KeyEncryptionKey::from_file_bytes(text.as_bytes()).unwrap();
        assert!(by_file.unwrap(holder(), &wrapped).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_key_encryption_key_is_refused() {
    let refused = |text: &str| KeyEncryptionKey::from_text(text).unwrap_err() == InvalidKekError;
    assert!(refused(""));
    assert!(refused("changeme"));
    assert!(refused(&hex::encode(&KEK[..31])));
    assert!(refused(&STANDARD.encode([&KEK[..], &[1]].concat())));
    assert!(refused(&hex::encode([0; 32])));
    assert!(refused(&STANDARD.encode([0xff; 32])));
    assert!(refused(&format!(
        "{} {}",
        hex::encode(&KEK[..16]),
        hex::encode(&KEK[16..])
    )));
    for file in [&[0; 32][..], &KEK[..31], &[0xfe; 40], b""] {
        assert_eq!(
            KeyEncryptionKey::from_file_bytes(file).unwrap_err(),
            InvalidKekError
        );
    }
}

#[test]
fn debug_never_shows_a_key() {
    assert_eq!(format!("{:?}", kek()), "KeyEncryptionKey(..)");
    assert_eq!(
        format!("{:#?}", PackageKey::generate().unwrap()),
        "PackageKey(..)"
    );
}

#[test]
fn a_paper_opens_as_no_other() {
    let key = PackageKey::generate().unwrap();
    let own = DocumentBinding {
        consent: ConsentId(Uuid::from_u128(7)),
        content_type: "application/pdf",
        version: 1,
    };
    let sealed = key.seal_paper(own, b"Ada").unwrap();
    assert_eq!(&**key.open_paper(own, &sealed).unwrap(), b"Ada");
    for other in [
        DocumentBinding {
            consent: ConsentId(Uuid::from_u128(8)),
            ..own
        },
        DocumentBinding {
            content_type: "image/png",
            ..own
        },
        DocumentBinding { version: 2, ..own },
    ] {
        assert_eq!(key.open_paper(other, &sealed).unwrap_err(), SealError);
    }
    // Nor as a part of a package with the same id.
    assert_eq!(key.open(place(), &sealed).unwrap_err(), SealError);
    let another = PackageKey::generate().unwrap();
    assert_eq!(another.open_paper(own, &sealed).unwrap_err(), SealError);
}
