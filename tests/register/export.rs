//! The register as a table: what every reader of CSV reads, what no spreadsheet runs, and on record like the list.

use concord::mou::export::COLUMNS;
use concord::spreadsheet::{inert, said};
use reqwest::Response;

use super::story::offered;
use crate::world::{Agency, World, on_both, packed};

pub(super) async fn asks(agency: &Agency, query: &str) -> Response {
    let url = format!("http://{}/mous.csv{query}", agency.address);
    let request = reqwest::Client::new().get(url).bearer_auth(&agency.token);
    request.send().await.unwrap()
}

/// The table of an agency: a row each, the columns' names left out.
async fn table(agency: &Agency, query: &str) -> Vec<Vec<String>> {
    let answer = asks(agency, query).await;
    assert_eq!(answer.status(), 200);
    let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(names, COLUMNS);
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

on_both!(a_coordinator_takes_the_register_along_as_a_table);
async fn a_coordinator_takes_the_register_along_as_a_table(world: World) {
    let coordinator = world.coordinator();
    let north = world.agency("=HYPERLINK(\"http://x\")").await;
    let south = world.agency("Refugio \"Niña\", Inc.").await;
    let later = offered(&world, &north, &south, 300).await;
    let sooner = offered(&world, &south, &north, 20).await;
    let recorded = "SELECT count(*) FROM audit_event WHERE leaf LIKE '%\"operation\":\"exportMous\"%' \
        AND kind = 'RECORDS_LISTED'";
    assert_eq!(world.tampers(recorded), "0");

    let answer = asks(&coordinator, "").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"mous.csv\""
    );
    assert_eq!(header("cache-control"), "no-store");
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\xef\xbb\xbf\"id\",\"version\",") && bytes.ends_with(b"\"\r\n"));
    assert_eq!(world.tampers(recorded), "1");
    let leaf = world.tampers("SELECT leaf FROM audit_event WHERE leaf LIKE '%exportMous%'");
    assert!(
        leaf.contains(&packed(&later)) && leaf.contains(&packed(&sooner)),
        "{leaf}"
    );

    let rows = table(&coordinator, &format!("?taskForce={}", world.task_force)).await;
    let ids: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(ids, [sooner.as_str(), &later]);
    for row in &rows {
        assert_eq!(row[4], "OFFERED");
        assert!(row[5].starts_with("'=HYPERLINK") || row[5].starts_with("Refugio \"Niña\", Inc."));
        assert_eq!(row[5], row[6]);
    }
    // Whoever follows none has none, and a narrower token opens nothing.
    let west = world.agency("west").await;
    assert!(table(&west, "").await.is_empty());
    let narrow = world.caller(world.coordinator, "Coordination Office", "mou.r");
    assert_eq!(asks(&narrow, "").await.status(), 403);
    for query in ["?taskForce=x", "?status=ACTIVE", "?taskForce=x&taskForce=y"] {
        assert_eq!(asks(&coordinator, query).await.status(), 400, "{query}");
    }
}

on_both!(a_long_table_is_read_part_by_part_and_each_is_on_record);
async fn a_long_table_is_read_part_by_part_and_each_is_on_record(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let first = offered(&world, &north, &south, 300).await;
    let id = world.sql_id(&first);
    let columns = world.columns("mou");
    let rest: Vec<&str> = columns.split(", ").filter(|name| *name != "id").collect();
    let rest = rest.join(", ");
    let copies = 230;
    let numbers = match world.database {
        crate::world::Database::Postgres => {
            format!("SELECT gen_random_uuid() AS copy FROM generate_series(1, {copies})")
        }
        crate::world::Database::Sqlite => format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {copies}) SELECT randomblob(16) AS copy FROM n"
        ),
    };
    world.tampers(&format!(
        "INSERT INTO mou (id, {rest}) SELECT copy, {rest} FROM mou, ({numbers}) AS copies WHERE id = {id}"
    ));
    let rows = table(&world.coordinator(), "").await;
    assert_eq!(rows.len(), copies + 1);
    let recorded = world.tampers(
        "SELECT count(*) FROM audit_event WHERE leaf LIKE '%exportMous%' AND kind = 'RECORDS_LISTED'",
    );
    assert_eq!(recorded, "3");
}

#[test]
fn a_cell_is_no_formula() {
    for formula in [
        "=1+1", "+1", "-1", "@x", "\tx", "\rx", "\n=x", "＝1", "'=", "''+",
    ] {
        assert_eq!(inert(formula), format!("'{formula}"));
        assert_eq!(said(&inert(formula)), formula);
    }
    for plain in ["", "north", "1-2", "'x", "a=b", "''"] {
        assert_eq!(inert(plain), plain);
        assert_eq!(said(plain), plain);
    }
}
