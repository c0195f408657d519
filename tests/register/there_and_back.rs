//! A register that leaves as a table comes in elsewhere with the same meaning: the same promises, and the same answer to who can
//! take a referral.

use concord::mou::export::COLUMNS;
use serde_json::{Value, json};

use super::export::asks;
use crate::mou_life::{agree, does, drafts, signs, terms};
use crate::world::agency::{day, text};
use crate::world::{Agency, World, on_both};

const NAMES: [&str; 3] = ["=North House", "Refugio \"Niña\", Inc.", "West: Law / Aid"];

/// All that an MOU says, but for its ids and how far it came.
const SAID: &str = "title kind effectiveOn reviewOn expiresOn terms { grants { purpose categories } purpose services \
    confidentiality breachNoticeHours training conflictResolution terminationNoticeDays qsoa } \
    parties { agency { name } responsibilities promises { needs languages areas capacity } }";

async fn trio(world: &World) -> [Agency; 3] {
    let [north, south, west] = NAMES;
    [
        world.agency(north).await,
        world.agency(south).await,
        world.agency(west).await,
    ]
}

async fn csv_of(world: &World) -> Vec<u8> {
    let answer = asks(&world.coordinator(), "").await;
    answer.bytes().await.unwrap().to_vec()
}

/// Takes a file in; gives back whether that was done, and what was said.
fn imports(world: &World, file: &[u8], flags: &[&str]) -> (bool, String) {
    let path = world.folder.path().join("mous.csv");
    std::fs::write(&path, file).unwrap();
    let task_force = world.task_force.to_string();
    let mut words = vec!["mou", "import", path.to_str().unwrap()];
    words.extend(["--task-force", &task_force]);
    words.extend(flags);
    let (done, said) = world.commands(&words);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    (done, said)
}

async fn covered(world: &World) -> Value {
    let ask = "query($t: ID!) { coverage(taskForce: $t) { cells { need language area agencies \
        paths { agency { name } lastDay endsEarly } } } }";
    let task_force = json!({ "t": world.task_force.to_string() });
    let answer = world.coordinator().asks(ask, task_force).await;
    answer.data()["coverage"]["cells"].clone()
}

async fn said_by(world: &World) -> Vec<Value> {
    let arguments = "mous(orderBy: ENDING, filter: { statuses: [ACTIVE] })";
    let mut mous = world.coordinator().lists(arguments, SAID).await;
    for mou in &mut mous {
        let parties = mou["parties"].as_array_mut().unwrap();
        parties.sort_by_key(|party| text(&party["agency"]["name"]));
    }
    mous
}

/// What the three agreed on: beds for a year, and law for as long as it is reviewed.
async fn agrees(world: &World, [north, south, west]: &[Agency; 3]) {
    let followed = |parties: &[&Agency]| {
        let mut mou = terms(parties, 30);
        mou["taskForce"] = json!(world.task_force.to_string());
        mou
    };
    let mut beds = followed(&[north, south]);
    beds["title"] = json!("+ beds");
    beds["terms"]["purpose"] = json!("- a safe place\n- for as long as it takes; \"no questions\"");
    beds["terms"]["qsoa"] = json!(true);
    beds["terms"]["breachNoticeHours"] = json!(48);
    beds["terms"]["grants"] = json!([
        { "purpose": "HEALTH_CARE", "categories": ["SUBSTANCE_USE"] },
        { "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY", "NEEDS"] },
    ]);
    beds["parties"][1]["responsibilities"] = json!("shelters\n\nand feeds");
    beds["parties"][1]["promises"] = json!([
        { "needs": ["HOUSING", "SOCIAL_SUPPORT"], "languages": ["es-GT", "en"], "areas": ["15003", "US-GU"], "capacity": 4 },
        { "needs": ["MEDICAL_CARE"], "languages": ["quc"], "areas": ["01001"] },
    ]);
    agree(&[north, south], &beds).await;
    let mut law = followed(&[west, north, south]);
    let open_ended = law.as_object_mut().unwrap();
    open_ended.remove("expiresOn");
    open_ended.insert("reviewOn".to_owned(), json!(day(400)));
    for party in 0..3 {
        law["parties"][party]["promises"] = json!([{ "needs": ["LEGAL"], "languages": ["es"], "areas": ["US-HI"], "capacity": party + 1 }]);
    }
    agree(&[west, north, south], &law).await;
    let mut declined = followed(&[north, west]);
    declined["title"] = json!("never agreed on");
    let declined = drafts(north, &declined).await;
    does(north, &declined, "OFFER", "id").await.data();
    does(west, &declined, "DECLINE", "id").await.data();
}

on_both!(a_register_comes_in_elsewhere_with_the_same_meaning);
async fn a_register_comes_in_elsewhere_with_the_same_meaning(world: World) {
    let here = trio(&world).await;
    agrees(&world, &here).await;
    let elsewhere = World::on(world.database).await;
    let there = trio(&elsewhere).await;
    let file = csv_of(&world).await;
    let mut rows = csv::Reader::from_reader(&file[3..]);
    for cell in rows
        .records()
        .flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
    {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }

    let (done, said) = imports(&elsewhere, &file, &["--dry-run"]);
    assert!(
        done && said.contains("2 MOUs would be put before"),
        "{said}"
    );
    assert!(said.contains("1 are drafts, or over"), "{said}");
    let (done, said) = imports(&elsewhere, &file, &[]);
    assert!(done && said.contains("2 MOUs are before"), "{said}");
    let nobody = covered(&elsewhere).await;
    let all = |cells: &Value| cells.as_array().unwrap().clone();
    assert!(
        all(&nobody).iter().all(|cell| cell["agencies"] == 0),
        "nobody signed"
    );
    for party in &there {
        for mou in party.lists("mous(first: 9)", "id allowedActions").await {
            if mou["allowedActions"]
                .as_array()
                .unwrap()
                .contains(&json!("SIGN"))
            {
                signs(party, &text(&mou["id"])).await.data();
            }
        }
    }

    let cells = covered(&world).await;
    assert_eq!(
        all(&cells)
            .iter()
            .filter(|cell| cell["agencies"] != 0)
            .count(),
        17
    );
    assert_eq!(covered(&elsewhere).await, cells);
    assert_eq!(said_by(&elsewhere).await, said_by(&world).await);
    // What came back to where it is from is left as it is.
    for world in [&world, &elsewhere] {
        let (done, said) = imports(world, &csv_of(world).await, &[]);
        assert!(done && said.contains("0 MOUs are before"), "{said}");
        assert!(said.contains("2 were taken in before"), "{said}");
    }
}

on_both!(a_party_whose_name_would_be_taken_for_two_is_called_by_its_id);
async fn a_party_whose_name_would_be_taken_for_two_is_called_by_its_id(world: World) {
    let (north, south) = (
        world.agency("North House").await,
        world.agency("Roof; Bread | Co.").await,
    );
    let mut mou = terms(&[&north, &south], 30);
    mou["taskForce"] = json!(world.task_force.to_string());
    mou["parties"][1]["promises"] =
        json!([{ "needs": ["HOUSING"], "languages": ["es"], "areas": ["15003"] }]);
    agree(&[&north, &south], &mou).await;
    let file = csv_of(&world).await;
    let mut rows = csv::Reader::from_reader(&file[3..]);
    assert_eq!(rows.headers().unwrap(), COLUMNS.as_slice());
    let row = rows.records().next().unwrap().unwrap();
    assert_eq!(&row[5], format!("North House | {}", south.id));
    // The same row under another name is another MOU.
    let id = row[0].to_owned();
    let another = String::from_utf8(file).unwrap().replace(&id, "again");
    let (done, said) = imports(&world, another.as_bytes(), &[]);
    assert!(done && said.contains("1 MOUs are before"), "{said}");
    let mous = world.coordinator().lists("mous(first: 9)", SAID).await;
    assert_eq!(mous[0], mous[1]);
}

on_both!(a_promise_is_taken_in_as_people_write_it);
async fn a_promise_is_taken_in_as_people_write_it(world: World) {
    let (north, south) = (
        world.agency("North House").await,
        world.agency("South Clinic").await,
    );
    let renames = "mutation { renameAgency(name: \"Lighthouse\") { name } }";
    north.asks(renames, json!({})).await.data();
    let row = |promises: &str| {
        let columns = "Reference,Title,Kind,Parties,Effective on,Expires on,Termination notice days,Qualified,QSOA,Promises";
        let (first, last) = (day(-1), day(300));
        let row = format!(
            "1,Beds,referral,North House|South Clinic,{first},{last},30,x,no,\"{promises}\""
        );
        format!("{columns}\n{row}\n")
    };
    let clauses = ["--clauses", "As the paper says."];
    for (wrong, told) in [
        (
            "South Clinic: HOUSES / es / 15003",
            "`promises[0].needs[0]`: one of COUNSELING",
        ),
        (
            "South Clinic: HOUSING / xx-yy-zz-1 / 15003",
            "`promises[0].languages[0]`: not a language tag",
        ),
        (
            "South Clinic: HOUSING / es / Oahu",
            "`promises[0].areas[0]`: no area is coded so",
        ),
        (
            "South Clinic: HOUSING / es / 15003 / many",
            "`promises[0].capacity`: 1 to 10,000",
        ),
        (
            "South Clinic: HOUSING / es / 15003 / 10001",
            "`promises[0].capacity`: 1 to 10,000",
        ),
        (
            "South Clinic: HOUSING / es",
            "`promises[0]`: a party's name, a colon",
        ),
        (
            "HOUSING / es / 15003",
            "`promises[0]`: a party's name, a colon",
        ),
        (
            "South Clinic: HOUSING / es / 15003 / 4 / 5",
            "`promises[0]`: a party's name, a colon",
        ),
        (
            "North House: LEGAL / es / US-HI | Coordination Office: LEGAL / es / US-HI",
            "`promises[1]`: begins with none",
        ),
    ] {
        let (done, said) = imports(&world, row(wrong).as_bytes(), &clauses);
        assert!(
            !done && said.contains(&format!("row 2: {told}")),
            "{wrong}: {said}"
        );
        assert!(said.contains("[BAD_USER_INPUT]"), "{said}");
    }
    let many: Vec<String> = (1..=21)
        .map(|people| format!("South Clinic: LEGAL / es / US-HI / {people}"))
        .collect();
    let (done, said) = imports(&world, row(&many.join(";")).as_bytes(), &clauses);
    assert!(
        !done && said.contains("row 2: `promises`: at most 20 of a party"),
        "{said}"
    );

    // By another of the agency's names, in any case, one promise a line, an empty capacity.
    let good =
        "lighthouse: Housing, legal/es EN/us-hi 15003/ \n\nsouth  clinic: MEDICAL_CARE/iw/US-GU/12";
    let (done, said) = imports(&world, row(good).as_bytes(), &clauses);
    assert!(done && said.contains("1 MOUs are before"), "{said}");
    let shown = "parties { agency { name } promises { needs languages areas capacity } }";
    let mous = south.lists("mous(first: 9)", shown).await;
    let parties = &mous[0]["parties"];
    let promised = |name: &str| {
        let mut parties = parties.as_array().unwrap().iter();
        parties
            .find(|party| party["agency"]["name"] == name)
            .unwrap()["promises"]
            .clone()
    };
    assert_eq!(
        promised("Lighthouse"),
        json!([{ "needs": ["HOUSING", "LEGAL"], "languages": ["es", "en"], "areas": ["US-HI", "15003"], "capacity": null }])
    );
    assert_eq!(
        promised("South Clinic"),
        json!([{ "needs": ["MEDICAL_CARE"], "languages": ["he"], "areas": ["US-GU"], "capacity": 12 }])
    );
}
