//! A rotation that is killed goes on where it was.

use std::process::{Command, Stdio};
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;

use super::{NEW, does, fill, id_in_sql, id_of, own_file, own_key, with_other, wrapped};
use crate::world::{Server, World, key_file, on_both};

const KEYS: usize = 700;

on_both!(a_rotation_that_is_killed_again_and_again_loses_nothing);
async fn a_rotation_that_is_killed_again_and_again_loses_nothing(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    fill(&world, KEYS).await;
    let old = own_key(&world);
    let every = wrapped(&world, "IS NOT NULL");
    world.server.ends();
    key_file(&own_file(&world), NEW);
    let flags = with_other(&world, &old);
    world.server = Server::start(&flags);
    let south = south.at(&world.server.address);
    let under_new = id_in_sql(&world, &id_of(NEW));

    let (mut between, mut patience) = (0, Duration::from_millis(150));
    for _ in 0..30 {
        let mut rotating = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["kek", "rotate"])
            .args(&flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(patience).await;
        // It may have ended by itself.
        let _ = rotating.kill();
        let ended = rotating.wait().unwrap();
        let done = wrapped(&world, &under_new);
        assert_eq!(wrapped(&world, "IS NOT NULL"), every);
        assert!(south.reads(&ada).await.contains("Ada"));
        if ended.success() {
            break;
        }
        if done > 0 && done < every {
            between += 1;
        }
        if between == 4 {
            break;
        }
        patience += Duration::from_millis(if done == 0 { 40 } else { 3 });
    }
    does(&["kek", "rotate"], &flags);
    assert_eq!(wrapped(&world, &under_new), every);

    // Each of them unwraps: it is wrapped under the old key once more.
    key_file(&own_file(&world), &old);
    let back = does(&["kek", "rotate"], &with_other(&world, NEW));
    assert!(back.contains(&format!("{every} keys")), "{back}");
    key_file(&own_file(&world), NEW);
    does(&["kek", "rotate"], &with_other(&world, &old));
}
