//! A task force to measure with: four agencies that refer, four that are asked, and everything in force between them.

use std::time::Duration;

use concord::access::issued;
use concord::access::scope::Scopes;
use concord::access::token::{self, Claims};
use concord::clock;
use concord::seal::vault::PackageVersion;
use concord::service::Service;
use concord_entities::agency::TextList;
use concord_entities::grants::Grants;
use concord_entities::ids::{
    AgencyId, ConsentId, MouId, ReferralId, SurvivorAuditId, SurvivorId, TaskForceId, TokenId,
};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{
    AgeGroup, AgencyKind, AgencyStatus, Categories, Code, DataCategory, Explanations, MemberRole,
    MouKind, Need, Needs, Purpose, Purposes, ReferralAction, ReferralSide, ReferralStatus, Urgency,
};
use concord_entities::zone::Zone;
use concord_entities::{
    agency, consent, membership, mou, mou_party, referral, sealed_part, survivor, task_force,
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel};

/// Agencies on each side.
const SIDE: usize = 4;
/// Rows an INSERT.
const CHUNK: usize = 1000;
/// How many of each recipient's newest referrals have a package.
const PACKAGES: usize = 60;

/// An agency that is asked, and what it works with.
pub struct Recipient {
    /// Which.
    pub agency: AgencyId,
    /// Its token.
    pub token: String,
    /// What was sent to it, oldest first.
    pub referrals: Vec<ReferralId>,
}

/// The coordinator of a task force, and what it works with.
pub struct Register {
    /// Which.
    pub coordinator: AgencyId,
    /// Its token.
    pub token: String,
}

/// What a recipient may do.
const REFERRALS: &str = "referral.rus?purpose=HOUSING_PLACEMENT";

/// Fills the stores.
pub async fn seed(service: &Service, referrals: usize) -> Vec<Recipient> {
    let now = service.store.ping().await.unwrap();
    let senders = agencies(service, "Advocates", AgencyKind::AdvocacyGroup, SIDE, now).await;
    let recipients = agencies(service, "Shelter", AgencyKind::HousingProgram, SIDE, now).await;
    let mou = agreement(service, &[&senders[..], &recipients].concat(), now).await;
    let rows = rows(&senders, &recipients, mou, referrals, now);
    insert(service, rows.survivors).await;
    insert(service, rows.consents).await;
    insert(service, rows.referrals.clone()).await;
    // Or the planner of a session with other settings than the service's takes the tables for empty.
    if service.store.backend == DbBackend::Postgres {
        let analyze = service.store.write.execute_unprepared("ANALYZE");
        analyze.await.unwrap();
    }
    let mut found = Vec::new();
    for agency in recipients {
        let sent: Vec<ReferralId> = rows
            .referrals
            .iter()
            .filter(|row| row.recipient_id == agency)
            .map(|row| row.id)
            .collect();
        seal(service, sent.iter().rev().take(PACKAGES), now).await;
        found.push(Recipient {
            agency,
            token: issue(service, agency, REFERRALS).await,
            referrals: sent,
        });
    }
    found
}

/// Writes rows, all or none.
pub async fn insert<M, A>(service: &Service, rows: Vec<M>)
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let transaction = service.store.write.begin().await.unwrap();
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    loop {
        let some: Vec<A> = rows.by_ref().take(CHUNK).collect();
        if some.is_empty() {
            break;
        }
        A::Entity::insert_many(some)
            .exec_without_returning(&transaction)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Makes so many agencies of one kind.
pub async fn agencies(
    service: &Service,
    name: &str,
    kind: AgencyKind,
    count: usize,
    now: Instant,
) -> Vec<AgencyId> {
    let rows: Vec<_> = (1..=count)
        .map(|number| agency::Model {
            id: AgencyId::new(),
            name: format!("{name} of the River Counties {number}"),
            kind,
            jurisdiction: None,
            confidential_provider: true,
            status: AgencyStatus::Active,
            token_epoch: 1,
            epoch_began_at: now,
            languages: TextList(vec!["en".to_owned(), "es".to_owned()]),
            service_areas: TextList::default(),
            created_at: now,
            time_zone: Zone::UTC,
            answer_days: 30,
        })
        .collect();
    let ids = rows.iter().map(|row| row.id).collect();
    insert(service, rows).await;
    ids
}

async fn agreement(service: &Service, parties: &[AgencyId], now: Instant) -> MouId {
    let task_force = circle(service, parties, now).await;
    let (agreed, signed) = signed_by(parties, task_force, now);
    let id = agreed.id;
    insert(service, vec![agreed]).await;
    insert(service, signed).await;
    id
}

/// Makes a task force of these members, the first of which coordinates it.
async fn circle(service: &Service, members: &[AgencyId], now: Instant) -> TaskForceId {
    let earlier = earlier(now);
    let id = TaskForceId::new();
    let circle = task_force::Model {
        id,
        name: "River Counties Task Force".to_owned(),
        region: "River Counties".to_owned(),
        created_at: earlier,
        time_zone: Zone::UTC,
    };
    insert(service, vec![circle]).await;
    let member = |(place, agency): (usize, &AgencyId)| membership::Model {
        task_force_id: id,
        agency_id: *agency,
        role: if place == 0 {
            MemberRole::Coordinator
        } else {
            MemberRole::Member
        },
        since: earlier,
        suspended_at: None,
        suspension_reason: None,
        standing_set_by: None,
        left_at: None,
        coordination_from: None,
        name_key: Some(NameKey::of(&agency.to_string())),
        lookalike: 0,
    };
    let members = members.iter().enumerate().map(member);
    insert(service, members.collect::<Vec<_>>()).await;
    id
}

fn earlier(now: Instant) -> Instant {
    now.minus(Duration::from_hours(30 * 24))
}

/// An MOU in force between these agencies, with its parties.
fn signed_by(
    parties: &[AgencyId],
    task_force: TaskForceId,
    now: Instant,
) -> (mou::Model, Vec<mou_party::Model>) {
    let earlier = earlier(now);
    let id = MouId::new();
    let agreed = mou::Model {
        id,
        version: 1,
        supersedes: None,
        kind: MouKind::ALL[0],
        title: "Referrals among the River Counties".to_owned(),
        task_force_id: Some(task_force),
        drafted_by: parties[0],
        grants: Grants::product(Categories::all(), Purposes::all()),
        terms: mou::Terms {
            purpose: String::new(),
            services: String::new(),
            confidentiality: String::new(),
            breach_notice_hours: 24,
            training: String::new(),
            conflict_resolution: String::new(),
            termination_notice_days: 30,
            qsoa: false,
        },
        effective_on: earlier.day(),
        review_on: None,
        expires_on: now.day().plus_days(365),
        open_ended: false,
        terminates_on: None,
        time_zone: Zone::UTC,
        zone_assumed: false,
        zone_from: None,
        begins_at: earlier.day().start(),
        ends_at: now.day().plus_days(365).end(),
        review_at: None,
        offered_at: Some(earlier),
        signed_at: Some(earlier),
        suspended_at: None,
        terminated_at: None,
        declined_at: None,
        superseded_at: None,
        reminded_at: None,
        document: None,
        created_at: earlier,
    };
    let signed = |agency: &AgencyId| mou_party::Model {
        signatory: Some("Director".to_owned()),
        signed_at: Some(earlier),
        ..mou_party::Model::unsigned(id, *agency, String::new())
    };
    (agreed, parties.iter().map(signed).collect())
}

/// A task force's register: so many agencies, and so many MOUs, each between two of them: of each ten one is a draft, two await
/// a signature, and one is suspended, ended or due for review; each ends on another day. Returns the coordinator's token.
pub async fn register(service: &Service, members: usize, mous: usize) -> Register {
    let now = service.store.ping().await.unwrap();
    let members = agencies(
        service,
        "Advocates",
        AgencyKind::AdvocacyGroup,
        members,
        now,
    )
    .await;
    let task_force = circle(service, &members, now).await;
    let (mut rows, mut parties) = (Vec::new(), Vec::new());
    for number in 0..mous {
        let pair = [number, number + 1 + number / members.len()]
            .map(|place| members[place % members.len()]);
        let (agreed, mut signed) = signed_by(&pair, task_force, now);
        let last = now.day().plus_days(1 + i32::try_from(number).unwrap());
        let mut one = mou::Model {
            expires_on: last,
            ends_at: last.end(),
            ..agreed
        };
        match number % 10 {
            0 => (one.offered_at, one.signed_at) = (None, None),
            1 | 2 => one.signed_at = None,
            3 => one.suspended_at = one.signed_at,
            4 => one.terminated_at = one.signed_at,
            5 => (one.review_on, one.review_at) = (Some(one.effective_on), Some(one.begins_at)),
            _ => {}
        }
        if one.signed_at.is_none() {
            signed[1].signed_at = None;
        }
        rows.push(one);
        parties.extend(signed);
    }
    insert(service, rows).await;
    insert(service, parties).await;
    if service.store.backend == DbBackend::Postgres {
        let analyze = service.store.write.execute_unprepared("ANALYZE");
        analyze.await.unwrap();
    }
    Register {
        coordinator: members[0],
        token: issue(service, members[0], "mou.rs directory.r").await,
    }
}

struct Rows {
    survivors: Vec<survivor::Model>,
    consents: Vec<consent::Model>,
    referrals: Vec<referral::Model>,
}

/// Referrals between all pairs by turns, each under a consent of its own, ten for each survivor.
fn rows(
    senders: &[AgencyId],
    recipients: &[AgencyId],
    mou: MouId,
    count: usize,
    now: Instant,
) -> Rows {
    let mut made = Rows {
        survivors: Vec::new(),
        consents: Vec::new(),
        referrals: Vec::with_capacity(count),
    };
    for number in 0..count {
        let sender = senders[(number / 10) % SIDE];
        let recipient = recipients[number % SIDE];
        let age = Duration::from_millis(u64::try_from(count - number).unwrap() * 100);
        let then = now.minus(age);
        if number % 10 == 0 {
            made.survivors.push(someone(sender, number, then));
        }
        let survivor = made.survivors.last().unwrap().id;
        let consent = permission(survivor, sender, recipient, then);
        let urgency = Urgency::ALL[number % Urgency::ALL.len()];
        made.referrals.push(referral::Model {
            id: ReferralId::new(),
            sender_id: sender,
            recipient_id: recipient,
            survivor_id: survivor,
            consent_id: consent.id,
            mou_id: Some(mou),
            status: ReferralStatus::Requested,
            status_reason: None,
            needs: Needs::only(Need::ALL[number % Need::ALL.len()]).with(Need::Housing),
            urgency,
            contains: contents(),
            key_version: 1,
            created_at: then,
            sent_at: Some(then),
            expires_at: Some(then.plus(Duration::from_hours(30 * 24))),
            settled_at: then,
            tell_at: None,
            respond_by: Some(now.plus(Duration::from_hours(24))),
            updated_at: then,
            consent_until: Some(consent.expires_at),
            mou_until: Some(now.day().plus_days(365).end()),
            halted: false,
            outcome: None,
            provided: Needs::EMPTY,
            outcome_at: None,
            completed_at: None,
            earlier_outcomes: None,
            last_action: Some(ReferralAction::Send),
            last_action_side: Some(ReferralSide::Sender),
            assignee: None,
            reopens: None,
        });
        made.consents.push(consent);
    }
    made
}

fn someone(agency: AgencyId, number: usize, then: Instant) -> survivor::Model {
    survivor::Model {
        erased_at: None,
        id: SurvivorId::new(),
        agency_id: agency,
        pseudonym: format!("R-{number}"),
        pseudonym_key: Some(NameKey::of(&format!("R-{number}"))),
        lookalike: 0,
        age_group: AgeGroup::Adult,
        minor_until: None,
        language: Some("es".to_owned()),
        audit_id: SurvivorAuditId::new(),
        created_at: then,
    }
}

fn permission(
    survivor: SurvivorId,
    sender: AgencyId,
    recipient: AgencyId,
    then: Instant,
) -> consent::Model {
    consent::Model {
        id: ConsentId::new(),
        version: 1,
        supersedes: None,
        survivor_id: survivor,
        discloser_id: sender,
        recipient_id: recipient,
        grants: Grants::product(contents(), Purposes::only(Purpose::HousingPlacement)),
        language: "es".to_owned(),
        effective_at: then,
        expires_at: then.plus(Duration::from_hours(60 * 24)),
        signed_at: Some(then),
        revoked_at: None,
        revocation_channel: None,
        superseded_at: None,
        entered_in_error_at: None,
        created_at: then,
        explained: Some(Explanations::all()),
        voluntary: Some(true),
        revocable: Some(true),
        interpreter: None,
        through_intermediary: false,
        intermediary_id: None,
        names_substance_use: false,
        minor_alone: None,
        incapacitated: false,
        sole_guardian: None,
        suspends_at: None,
    }
}

fn contents() -> Categories {
    Categories::EMPTY
        .with(DataCategory::Contact)
        .with(DataCategory::Language)
        .with(DataCategory::Needs)
        .with(DataCategory::Safety)
}

async fn seal(service: &Service, referrals: impl Iterator<Item = &ReferralId>, now: Instant) {
    let parts = [
        (
            DataCategory::Contact,
            r#"{"channels":[{"channel":"THROUGH_ADVOCATE","address":"the advocate on call"}],"codeWord":"heron"}"#,
        ),
        (DataCategory::Language, "{}"),
        (
            DataCategory::Needs,
            r#"{"first":"HOUSING","request":"A room where the children can stay.","childcare":true}"#,
        ),
        (
            DataCategory::Safety,
            r#"{"plan":"Nobody is told the address.","threats":[]}"#,
        ),
    ]
    .map(|(category, json)| (category, json.as_bytes().to_vec()));
    let mut sealed: Vec<sealed_part::Model> = Vec::new();
    for referral in referrals {
        let package = PackageVersion {
            referral: *referral,
            version: 1,
        };
        sealed.extend(service.vault.seal(package, &parts, now).await.unwrap());
    }
    insert(service, sealed).await;
}

async fn issue(service: &Service, agency: AgencyId, scope: &str) -> String {
    let scope = Scopes::parse(scope).unwrap();
    let now = Instant::from_unix_seconds(clock::now().unix_seconds());
    let claims = Claims {
        issuer: service.settings.issuer.clone(),
        audience: service.settings.audience.clone(),
        subject: "measure".to_owned(),
        client: "measure".to_owned(),
        agency,
        scope: scope.to_string(),
        issued_at: now,
        not_before: now,
        expires_at: now.plus(Duration::from_hours(1)),
        id: TokenId::new().to_string(),
        epoch: 1,
        holder: None,
        actor: None,
    };
    let text = token::issue(&service.key_cache.signer(), &claims).unwrap();
    issued::record(&service.store, &claims).await.unwrap();
    text
}
