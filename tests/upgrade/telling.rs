//! What a task force's stores hold, as one text that a person can read: no id, no moment, nothing that a day changes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use serde_json::{Value, json};

use super::fixture::Opened;
use super::{packages, programs};
use crate::world::Agency;

/// How many categories 0.1 has.
pub const CATEGORIES: usize = 15;

/// The text so far, with what each id that it mentions is called.
#[derive(Default)]
pub struct Told {
    text: String,
    called: HashMap<String, String>,
}

impl Told {
    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        write!(self.text, "\n{title}\n").unwrap();
    }

    /// Adds a line to the section.
    pub fn line(&mut self, line: &str) {
        writeln!(self.text, "  {}", line.trim_end()).unwrap();
    }

    /// Says what the id of a node is called from now on. An id that has a name keeps it.
    pub fn calls(&mut self, node: &Value, name: String) {
        self.called.entry(plain(&node["id"])).or_insert(name);
    }

    /// Whether the node was told of before.
    pub fn knows(&self, node: &Value) -> bool {
        self.called.contains_key(&plain(&node["id"]))
    }

    fn ends(self) -> String {
        let mut text = self.text.trim_start().to_owned();
        for (id, name) in self.called {
            text = text.replace(&id, &name);
        }
        text
    }
}

/// Everything that the agencies of the stores see.
pub async fn all(opened: &Opened) -> String {
    let office = opened.caller("Coordination Office").await;
    let lantern = opened.caller("Lantern House Advocates").await;
    let harbor = opened.caller("Quiet Harbor Housing").await;
    let clinic = opened.caller("Riverside Clinic").await;
    let mill = opened.caller("Old Mill Shelter").await;
    let mut told = Told::default();
    // First, since reading is recorded.
    log(&mut told, opened, &[&office, &lantern, &harbor, &clinic]).await;
    agencies(&mut told, &office).await;
    suspended(&mut told, &mill).await;
    mous(&mut told, &[&lantern, &harbor]).await;
    programs::all(&mut told, opened, &harbor).await;
    rules(&mut told, &[&lantern, &harbor]).await;
    survivors(&mut told, &lantern).await;
    // Before packages are opened, since that is a disclosure.
    accounting(&mut told, &lantern, "quiet heron").await;
    consents(&mut told, &lantern, "GIVEN").await;
    consents(&mut told, &harbor, "RECEIVED").await;
    packages::referrals(&mut told, &lantern).await;
    packages::inbox(&mut told, &harbor, &["SERVICE_DELIVERY"]).await;
    let both = ["HEALTH_CARE", "LEGAL_REPRESENTATION"];
    packages::inbox(&mut told, &clinic, &both).await;
    notices(&mut told, &harbor).await;
    mandated(&mut told, &lantern).await;
    told.ends()
}

async fn log(told: &mut Told, opened: &Opened, readers: &[&Agency]) {
    told.section("The log, as each agency sees it");
    let query = "query($until: DateTime!, $after: String) { auditEvents(first: 100, after: $after, filter: { until: $until }) \
        { edges { node { type outcome } } pageInfo { hasNextPage endCursor } } }";
    for reader in readers {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut after = Value::Null;
        loop {
            let asked = json!({ "until": opened.closed_at, "after": after });
            let answer = reader.asks(query, asked).await;
            let page = &answer.data()["auditEvents"];
            for event in nodes(page) {
                let refused = if event["outcome"] == "REFUSED" {
                    " (refused)"
                } else {
                    ""
                };
                let kind = format!("{}{refused}", plain(&event["type"]));
                *counts.entry(kind).or_default() += 1;
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        told.line(&format!("{}:", reader.name));
        for (kind, count) in counts {
            told.line(&format!("{count:5} {kind}"));
        }
    }
}

async fn agencies(told: &mut Told, office: &Agency) {
    told.section("The agencies, as their coordinator sees them");
    let query = "{ agencies(first: 100) { edges { node { id name kind jurisdiction confidentialProvider status \
        memberships { role status suspensionReason } languages serviceAreas timeZone } } } }";
    for agency in oldest_first(office, query, "agencies").await {
        let name = plain(&agency["name"]);
        told.line(&format!(
            "{:9} {}{} \"{name}\" {}languages [{}] areas [{}] in {}{}",
            plain(&agency["status"]),
            plain(&agency["kind"]),
            said(" of ", &agency["jurisdiction"]),
            if agency["confidentialProvider"] == true {
                "confidential, "
            } else {
                ""
            },
            joined(&agency["languages"]),
            joined(&agency["serviceAreas"]),
            plain(&agency["timeZone"]),
            places(&agency["memberships"]),
        ));
        told.calls(&agency, name);
    }
}

/// How an agency stands in each of its task forces.
fn places(memberships: &Value) -> String {
    let places = memberships.as_array().unwrap().iter().map(|place| {
        let (role, status) = (plain(&place["role"]), plain(&place["status"]));
        format!(
            ", {role} {status}{}",
            said(": ", &place["suspensionReason"])
        )
    });
    places.collect()
}

async fn suspended(told: &mut Told, mill: &Agency) {
    let query = "{ referrals(box: INBOX) { edges { node { id } } } }";
    let answer = mill.asks(query, json!({})).await;
    told.section("A suspended agency's token");
    told.line(&format!(
        "{}: {} {}",
        mill.name,
        answer.status,
        answer.codes()
    ));
}

async fn mous(told: &mut Told, readers: &[&Agency]) {
    told.section("The MOUs");
    let query = "{ mous(first: 50) { edges { node { id version status kind title effectiveOn reviewOn expiresOn \
        categories purposes parties { agency { id } responsibilities signatory title documentSha256 } \
        terms { grants { purpose categories } purpose services confidentiality breachNoticeHours training conflictResolution terminationNoticeDays } \
        } } } }";
    for reader in readers {
        for mou in oldest_first(reader, query, "mous").await {
            if told.knows(&mou) {
                continue;
            }
            let title = plain(&mou["title"]);
            told.line(&format!(
                "\"{title}\" {} v{} {}: {} to {}{}",
                plain(&mou["kind"]),
                mou["version"],
                plain(&mou["status"]),
                plain(&mou["effectiveOn"]),
                plain(&mou["expiresOn"]),
                said(", review on ", &mou["reviewOn"]),
            ));
            told.line(&format!(
                "    covers [{}] for [{}]",
                covered(&mou["categories"]),
                joined(&mou["purposes"])
            ));
            let mut terms = mou["terms"].clone();
            is_product(&terms["grants"], &mou);
            terms.as_object_mut().unwrap().shift_remove("grants");
            told.line(&format!("    terms {}", compact(&terms)));
            let mut parties: Vec<String> = items(&mou["parties"])
                .map(|party| {
                    let signed = party["documentSha256"].as_str().map_or_else(
                        || "not signed".to_owned(),
                        |sha256| {
                            format!(
                                "signed by {}, {} ({})",
                                plain(&party["signatory"]),
                                plain(&party["title"]),
                                &sha256[..8]
                            )
                        },
                    );
                    let agency = &told.called[&plain(&party["agency"]["id"])];
                    format!(
                        "    {agency}: \"{}\" {signed}",
                        plain(&party["responsibilities"])
                    )
                })
                .collect();
            parties.sort();
            for party in &parties {
                told.line(party);
            }
            told.calls(&mou, title);
        }
    }
}

async fn rules(told: &mut Told, readers: &[&Agency]) {
    told.section("The rule packs");
    for reader in readers {
        let query = "{ rulePacks(first: 50) { edges { node { id pack fromOn untilOn maxDays citation } } } }";
        for pack in oldest_first(reader, query, "rulePacks").await {
            let until = if pack["untilOn"].is_null() {
                ""
            } else {
                ", ended"
            };
            told.line(&format!(
                "{}: {} from {}{until}{}{}",
                reader.name,
                plain(&pack["pack"]),
                plain(&pack["fromOn"]),
                said(", days ", &pack["maxDays"]),
                said(", ", &pack["citation"]),
            ));
        }
    }
}

async fn survivors(told: &mut Told, lantern: &Agency) {
    told.section("The survivors, and how they may be contacted");
    let query =
        "{ survivors(first: 50) { edges { node { id pseudonym ageGroup minorUntil language } } } }";
    let plan = "query($id: ID!) { node(id: $id) { ... on Survivor { safeContact { doNotContact channels { channel address } \
        windows { days from until } timeZone mayLeaveMessage codeWord } } } }";
    let mut survivors = oldest_first(lantern, query, "survivors").await;
    survivors.sort_by_key(|survivor| plain(&survivor["pseudonym"]));
    for survivor in survivors {
        let pseudonym = plain(&survivor["pseudonym"]);
        let age = plain(&survivor["ageGroup"]);
        let until = said(" until ", &survivor["minorUntil"]);
        let language = said(", understands ", &survivor["language"]);
        let contact = lantern.asks(plan, json!({ "id": survivor["id"] })).await;
        let contact = compact(&contact.data()["node"]["safeContact"]);
        told.line(&format!(
            "\"{pseudonym}\", {age}{until}{language}: {contact}"
        ));
        told.calls(&survivor, pseudonym);
    }
}

async fn consents(told: &mut Told, reader: &Agency, side: &str) {
    told.section(&format!("The consents that {} has {side}", reader.name));
    let query = format!(
        "{{ consents(side: {side}, first: 50) {{ edges {{ node {{ id version status survivor {{ id }} discloser {{ id }} \
         recipient {{ id }} intermediary {{ id }} grants {{ purpose categories }} categories purposes language voluntary revocable namesSubstanceUse \
         supersedes {{ id }} interpreter {{ language qualified }} signatures {{ role relation method documentSha256 }} \
         findings {{ code severity }} }} }} }} }}"
    );
    for consent in oldest_first(reader, &query, "consents").await {
        let name = format!(
            "consent {}",
            told.called
                .values()
                .filter(|name| name.starts_with("consent "))
                .count()
                + 1
        );
        told.calls(&consent, name);
        told.line(&format!(
            "{} v{}{} {}:{} {} -> {}{}",
            plain(&consent["id"]),
            consent["version"],
            said(" after ", &consent["supersedes"]["id"]),
            plain(&consent["status"]),
            said(" ", &consent["survivor"]["id"]),
            plain(&consent["discloser"]["id"]),
            plain(&consent["recipient"]["id"]),
            said(" through ", &consent["intermediary"]["id"]),
        ));
        told.line(&format!(
            "    [{}] for [{}] in {}{}",
            covered(&consent["categories"]),
            joined(&consent["purposes"]),
            plain(&consent["language"]),
            said(", interpreted into ", &consent["interpreter"]["language"]),
        ));
        is_product(&consent["grants"], &consent);
        if side == "RECEIVED" {
            continue;
        }
        told.line(&format!(
            "    voluntary {}, revocable {}, names substance use {}",
            consent["voluntary"], consent["revocable"], consent["namesSubstanceUse"]
        ));
        let mut signed: Vec<String> = items(&consent["signatures"])
            .map(|one| {
                format!(
                    "{}{} on {}",
                    plain(&one["role"]),
                    said(", ", &one["relation"]),
                    plain(&one["method"])
                )
            })
            .collect();
        signed.sort();
        told.line(&format!("    signed by [{}]", signed.join("; ")));
        let lacks: Vec<String> = items(&consent["findings"])
            .map(|one| format!("{} {}", plain(&one["severity"]), plain(&one["code"])))
            .collect();
        told.line(&format!("    lacks [{}]", lacks.join(", ")));
        let paper = programs::paper(reader, &plain(&consent["id"])).await;
        told.line(&format!("    paper: {paper}"));
    }
}

async fn notices(told: &mut Told, harbor: &Agency) {
    told.section(&format!("The notices to {}", harbor.name));
    let query = "{ notices(first: 50) { edges { node { id kind object seenAt } } } }";
    for notice in oldest_first(harbor, query, "notices").await {
        let seen = if notice["seenAt"].is_null() {
            "not seen"
        } else {
            "seen"
        };
        told.line(&format!(
            "{} {}, {seen}",
            plain(&notice["kind"]),
            plain(&notice["object"])
        ));
    }
}

async fn mandated(told: &mut Told, lantern: &Agency) {
    told.section("What a statute or a court's order demanded");
    let query = "{ mandatedDisclosures(first: 50) { edges { node { survivor { id } instrument issuingAuthority citation \
        recipient { id } recipientOutside { kind name } orderedCategories categories purposes \
        attempts { channel result } noNotice protectiveSteps noProtection } } } }";
    for mut disclosure in oldest_first(lantern, query, "mandatedDisclosures").await {
        let whose = disclosure.as_object_mut().unwrap();
        let (survivor, recipient) = (whose.remove("survivor"), whose.remove("recipient"));
        let survivor = plain(&survivor.unwrap()["id"]);
        let recipient = said(" to ", &recipient.unwrap()["id"]);
        told.line(&format!(
            "of {survivor}{recipient}: {}",
            compact(&disclosure)
        ));
    }
}

async fn accounting(told: &mut Told, lantern: &Agency, pseudonym: &str) {
    told.section(&format!("Who was told what of \"{pseudonym}\""));
    let query = "query($id: ID!) { node(id: $id) { ... on Survivor { accounting(first: 50) { edges { node { \
        recipient { id } categories purpose consent referral mandate } } } } } }";
    let known = told.called.iter().find(|(_, name)| *name == pseudonym);
    let id = known.unwrap().0.clone();
    let answer = lantern.asks(query, json!({ "id": id })).await;
    for one in nodes(&answer.data()["node"]["accounting"]).rev() {
        let ground = if one["mandate"].is_null() {
            plain(&one["consent"])
        } else {
            "a mandate".to_owned()
        };
        told.line(&format!(
            "{} [{}]{} on {ground}{}",
            plain(&one["recipient"]["id"]),
            covered(&one["categories"]),
            said(" for ", &one["purpose"]),
            said(", ", &one["referral"]),
        ));
    }
}

/// The nodes of a list, the oldest first.
pub async fn oldest_first(reader: &Agency, query: &str, list: &str) -> Vec<Value> {
    let answer = reader.asks(query, json!({})).await;
    nodes(&answer.data()[list]).rev().cloned().collect()
}

/// The nodes of a page.
fn nodes(page: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    items(&page["edges"]).map(|edge| &edge["node"])
}

/// The entries of a list.
pub fn items(list: &Value) -> std::slice::Iter<'_, Value> {
    list.as_array().unwrap().iter()
}

/// The entries of a list of texts, in a row.
pub fn joined(list: &Value) -> String {
    items(list).map(plain).collect::<Vec<_>>().join(", ")
}

/// A list of categories, in a row.
pub fn covered(list: &Value) -> String {
    if items(list).len() == CATEGORIES {
        "every category".to_owned()
    } else {
        joined(list)
    }
}

/// What 0.1 knew of no pairs meant every category for every purpose.
fn is_product(grants: &Value, of: &Value) {
    let purposes: Vec<&Value> = items(grants).map(|grant| &grant["purpose"]).collect();
    assert_eq!(purposes, items(&of["purposes"]).collect::<Vec<_>>());
    for grant in items(grants) {
        assert_eq!(grant["categories"], of["categories"], "{of}");
    }
}

/// A text with these words before it; nothing where there is none.
pub fn said(words: &str, value: &Value) -> String {
    if value.is_null() {
        String::new()
    } else {
        format!("{words}{}", plain(value))
    }
}

/// A text in which every character can be seen; anything else as JSON.
pub fn plain(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        return value.to_string();
    };
    let shown = |letter: char| {
        if letter == ' ' || letter.is_ascii_graphic() {
            letter.to_string()
        } else {
            letter.escape_unicode().to_string()
        }
    };
    text.chars().map(shown).collect()
}

/// An object's fields in their order, those without a value left out.
pub fn compact(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let shown = fields.iter().filter(|(_, value)| !value.is_null());
            let shown = shown.map(|(name, value)| format!("{name}: {}", compact(value)));
            format!("{{ {} }}", shown.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            let shown = list.iter().map(compact);
            format!("[{}]", shown.collect::<Vec<_>>().join(", "))
        }
        Value::String(_) => format!("\"{}\"", plain(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
