//! The proxy before PostgreSQL keeps its word: what the tests of lost replies stand on.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Row};
use tokio::time::{Instant, sleep};

use crate::world::postgres::Cluster;
use crate::world::proxy::{Proxy, Trouble};

/// A table with one row a run, and a proxy before its database.
fn boxed() -> (String, Proxy) {
    let url = Cluster::shared().fresh_database();
    Cluster::shared().psql(&url, "CREATE TABLE box (note text)");
    let proxy = Proxy::before(&url);
    (url, proxy)
}

async fn keeps(proxy: &Proxy, url: &str, note: &str) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(&proxy.url(url)).await?;
    let mut transaction = connection.begin().await?;
    let insert = sqlx::query("INSERT INTO box VALUES ($1)").bind(note);
    insert.execute(&mut *transaction).await?;
    transaction.commit().await
}

fn notes(url: &str) -> String {
    Cluster::shared().psql(url, "SELECT note FROM box ORDER BY note")
}

#[tokio::test]
async fn a_commit_meets_its_trouble_and_no_other_does() {
    let (url, proxy) = boxed();
    keeps(&proxy, &url, "untroubled").await.unwrap();

    proxy.next_commit_after("INSERT INTO box", Trouble::ReplyLost);
    keeps(&proxy, &url, "reply lost").await.unwrap_err();
    assert_eq!(notes(&url), "reply lost\nuntroubled");

    proxy.next_commit_after("INSERT INTO elsewhere", Trouble::ReplyLost);
    proxy.next_commit_after("INSERT INTO box", Trouble::NeverSent);
    keeps(&proxy, &url, "never sent").await.unwrap_err();
    assert_eq!(notes(&url), "reply lost\nuntroubled");

    let held = Trouble::HeldBack(Duration::from_millis(200));
    proxy.next_commit_after("INSERT INTO box", held);
    keeps(&proxy, &url, "held back").await.unwrap_err();
    assert_eq!(notes(&url), "reply lost\nuntroubled");
    let deadline = Instant::now() + Duration::from_secs(5);
    while !notes(&url).starts_with("held back") {
        assert!(Instant::now() < deadline, "it never came");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(proxy.troubles_met(), 3);
}

#[tokio::test]
async fn connections_are_refused_and_go_silent() {
    let (url, proxy) = boxed();
    let mut old = PgConnection::connect(&proxy.url(&url)).await.unwrap();
    proxy.refuses_connections(true);
    assert!(PgConnection::connect(&proxy.url(&url)).await.is_err());
    old.ping().await.unwrap();

    proxy.refuses_connections(false);
    proxy.goes_silent();
    let asked = tokio::time::timeout(Duration::from_millis(300), old.ping()).await;
    assert!(asked.is_err(), "nothing comes through");
    let mut new = PgConnection::connect(&proxy.url(&url)).await.unwrap();
    let row = sqlx::query("SELECT 7").fetch_one(&mut new).await.unwrap();
    assert_eq!(row.get::<i32, _>(0), 7);
}
