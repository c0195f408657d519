//! Every connection of the schema, walked forwards and backwards: the same entries, each once, and every page says
//! truthfully whether there are more before and after it.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use concord_entities::vocabulary::DataCategory::Identity;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::world::agency::{Told, day, text};
use crate::world::{Agency, World, on_both};

/// How many entries each list has at least.
const ENTRIES: usize = 4;

/// What is gone on in for ever, and never back: `tests/feed/` walks it.
const FORWARDS: [&str; 1] = ["Query.changes"];

/// A list: the field that it is, how a document comes to it, and who reads it.
struct Listed {
    /// Its type and field.
    field: &'static str,
    /// What stands around it: `LIST` is the list with its arguments, `ARGS` arguments of its own stand behind.
    around: String,
    /// Arguments of its own.
    own: String,
    /// The names from the answer's data to it.
    path: Vec<&'static str>,
    reader: Agency,
}

on_both!(every_list_is_the_same_forwards_and_backwards_and_says_where_it_ends);
async fn every_list_is_the_same_forwards_and_backwards_and_says_where_it_ends(world: World) {
    let lists = filled(&world).await;
    let walked = lists.iter().map(|list| list.field);
    let walked: BTreeSet<_> = walked.chain(FORWARDS).map(str::to_owned).collect();
    assert_eq!(walked, connections(), "walk whatever is a connection");
    let mut runner = TestRunner::deterministic();
    let mut draw = |most: usize| (1..=most).new_tree(&mut runner).unwrap().current();
    for list in &lists {
        let whole = list.page(&json!({ "first": 100 })).await;
        let all = whole.places.clone();
        assert!(
            all.len() >= ENTRIES,
            "{} has {} entries",
            list.field,
            all.len()
        );
        assert_eq!(
            (whole.before, whole.after),
            (false, false),
            "{}",
            list.field
        );
        for size in [1, draw(all.len())] {
            list.walks(&all, size).await;
        }
    }
}

/// A page: the cursors of its entries, and what it says of what lies around it.
struct Shown {
    places: Vec<String>,
    before: bool,
    after: bool,
}

impl Listed {
    /// Walks from end to end in pages of this size, both ways, and compares with all that there is.
    async fn walks(&self, all: &[String], size: usize) {
        let (field, count) = (self.field, all.len());
        for (many, from, forwards) in [("first", "after", true), ("last", "before", false)] {
            let mut seen: Vec<String> = Vec::new();
            loop {
                let at = if forwards { seen.last() } else { seen.first() };
                let page = self.page(&json!({ many: size, from: at })).await;
                assert!(!page.places.is_empty(), "{field}: an empty page of {size}");
                let begin = all.iter().position(|one| *one == page.places[0]).unwrap();
                let end = begin + page.places.len();
                assert_eq!(all[begin..end], page.places, "{field}, {many} {size}");
                assert_eq!(
                    (page.before, page.after),
                    (begin > 0, end < count),
                    "{field}, {many} {size}: {begin} to {end} of {count}"
                );
                if forwards {
                    seen.extend(page.places);
                } else {
                    seen.splice(0..0, page.places);
                }
                if !(if forwards { page.after } else { page.before }) {
                    break;
                }
            }
            assert_eq!(seen, all, "{field}, {many} {size}");
        }
        // Beyond the last there is nothing, and it is said that something lies behind.
        let beyond = self.page(&json!({ "first": 1, "after": all.last() })).await;
        assert_eq!(
            (beyond.places.len(), beyond.before, beyond.after),
            (0, true, false),
            "{field}"
        );
    }

    async fn page(&self, wanted: &Value) -> Shown {
        let name = self.path.last().unwrap();
        let list = format!(
            "{name}({} first: $first, after: $after, last: $last, before: $before) \
             {{ edges {{ cursor node {{ __typename }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
            self.own
        );
        let around = self.around.replace("LIST", &list);
        let (kind, around) = around.split_once(' ').unwrap();
        let document = format!(
            "{kind} Lists($first: Int, $after: String, $last: Int, $before: String) {around}"
        );
        let answer = self.reader.asks(&document, wanted.clone()).await;
        let data = answer.data();
        let list = self.path.iter().fold(data, |within, name| &within[*name]);
        let edges = list["edges"]
            .as_array()
            .unwrap_or_else(|| panic!("{}: {}", self.field, answer.text));
        let places: Vec<_> = edges.iter().map(|edge| text(&edge["cursor"])).collect();
        let info = &list["pageInfo"];
        assert_eq!(info["startCursor"], json!(places.first()));
        assert_eq!(info["endCursor"], json!(places.last()));
        Shown {
            before: info["hasPreviousPage"] == true,
            after: info["hasNextPage"] == true,
            places,
        }
    }
}

/// Every field of the schema that is a connection.
fn connections() -> BTreeSet<String> {
    let sdl = concord::graphql::schema::sdl();
    let mut found = BTreeSet::new();
    for definition in parse_schema(sdl).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let TypeKind::Object(object) = &definition.node.kind else {
            continue;
        };
        for field in &object.fields {
            let ty = field.node.ty.node.to_string();
            if ty.trim_end_matches('!').ends_with("Connection") {
                found.insert(format!(
                    "{}.{}",
                    definition.node.name.node, field.node.name.node
                ));
            }
        }
    }
    found
}

/// Fills every list of an agency.
async fn filled(world: &World) -> Vec<Listed> {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    for number in 0..ENTRIES {
        world.agency(&format!("agency {number}")).await;
        north.agrees_with(&south).await;
        north
            .refers(&format!("person {number}"))
            .to(&south)
            .sharing([Identity])
            .await;
        let ended = consented(&north, &ada, &south).await;
        north.revokes(&ended).await.data();
        says_more(&north, &south, &ada, number).await;
    }
    let consent = consented(&north, &ada, &south).await;
    let told = north.drafts_referral(&consent, "Ada", &[Identity]).await;
    north.does("sendReferral", &told).await.data();
    for _ in 0..ENTRIES {
        north.drafts_referral(&consent, "Ada", &[Identity]).await;
        assert!(south.reads(&told).await.starts_with("identity: Ada"));
    }
    south.does("acceptReferral", &told).await.data();
    north.revokes(&consent).await.data();
    joins_more(world, &north);
    let review = reviews(&north).await;
    let mut lists = lists(&north, &south, &ada, &told);
    for (field, name) in [
        ("AuditReview.accessChanges", "accessChanges"),
        ("AuditReview.events", "events"),
        ("AuditReview.flags", "flags"),
    ] {
        lists.push(Listed {
            field,
            around: format!(
                "query {{ node(id: \"{review}\") {{ ... on AuditReview {{ LIST }} }} }}"
            ),
            own: String::new(),
            path: vec!["node", name],
            reader: north.clone(),
        });
    }
    lists
}

/// Opens reviews, the last of them with flags; returns that one. It is over when it is opened: reading it adds no event to it.
async fn reviews(north: &Agency) -> String {
    let now = || format!("{:.6}", jiff::Timestamp::now());
    let since = now();
    for number in 0..ENTRIES {
        let program = json!({ "name": format!("reviewed {number}"), "scopes": ["referral.r"], "secret": true });
        let register = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { application { id } } }";
        north.asks(register, json!({ "a": program })).await.data();
    }
    let period = json!({ "since": since, "until": now() });
    let open = "mutation($r: AuditReviewInput!) { openAuditReview(review: $r) { id } }";
    let mut review = String::new();
    for _ in 0..ENTRIES {
        let opened = north.asks(open, json!({ "r": period })).await;
        review = text(&opened.data()["openAuditReview"]["id"]);
    }
    let flag = "mutation($r: ID!, $e: ID!) { flagAuditEvent(review: $r, event: $e, note: EXPLAINED) { id } }";
    let registered = format!(
        "auditEvents(filter: {{ types: [APPLICATION_REGISTERED], since: {since:?} }}, first: 100)"
    );
    for event in north.lists(&registered, "id").await {
        let variables = json!({ "r": review, "e": event["id"] });
        north.asks(flag, variables).await.data();
    }
    review
}

async fn consented(north: &Agency, survivor: &str, south: &Agency) -> String {
    let consent = north.consents(survivor, south, &[Identity]).await;
    north.signs(&consent).await.data();
    consent
}

/// Has one more of what an agency says of itself and of a survivor.
async fn says_more(north: &Agency, south: &Agency, ada: &str, number: usize) {
    let register = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { application { id } } }";
    let program =
        json!({ "name": format!("desk {number}"), "scopes": ["referral.r"], "secret": true });
    north.asks(register, json!({ "a": program })).await.data();
    let bind = "mutation($p: RulePackInput!) { bindRulePack(pack: $p) { id } }";
    let pack = json!({ "pack": "STATE", "citation": format!("a state's law, {number}") });
    north.asks(bind, json!({ "p": pack })).await.data();
    let calendar = "mutation { createMouCalendar(calendar: {}) { path } }";
    north.asks(calendar, json!({})).await.data();
    let hold = "mutation($h: LegalHoldInput!) { recordLegalHold(hold: $h) { id } }";
    let papers = json!({ "survivor": ada, "ground": "SUBPOENA", "issuedOn": day(-3), "counselOffice": "Office of counsel" });
    north.asks(hold, json!({ "h": papers })).await.data();
    let record = "mutation($d: MandatedDisclosureInput!) { recordMandatedDisclosure(disclosure: $d) { id } }";
    let mandate = json!({
        "survivor": ada, "instrument": "STATUTE", "issuingAuthority": "the State", "citation": "Title 1",
        "datedOn": day(-9), "disclosedOn": day(-1), "recipient": south.id.to_string(),
        "orderedCategories": ["IDENTITY"], "categories": ["IDENTITY"], "minimumNecessary": true,
        "noNotice": "UNSAFE_TO_TRY", "protectiveSteps": ["MINIMISED"],
    });
    north.asks(record, json!({ "d": mandate })).await.data();
}

/// Has an agency belong to more task forces, which no operation does yet.
fn joins_more(world: &World, agency: &Agency) {
    let own = world.sql_id(&agency.id.to_string());
    for _ in 0..ENTRIES {
        let circle = world.sql_id(&concord_entities::ids::TaskForceId::new().to_string());
        world.tampers(&format!(
            "INSERT INTO task_force (id, name, region, created_at) VALUES ({circle}, 'Hills', 'Hills', 0);\
             INSERT INTO membership (task_force_id, agency_id, role, since) VALUES ({circle}, {own}, 'MEMBER', 0)"
        ));
    }
}

fn lists(north: &Agency, south: &Agency, ada: &str, told: &Told) -> Vec<Listed> {
    let Told {
        consent: revoked,
        referral,
        ..
    } = told;
    let of_root = |field: &'static str, own: &str, reader: &Agency| Listed {
        field,
        around: "query { LIST }".to_owned(),
        own: own.to_owned(),
        path: vec![field.split_once('.').unwrap().1],
        reader: reader.clone(),
    };
    let of_survivor = |field: &'static str, name: &'static str| Listed {
        field,
        around: format!("query {{ node(id: \"{ada}\") {{ ... on Survivor {{ LIST }} }} }}"),
        own: String::new(),
        path: vec!["node", name],
        reader: north.clone(),
    };
    vec![
        of_root("Query.agencies", "", north),
        of_root("Query.applications", "", north),
        // Reading the log is an event: what else is in it stands still.
        of_root(
            "Query.auditEvents",
            "filter: { types: [SURVIVOR_REGISTERED] },",
            north,
        ),
        of_root("Query.auditReviews", "", north),
        of_root("Query.consents", "side: GIVEN,", north),
        of_root("Query.mandatedDisclosures", "", north),
        of_root("Query.mouCalendars", "", north),
        of_root("Query.mous", "", north),
        of_root("Query.notices", "", south),
        of_root("Query.partnerships", "", north),
        of_root("Query.referrals", "box: INBOX,", south),
        of_root("Query.rulePacks", "", north),
        of_root("Query.survivors", "", north),
        of_root("Query.taskForces", "", north),
        Listed {
            field: "Revocation.disclosed",
            around: format!(
                "mutation {{ revokeConsent(id: \"{revoked}\", channel: TELEPHONE) {{ LIST }} }}"
            ),
            own: String::new(),
            path: vec!["revokeConsent", "disclosed"],
            reader: north.clone(),
        },
        Listed {
            field: "Agency.leftBehind",
            around: format!("query {{ agency(id: \"{}\") {{ LIST }} }}", south.id),
            own: String::new(),
            path: vec!["agency", "leftBehind"],
            reader: north.clone(),
        },
        Listed {
            field: "Consent.referrals",
            around: format!("query {{ node(id: \"{revoked}\") {{ ... on Consent {{ LIST }} }} }}"),
            own: String::new(),
            path: vec!["node", "referrals"],
            reader: north.clone(),
        },
        Listed {
            field: "Referral.timeline",
            around: format!("query {{ referral(id: \"{referral}\") {{ LIST }} }}"),
            own: String::new(),
            path: vec!["referral", "timeline"],
            reader: north.clone(),
        },
        of_survivor("Survivor.accounting", "accounting"),
        of_survivor("Survivor.consents", "consents"),
        of_survivor("Survivor.referrals", "referrals"),
        of_survivor("Survivor.legalHolds", "legalHolds"),
    ]
}
