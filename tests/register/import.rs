//! A coordinator's spreadsheet is taken in: whole or not at all, once, and nothing of it is in force by that.

use std::collections::BTreeSet;

use concord::mou::import::sheet::{self, COLUMNS, SheetRows};
use serde_json::json;

use crate::world::agency::{day, text};
use crate::world::{World, on_both};

/// A file's header, in another case and order than the documents have it.
const HEADER: &str = "Reference;Title;Kind;Parties;Effective on;Review on;Expires on;Termination notice days;Grants;Notes";

fn row(reference: &str, parties: &str, last: i32) -> String {
    format!(
        "{reference};\"Beds, and \"\"more\"\"\";joint services;{parties};{};;{};30;HOUSING_PLACEMENT: NEEDS CONTACT;of 2019",
        day(-900),
        day(last)
    )
}

/// Takes a file in; gives back whether that was done, and what was said.
fn imports(world: &World, rows: &[String], flags: &[&str]) -> (bool, String) {
    let file = world.folder.path().join("register.csv");
    let text = format!("\u{feff}{HEADER}\r\n{}\r\n", rows.join("\r\n"));
    std::fs::write(&file, text).unwrap();
    let task_force = world.task_force.to_string();
    let file = file.to_str().unwrap();
    let mut words = vec!["mou", "import", file, "--task-force", &task_force];
    words.extend(["--clauses", "As the signed document says."]);
    words.extend(flags);
    world.commands(&words)
}

on_both!(a_register_is_taken_in_once_and_waits_for_its_parties_signatures);
async fn a_register_is_taken_in_once_and_waits_for_its_parties_signatures(world: World) {
    let (north, south) = (
        world.agency("North House").await,
        world.agency("South Clinic").await,
    );
    let coordinator = world.coordinator();
    let rows = [
        row("2019/1", "north house | South Clinic", 300),
        row(
            "2019/2",
            &format!("{}|Coordination Office|SOUTH CLINIC", north.id),
            20,
        ),
    ];
    let (done, said) = imports(&world, &rows, &["--dry-run"]);
    assert!(
        done && said.contains("2 MOUs would be put before their parties"),
        "{said}"
    );
    assert!(coordinator.lists("mous(first: 9)", "id").await.is_empty());

    let (done, said) = imports(&world, &rows, &[]);
    assert!(
        done && said.contains("2 MOUs are before their parties"),
        "{said}"
    );
    let shown = "id title kind status parties { agency { name } signedAt responsibilities } \
        terms { grants { purpose categories } purpose breachNoticeHours terminationNoticeDays } allowedActions";
    let listed = coordinator.lists("mous(orderBy: ENDING)", shown).await;
    let of_three = &listed[0];
    assert_eq!(of_three["parties"].as_array().unwrap().len(), 3);
    assert_eq!(of_three["status"], "OFFERED");
    assert_eq!(of_three["title"], "Beds, and \"more\"");
    assert_eq!(
        of_three["terms"],
        json!({
            "grants": [{ "purpose": "HOUSING_PLACEMENT", "categories": ["CONTACT", "NEEDS"] }],
            "purpose": "As the signed document says.", "breachNoticeHours": 24, "terminationNoticeDays": 30,
        })
    );
    // Each party signs by its own token.
    let id = text(&listed[1]["id"]);
    let sign =
        "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";
    let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": "ab".repeat(32) });
    let variables = json!({ "id": id, "s": signature });
    north.asks(sign, variables.clone()).await.data();
    let signed = south.asks(sign, variables).await;
    assert_eq!(signed.data()["signMou"]["status"], "ACTIVE");

    // What is in the file again is left as it is, and what is new comes in.
    let more = [
        rows.as_slice(),
        &[row("2020/1", "North House|South Clinic", 90)],
    ]
    .concat();
    let (done, said) = imports(&world, &more, &[]);
    assert!(done && said.contains("1 MOUs are before"), "{said}");
    assert!(said.contains("2 were taken in before"), "{said}");
    let statuses = coordinator.lists("mous(orderBy: ENDING)", "status").await;
    let statuses: Vec<String> = statuses.iter().map(|mou| text(&mou["status"])).collect();
    assert_eq!(statuses, ["OFFERED", "OFFERED", "ACTIVE"]);
    let events = "SELECT count(*) FROM audit_event WHERE kind = ";
    for (kind, count) in [
        ("'MOU_DRAFTED'", "3"),
        ("'MOU_OFFERED'", "3"),
        ("'MOU_SIGNED'", "2"),
    ] {
        assert_eq!(world.tampers(&format!("{events}{kind}")), count);
    }
}

on_both!(a_register_that_goes_on_with_a_former_name_finds_the_agency);
async fn a_register_that_goes_on_with_a_former_name_finds_the_agency(world: World) {
    let north = world.agency("North House").await;
    world.agency("South Clinic").await;
    let renames = "mutation { renameAgency(name: \"Lighthouse\") { name } }";
    north.asks(renames, json!({})).await.data();
    let rows = [
        row("1", "North House|South Clinic", 300),
        row("2", "lighthouse|South Clinic", 300),
        row("3", "Lighthouse|North House", 300),
    ];
    let (done, said) = imports(&world, &rows, &[]);
    assert!(!done && said.contains("names an agency twice"), "{said}");
    let (done, said) = imports(&world, &rows[..2], &[]);
    assert!(done && said.contains("2 MOUs are before"), "{said}");
}

on_both!(a_file_with_a_fault_is_told_all_of_them_and_nothing_is_taken_in);
async fn a_file_with_a_fault_is_told_all_of_them_and_nothing_is_taken_in(world: World) {
    world.agency("North House").await;
    let south = world.agency("South Clinic").await;
    world
        .coordinator()
        .suspends(&south, "unpaid dues")
        .await
        .data();
    let rows = [
        row("1", "North House|Coordination Office", 300),
        row("2", "North House|South Clinic", 300),
        row("3", "North House|Nowhere", -5),
    ];
    let (done, said) = imports(&world, &rows, &[]);
    assert!(!done);
    for fault in [
        "row 3: `parties[1]`: this agency is suspended in the task force",
        "row 4: `parties[1]`: no agency of the task force has this name or id",
        "row 4: `expiresOn`: not before today: it would be over already",
    ] {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(fault), "{fault}: {said}");
    }
    assert!(!said.contains("row 2"), "{said}");
    assert_eq!(world.tampers("SELECT count(*) FROM mou"), "0");
}

#[test]
fn all_that_is_wrong_with_a_file_is_told_by_its_row() {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let header = names.join(",");
    let good = "1,Beds,REFERRAL,North|South,2026-01-01,,2027-01-01,p,r,s,c,t,x,,30,";
    let read = |rows: &str| {
        let read = sheet::read(format!("{header}\n{rows}").as_bytes(), None);
        read.map_err(|faults| {
            faults
                .iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>()
        })
    };
    let SheetRows { rows, .. } =
        read(&format!("{good}\n,,,,,,,,,,,,,,,\n\"2\",{}", &good[2..])).unwrap();
    assert_eq!(
        rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        [2, 4]
    );
    assert_eq!(rows[0].terms.breach_notice_hours, 24);
    assert!(rows[0].grants.is_empty());
    for (wrong, place) in [
        (good.replace("Beds", ""), "`title`"),
        (good.replace("REFERRAL", "FRIENDSHIP"), "`kind`"),
        (good.replace("North|South", "North"), "`parties`"),
        (good.replace("2026-01-01", "1/1/2026"), "`effectiveOn`"),
        (good.replace("2027-01-01", ""), "`expiresOn`"),
        (good.replace(",c,", ",,"), "`confidentiality`"),
        (good.replace(",30,", ",400,"), "`terminationNoticeDays`"),
        (good.replace(",30,", ",,"), "`terminationNoticeDays`"),
        (good.replace(",,30,", ",0,30,"), "`breachNoticeHours`"),
        (format!("{good}HEALTH: NEEDS"), "`grants`"),
        (format!("{good}HEALTH_CARE:"), "`grants`"),
    ] {
        let told = read(&format!("{good}\n{}", wrong.replacen('1', "2", 1))).unwrap_err();
        assert!(
            told.iter()
                .all(|fault| fault.starts_with(&format!("row 3: {place}"))),
            "{wrong}: {told:?}"
        );
    }
    let told = read(&format!("{good}\n{good}")).unwrap_err();
    assert_eq!(
        told,
        BTreeSet::from([
            "row 3: `reference`: another row has the same [BAD_USER_INPUT]".to_owned()
        ])
    );
    // The faults of all rows at once; of a file without the columns, the columns.
    let told = read(
        &[
            good.replace("Beds", ""),
            good.replacen('1', "2", 1).replace("REFERRAL", ""),
        ]
        .join("\n"),
    )
    .unwrap_err();
    assert_eq!(told.len(), 2);
    let told = sheet::read(b"title,kind\nx,REFERRAL\n", None).unwrap_err();
    assert!(
        told.iter().all(|fault| fault.row == 1) && told.len() == 5,
        "{told:?}"
    );
    let latin = sheet::read(&[header.as_bytes(), b"\n1,Ni\xf1a"].concat(), None).unwrap_err();
    assert!(latin[0].to_string().contains("UTF-8"), "{latin:?}");
}
