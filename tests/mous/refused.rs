//! What makes no MOU: refused with its code and its place, whether it is drafted, amended or taken in from a spreadsheet; and what
//! signs none.

use concord::mou::import::fault::RowFault;
use concord::mou::import::sheet::{self, COLUMNS};
use concord::mou::import::write;
use serde_json::{Value, json};

use crate::mou_life::{DRAFT, agree, drafts, impact_digest, terms};
use crate::world::agency::day;
use crate::world::{Agency, World, on_both};

const AMEND: &str = "mutation($id: ID!, $m: MouInput!, $s: Sha256) { amendMou(id: $id, mou: $m, impactSeen: $s) { id } }";

/// Something that is wrong with an MOU.
struct Wrong {
    /// What.
    name: &'static str,
    /// Where it stands in the input of an MOU, and what stands there.
    input: Vec<(&'static str, Value)>,
    /// The place that is refused for it; none where it is refused as wider than a rule pack allows.
    place: Option<&'static str>,
    /// The cells that say the same.
    cells: Vec<(&'static str, String)>,
    /// What is told of them.
    told: &'static str,
}

fn wrong(
    name: &'static str,
    (pointer, value, place): (&'static str, Value, &'static str),
    (column, cell, told): (&'static str, &str, &'static str),
) -> Wrong {
    Wrong {
        name,
        input: vec![(pointer, value)],
        place: Some(place),
        cells: vec![(column, cell.to_owned())],
        told,
    }
}

fn promise(field: &str, value: Value) -> Value {
    let mut promise =
        json!({ "needs": ["HOUSING"], "languages": ["es"], "areas": ["15003"], "capacity": 4 });
    promise[field] = value;
    json!([promise])
}

/// All of it. North drafts, and South is bound by part 2.
fn all(north: &Agency, south: &Agency) -> Vec<Wrong> {
    let party = |id: &str| json!({ "agency": id, "responsibilities": "refers" });
    let (own, other) = (north.id.to_string(), south.id.to_string());
    let records = |purpose: &str| {
        let categories = ["NEEDS", "SUBSTANCE_USE"];
        json!([{ "purpose": purpose, "categories": categories }])
    };
    let nobody = "agency_01h2xcejqtf2nbrexx3vqjhp41";
    let parties = "/parties";
    let promised = |field, value, place| ("/parties/1/promises", promise(field, value), place);
    let of_promises = |cell: &'static str, told| ("promises", cell, told);
    vec![
        wrong(
            "one party only",
            (parties, json!([party(&own)]), "mou.parties"),
            ("parties", "North House", "`parties`"),
        ),
        wrong(
            "the same party twice",
            (parties, json!([party(&own), party(&own)]), "mou.parties"),
            (
                "parties",
                "North House|north house",
                "`parties[1]`: names an agency twice",
            ),
        ),
        wrong(
            "a party that is another one at its second mention",
            (
                parties,
                json!([party(&own), party(&other), { "agency": other, "responsibilities": "more" }]),
                "mou.parties[2].agency",
            ),
            (
                "parties",
                "North House|South Clinic|South Clinic",
                "`parties[2]`: names an agency twice",
            ),
        ),
        wrong(
            "a party that nobody knows",
            (
                parties,
                json!([party(&own), party(nobody)]),
                "mou.parties[1].agency",
            ),
            ("parties", "North House|Nowhere", "`parties[1]`: no agency"),
        ),
        wrong(
            "reversed dates",
            ("/expiresOn", json!(day(-2)), "mou.expiresOn"),
            (
                "expiresOn",
                &day(-2),
                "`expiresOn`: not before `effectiveOn`",
            ),
        ),
        Wrong {
            name: "an end in the past",
            input: vec![
                ("/effectiveOn", json!(day(-9))),
                ("/expiresOn", json!(day(-2))),
            ],
            place: Some("mou.expiresOn"),
            cells: vec![("effectiveOn", day(-9)), ("expiresOn", day(-2))],
            told: "`expiresOn`: not before today",
        },
        wrong(
            "more than ten years",
            ("/expiresOn", json!(day(3_660)), "mou.expiresOn"),
            ("expiresOn", &day(3_660), "`expiresOn`: at most ten years"),
        ),
        wrong(
            "the year 9999",
            ("/expiresOn", json!("9999-12-31"), "mou.expiresOn"),
            ("expiresOn", "9999-12-31", "`expiresOn`: a year from 1900"),
        ),
        wrong(
            "a review after the end",
            ("/reviewOn", json!(day(366)), "mou.reviewOn"),
            ("reviewOn", &day(366), "`reviewOn`: from `effectiveOn`"),
        ),
        Wrong {
            name: "no end and no review",
            input: vec![("/expiresOn", Value::Null)],
            place: Some("mou.reviewOn"),
            cells: vec![
                ("expiresOn", String::new()),
                ("openEnded", "TRUE".to_owned()),
            ],
            told: "`reviewOn`: the day of its review",
        },
        wrong(
            "a breach told in no time",
            (
                "/terms/breachNoticeHours",
                json!(0),
                "mou.terms.breachNoticeHours",
            ),
            ("breachNoticeHours", "0", "`breachNoticeHours`: 1 to 720"),
        ),
        wrong(
            "a breach told too late",
            (
                "/terms/breachNoticeHours",
                json!(721),
                "mou.terms.breachNoticeHours",
            ),
            ("breachNoticeHours", "721", "`breachNoticeHours`: 1 to 720"),
        ),
        wrong(
            "a notice of more than a year",
            (
                "/terms/terminationNoticeDays",
                json!(366),
                "mou.terms.terminationNoticeDays",
            ),
            (
                "terminationNoticeDays",
                "366",
                "`terminationNoticeDays`: 0 to 365",
            ),
        ),
        wrong(
            "an empty clause",
            (
                "/terms/confidentiality",
                json!(" "),
                "mou.terms.confidentiality",
            ),
            ("confidentiality", " ", "`confidentiality`"),
        ),
        wrong(
            "a title of nothing",
            ("/title", json!(""), "mou.title"),
            ("title", "", "`title`"),
        ),
        wrong(
            "a promise of no need",
            promised("needs", json!([]), "mou.parties[1].promises[0].needs"),
            of_promises(
                "South Clinic: / es / 15003",
                "`promises[0].needs`: at least one",
            ),
        ),
        wrong(
            "a promise in no language",
            promised(
                "languages",
                json!(["und"]),
                "mou.parties[1].promises[0].languages[0]",
            ),
            of_promises(
                "South Clinic: HOUSING / und / 15003",
                "`promises[0].languages[0]`",
            ),
        ),
        wrong(
            "an area without its country",
            promised(
                "areas",
                json!(["US-HI", "HI"]),
                "mou.parties[1].promises[0].areas[1]",
            ),
            of_promises(
                "South Clinic: HOUSING / es / US-HI HI",
                "`promises[0].areas[1]`: no area is coded so",
            ),
        ),
        wrong(
            "a promise for fewer than nobody",
            promised("capacity", json!(-1), "mou.parties[1].promises[0].capacity"),
            of_promises(
                "South Clinic: HOUSING / es / 15003 / -1",
                "`promises[0].capacity`: 1 to 10,000",
            ),
        ),
        wrong(
            "a promise for everybody",
            promised(
                "capacity",
                json!(2_000_000_000),
                "mou.parties[1].promises[0].capacity",
            ),
            of_promises(
                "South Clinic: HOUSING / es / 15003 / 99999999999",
                "`promises[0].capacity`: 1 to 10,000",
            ),
        ),
        wrong(
            "records told without the word of whoever is told",
            ("/terms/grants", records("HEALTH_CARE"), "mou.terms.qsoa"),
            (
                "grants",
                "HEALTH_CARE: NEEDS SUBSTANCE_USE",
                "`qsoa`: true, as part 2 binds a party",
            ),
        ),
        Wrong {
            name: "terms wider than a rule pack allows",
            input: vec![
                ("/terms/grants", records("PROSECUTION")),
                ("/terms/qsoa", json!(true)),
            ],
            place: None,
            cells: vec![
                ("grants", "PROSECUTION: NEEDS SUBSTANCE_USE".to_owned()),
                ("qsoa", "true".to_owned()),
            ],
            told: "SUBSTANCE_USE for PROSECUTION is wider than PART2 allows",
        },
    ]
}

/// A file of one row: a good MOU, but for these cells.
pub fn file_of(changed: &[(&str, String)]) -> Vec<u8> {
    let good = |column: &str| match column {
        "reference" => "1".to_owned(),
        "kind" => "REFERRAL".to_owned(),
        "parties" => "North House|South Clinic".to_owned(),
        "effectiveOn" => day(-1),
        "expiresOn" => day(365),
        "terminationNoticeDays" => "30".to_owned(),
        "grants" => "SERVICE_DELIVERY: NEEDS".to_owned(),
        "reviewOn" | "breachNoticeHours" | "qsoa" | "promises" | "openEnded" | "status" => {
            String::new()
        }
        clause => format!("the {clause}"),
    };
    let names = COLUMNS.iter().map(|(name, _)| *name);
    let cells = names.clone().map(|name| {
        let mut changed = changed.iter();
        let found = changed.find(|(column, _)| *column == name);
        found.map_or_else(|| good(name), |(_, cell)| cell.clone())
    });
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(names).unwrap();
    table.write_record(cells).unwrap();
    table.into_inner().unwrap()
}

/// What is wrong with a file, in the eyes of whoever takes it in.
async fn faults_of(world: &World, file: &[u8]) -> Vec<RowFault> {
    let read = match sheet::read(file, None) {
        Ok(read) => read,
        Err(faults) => return faults,
    };
    let checked = write::check(&world.service.store, world.task_force, read.rows).await;
    checked.unwrap().err().unwrap_or_default()
}

on_both!(what_makes_no_mou_is_refused_however_it_comes);
async fn what_makes_no_mou_is_refused_however_it_comes(world: World) {
    let (north, south) = (
        world.agency("North House").await,
        world.agency("South Clinic").await,
    );
    let bind = "mutation($p: RulePackInput!) { bindRulePack(pack: $p) { id } }";
    let part_2 = json!({ "p": { "pack": "PART2" } });
    south.asks(bind, part_2).await.data();
    let good = terms(&[&north, &south], 30);
    let in_force = agree(&[&north, &south], &good).await;
    let seen = impact_digest(&north, &in_force).await;
    assert_eq!(faults_of(&world, &file_of(&[])).await, []);
    let before = world.tampers("SELECT count(*) FROM mou");

    for Wrong {
        name,
        input,
        place,
        cells,
        told,
    } in all(&north, &south)
    {
        let mut mou = good.clone();
        for (pointer, value) in input {
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            mou.pointer_mut(parent).unwrap()[field] = value;
        }
        let drafted = north.asks(DRAFT, json!({ "m": mou })).await;
        let next = json!({ "id": in_force, "m": mou, "s": seen });
        let amended = north.asks(AMEND, next).await;
        for refused in [&drafted, &amended] {
            match place {
                Some(place) => refused.is_refused_for(place),
                None => assert_eq!(refused.codes(), "BEYOND_RULE_PACK", "{name}"),
            }
        }
        let faults = faults_of(&world, &file_of(&cells)).await;
        let [fault] = &faults[..] else {
            panic!("{name}: {faults:?}")
        };
        assert_eq!(
            (fault.row, fault.code),
            (2, drafted.codes().as_str()),
            "{name}"
        );
        assert!(fault.text.starts_with(told), "{name}: {fault}");
    }
    assert_eq!(world.tampers("SELECT count(*) FROM mou"), before);

    // The command says the same, with its row and code.
    let file = world.folder.path().join("wider.csv");
    let cells = [
        ("grants", "INVESTIGATION: SUBSTANCE_USE".to_owned()),
        ("qsoa", "yes".to_owned()),
    ];
    std::fs::write(&file, file_of(&cells)).unwrap();
    let task_force = world.task_force.to_string();
    let words = [
        "mou",
        "import",
        file.to_str().unwrap(),
        "--task-force",
        &task_force,
        "--dry-run",
    ];
    let (done, said) = world.commands(&words);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        !done && said.contains("row 2: SUBSTANCE_USE for INVESTIGATION is wider"),
        "{said}"
    );
    assert!(said.contains("[BEYOND_RULE_PACK]"), "{said}");
}

on_both!(what_is_said_twice_is_said_once);
async fn what_is_said_twice_is_said_once(world: World) {
    let (north, south) = (
        world.agency("North House").await,
        world.agency("South Clinic").await,
    );
    let mut mou = terms(&[&north, &south], 30);
    let beds = promise("capacity", json!(4))[0].clone();
    mou["parties"][1]["promises"] = json!([beds, beds]);
    let drafted = drafts(&north, &mou).await;
    let beds_twice =
        "South Clinic: HOUSING / es / 15003 / 4 | south clinic: housing / es / 15003 / 4";
    let file = file_of(&[("promises", beds_twice.to_owned())]);
    let rows = sheet::read(&file, None).unwrap().rows;
    let (store, task_force) = (&world.service.store, world.task_force);
    let checked = write::check(store, task_force, rows)
        .await
        .unwrap()
        .unwrap();
    let came = write::take_in(store, checked, || {}).await.unwrap();
    assert_eq!((came.taken, came.refused), (1, vec![]));
    let shown = "id parties { promises { needs languages areas capacity } }";
    let mous = world.coordinator().lists("mous(first: 9)", shown).await;
    let drafted = north.finds("Mou", &drafted, shown).await;
    for mou in [&mous[0], &drafted] {
        let parties = mou["parties"].as_array().unwrap().iter();
        let made: Vec<&Value> = parties
            .flat_map(|party| party["promises"].as_array().unwrap())
            .collect();
        assert_eq!(made, [&beds]);
    }
}

on_both!(a_rule_that_comes_to_bind_meanwhile_keeps_a_row_out);
async fn a_rule_that_comes_to_bind_meanwhile_keeps_a_row_out(world: World) {
    world.agency("North House").await;
    let south = world.agency("South Clinic").await;
    let file = file_of(&[("grants", "HEALTH_CARE: SUBSTANCE_USE".to_owned())]);
    let rows = sheet::read(&file, None).unwrap().rows;
    let (store, task_force) = (&world.service.store, world.task_force);
    let checked = write::check(store, task_force, rows)
        .await
        .unwrap()
        .unwrap();
    let bind = "mutation { bindRulePack(pack: { pack: PART2 }) { id } }";
    south.asks(bind, Value::Null).await.data();
    let came = write::take_in(store, checked, || {}).await.unwrap();
    assert_eq!(came.taken, 0);
    let told: Vec<String> = came.refused.iter().map(ToString::to_string).collect();
    assert!(
        told[0].starts_with("row 2: `qsoa`: true") && told[0].ends_with("[BAD_USER_INPUT]"),
        "{told:?}"
    );
    assert_eq!(world.tampers("SELECT count(*) FROM mou"), "0");
}

on_both!(who_signs_no_mou_is_refused_with_a_code);
async fn who_signs_no_mou_is_refused_with_a_code(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let mut mou = terms(&[&north, &south], 30);
    mou["taskForce"] = json!(world.task_force.to_string());
    let id = drafts(&north, &mou).await;
    let good = json!({ "signatory": "A Director", "title": "Director", "authority": "the board",
        "documentSha256": "ab".repeat(32) });
    let tries = async |who: &Agency, field: &str, value: Value| {
        let mut signature = good.clone();
        signature[field] = value;
        let sign = "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";
        who.asks(sign, json!({ "id": id, "s": signature })).await
    };
    let authority = || ("authority", json!("the board"));
    let signs = async |who: &Agency| {
        let (field, value) = authority();
        tries(who, field, value).await
    };
    assert_eq!(signs(&north).await.codes(), "INVALID_TRANSITION", "a draft");
    north.changes("offerMou", &id, "status").await.data();
    for field in ["signatory", "title", "authority"] {
        let refused = tries(&north, field, json!(" ")).await;
        refused.is_refused_for(&format!("signature.{field}"));
    }
    for hash in ["AB".repeat(32), "ab".repeat(31), String::new()] {
        let refused = tries(&north, "documentSha256", json!(hash)).await;
        refused.is_refused_for("signature.documentSha256");
    }
    signs(&north).await.data();
    // Twice: the same changes nothing, another one is refused.
    let again = signs(&north).await;
    assert_eq!(again.data()["signMou"]["status"], "PARTIALLY_SIGNED");
    let twice = tries(&north, "signatory", json!("Somebody Else")).await;
    assert_eq!(twice.codes(), "INVALID_TRANSITION");
    // For another agency: nobody's token signs for any but its own.
    assert_eq!(
        signs(&world.coordinator()).await.codes(),
        "INVALID_TRANSITION"
    );
    let stranger = world.agency("west").await;
    assert_eq!(signs(&stranger).await.codes(), "NOT_FOUND");
    let narrow = world.caller(south.id, "south", "mou.rs");
    assert_eq!(signs(&narrow).await.codes(), "FORBIDDEN_SCOPE");
    let other = tries(&south, "documentSha256", json!("cd".repeat(32))).await;
    other.is_refused_for("signature.documentSha256");
    let events = "SELECT count(*) FROM audit_event WHERE kind = 'MOU_SIGNED'";
    assert_eq!(world.tampers(events), "1");
    let signed = signs(&south).await;
    assert_eq!(signed.data()["signMou"]["status"], "ACTIVE");
}
