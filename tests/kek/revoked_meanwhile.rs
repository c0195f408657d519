//! A key that is destroyed while everything is wrapped anew does not come back.

use concord_entities::vocabulary::DataCategory::Identity;

use super::{NEW, does, fill, own_file, own_key, with_other};
use crate::world::{Server, World, key_file, on_both};

on_both!(nothing_that_is_revoked_meanwhile_comes_back);
async fn nothing_that_is_revoked_meanwhile_comes_back(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let mut told = Vec::new();
    for number in 0..12 {
        let person = format!("Person {number}");
        told.push(north.refers(&person).to(&south).sharing([Identity]).await);
    }
    fill(&world, 300).await;
    let old = own_key(&world);
    let keys = [NEW.to_owned(), old];
    let flags = with_other(&world, NEW);
    world.server.ends();
    world.server = Server::start(&flags);
    let address = &world.server.address;
    let (north, south) = (north.at(address), south.at(address));

    // Back and forth, for as long as consents are taken back.
    let (file, other) = (own_file(&world), world.folder.path().join("other-key"));
    let (stop, stopped) = std::sync::mpsc::channel();
    let rotating = std::thread::spawn(move || {
        let mut rounds = 0;
        while rounds % 2 == 1 || stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            key_file(&file, &keys[rounds % 2]);
            key_file(&other, &keys[(rounds + 1) % 2]);
            let (content, said) = super::says(&["kek", "rotate"], &flags);
            assert!(content || said.contains("run it again"), "{said}");
            rounds += 1;
        }
        rounds
    });
    let (revoked, kept) = told.split_at(8);
    for one in revoked {
        north.revokes_consent(one).await.data();
        assert!(!world.has_key(&one.referral));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    stop.send(()).unwrap();
    let rounds = tokio::task::spawn_blocking(|| rotating.join().unwrap());
    assert!(rounds.await.unwrap() >= 2);
    does(&["kek", "rotate"], &with_other(&world, NEW));
    for one in revoked {
        assert!(!world.has_key(&one.referral));
    }
    for one in kept {
        assert!(world.has_key(&one.referral));
        assert!(south.reads(one).await.contains("Person"));
    }
}
