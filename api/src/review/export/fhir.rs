//! Events as FHIR R4 `AuditEvent`, a line of JSON each; what discloses, after the pattern of a privacy disclosure in IHE's Basic
//! Audit Log Patterns (BALP). Every reference is by an identifier of the log's: none leads to a resource of a person.

use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::{AuditAction, AuditOutcome, Categories, Code};
use serde::Serialize;
use serde_json::Value;

use super::event::ExportedEvent;
use crate::audit::leaf::Leaf;

/// The kinds of events of DICOM, and of roles.
const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
/// The kinds of events of FHIR.
const EVENT: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
/// What becomes of a record in its life.
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
/// The kinds of what an event is about.
const ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
/// How somebody takes part.
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// The parts that it has in the event.
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// Returns the system of codes or identifiers of ours.
fn ours(what: &str) -> String {
    format!("urn:concord:{what}")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditEventResource {
    resource_type: &'static str,
    id: String,
    #[serde(rename = "type")]
    kind: Coding,
    subtype: Vec<Coding>,
    action: &'static str,
    recorded: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_desc: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    purpose_of_event: Vec<Concept>,
    agent: Vec<AgentPart>,
    source: SourcePart,
    entity: Vec<EntityPart>,
}

#[derive(Serialize)]
struct Coding {
    system: String,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'static str>,
}

#[derive(Serialize)]
struct Concept {
    coding: Vec<Coding>,
}

#[derive(Serialize)]
struct ByIdentifier {
    identifier: FhirIdentifier,
}

#[derive(Serialize)]
struct FhirIdentifier {
    system: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentPart {
    #[serde(rename = "type")]
    kind: Concept,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<ByIdentifier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    requestor: bool,
}

#[derive(Serialize)]
struct SourcePart {
    observer: ByIdentifier,
}

#[derive(Serialize)]
struct EntityPart {
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<ByIdentifier>,
    #[serde(rename = "type")]
    kind: Coding,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Coding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detail: Vec<DetailPart>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailPart {
    #[serde(rename = "type")]
    kind: &'static str,
    value_string: String,
}

/// Returns a line for each event of the log with this name.
///
/// # Errors
/// What the writer says.
pub(super) fn lines(events: &[ExportedEvent], origin: &str) -> serde_json::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, &resource(event, origin))?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Returns an event as JSON.
///
/// # Errors
/// What the writer says.
pub fn json(event: &ExportedEvent, origin: &str) -> serde_json::Result<Value> {
    serde_json::to_value(resource(event, origin))
}

fn resource(event: &ExportedEvent, origin: &str) -> AuditEventResource {
    let leaf = &event.leaf;
    let reason = leaf.reason.clone().filter(|reason| !reason.is_empty());
    AuditEventResource {
        resource_type: "AuditEvent",
        id: leaf.id.0.to_string(),
        kind: kind(leaf),
        subtype: subtypes(leaf),
        action: leaf.action.code(),
        recorded: leaf.recorded_at.in_full().to_string(),
        outcome: outcome(leaf.outcome),
        outcome_desc: reason,
        purpose_of_event: leaf
            .purpose
            .map(|purpose| concept(coding(ours("purpose"), purpose.code(), None)))
            .into_iter()
            .collect(),
        agent: agents(leaf),
        source: SourcePart {
            observer: ByIdentifier {
                identifier: identifier("log", origin.to_owned()),
            },
        },
        entity: entities(event),
    }
}

fn coding(system: String, code: &str, display: Option<&'static str>) -> Coding {
    Coding {
        system,
        code: code.to_owned(),
        display,
    }
}

fn concept(coding: Coding) -> Concept {
    Concept {
        coding: vec![coding],
    }
}

/// Returns a reference by an identifier; none where nobody is known, such as by whom a stranger calls itself.
fn by(system: &str, value: &impl ToString) -> Option<ByIdentifier> {
    let identifier = identifier(system, value.to_string());
    (!identifier.value.is_empty()).then_some(ByIdentifier { identifier })
}

fn identifier(system: &str, value: String) -> FhirIdentifier {
    FhirIdentifier {
        system: ours(system),
        value,
    }
}

/// Returns whether something of a person was told.
fn discloses(leaf: &Leaf) -> bool {
    leaf.disclosed_under().is_some()
}

fn kind(leaf: &Leaf) -> Coding {
    if discloses(leaf) {
        coding(DCM.to_owned(), "110106", Some("Export"))
    } else {
        coding(EVENT.to_owned(), "rest", Some("RESTful Operation"))
    }
}

fn subtypes(leaf: &Leaf) -> Vec<Coding> {
    let disclosed = discloses(leaf).then(|| {
        let display = Some("Disclose Record Lifecycle Event");
        coding(LIFECYCLE.to_owned(), "disclose", display)
    });
    let own = coding(ours("audit-type"), leaf.kind.code(), None);
    disclosed.into_iter().chain([own]).collect()
}

/// Returns the number of FHIR's `audit-event-outcome`: what was refused failed by its asker's fault, and nothing else does.
fn outcome(outcome: AuditOutcome) -> &'static str {
    match outcome {
        AuditOutcome::Success => "0",
        AuditOutcome::Refused => "4",
    }
}

/// Returns who had a part: who told, who was told, whose act it was, and who acted.
fn agents(leaf: &Leaf) -> Vec<AgentPart> {
    let agency = |kind: Coding, id: AgencyId| AgentPart {
        kind: concept(kind),
        who: by("agency", &id),
        alt_id: None,
        name: None,
        requestor: false,
    };
    let dicom = |code, display| coding(DCM.to_owned(), code, Some(display));
    let takes_part = |code, display| coding(PARTICIPATION.to_owned(), code, Some(display));
    let source = leaf.discloser;
    let source = source.map(|id| agency(dicom("110153", "Source Role ID"), id));
    let told = leaf.recipient;
    let told = told.map(|id| agency(dicom("110152", "Destination Role ID"), id));
    let acted = leaf.agency;
    let acted = acted.map(|id| agency(takes_part("RESP", "responsible party"), id));
    let part = match leaf.action {
        AuditAction::Read => takes_part("IRCP", "information recipient"),
        AuditAction::Create | AuditAction::Update | AuditAction::Delete | AuditAction::Execute => {
            takes_part("AUT", "author (originator)")
        }
    };
    let user = AgentPart {
        kind: concept(part),
        who: by("subject", &leaf.subject),
        alt_id: Some(leaf.client.clone()).filter(|client| !client.is_empty()),
        name: leaf.operator.clone(),
        requestor: true,
    };
    let agencies = [source, told, acted].into_iter().flatten();
    agencies.chain([user]).collect()
}

/// Returns what it was about: the person by the log's own id, records, what it stood on, and the request.
fn entities(event: &ExportedEvent) -> Vec<EntityPart> {
    let leaf = &event.leaf;
    let person = leaf.survivor.map(|id| EntityPart {
        what: by("survivor-in-log", &id),
        kind: coding(ENTITY.to_owned(), "1", Some("Person")),
        role: Some(coding(ROLE.to_owned(), "1", Some("Patient"))),
        detail: Vec::new(),
    });
    let record = |id: &String| EntityPart {
        what: by("record", id),
        kind: coding(ENTITY.to_owned(), "2", Some("System Object")),
        role: Some(coding(ROLE.to_owned(), "4", Some("Domain Resource"))),
        detail: Vec::new(),
    };
    let told = leaf.categories.map(Categories::iter).into_iter().flatten();
    let told: Vec<_> = told
        .map(|one| detail("category", one.code().to_owned()))
        .collect();
    let object = leaf.object.as_ref().map(|id| EntityPart {
        detail: told,
        ..record(id)
    });
    let ground = |system: &str, id: String, version: Option<i32>| EntityPart {
        what: by(system, &id),
        kind: coding(ENTITY.to_owned(), "2", Some("System Object")),
        role: Some(coding(ROLE.to_owned(), "5", Some("Master file"))),
        detail: version
            .map(|version| detail("version", version.to_string()))
            .into_iter()
            .collect(),
    };
    let consent = leaf.consent;
    let consent = consent.map(|id| ground("consent", id.to_string(), leaf.consent_version));
    let mou = leaf
        .mou
        .map(|id| ground("mou", id.to_string(), leaf.mou_version));
    person
        .into_iter()
        .chain(object)
        .chain(leaf.objects.iter().map(record))
        .chain(consent)
        .chain(mou)
        .chain([request(event)])
        .collect()
}

/// Returns the request, with what else the log has of it.
fn request(event: &ExportedEvent) -> EntityPart {
    let leaf = &event.leaf;
    let details = [
        ("event", Some(leaf.id.to_string())),
        ("index", event.index.map(|index| index.to_string())),
        ("leafHash", Some(event.leaf_hash.clone())),
        ("count", leaf.count.map(|count| count.to_string())),
        ("program", leaf.program.clone()),
        ("tokenId", leaf.token.clone()),
        ("taskForce", leaf.task_force.map(|id| id.to_string())),
        ("operation", leaf.operation.clone()),
        ("document", leaf.document.clone()),
        ("clientRequestId", leaf.client_request.clone()),
        ("traceId", leaf.trace.clone()),
    ];
    EntityPart {
        what: by("request", &leaf.request),
        kind: coding(ENTITY.to_owned(), "4", Some("Other")),
        role: Some(coding(ROLE.to_owned(), "24", Some("Query"))),
        detail: details
            .into_iter()
            .filter_map(|(kind, value)| {
                let value = value.filter(|value| !value.is_empty())?;
                Some(detail(kind, value))
            })
            .collect(),
    }
}

fn detail(kind: &'static str, value_string: String) -> DetailPart {
    DetailPart { kind, value_string }
}
