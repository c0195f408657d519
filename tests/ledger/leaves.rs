//! The leaf of every event, byte for byte: a log that was written by any release is verified by every later one.
//!
//! The leaves of the second version are `ledger/leaves.snap`, those of the first, which no release writes any more,
//! `ledger/leaves_1.txt`. A line of them may be added and never changed: what is hashed cannot be written anew.

use std::collections::BTreeSet;
use std::fmt::Write;

use concord::audit::event::{
    Agent, ConsentDocumentEvent, ConsentEvent, Event, IssuerEvent, MembershipEvent, MouEvent,
    NoteEvent, PartnershipEvent, ReferralEvent, RefusedAlike, RequestMeta, RulePackEvent,
    SubjectEvent, TrustedDocumentsEvent,
};
use concord::audit::leaf::Leaf;
use concord::audit::tree::Digest;
use concord::seal::envelope::KekId;
use concord::sharing::Ground;
use concord_entities::ids::{
    AgencyId, ApplicationId, AuditEventId, AuditReviewId, ConsentId, IssuerId, LegalHoldId,
    MandateId, MouCalendarId, MouId, NoticeId, PartnershipId, ReferralId, ReferralNoteId,
    RulePackId, SurvivorAuditId, TaskForceId,
};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    AuditType, Categories, Code, DataCategory, FlagNote, LegalHoldGround, MandateInstrument, Pack,
    PartnershipStep, Purpose, ReviewConclusion, VettingAttribute,
};
use uuid::Uuid;

const ACTOR: AgencyId = AgencyId(id(1));
const OTHER: AgencyId = AgencyId(id(2));
const CONSENT: ConsentId = ConsentId(id(3));
const REFERRAL: ReferralId = ReferralId(id(4));
const MOU: MouId = MouId(id(5));
const SURVIVOR: SurvivorAuditId = SurvivorAuditId(id(6));
const TOKEN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

const fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// Something of every kind, and of the kinds whose fields depend on what happened, each case.
fn events() -> Vec<Event> {
    let mut events = registrations();
    events.extend(people());
    events.extend(agreements());
    events.extend(reads());
    events.extend(tokens());
    events.extend(legal_holds());
    events.push(Event::KekRotated {
        kek: KekId::from_bytes(&[0x6b; 8]).unwrap(),
        wrappings: 12,
    });
    events.extend(stores());
    events.push(Event::AgencyTimeZoneSet {
        agency: OTHER,
        zone: "America/New_York".to_owned(),
    });
    let reviewed = |reason: Option<&str>| ConsentEvent {
        id: CONSENT,
        version: 2,
        survivor: SURVIVOR,
        recipient: Some(OTHER),
        reason: reason.map(str::to_owned),
    };
    events.push(Event::TaskForceTimeZoneSet {
        task_force: TaskForceId(id(9)),
        zone: "Asia/Manila".to_owned(),
    });
    events.push(Event::ConsentSuspensionSet(reviewed(Some("NOT_VOLUNTARY"))));
    events.push(Event::ConsentSuspensionLifted(reviewed(None)));
    events.push(Event::ConsentObjectedTo(reviewed(None)));
    events.push(Event::ClientRefused(attempts("wrong_secret", Some(4711))));
    let somebody_else = || SubjectEvent {
        subject: "another \"person\"".to_owned(),
        agency: ACTOR,
    };
    events.push(Event::SubjectEnded(somebody_else()));
    events.push(Event::SubjectReinstated(somebody_else()));
    events.push(Event::IssuerReinstated(IssuerEvent {
        id: IssuerId(id(8)),
        agency: OTHER,
    }));
    let application = ApplicationId(id(7));
    events.push(Event::ApplicationOriginsReplaced(application));
    let documents = || TrustedDocumentsEvent {
        application,
        list: "ab".repeat(32),
    };
    events.push(Event::TrustedDocumentsAdded(documents()));
    events.push(Event::TrustedDocumentsRemoved(documents()));
    events.push(Event::TrustedDocumentsLifted(application));
    events.push(Event::AgencyAnswerDaysSet {
        agency: ACTOR,
        days: 14,
    });
    let unanswered = || ReferralEvent::of(REFERRAL, OTHER);
    events.push(Event::ReferralExpires(unanswered()));
    events.push(Event::ReferralExpired(unanswered()));
    events.extend(steps());
    events.push(Event::NoticeSeen(NoticeId(id(12))));
    let note = |counterpart| NoteEvent {
        id: ReferralNoteId(id(13)),
        referral: REFERRAL,
        counterpart,
    };
    events.push(Event::ReferralNoteAdded(note(Some(OTHER))));
    events.push(Event::ReferralNoteKept(note(None)));
    events.push(Event::ReferralNoteAttached(note(Some(OTHER))));
    events.push(Event::ReferralNoteAttachmentKept(note(None)));
    events.extend(mou_lives());
    events.extend(partnerships_and_agencies());
    events.push(Event::CommandGiven);
    let review = AuditReviewId(id(0x15));
    events.extend([None, Some(OTHER)].map(|of| Event::AuditReviewOpened { review, of }));
    events.push(Event::AuditEventFlagged {
        review,
        event: AuditEventId(id(0x16)),
        note: FlagNote::Misuse,
    });
    events.push(Event::AuditReviewConcluded {
        review,
        conclusion: ReviewConclusion::FollowedUp,
    });
    events.push(Event::AuditExported("FHIR"));
    events
}

fn steps() -> Vec<Event> {
    let step = |reason: Option<&str>| ReferralEvent {
        reason: reason.map(str::to_owned),
        ..ReferralEvent::of(REFERRAL, OTHER)
    };
    vec![
        Event::ReferralStarted(step(None)),
        Event::ReferralHeld(step(Some("NO_CAPACITY"))),
        Event::ReferralResumed(step(None)),
        Event::ReferralFailed(step(Some("NO_CONTACT"))),
        Event::ReferralCancelled(step(Some("DUPLICATE"))),
        Event::ReferralEnteredInError(step(None)),
        // Nobody is told of a draft.
        Event::ReferralEnteredInError(ReferralEvent {
            counterpart: None,
            ..step(None)
        }),
        Event::ReferralAssigned(step(None)),
    ]
}

fn attempts(why: &'static str, count: Option<u64>) -> RefusedAlike {
    RefusedAlike { why, count }
}

fn registrations() -> Vec<Event> {
    let application = ApplicationId(id(7));
    let issuer = IssuerEvent {
        id: IssuerId(id(8)),
        agency: OTHER,
    };
    let membership = MembershipEvent {
        agency: OTHER,
        task_force: TaskForceId(id(6)),
    };
    let pack = RulePackEvent {
        id: RulePackId(id(9)),
        pack: Pack::State,
    };
    vec![
        Event::AgencyRegistered(OTHER),
        Event::AgencySuspended(membership),
        Event::AgencyReinstated(membership),
        Event::ApplicationRegistered(application),
        Event::ApplicationSecretRotated(application),
        Event::ApplicationKeysReplaced(application),
        Event::ApplicationSuspended(application),
        Event::IssuerTrusted(issuer),
        Event::IssuerRefreshed(issuer),
        Event::IssuerSuspended(issuer),
        Event::RulePackBound(pack),
        Event::RulePackUnbound(pack),
    ]
}

fn people() -> Vec<Event> {
    let mandated = |recipient| Event::MandatedDisclosureRecorded {
        id: MandateId(id(10)),
        survivor: SURVIVOR,
        discloser: ACTOR,
        recipient,
        categories: some_categories(),
        instrument: MandateInstrument::ALL[0],
    };
    vec![
        Event::SurvivorRegistered(SURVIVOR),
        Event::SurvivorCorrected(SURVIVOR),
        Event::SurvivorErased {
            survivor: SURVIVOR,
            consents: vec![CONSENT, ConsentId(id(11))],
        },
        Event::SurvivorErased {
            survivor: SURVIVOR,
            consents: Vec::new(),
        },
        Event::SafeContactSet(SURVIVOR),
        Event::SafeContactRead(SURVIVOR),
        Event::ContactAdvised {
            survivor: SURVIVOR,
            answer: "ALLOWED",
        },
        mandated(Some(OTHER)),
        mandated(None),
    ]
}

fn agreements() -> Vec<Event> {
    let consent = |recipient, reason: Option<&str>| ConsentEvent {
        id: CONSENT,
        version: 2,
        survivor: SURVIVOR,
        recipient,
        reason: reason.map(str::to_owned),
    };
    let document = ConsentDocumentEvent {
        id: CONSENT,
        version: 2,
        survivor: SURVIVOR,
    };
    let referral = || ReferralEvent::of(REFERRAL, OTHER);
    let mou = MouEvent {
        id: MOU,
        version: 3,
        task_force: Some(TaskForceId(id(11))),
        how: None,
    };
    vec![
        // Whoever it names: nobody is told of a draft.
        Event::ConsentDrafted(consent(Some(OTHER), None)),
        Event::ConsentDraftEdited(consent(None, None)),
        Event::ConsentDraftDiscarded(consent(None, None)),
        Event::ConsentSigned(consent(None, Some("SURVIVOR"))),
        Event::ConsentSigned(consent(Some(OTHER), Some("SURVIVOR"))),
        Event::ConsentRevoked(consent(Some(OTHER), Some("PHONE"))),
        Event::ConsentRevoked(consent(Some(ACTOR), Some("PHONE"))),
        Event::ConsentSuperseded(consent(Some(OTHER), None)),
        Event::ConsentEnteredInError(consent(None, None)),
        Event::ConsentEnteredInError(consent(Some(OTHER), None)),
        Event::ConsentDocumentStored(document),
        Event::ConsentDocumentRead(document),
        Event::ReferralDrafted(referral()),
        Event::ReferralDraftEdited(referral()),
        Event::ReferralDraftDiscarded(referral()),
        Event::ReferralSent(referral()),
        Event::ReferralAccepted(referral()),
        Event::ReferralRejected(ReferralEvent {
            reason: Some("NO_CAPACITY".to_owned()),
            ..referral()
        }),
        Event::ReferralCompleted(referral()),
        Event::ReferralOutcomeCorrected(ReferralEvent {
            reason: Some("NEEDS_MET".to_owned()),
            ..referral()
        }),
        Event::ReferralContinued(referral()),
        Event::MouDrafted(mou),
        Event::MouOffered(mou),
        Event::MouSigned(mou),
    ]
}

fn reads() -> Vec<Event> {
    let read = |released, ground| Event::PackageRead {
        referral: REFERRAL,
        survivor: SURVIVOR,
        reader: ACTOR,
        discloser: OTHER,
        purpose: Purpose::HousingPlacement,
        released,
        ground,
    };
    let consented = Ground::Consented {
        consent: CONSENT,
        consent_version: 2,
        mou: MOU,
        mou_version: 3,
    };
    vec![
        Event::RecordsListed(Vec::new()),
        Event::RecordsListed(vec![REFERRAL.to_string(), MOU.to_string()]),
        read(some_categories(), Some(consented)),
        read(some_categories(), Some(Ground::Own)),
        read(Categories::EMPTY, None),
        Event::AuditRead,
        Event::LedgerReopened {
            signed: 41,
            root: Digest([7; 32]),
        },
        Event::AccessDenied {
            code: "NOT_FOUND",
            object: Some(REFERRAL.to_string()),
        },
        Event::AccessDenied {
            code: "FORBIDDEN_SCOPE",
            object: None,
        },
    ]
}

fn tokens() -> Vec<Event> {
    let kid = || "thumbprint".to_owned();
    vec![
        Event::TokenIssued(TOKEN.to_owned()),
        Event::TokenExchanged {
            token: TOKEN.to_owned(),
            subject: "01890a5d-ac96-774b-bcce-b302099a8058".to_owned(),
        },
        Event::TokenRevoked(TOKEN.to_owned()),
        Event::TokenRefused(attempts("expired", None)),
        Event::ClientRefused(attempts("wrong_secret", None)),
        Event::SigningKeyRotated(kid()),
        Event::SigningKeyRetired(kid()),
    ]
}

fn legal_holds() -> Vec<Event> {
    let hold = LegalHoldId(id(12));
    vec![
        Event::LegalHoldRecorded {
            id: hold,
            survivor: SURVIVOR,
            ground: LegalHoldGround::ALL[0],
        },
        Event::LegalHoldReleased(hold),
        Event::LegalHoldOverridden {
            survivor: SURVIVOR,
            holds: vec![hold, LegalHoldId(id(13))],
        },
    ]
}

/// What parties say of an MOU from its offering on.
fn mou_lives() -> Vec<Event> {
    let mou = MouEvent {
        id: MOU,
        version: 3,
        task_force: None,
        how: None,
    };
    let ends = |how| MouEvent {
        how: Some(how),
        ..mou
    };
    vec![
        Event::MouDeclined(mou),
        Event::MouSuspended(mou),
        Event::MouReinstated(mou),
        Event::MouTerminated(ends("WITH_NOTICE")),
        Event::MouLeft(ends("FOR_BREACH")),
        Event::MouReviewConfirmed(mou),
        Event::MouSuperseded(mou),
        Event::MouReviewNears(mou),
        Event::MouEndNears(mou),
        Event::MouDocumentStored(mou),
        Event::MouDocumentRead(mou),
    ]
}

fn partnerships_and_agencies() -> Vec<Event> {
    let step = || PartnershipEvent {
        id: PartnershipId(id(14)),
        partner: OTHER,
        step: PartnershipStep::Met,
    };
    let place = MembershipEvent {
        agency: OTHER,
        task_force: TaskForceId(id(6)),
    };
    vec![
        Event::PartnershipStepRecorded(step()),
        Event::PartnershipAnswered(step()),
        Event::StaffTrainingRecorded(ACTOR),
        Event::AgencyVetted {
            place,
            attribute: VettingAttribute::TraumaInformed,
        },
        Event::AgencyRenamed(ACTOR),
        Event::TaskForceLeft(place),
        Event::CoordinationHandedOver(place),
        Event::MouCalendarCreated(MouCalendarId(id(15))),
        Event::MouCalendarRevoked(MouCalendarId(id(15))),
    ]
}

fn stores() -> Vec<Event> {
    vec![
        Event::KeyringMoved {
            keyring: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0044),
        },
        Event::StoresAccepted {
            size: 41,
            root: Digest([7; 32]),
        },
    ]
}

fn some_categories() -> Categories {
    [DataCategory::Identity, DataCategory::Legal]
        .into_iter()
        .collect()
}

/// A leaf and, below it, what its row is found by; the id is made up, since a leaf of ours takes a fresh one.
fn written(number: u128, event: Event, agent: &Agent) -> (AuditType, String) {
    let meta = RequestMeta {
        request: "request-1".to_owned(),
        address: None,
        operation: Some("Inbox".to_owned()),
        document: Some("d0".to_owned()),
        trace: None,
        client_request: None,
    };
    let mut leaf = Leaf::new(event, agent, &meta, Instant(1_790_000_000_000));
    leaf.id = AuditEventId(id(number));
    let kind = leaf.kind;
    let row = leaf.into_record(None).unwrap().row;
    let text = format!(
        "{}\n    agency {:?}, recipient {:?}, discloser {:?}, kind {}, outcome {}, disclosed under {:?}\n",
        row.leaf,
        row.agency_id.map(|agency| agency.0),
        row.recipient_id.map(|agency| agency.0),
        row.discloser_id.map(|agency| agency.0),
        row.kind,
        row.outcome,
        row.disclosed_under,
    );
    (kind, text)
}

#[test]
fn a_leaf_is_the_same_bytes_in_every_release() {
    let somebody = Agent {
        agency: Some(ACTOR),
        subject: "a.person".to_owned(),
        client: "a-program".to_owned(),
        token: Some(TOKEN.to_owned()),
        program: None,
        operator: None,
    };
    let mut text = String::new();
    let mut kinds = BTreeSet::new();
    for (event, number) in events().into_iter().zip(0x1000..) {
        let (kind, leaf) = written(number, event, &somebody);
        kinds.insert(kind);
        text.push_str(&leaf);
    }
    for agent in [
        Agent::operator(),
        Agent::stranger(),
        Agent::operator_for(ACTOR),
        Agent {
            program: Some("their-desk".to_owned()),
            operator: None,
            ..somebody.clone()
        },
        Agent {
            operator: Some("Ines of the night shift".to_owned()),
            ..Agent::operator()
        },
    ] {
        let (_, leaf) = written(0x2000, Event::AuditRead, &agent);
        write!(text, "{leaf}").unwrap();
    }
    assert_eq!(kinds, AuditType::ALL.iter().copied().collect());
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => ".", omit_expression => true }, {
        insta::assert_snapshot!("leaves", text);
    });
}

/// What a leaf says of the columns that its row is found by, as `leaves_1.txt` has it below each.
#[test]
fn a_leaf_of_the_first_version_is_read_as_it_was_meant() {
    let text = include_str!("leaves_1.txt");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 100);
    for pair in lines.chunks(2) {
        let leaf: Leaf = serde_json::from_str(pair[0]).unwrap();
        assert_eq!(leaf.v, 1);
        let told = leaf.other_than_the_actor(leaf.recipient);
        let columns = format!(
            "    agency {:?}, recipient {:?}, kind {}, outcome {}, disclosed under {:?}",
            leaf.agency.map(|agency| agency.0),
            told.map(|agency| agency.0),
            leaf.kind,
            leaf.outcome,
            leaf.disclosed_under(),
        );
        assert_eq!(columns, pair[1]);
        let whole: serde_json::Value = serde_json::from_str(pair[0]).unwrap();
        let listed = whole["objects"].as_array().map_or(0, Vec::len);
        assert_eq!(leaf.objects.len(), listed);
    }
}

#[test]
fn the_event_of_a_page_of_fifty_fits_into_a_row() {
    // PostgreSQL moves a row out of line beyond 2,032 bytes; the columns beside the leaf take about 180.
    const LEAF: usize = 1850;
    let records: Vec<String> = (0..50)
        .map(|n| ReferralId(id(0x100 + n)).to_string())
        .collect();
    let agent = Agent {
        agency: Some(ACTOR),
        subject: "caseworker.of.the.night.shift@agency.example".to_owned(),
        client: ApplicationId(id(7)).to_string(),
        token: Some(TOKEN.to_owned()),
        program: None,
        operator: None,
    };
    let meta = RequestMeta {
        request: TOKEN.to_owned(),
        address: Some("2001:db8::1234:5678:9abc:def0".to_owned()),
        operation: Some("InboxOfTheNightShift".to_owned()),
        document: Some("0".repeat(64)),
        trace: Some("0".repeat(32)),
        client_request: Some(TOKEN.to_owned()),
    };
    let event = Event::RecordsListed(records.clone());
    let leaf = Leaf::new(event, &agent, &meta, Instant(1_790_000_000_000_000));
    let row = leaf.into_record(meta.address.as_deref()).unwrap().row;
    assert!(
        row.leaf.len() < LEAF,
        "{} bytes: {}",
        row.leaf.len(),
        row.leaf
    );
    let read: Leaf = serde_json::from_str(&row.leaf).unwrap();
    assert_eq!(read.objects, records);
}
