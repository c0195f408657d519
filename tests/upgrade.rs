//! Stores that an earlier release made open with today's program, and hold what they held.
//!
//! `tests/fixtures/0.1` is full of what later releases refuse to make: nothing of it may be lost, end or change its
//! meaning because the program was replaced. What each store holds is one text, `tests/upgrade/holds_0_1.snap`, the same
//! on both databases.

mod days;
mod fixture;
mod lookalikes;
mod packages;
mod programs;
mod reviewed;
mod telling;

use crate::world::Database;
use fixture::Opened;

/// Opens the stores of 0.1, tells what they hold, and ends with a log that still verifies.
async fn holds_what_it_held(database: Database) {
    let mut opened = Opened::made_by("0.1", database).await;
    let told = telling::all(&opened).await;
    opened.ends();
    insta::with_settings!({
        snapshot_path => "upgrade",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("holds_0_1", told);
    });
}

#[tokio::test]
async fn what_0_1_made_on_sqlite_holds_what_it_held() {
    holds_what_it_held(Database::Sqlite).await;
}

#[tokio::test]
async fn what_0_1_made_on_postgres_holds_what_it_held() {
    holds_what_it_held(Database::Postgres).await;
}
