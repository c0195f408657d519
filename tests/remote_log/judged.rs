//! A witness by itself: what it cosigns, what it refuses, and what it remembers.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use concord::audit::checkpoint::{LedgerKey, LedgerPublicKey};
use concord::audit::cosign::cosignature::{CosignerKey, CosignerKeyError, CosignerPublicKey};
use concord::audit::cosign::cosigner::{Cosigner, CosignerStartError, CosigningError};
use concord::audit::cosign::submission::Submission;
use concord::audit::proof::prove_consistency;
use concord::audit::tree::{Digest, Head, Tiles, grow, leaf_hash, root};
use concord_entities::instant::Instant;
use reqwest::StatusCode;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::witnesses::Witness;

const ORIGIN: &str = "concord.example.org/graphql";
const NOW: Instant = Instant(1_800_000_000_000_000);

fn key() -> LedgerKey {
    LedgerKey::new(ORIGIN, &Zeroizing::new([7; 32])).unwrap()
}

fn tiles(history: &str, size: u64) -> Tiles {
    let leaf = |n: u64| match n {
        0..100 => leaf_hash(&n.to_be_bytes()),
        n => leaf_hash(format!("{history} {n}").as_bytes()),
    };
    let leaves: Vec<Digest> = (0..size).map(leaf).collect();
    grow(0, &Tiles::new(), &leaves).unwrap().changed
}

fn head(history: &str, size: u64) -> Head {
    let root = root(size, &tiles(history, size)).unwrap();
    Head { size, root }
}

/// What an honest log of a history sends that was last cosigned at `old`.
fn submits(history: &str, old: u64, size: u64) -> Submission {
    let proof = prove_consistency(old, size, &tiles(history, size)).unwrap();
    let note = key().sign(head(history, size)).unwrap();
    Submission { old, proof, note }
}

fn opened(folder: &TempDir, name: Option<&str>) -> Result<Cosigner, CosignerStartError> {
    let logs = vec![key().public().clone()];
    let (key, state) = (folder.path().join("key"), folder.path().join("state"));
    Cosigner::open(&key, &state, name, logs)
}

fn add(cosigner: &Cosigner, submission: &Submission) -> Result<String, CosigningError> {
    cosigner.add(&submission.text(), NOW)
}

#[test]
fn a_witness_cosigns_what_goes_on_and_refuses_a_fork_also_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let cosigner = opened(&folder, Some("witness.example.org/w1")).unwrap();
    let first = submits("ours", 0, 40);
    let line = add(&cosigner, &first).unwrap();
    let by = cosigner.public().clone();
    let shown = by.cosignature_in(&(first.note.clone() + &line)).unwrap();
    assert_eq!((shown.at, shown.line()), (NOW, line));
    add(&cosigner, &submits("ours", 40, 300)).unwrap();
    // Again, as after an answer that was lost.
    add(&cosigner, &submits("ours", 300, 300)).unwrap();
    drop(cosigner);

    let cosigner = opened(&folder, None).unwrap();
    assert_eq!(*cosigner.public(), by);
    let refused = |submission: &Submission| add(&cosigner, submission).unwrap_err();
    for (old, size) in [(0, 40), (0, 350), (40, 350), (299, 350)] {
        let refused = refused(&submits("ours", old, size));
        assert!(
            matches!(refused, CosigningError::OtherSize(300)),
            "{refused:?}"
        );
    }
    let forked = refused(&submits("another", 300, 300));
    assert!(matches!(forked, CosigningError::Forked(300)), "{forked:?}");
    let forked = refused(&submits("another", 300, 350));
    assert!(matches!(forked, CosigningError::BadProof), "{forked:?}");
    let mut unproven = submits("ours", 300, 350);
    unproven.proof.pop();
    assert!(matches!(refused(&unproven), CosigningError::BadProof));
    unproven.proof.clear();
    assert!(matches!(refused(&unproven), CosigningError::BadProof));
    add(&cosigner, &submits("ours", 300, 350)).unwrap();
}

#[test]
fn a_witness_knows_its_logs_and_their_keys() {
    let folder = TempDir::new().unwrap();
    let cosigner = opened(&folder, Some("w")).unwrap();
    let other = LedgerKey::new("other.example.org", &Zeroizing::new([7; 32])).unwrap();
    let mut submission = submits("ours", 0, 40);
    submission.note = other.sign(head("ours", 40)).unwrap();
    let refused = add(&cosigner, &submission).unwrap_err();
    assert!(matches!(refused, CosigningError::UnknownLog), "{refused:?}");
    let forger = LedgerKey::new(ORIGIN, &Zeroizing::new([8; 32])).unwrap();
    submission.note = forger.sign(head("ours", 40)).unwrap();
    let refused = add(&cosigner, &submission).unwrap_err();
    assert!(
        matches!(refused, CosigningError::NotSigned(_)),
        "{refused:?}"
    );
    // A proof from nothing, and an empty log that is not empty.
    let mut submission = submits("ours", 0, 40);
    submission.proof.push(leaf_hash(b"too much"));
    let refused = add(&cosigner, &submission).unwrap_err();
    assert!(matches!(refused, CosigningError::BadProof), "{refused:?}");
    let root = leaf_hash(b"not empty");
    submission = submits("ours", 0, 0);
    submission.note = key().sign(Head { size: 0, root }).unwrap();
    let refused = add(&cosigner, &submission).unwrap_err();
    assert!(matches!(refused, CosigningError::BadProof), "{refused:?}");
    let mut submission = submits("ours", 0, 40);
    submission.old = 41;
    let refused = add(&cosigner, &submission).unwrap_err();
    assert!(
        matches!(refused, CosigningError::BadCheckpoint),
        "{refused:?}"
    );
    add(&cosigner, &submits("ours", 0, 0)).unwrap();
    add(&cosigner, &submits("ours", 0, 40)).unwrap();
}

#[test]
fn a_witness_without_its_memory_is_over() {
    let folder = TempDir::new().unwrap();
    let refused = opened(&folder, None).unwrap_err();
    assert!(
        matches!(refused, CosignerStartError::Nameless(_)),
        "{refused}"
    );
    let first = opened(&folder, Some("w")).unwrap();
    let refused = opened(&folder, Some("w")).unwrap_err();
    assert!(matches!(refused, CosignerStartError::Taken(_)), "{refused}");
    add(&first, &submits("ours", 0, 40)).unwrap();
    drop(first);
    let mode = |file: &str| {
        let met = std::fs::metadata(folder.path().join(file)).unwrap();
        met.permissions().mode() & 0o777
    };
    assert_eq!((mode("key"), mode("state")), (0o600, 0o700));

    // What it remembers was changed.
    let state = folder.path().join("state");
    let mut files = std::fs::read_dir(&state)
        .unwrap()
        .map(|file| file.unwrap().path());
    let newest = files
        .find(|file| file.extension().is_some_and(|end| end == "checkpoint"))
        .unwrap();
    let kept = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, "changed").unwrap();
    let broken = opened(&folder, None).unwrap();
    let refused = add(&broken, &submits("ours", 40, 41)).unwrap_err();
    assert!(matches!(refused, CosigningError::State(_)), "{refused:?}");
    drop(broken);
    std::fs::write(&newest, kept).unwrap();
    add(&opened(&folder, None).unwrap(), &submits("ours", 40, 41)).unwrap();

    std::fs::remove_dir_all(&state).unwrap();
    let refused = opened(&folder, Some("w")).unwrap_err();
    assert!(
        matches!(refused, CosignerStartError::Forgotten(_)),
        "{refused}"
    );
}

#[test]
fn what_is_no_submission_is_refused() {
    let good = submits("ours", 40, 50);
    assert_eq!(Submission::parse(&good.text()), Ok(good.clone()));
    assert_eq!(good.origin(), ORIGIN);
    let empty = submits("ours", 0, 40);
    assert!(
        empty.text().starts_with("old 0\n\nconcord"),
        "{}",
        empty.text()
    );
    assert_eq!(Submission::parse(&empty.text()), Ok(empty));
    let hash = BASE64_STANDARD.encode([1; 32]);
    let lines = |n: usize| format!("{hash}\n").repeat(n);
    let parses = |text: &str| Submission::parse(text).is_ok();
    assert!(parses(&format!("old 1\n{}\nnote", lines(63))));
    for text in [
        String::new(),
        "old 1".to_owned(),
        "old 1\n".to_owned(),
        "\n\nnote".to_owned(),
        "old \n\nnote".to_owned(),
        "old 01\n\nnote".to_owned(),
        "old +1\n\nnote".to_owned(),
        "old -1\n\nnote".to_owned(),
        "old 1 \n\nnote".to_owned(),
        "Old 1\n\nnote".to_owned(),
        "old 18446744073709551616\n\nnote".to_owned(),
        "old 1\r\n\r\nnote".to_owned(),
        "old 1\nAAAA\n\nnote".to_owned(),
        format!("old 1\n{hash} \n\nnote"),
        format!("old 1\n{}\nnote", lines(64)),
        format!("old 1\n{}\n\nnote", &hash[..40]),
    ] {
        assert!(!parses(&text), "{text:?}");
    }
}

#[test]
fn a_witnesses_key_has_one_text() {
    let key = CosignerKey::new("w.example/1", Zeroizing::new([3; 32])).unwrap();
    let text = key.public().to_string();
    assert_eq!(text.parse(), Ok(key.public().clone()));
    let again = CosignerKey::parse(&key.secret_text()).unwrap();
    assert_eq!(again.public(), key.public());
    assert!(!format!("{key:?}").contains(&key.secret_text()[20..]));
    // A log's key is none of a witness, nor the other way round: their first bytes differ.
    let of_log = self::key().public().to_string();
    assert_eq!(
        of_log.parse::<CosignerPublicKey>(),
        Err(CosignerKeyError::Verifier)
    );
    assert!(text.parse::<LedgerPublicKey>().is_err());
    let (name, rest) = text.split_once('+').unwrap();
    for bad in [
        String::new(),
        name.to_owned(),
        format!("other+{rest}"),
        format!("{name}+{}", rest.to_uppercase()),
        format!("{name}+00000000+{}", rest.split_once('+').unwrap().1),
        format!("{text}A"),
        text.replace('.', " "),
    ] {
        assert!(bad.parse::<CosignerPublicKey>().is_err(), "{bad}");
    }
    // One signature is good for one text and one time.
    let note = self::key().sign(head("ours", 40)).unwrap();
    let text = note.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let line = key.cosign(text.as_bytes(), NOW);
    assert!(
        key.public()
            .cosignature_in(&(note.clone() + &line))
            .is_some()
    );
    let other = self::key().sign(head("ours", 41)).unwrap();
    assert!(key.public().cosignature_in(&(other + &line)).is_none());
    let (before, signature) = line.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = BASE64_STANDARD.decode(signature).unwrap();
    bytes[11] ^= 1;
    let later = format!("{before} {}\n", BASE64_STANDARD.encode(bytes));
    assert!(key.public().cosignature_in(&(note + &later)).is_none());
}

#[tokio::test]
async fn a_witness_answers_as_the_protocol_says() {
    let folder = TempDir::new().unwrap();
    let vkey = key().public().to_string();
    let witness = Witness::starts(folder.path(), "w", &[&vkey]);
    let url = format!("{}add-checkpoint", witness.url);
    let client = reqwest::Client::new();
    let post = async |body: String| client.post(&url).body(body).send().await.unwrap();
    let cosigned = post(submits("ours", 0, 40).text()).await;
    assert_eq!(cosigned.status(), StatusCode::OK);
    let line = cosigned.text().await.unwrap();
    assert!(
        line.starts_with("\u{2014} w ") && line.ends_with('\n'),
        "{line}"
    );
    let conflict = post(submits("ours", 0, 50).text()).await;
    assert_eq!(conflict.status(), StatusCode::CONFLICT);
    assert_eq!(conflict.headers()["content-type"], "text/x.tlog.size");
    assert_eq!(conflict.text().await.unwrap(), "40\n");
    let other = LedgerKey::new("other.example.org", &Zeroizing::new([7; 32])).unwrap();
    let forger = LedgerKey::new(ORIGIN, &Zeroizing::new([8; 32])).unwrap();
    let noted = |note: String| {
        Submission {
            note,
            ..submits("ours", 40, 50)
        }
        .text()
    };
    let mut unproven = submits("ours", 40, 50);
    unproven.proof.clear();
    for (body, status) in [
        (noted(other.sign(head("ours", 50)).unwrap()), 404),
        (noted(forger.sign(head("ours", 50)).unwrap()), 403),
        (noted("concord".to_owned()), 400),
        (unproven.text(), 422),
        (String::new(), 400),
        ("a".repeat(70_000), 413),
    ] {
        assert_eq!(post(body).await.status().as_u16(), status);
    }
    assert_eq!(client.get(&url).send().await.unwrap().status(), 405);
    assert_eq!(client.get(&witness.url).send().await.unwrap().status(), 404);
    assert_eq!(post(submits("ours", 40, 50).text()).await.status(), 200);
}
