//! The throwaway PostgreSQL keeps its word: databases apart from each other, and as durable as in earnest.

use crate::world::postgres::Cluster;

#[test]
fn fresh_databases_are_separate_and_durable() {
    let cluster = Cluster::shared();
    let (north, south) = (cluster.fresh_database(), cluster.fresh_database());
    assert_ne!(north, south);

    cluster.psql(
        &north,
        "CREATE TABLE box (note text); INSERT INTO box VALUES ('kept'), (NULL)",
    );
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.psql(&north, tables), "1");
    assert_eq!(cluster.psql(&south, tables), "0");
    assert_eq!(
        cluster.psql(&north, "SELECT note, 7 FROM box ORDER BY note"),
        "kept|7\n|7"
    );

    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(cluster.psql(&south, &format!("SHOW {setting}")), "on");
    }
}

#[test]
fn many_ask_for_databases_at_once() {
    let cluster = Cluster::shared();
    let mut urls: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| cluster.fresh_database()))
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 8);
}
