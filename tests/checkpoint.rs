//! Signed checkpoints and receipts: what other people's tools make of them, and what is refused.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use concord::audit::checkpoint::{
    Checkpoint, CheckpointError, KeyError, LedgerKey, LedgerPublicKey,
};
use concord::audit::tree::{Digest, Head, leaf_hash};
use signed_note::{Note, Signature, StandardSigner, StandardVerifier, Verifier, VerifierList};
use zeroize::Zeroizing;

const ORIGIN: &str = "concord.example.org/audit";

// The key of the worked example in the documentation of Go's sumdb/note.
const KNOWN_SIGNER: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const KNOWN_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn key(origin: &str, secret: u8) -> LedgerKey {
    LedgerKey::new(origin, &Zeroizing::new([secret; 32])).unwrap()
}

fn known_key() -> LedgerKey {
    // The key's own base64 may hold a plus as well, so it is the rest after four.
    let encoded = KNOWN_SIGNER.splitn(5, '+').last().unwrap();
    let bytes = BASE64_STANDARD.decode(encoded).unwrap();
    LedgerKey::new(
        "PeterNeumann",
        &Zeroizing::new(bytes[1..].try_into().unwrap()),
    )
    .unwrap()
}

fn head() -> Head {
    Head {
        size: 923_748,
        root: leaf_hash(b"root"),
    }
}

fn opens_elsewhere(vkey: &str, note: &str) -> bool {
    let verifier = StandardVerifier::new(vkey).unwrap();
    let note = Note::from_bytes(note.as_bytes()).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)]))
        .is_ok()
}

/// A note with any text, signed as the ledger's key would sign it.
fn note_of(text: &str) -> String {
    let signer = StandardSigner::new(KNOWN_SIGNER).unwrap();
    let mut note = Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    String::from_utf8(note.to_bytes()).unwrap()
}

#[test]
fn a_checkpoint_opens_with_its_key() {
    let key = key(ORIGIN, 1);
    let note = key.sign(head()).unwrap();
    let checkpoint = key.public().open(&note).unwrap();
    assert_eq!(
        checkpoint,
        Checkpoint {
            origin: ORIGIN.to_owned(),
            head: head()
        }
    );
    let empty = key.sign(Head::EMPTY).unwrap();
    assert_eq!(key.public().open(&empty).unwrap().head, Head::EMPTY);
}

#[test]
fn a_checkpoint_is_a_signed_note_to_other_tools() {
    let key = known_key();
    assert_eq!(key.public().to_string(), KNOWN_VERIFIER);
    let note = key.sign(head()).unwrap();
    let root = BASE64_STANDARD.encode(head().root.0);
    assert!(
        note.starts_with(&format!(
            "PeterNeumann\n923748\n{root}\n\n\u{2014} PeterNeumann x08go"
        )),
        "{note}"
    );
    assert!(opens_elsewhere(KNOWN_VERIFIER, &note));
    assert_eq!(note, note_of(&format!("PeterNeumann\n923748\n{root}\n")));
    assert!(!opens_elsewhere(
        &self::key("PeterNeumann", 1).public().to_string(),
        &note
    ));
    assert!(!opens_elsewhere(
        &self::key(ORIGIN, 1).public().to_string(),
        &note
    ));
}

#[test]
fn a_checkpoint_opens_with_no_other_key_or_origin() {
    let note = key(ORIGIN, 1).sign(head()).unwrap();
    for other in [
        key(ORIGIN, 2),
        key("concord.example.org/other", 1),
        key("concord.example.org/other", 2),
    ] {
        assert_eq!(other.public().open(&note), Err(CheckpointError::NotSigned));
    }
    // Signed with the right key and under its name, but for another ledger.
    let root = BASE64_STANDARD.encode(head().root.0);
    let foreign = note_of(&format!("{ORIGIN}\n923748\n{root}\n"));
    assert_eq!(
        known_key().public().open(&foreign),
        Err(CheckpointError::OtherOrigin)
    );
}

#[test]
fn a_checkpoint_changed_anywhere_does_not_open() {
    let key = key(ORIGIN, 1);
    let note = key.sign(head()).unwrap();
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        // What is no longer UTF-8 is no note.
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(key.public().open(&changed).is_err(), "byte {at}: {changed}");
        }
        assert!(
            note.get(..at)
                .is_none_or(|cut| key.public().open(cut).is_err()),
            "cut at {at}"
        );
    }
}

#[test]
fn a_signed_text_that_is_no_checkpoint_does_not_open() {
    let root = BASE64_STANDARD.encode(head().root.0);
    for text in [
        "PeterNeumann\n".to_owned(),
        format!("PeterNeumann\n0923748\n{root}\n"),
        format!("PeterNeumann\n-1\n{root}\n"),
        "PeterNeumann\n923748\nAAAA\n".to_owned(),
        format!("PeterNeumann\n18446744073709551616\n{root}\n"),
    ] {
        assert_eq!(
            known_key().public().open(&note_of(&text)),
            Err(CheckpointError::Malformed),
            "{text}"
        );
    }
}

#[test]
fn witnesses_and_extensions_may_stand_beside() {
    let root = BASE64_STANDARD.encode(head().root.0);
    let text = format!("PeterNeumann\n923748\n{root}\nan extension\n");
    let ours = Note::from_bytes(note_of(&text).as_bytes()).unwrap();
    let witness = Signature::new("witness.example.org".to_owned(), 7, vec![0; 64]).unwrap();
    let beside = String::from_utf8(witness.to_bytes()).unwrap();
    let note = String::from_utf8(ours.to_bytes()).unwrap() + &beside;
    assert_eq!(known_key().public().open(&note).unwrap().head, head());
    let alone = format!("{text}\n{beside}");
    assert_eq!(
        known_key().public().open(&alone),
        Err(CheckpointError::NotSigned)
    );
}

#[test]
fn a_verifier_key_reads_back_and_says_what_is_wrong() {
    let known: LedgerPublicKey = KNOWN_VERIFIER.parse().unwrap();
    assert_eq!(&known, known_key().public());
    assert_eq!(known.origin(), "PeterNeumann");
    let renamed = KNOWN_VERIFIER.replace("Peter", "Paul");
    let other_bytes = KNOWN_VERIFIER.replace("WTW", "WTX").replace("10TW", "10TX");
    for wrong in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3+",
        KNOWN_SIGNER,
        &renamed,
        &other_bytes,
    ] {
        assert_eq!(
            wrong.parse::<LedgerPublicKey>(),
            Err(KeyError::Verifier),
            "{wrong}"
        );
    }
}

#[test]
fn an_origin_fits_into_a_checkpoint() {
    for wrong in [
        "",
        "two words",
        "a+b",
        "line\nbreak",
        "bell\u{7}",
        "non\u{a0}breaking",
        &"x".repeat(256),
    ] {
        let key = LedgerKey::new(wrong, &Zeroizing::new([1; 32]));
        assert_eq!(key.err(), Some(KeyError::Origin), "{wrong:?}");
    }
    let longest = "x".repeat(255);
    let key = key(&longest, 1);
    assert_eq!(
        key.public()
            .open(&key.sign(head()).unwrap())
            .unwrap()
            .origin,
        longest
    );
}

#[test]
fn the_secret_is_not_shown() {
    let shown = format!("{:?}", key(ORIGIN, 0x5a));
    assert!(shown.contains(ORIGIN));
    assert!(
        !shown.contains("90, 90") && !shown.to_lowercase().contains("5a5a"),
        "{shown}"
    );
}

#[test]
fn a_receipt_is_for_one_event_of_one_ledger() {
    let (key, event, leaf) = (
        key(ORIGIN, 1),
        "event_01h2xcejqtf2nbrexx3vqjhp41",
        leaf_hash(b"leaf"),
    );
    let receipt = key.sign_receipt(event, leaf).unwrap();
    let check = |key: &LedgerKey, receipt: &str, event: &str, leaf: Digest| {
        key.public().check_receipt(receipt, event, leaf)
    };
    assert_eq!(check(&key, &receipt, event, leaf), Ok(()));
    assert_eq!(
        check(&key, &receipt, "event_01h2xcejqtf2nbrexx3vqjhp42", leaf),
        Err(CheckpointError::NotSigned)
    );
    assert_eq!(
        check(&key, &receipt, event, leaf_hash(b"other")),
        Err(CheckpointError::NotSigned)
    );
    assert_eq!(
        check(&self::key(ORIGIN, 2), &receipt, event, leaf),
        Err(CheckpointError::NotSigned)
    );
    let elsewhere = self::key("concord.example.org/other", 1);
    assert_eq!(
        check(&elsewhere, &receipt, event, leaf),
        Err(CheckpointError::NotSigned)
    );
    assert_eq!(
        check(&key, "not base64!", event, leaf),
        Err(CheckpointError::Malformed)
    );
    assert_eq!(
        check(&key, &receipt[..receipt.len() - 4], event, leaf),
        Err(CheckpointError::NotSigned)
    );
}

#[test]
fn a_receipt_is_an_ordinary_signature_with_the_checkpoints_key() {
    let (key, leaf) = (key(ORIGIN, 1), leaf_hash(b"leaf"));
    let receipt = BASE64_STANDARD
        .decode(key.sign_receipt("event_1", leaf).unwrap())
        .unwrap();
    let text = format!("concord receipt v1\n{ORIGIN}\nevent_1\n{leaf}\n");
    let verifier = StandardVerifier::new(&key.public().to_string()).unwrap();
    assert!(verifier.verify(text.as_bytes(), &receipt));
    // Its text is no checkpoint of any ledger: an origin has no spaces.
    assert!(LedgerKey::new("concord receipt v1", &Zeroizing::new([1; 32])).is_err());
}
