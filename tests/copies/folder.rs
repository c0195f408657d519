//! The state folder itself: files that are whole whatever happens, and what a server does that cannot use it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use concord::audit::journal::JournaledEnding;
use concord::audit::state_folder::{Anew, StateFolder, StateFolderError};
use concord::audit::tree::{Digest, Head};
use concord::audit::witness::{Lineage, Progress};
use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditType;
use concord_entities::vocabulary::DataCategory::Identity;
use uuid::Uuid;

use super::stage::{ready, refused, says, with};
use crate::world::{World, on_both};

fn progress(size: u64, epoch: i64) -> Progress {
    Progress {
        head: Head {
            size,
            root: Digest([7; 32]),
        },
        epoch,
        at: Instant(1_700_000_000_000_000 + epoch),
        lineage: Some(Lineage {
            system: 9,
            timeline: epoch,
        }),
    }
}

fn ending(epoch: i64) -> JournaledEnding {
    JournaledEnding {
        epoch,
        event: AuditEventId::new(),
        kind: AuditType::TokenRevoked,
        at: progress(0, epoch).at,
        objects: vec!["a".to_owned()],
        agency: None,
        reason: None,
    }
}

fn fresh() -> (tempfile::TempDir, StateFolder) {
    let within = tempfile::tempdir().unwrap();
    let folder = StateFolder::new(&within.path().join("state"), Uuid::now_v7());
    (within, folder)
}

#[test]
fn what_is_farther_stays_until_it_is_forgotten_on_purpose() {
    let (_within, folder) = fresh();
    assert_eq!(folder.witnessed().unwrap(), None);
    folder.keep(progress(5, 3), Anew::No, &[]).unwrap();
    assert_eq!(folder.witnessed().unwrap(), Some(progress(5, 3)));
    folder.keep(progress(9, 2), Anew::No, &[]).unwrap();
    let farthest = Progress {
        head: progress(9, 2).head,
        ..progress(5, 3)
    };
    assert_eq!(folder.witnessed().unwrap(), Some(farthest));
    folder.keep(progress(1, 1), Anew::Yes, &[]).unwrap();
    assert_eq!(folder.witnessed().unwrap(), Some(progress(1, 1)));
    // Another cluster's history takes its place, whatever its timeline.
    let moved = Progress {
        lineage: Some(Lineage {
            system: 10,
            timeline: 1,
        }),
        ..progress(1, 1)
    };
    folder.keep(moved, Anew::No, &[]).unwrap();
    assert_eq!(folder.witnessed().unwrap(), Some(moved));
}

#[test]
fn nobody_else_can_read_it() {
    let (_within, folder) = fresh();
    folder.keep(progress(5, 3), Anew::No, &[ending(3)]).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    for file in fs::read_dir(folder.path()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

/// A machine that stops in the middle of writing leaves the witness as it was, and half a line of the journal.
#[test]
fn what_was_cut_short_is_passed_over() {
    let (_within, folder) = fresh();
    let (first, second) = (ending(1), ending(2));
    folder
        .keep(progress(5, 1), Anew::No, std::slice::from_ref(&first))
        .unwrap();
    fs::write(folder.path().join("half.json.new"), "{\"version\":").unwrap();
    let mut journal = fs::OpenOptions::new()
        .append(true)
        .open(folder.journal_file())
        .unwrap();
    journal
        .write_all(b"{\"epoch\":2,\"event\":\"0\xC3")
        .unwrap();
    assert_eq!(folder.witnessed().unwrap(), Some(progress(5, 1)));
    assert_eq!(folder.tail().unwrap().newest, Some(first.at));
    let again = [first.clone(), second.clone()];
    folder.keep(progress(6, 2), Anew::No, &again).unwrap();
    assert_eq!(folder.endings().unwrap(), again);
    assert!(!folder.knows_another().unwrap());

    folder.forget_before(second.at).unwrap();
    assert_eq!(folder.endings().unwrap(), [second]);
}

#[test]
fn a_witness_that_is_none_says_so() {
    let (_within, folder) = fresh();
    folder.keep(progress(5, 1), Anew::No, &[]).unwrap();
    for text in [
        "",
        "{}",
        "[]",
        "{\"version\":2,\"size\":1,\"root\":\"\",\"epoch\":1,\"at\":\"x\"}",
    ] {
        fs::write(folder.witness_file(), text).unwrap();
        let refused = folder.witnessed().unwrap_err();
        assert!(
            matches!(refused, StateFolderError::Malformed { .. }),
            "{text}: {refused}"
        );
        folder.keep(progress(9, 9), Anew::No, &[]).unwrap_err();
        assert_eq!(fs::read_to_string(folder.witness_file()).unwrap(), text);
    }
}

on_both!(no_server_starts_whose_state_folder_cannot_be_written);
async fn no_server_starts_whose_state_folder_cannot_be_written(mut world: World) {
    world.server.ends();
    let file = world.folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let said = refused(&with(&world.flags(), "--state", &file));
    assert!(said.contains("cannot be used"), "{said}");
    assert!(said.contains("name another one with `state`"), "{said}");

    let state = world.folder.path().join("state");
    let witness = fs::read_dir(&state)
        .unwrap()
        .map(|file| file.unwrap().path());
    let witness = witness.filter(|file| file.extension().is_some_and(|end| end == "json"));
    let witness = witness.last().unwrap();
    let whole = fs::read(&witness).unwrap();
    fs::write(&witness, &whole[..20]).unwrap();
    let said = refused(&world.flags());
    assert!(
        said.contains("is not what this service writes there"),
        "{said}"
    );
    fs::write(&witness, whole).unwrap();
    world.server = world.another_server();
}

on_both!(endings_stand_while_it_cannot_be_written);
async fn endings_stand_while_it_cannot_be_written(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let here = world.server.address.clone();
    says(&here, "state", "ok").await;
    let (state, aside) = (
        world.folder.path().join("state"),
        world.folder.path().join("aside"),
    );
    fs::rename(&state, &aside).unwrap();
    fs::write(&state, "").unwrap();
    north.revokes_consent(&ada).await.data();
    says(&here, "state", "cannot be written").await;
    let (status, said) = ready(&here).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    let told = "the state folder cannot be written";
    assert_eq!(
        world.server.logged().matches(told).count(),
        1,
        "{}",
        world.server.logged()
    );
    fs::remove_file(&state).unwrap();
    fs::rename(&aside, &state).unwrap();
    says(&here, "state", "ok").await;
    north.revokes_consent(&bea).await.data();
    let journal = super::stage::read(&state, ".endings");
    for told in [&ada, &bea] {
        assert!(journal.contains(&told.consent), "{journal}");
    }
}
