//! Lists read page by page: everything once, newest first, whatever came or went between two pages.

mod both_ways;

use serde_json::{Value, json};

use crate::world::agency::text;
use crate::world::{Agency, World, on_both};

/// A page of survivors: their ids and days of registration, and the cursor to go on after, where there is more.
async fn page(
    reader: &Agency,
    size: i32,
    after: Option<&str>,
) -> (Vec<(String, String)>, Option<String>) {
    let query = "query($n: Int!, $a: String) { survivors(first: $n, after: $a) { \
        edges { node { id createdAt } } pageInfo { hasNextPage endCursor } } }";
    let answer = reader.asks(query, json!({ "n": size, "a": after })).await;
    let list = &answer.data()["survivors"];
    let entries = list["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            let one = &edge["node"];
            (text(&one["createdAt"]), text(&one["id"]))
        })
        .collect();
    let more = list["pageInfo"]["hasNextPage"] == Value::Bool(true);
    let end = more.then(|| text(&list["pageInfo"]["endCursor"]));
    (entries, end)
}

async fn walked(reader: &Agency, size: i32) -> Vec<(String, String)> {
    let (mut all, mut after) = page(reader, size, None).await;
    while let Some(cursor) = after {
        let (more, next) = page(reader, size, Some(&cursor)).await;
        assert!(!more.is_empty());
        all.extend(more);
        after = next;
    }
    all
}

on_both!(every_survivor_is_on_one_page_newest_first);
async fn every_survivor_is_on_one_page_newest_first(world: World) {
    let north = world.agency("north").await;
    let mut registered = Vec::new();
    for person in 0..11 {
        registered.push(north.registers(&format!("person {person}")).await);
    }
    let newest_first: Vec<String> = registered.iter().rev().cloned().collect();
    for size in [1, 2, 3, 5, 10, 11, 100] {
        let walked = walked(&north, size).await;
        let ids: Vec<String> = walked.into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, newest_first, "{size} a page");
    }

    // Several of one moment, as an import makes them: each is there once all the same.
    world.tampers("UPDATE survivor SET created_at = (created_at / 40000) * 40000");
    for size in [1, 2, 3, 5] {
        let walked = walked(&north, size).await;
        let mut ids: Vec<&String> = walked.iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        let mut all: Vec<&String> = registered.iter().collect();
        all.sort_unstable();
        assert_eq!(ids, all, "{size} a page");
        // As moments: of two texts, the one with a fraction is not the later one.
        let moments: Vec<jiff::Timestamp> =
            walked.iter().map(|(at, _)| at.parse().unwrap()).collect();
        assert!(moments.is_sorted_by(|one, next| one >= next));
    }

    // Whoever is erased between two pages takes nobody along, and whoever comes is not in the way.
    let (first, cursor) = page(&north, 3, None).await;
    let last = &first.last().unwrap().1;
    north
        .changes("eraseSurvivor", last, "packages")
        .await
        .data();
    north.registers("somebody new").await;
    let (second, _) = page(&north, 100, cursor.as_deref()).await;
    assert_eq!(second.len(), registered.len() - first.len());
    assert!(second.iter().all(|one| !first.contains(one)));
}

#[tokio::test]
async fn another_lists_cursor_is_refused() {
    let world = World::on(crate::world::Database::Sqlite).await;
    let north = world.agency("north").await;
    north.registers("Ada").await;
    let query = "{ agencies(first: 1) { pageInfo { endCursor } } }";
    let answer = north.asks(query, Value::Null).await;
    let other = text(&answer.data()["agencies"]["pageInfo"]["endCursor"]);
    let query = "query($a: String) { survivors(after: $a) { edges { cursor } } }";
    for cursor in [other.as_str(), "", "x", "AAAA"] {
        let refused = north.asks(query, json!({ "a": cursor })).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT", "{cursor:?}");
    }
    let (_, id) = &page(&north, 1, None).await.0[0];
    let cursor = north
        .asks("{ survivors { edges { cursor } } }", Value::Null)
        .await;
    let cursor = text(&cursor.data()["survivors"]["edges"][0]["cursor"]);
    let refused = north
        .asks(
            "query($a: String) { agencies(after: $a) { edges { cursor } } }",
            json!({ "a": cursor }),
        )
        .await;
    assert_eq!(refused.codes(), "BAD_USER_INPUT", "{id}");
}
