//! A list that goes in is a set: an entry twice is an entry once, and none is refused where one is needed.

mod agreements;

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{InputType, Value as InputValue};
use aws_lc_rs::digest::{SHA256, digest};
use concord::error::Faults;
use concord::referral::package::Contents;
use concord_entities::vocabulary::Code;
use concord_entities::vocabulary::DataCategory::{self, Identity};
use serde_json::{Value, json};

use crate::contact::story::plan;
use crate::contract::schema::everything_that_goes_in;
use crate::legal_hold::story::{hold, records};
use crate::mandated_disclosure::story::disclosure;
use crate::world::agency::{day, good_consent};
use crate::world::{Agency, World, on_both};

/// What was seen of each list that goes in.
#[derive(Default)]
struct Lists {
    seen: BTreeMap<String, &'static str>,
    calls: usize,
}

impl Lists {
    /// Sends a good call, then with the list at `pointer` empty, and then with each of its entries twice. The variables are
    /// called as the arguments, and a `#` in them is another number each time. What stands at `shown` of the data is the same,
    /// however often an entry was named.
    async fn tries(&mut self, caller: &Agency, name: &str, call: Call<'_>, shown: &str) {
        let Call {
            document,
            variables,
            pointer,
        } = call;
        let once = self.sends(caller, document, variables.clone()).await;
        let once = once.data().pointer(shown).cloned();

        let mut without = variables.clone();
        *without.pointer_mut(pointer).unwrap() = json!([]);
        let without = self.sends(caller, document, without).await;
        let said = if without.codes().is_empty() {
            "none means none"
        } else {
            without.is_refused_for(&place(pointer));
            "none is refused"
        };

        let mut twice = variables;
        let entries = twice.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
        assert!(!entries.is_empty(), "{name}");
        entries.extend(entries.clone());
        let twice = self.sends(caller, document, twice).await;
        assert!(once.is_some(), "{name} is not shown at {shown}");
        assert_eq!(twice.data().pointer(shown), once.as_ref(), "{name}");
        self.saw(name, said);
    }

    async fn sends(
        &mut self,
        caller: &Agency,
        document: &str,
        variables: Value,
    ) -> crate::world::Answer {
        self.calls += 1;
        let numbered = variables.to_string().replace('#', &self.calls.to_string());
        let variables = serde_json::from_str(&numbered).unwrap();
        caller.asks(document, variables).await
    }

    fn saw(&mut self, name: &str, said: &'static str) {
        let before = self.seen.insert(name.to_owned(), said);
        assert!(before.is_none_or(|before| before == said), "{name}: {said}");
    }
}

/// A good call, and where in its variables a list stands.
struct Call<'a> {
    document: &'a str,
    variables: Value,
    pointer: &'a str,
}

/// Where a pointer into the variables leads, as a refusal names it.
fn place(pointer: &str) -> String {
    let steps = pointer.trim_start_matches('/').split('/');
    let place: String = steps
        .map(|step| match step.parse::<usize>() {
            Ok(index) => format!("[{index}]"),
            Err(_) => format!(".{step}"),
        })
        .collect();
    place.trim_start_matches('.').to_owned()
}

on_both!(a_list_that_goes_in_is_a_set);
async fn a_list_that_goes_in_is_a_set(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let mut lists = Lists::default();
    directory(&mut lists, &world, &north).await;
    agreements::agreements(&mut lists, &world.task_force.to_string(), [&north, &south]).await;
    survivors(&mut lists, &north, &south).await;
    referrals(&mut lists, &north, &south).await;

    // Records are found one by one, in the order in which they are named: no set.
    let id = north.id.to_string();
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let twice = north.asks(nodes, json!({ "ids": [id, id] })).await;
    assert_eq!(twice.data()["nodes"], json!([{ "id": id }, { "id": id }]));
    let none = north.asks(nodes, json!({ "ids": [] })).await;
    none.is_refused_for("ids");
    lists.saw("Query.nodes(ids:)", "none is refused; each is answered");

    let told: Vec<String> = lists
        .seen
        .iter()
        .map(|(name, said)| format!("{name}: {said}"))
        .collect();
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        snapshot_path => ".",
        omit_expression => true,
    }, {
        insta::assert_snapshot!("lists", told.join("\n"));
    });
    let served = served();
    let names: BTreeSet<&String> = served.keys().collect();
    assert_eq!(names, lists.seen.keys().collect());
    for (name, said) in lists.seen {
        let needs = ["at least ", "1 to "];
        let is_told = needs.iter().any(|needs| served[&name].contains(needs));
        assert!(
            !said.contains("refused") || is_told,
            "{name} does not say so"
        );
    }
}

/// Every list that goes in, with its description.
fn served() -> BTreeMap<String, String> {
    everything_that_goes_in()
        .into_iter()
        .filter(|(_, value)| value.ty.node.to_string().starts_with('['))
        .map(|(at, value)| (at, value.description.unwrap().node.to_lowercase()))
        .collect()
}

async fn directory(lists: &mut Lists, world: &World, north: &Agency) {
    let coordinator = world.coordinator();
    let document = "mutation($agency: AgencyInput!) { registerAgency(agency: $agency) { languages serviceAreas } }";
    let agency = json!({ "agency": {
        "taskForce": world.task_force.to_string(), "name": "number #", "kind": "OTHER",
        "languages": ["es", "quc"], "serviceAreas": ["Harris County"],
    } });
    for (name, pointer, shown) in [
        (
            "AgencyInput.languages",
            "/agency/languages",
            "/registerAgency/languages",
        ),
        (
            "AgencyInput.serviceAreas",
            "/agency/serviceAreas",
            "/registerAgency/serviceAreas",
        ),
    ] {
        let call = Call {
            document,
            variables: agency.clone(),
            pointer,
        };
        lists.tries(&coordinator, name, call, shown).await;
    }

    let document =
        "query($filter: AgencyFilter!) { agencies(filter: $filter) { edges { node { id } } } }";
    for (name, field, codes) in [
        ("AgencyFilter.kinds", "kinds", ["LAW_ENFORCEMENT", "OTHER"]),
        ("AgencyFilter.statuses", "statuses", ["ACTIVE", "SUSPENDED"]),
    ] {
        let variables = json!({ "filter": { field: codes } });
        let pointer = &format!("/filter/{field}");
        let call = Call {
            document,
            variables,
            pointer,
        };
        lists.tries(north, name, call, "/agencies/edges").await;
    }

    let document =
        "query($filter: AuditFilter!) { auditEvents(filter: $filter) { edges { node { id } } } }";
    let variables = json!({ "filter": { "types": ["AGENCY_REGISTERED"] } });
    let call = Call {
        document,
        variables,
        pointer: "/filter/types",
    };
    lists
        .tries(
            &coordinator,
            "AuditFilter.types",
            call,
            "/auditEvents/edges",
        )
        .await;

    let document = "mutation($application: ApplicationInput!) { \
        registerApplication(application: $application) { application { id scopes name allowedOrigins } } }";
    let key = crate::applications::public_key().0;
    let variables = json!({ "application": {
        "name": "x", "scopes": ["referral.r", "agency.r"], "keys": [key], "allowedOrigins": ["https://desk.example"],
    } });
    for (name, pointer, shown) in [
        (
            "ApplicationInput.allowedOrigins",
            "/application/allowedOrigins",
            "allowedOrigins",
        ),
        ("ApplicationInput.scopes", "/application/scopes", "scopes"),
        ("ApplicationInput.keys", "/application/keys", "name"),
    ] {
        let shown = format!("/registerApplication/application/{shown}");
        let call = Call {
            document,
            variables: variables.clone(),
            pointer,
        };
        lists.tries(north, name, call, &shown).await;
    }
    let registered = north.asks(document, variables).await;
    let id = &registered.data()["registerApplication"]["application"]["id"];
    let document = "mutation($id: ID!, $keys: [String!]!) { replaceApplicationKeys(id: $id, keys: $keys) { id } }";
    let variables = json!({ "id": id, "keys": [key] });
    let name = "Mutation.replaceApplicationKeys(keys:)";
    let call = Call {
        document,
        variables,
        pointer: "/keys",
    };
    lists
        .tries(north, name, call, "/replaceApplicationKeys/id")
        .await;

    let [kept, gone] = ["{ viewer { subject } }", "{ viewer { client } }"];
    let hash = |text: &str| hex::encode(digest(&SHA256, text.as_bytes()));
    for (field, argument, ty, entries, shown) in [
        (
            "replaceApplicationOrigins",
            "allowedOrigins",
            "String",
            json!(["https://desk.example"]),
            "allowedOrigins",
        ),
        (
            "addTrustedDocuments",
            "documents",
            "String",
            json!([kept, gone]),
            "trustedDocuments",
        ),
        (
            "removeTrustedDocuments",
            "hashes",
            "Sha256",
            json!([hash(gone)]),
            "trustedDocuments",
        ),
    ] {
        let document = format!(
            "mutation($id: ID!, ${argument}: [{ty}!]!) {{ {field}(id: $id, {argument}: ${argument}) {{ {shown} }} }}"
        );
        let call = Call {
            document: &document,
            variables: json!({ "id": id, argument: entries }),
            pointer: &format!("/{argument}"),
        };
        let name = format!("Mutation.{field}({argument}:)");
        let shown = format!("/{field}/{shown}");
        lists.tries(north, &name, call, &shown).await;
    }
}

async fn survivors(lists: &mut Lists, north: &Agency, south: &Agency) {
    let ada = north.registers("Ada").await;
    let document = "mutation($consent: ConsentInput!) { draftConsent(consent: $consent) { grants { purpose categories } \
        findings { rule } } }";
    let variables = json!({ "consent": good_consent(&ada, south, &[Identity]) });
    for (name, pointer, shown) in [
        (
            "ConsentInput.grants",
            "/consent/grants",
            "/draftConsent/grants",
        ),
        (
            "GrantInput.categories",
            "/consent/grants/0/categories",
            "/draftConsent/grants",
        ),
        // What was not explained is a finding.
        (
            "ConsentInput.explained",
            "/consent/explained",
            "/draftConsent/findings",
        ),
    ] {
        let call = Call {
            document,
            variables: variables.clone(),
            pointer,
        };
        lists.tries(north, name, call, shown).await;
    }

    let shown =
        "orderedCategories categories purposes attempts { at channel result } protectiveSteps";
    let document = format!(
        "mutation($disclosure: MandatedDisclosureInput!) {{ recordMandatedDisclosure(disclosure: $disclosure) {{ {shown} }} }}"
    );
    let mut told = disclosure(&ada, south);
    told["idempotencyKey"] = Value::Null;
    for field in [
        "orderedCategories",
        "categories",
        "purposes",
        "attempts",
        "protectiveSteps",
    ] {
        let name = format!("MandatedDisclosureInput.{field}");
        let pointer = &format!("/disclosure/{field}");
        let shown = format!("/recordMandatedDisclosure/{field}");
        let call = Call {
            document: &document,
            variables: json!({ "disclosure": told }),
            pointer,
        };
        lists.tries(north, &name, call, &shown).await;
    }

    let document = "mutation($survivor: ID!, $plan: SafeContactInput!) { setSafeContact(survivor: $survivor, plan: $plan) { \
        safeContact { channels { channel address } windows { days from until } } } }";
    let variables = json!({ "survivor": ada, "plan": plan(&["MONDAY", "FRIDAY"]) });
    for (name, pointer, shown) in [
        ("SafeContactInput.channels", "/plan/channels", "channels"),
        ("SafeContactInput.windows", "/plan/windows", "windows"),
        ("ContactWindowInput.days", "/plan/windows/0/days", "windows"),
    ] {
        let shown = format!("/setSafeContact/safeContact/{shown}");
        let call = Call {
            document,
            variables: variables.clone(),
            pointer,
        };
        lists.tries(north, name, call, &shown).await;
    }

    let erase = "mutation($id: ID!, $holds: [ID!]) { eraseSurvivor(id: $id, confirmLegalHolds: $holds) { erasedAt } }";
    let held = records(north, &hold(&ada)).await;
    let without = north.asks(erase, json!({ "id": ada, "holds": [] })).await;
    assert_eq!(without.codes(), "LEGAL_HOLD");
    let twice = north
        .asks(erase, json!({ "id": ada, "holds": [held, held] }))
        .await;
    twice.data();
    let bea = north.registers("Bea").await;
    north
        .asks(erase, json!({ "id": bea, "holds": [] }))
        .await
        .data();
    lists.saw(
        "Mutation.eraseSurvivor(confirmLegalHolds:)",
        "none means none",
    );
}

/// A package with every list that one may have.
fn package() -> Value {
    json!({
        "identity": { "otherNames": ["x"] }, "demographics": { "nationalities": ["GT", "MX"] },
        "language": { "others": ["es", "quc"] }, "safety": { "threats": ["x"] },
        "exploitation": { "actions": ["RECRUITS"], "means": ["FORCE"], "purposes": ["SEXUAL_EXPLOITATION"] },
        "medical": { "conditions": ["x"], "medications": ["x"], "allergies": ["x"] },
        "substanceUse": { "substances": ["x"] }, "immigration": { "reliefSought": ["x"] },
        "legal": { "matters": ["x"] }, "financial": { "debts": ["x"] },
    })
}

/// The input's type for a field of the package.
fn shape(field: &str) -> String {
    let (initial, rest) = field.split_at(1);
    format!("{}{rest}Input", initial.to_uppercase())
}

async fn referrals(lists: &mut Lists, north: &Agency, south: &Agency) {
    let cat = north.registers("Cat").await;
    let consent = north.consents(&cat, south, DataCategory::ALL).await;
    north.signs(&consent).await.data();
    let document =
        "mutation($referral: ReferralInput!) { draftReferral(referral: $referral) { id needs } }";
    let referral = json!({
        "consent": consent, "needs": ["HOUSING", "LEGAL"], "urgency": "URGENT", "package": package(), "again": true,
    });
    let variables = json!({ "referral": referral });
    let call = Call {
        document,
        variables: variables.clone(),
        pointer: "/referral/needs",
    };
    lists
        .tries(north, "ReferralInput.needs", call, "/draftReferral/needs")
        .await;
    for (field, inner) in package().as_object().unwrap() {
        for list in inner.as_object().unwrap().keys() {
            let name = format!("{}.{list}", shape(field));
            let pointer = &format!("/referral/package/{field}/{list}");
            let call = Call {
                document,
                variables: variables.clone(),
                pointer,
            };
            lists
                .tries(north, &name, call, "/draftReferral/needs")
                .await;
        }
    }
    let drafted = north.asks(document, variables).await;
    let id = &drafted.data()["draftReferral"]["id"];
    let document = "mutation($id: ID!, $referral: ReferralDraftInput!) { editReferralDraft(id: $id, referral: $referral) { needs } }";
    let variables = json!({ "id": id, "referral": referral });
    let call = Call {
        document,
        variables,
        pointer: "/referral/needs",
    };
    lists
        .tries(
            north,
            "ReferralDraftInput.needs",
            call,
            "/editReferralDraft/needs",
        )
        .await;

    let document = "query($filter: ReferralFilter!) { referrals(box: OUTBOX, filter: $filter, first: 5) { edges { node { id } } } }";
    for (field, code) in [
        ("statuses", "DRAFT"),
        ("urgencies", "URGENT"),
        ("needs", "LEGAL"),
    ] {
        let name = format!("ReferralFilter.{field}");
        let pointer = &format!("/filter/{field}");
        let call = Call {
            document,
            variables: json!({ "filter": { field: [code] } }),
            pointer,
        };
        lists.tries(north, &name, call, "/referrals/edges").await;
    }

    let document = "query($filter: ConsentFilter!) { consents(side: GIVEN, filter: $filter, first: 5) { edges { node { id } } } }";
    let call = Call {
        document,
        variables: json!({ "filter": { "statuses": ["ACTIVE"] } }),
        pointer: "/filter/statuses",
    };
    lists
        .tries(north, "ConsentFilter.statuses", call, "/consents/edges")
        .await;

    let ada = north.refers("Dora").to(south).sharing([Identity]).await;
    let agencies = north.lists("agencies(first: 100)", "id").await;
    let known = [north.id.to_string(), south.id.to_string()];
    let third = agencies
        .iter()
        .map(|agency| agency["id"].as_str().unwrap())
        .find(|id| !known.contains(&(*id).to_owned()));
    let from = json!({
        "from": ada.consent, "recipient": third.unwrap(), "expiresAt": format!("{}T00:00:00Z", day(30)),
        "explained": ["WHO", "WHAT"],
    });
    let document = "mutation($consent: ConsentFromInput!) { draftConsentFrom(consent: $consent) { findings { rule } } }";
    let call = Call {
        document,
        variables: json!({ "consent": from }),
        pointer: "/consent/explained",
    };
    let shown = "/draftConsentFrom/findings";
    lists
        .tries(north, "ConsentFromInput.explained", call, shown)
        .await;
    south.does("acceptReferral", &ada).await.data();
    let completed =
        json!({ "id": ada.referral, "outcome": { "code": "SURVIVOR_ENDED", "provided": [] } });
    let complete = "mutation($id: ID!, $outcome: OutcomeInput!) { completeReferral(id: $id, outcome: $outcome) { id } }";
    south.asks(complete, completed).await.data();
    let document = "mutation($id: ID!, $outcome: OutcomeInput!) { \
        correctReferralOutcome(id: $id, outcome: $outcome) { outcome { further } } }";
    let outcome = json!({ "code": "SURVIVOR_ENDED", "provided": ["LEGAL"] });
    let variables = json!({ "id": ada.referral, "outcome": outcome });
    let call = Call {
        document,
        variables,
        pointer: "/outcome/provided",
    };
    let shown = "/correctReferralOutcome/outcome/further";
    lists
        .tries(south, "OutcomeInput.provided", call, shown)
        .await;
}

#[test]
fn a_package_is_kept_with_each_entry_of_a_list_once() {
    let mut twice = package();
    let mut lists = 0;
    for inner in twice.as_object_mut().unwrap().values_mut() {
        for list in inner.as_object_mut().unwrap().values_mut() {
            let entries = list.as_array_mut().unwrap();
            entries.extend(entries.clone());
            lists += 1;
        }
    }
    assert_eq!(lists, 14);
    let kept = |package: Value| {
        let value = InputValue::from_json(package).unwrap();
        let mut contents = Contents::parse(Some(value)).unwrap_or_else(|_| panic!("no package"));
        let mut faults = Faults::default();
        contents.tidy("package", concord::clock::now().day(), &mut faults);
        assert_eq!(faults.found(), None);
        contents.to_value()
    };
    assert_eq!(kept(twice), kept(package()));
}
