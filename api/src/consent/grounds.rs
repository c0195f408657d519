//! What the linter judges beside a consent itself: the rules that bind its discloser, the MOUs in force, and whom the
//! discloser knows.

use std::collections::{HashMap, HashSet};

use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::Pack;
use concord_entities::zone::Zone;
use concord_entities::{
    agency, consent, consent_objection, consent_signature, mou, mou_party, rule_pack, survivor,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::lint::{self, Beside, ConsentDraft, RulePacks};
use super::signers;
use crate::error::Finding;

/// What is known of an agency when its consents are judged.
#[derive(Clone, Debug)]
pub struct Grounds {
    /// The rules that bind it, and those that did.
    pub packs: RulePacks,
    ceilings: HashMap<AgencyId, Grants>,
    known: HashSet<AgencyId>,
    zone: Zone,
    now: Instant,
}

impl Grounds {
    /// Reads them for `discloser`, as they are at `now`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn gather<C: ConnectionTrait>(
        database: &C,
        discloser: AgencyId,
        now: Instant,
    ) -> Result<Self, DbErr> {
        let packs = rule_pack::Entity::of(discloser).all(database).await?;
        let known = agency::Entity::known_to(discloser).all(database).await?;
        let own = known.iter().find(|one| one.id == discloser);
        Ok(Self {
            packs: RulePacks(packs),
            zone: own.map_or(Zone::UTC, |own| own.time_zone.clone()),
            ceilings: ceilings(database, discloser, now).await?,
            known: known.into_iter().map(|one| one.id).collect(),
            now,
        })
    }

    /// Returns which packs bind the discloser today.
    #[must_use]
    pub fn bound(&self) -> Vec<Pack> {
        self.packs.bound(self.today())
    }

    /// Returns the rules that bind the discloser today.
    pub fn binding(&self) -> impl Iterator<Item = &rule_pack::Model> {
        self.packs.on(self.today())
    }

    /// Returns the day that it is where the discloser works.
    fn today(&self) -> Day {
        self.zone.day(self.now)
    }

    /// Returns what is known beside a consent to `recipient`.
    #[must_use]
    pub fn beside(&self, recipient: AgencyId, survivor: &survivor::Model) -> Beside {
        Beside {
            recipient_known: self.known.contains(&recipient),
            ceiling: self.ceilings.get(&recipient).copied(),
            understood: survivor.language.clone(),
            minor: survivor.is_guarded(self.today()),
            came_of_age: survivor.came_of_age(self.today()),
            both_guardians: self.packs.both_guardians(self.today()).is_some(),
            zone: self.zone.clone(),
        }
    }

    /// Returns what a saved consent says, and what is known beside it; its signatures where they are to be judged.
    #[must_use]
    pub fn draft(&self, consent: &consent::Model, survivor: &survivor::Model) -> ConsentDraft {
        ConsentDraft::from_consent(consent, self.beside(consent.recipient_id, survivor))
    }

    /// Returns what a draft lacks.
    #[must_use]
    pub fn lint(&self, draft: &ConsentDraft) -> Vec<Finding> {
        lint::lint(draft, &self.packs, self.now)
    }

    /// Returns what a saved consent lacks, signatures and objections included.
    #[must_use]
    pub fn judge(
        &self,
        consent: &consent::Model,
        survivor: &survivor::Model,
        signatures: &[consent_signature::Model],
        objections: &[consent_objection::Model],
    ) -> Vec<Finding> {
        self.lint(&ConsentDraft {
            objected: objections
                .iter()
                .any(|one| signers::stands(one, signatures)),
            signed: Some(signatures.iter().map(|one| one.role).collect()),
            first_signed: signatures.iter().map(|one| one.signed_on).min(),
            ..self.draft(consent, survivor)
        })
    }
}

/// Returns what the MOUs in force permit, by the other party.
async fn ceilings<C: ConnectionTrait>(
    database: &C,
    agency: AgencyId,
    now: Instant,
) -> Result<HashMap<AgencyId, Grants>, DbErr> {
    let mous = mou::Entity::signed_by(agency).all(database).await?;
    let mut parties: HashMap<_, Vec<mou_party::Model>> = HashMap::new();
    for party in mou_party::Entity::of(mous.iter().map(|mou| mou.id))
        .all(database)
        .await?
    {
        parties.entry(party.mou_id).or_default().push(party);
    }
    let mut ceilings: HashMap<AgencyId, Grants> = HashMap::new();
    for mou in mous.iter().filter(|mou| mou.dates().is_in_force(now)) {
        let signed: Vec<AgencyId> = parties
            .remove(&mou.id)
            .unwrap_or_default()
            .iter()
            .filter(|party| party.signed_at.is_some())
            .map(|party| party.agency_id)
            .collect();
        for other in signed.into_iter().filter(|party| *party != agency) {
            let ceiling = ceilings.entry(other).or_insert(Grants::EMPTY);
            *ceiling = ceiling.iter().chain(mou.grants.iter()).collect();
        }
    }
    Ok(ceilings)
}

/// Returns what keeps a consent in force from carrying a new referral: it is outgrown, or one of two guardians objects.
///
/// # Errors
/// Where the database does not answer.
pub async fn hindrance<C: ConnectionTrait>(
    database: &C,
    consent: &consent::Model,
    now: Instant,
) -> Result<Option<Finding>, DbErr> {
    let consents = std::slice::from_ref(consent);
    let found = hindrances(database, consent.discloser_id, consents, now).await?;
    Ok(found.into_values().next())
}

/// Returns the same for each of these consents of one discloser's that something keeps from it.
///
/// # Errors
/// Where the database does not answer.
pub async fn hindrances<C: ConnectionTrait>(
    database: &C,
    discloser: AgencyId,
    consents: &[consent::Model],
    now: Instant,
) -> Result<HashMap<ConsentId, Finding>, DbErr> {
    if consents.is_empty() {
        return Ok(HashMap::new());
    }
    let survivors = survivor::Entity::of(discloser)
        .filter(survivor::Column::Id.is_in(consents.iter().map(|one| one.survivor_id)))
        .all(database)
        .await?;
    let ids = || consents.iter().map(|one| one.id);
    let signatures = consent_signature::Entity::under(ids());
    let signatures = signatures.all(database).await?;
    let objections = consent_objection::Entity::to(ids()).all(database).await?;
    let grounds = Grounds::gather(database, discloser, now).await?;
    let mut found = HashMap::new();
    for consent in consents {
        let of_consent = |one: &survivor::Model| one.id == consent.survivor_id;
        let Some(survivor) = survivors.iter().find(|one| of_consent(one)) else {
            continue;
        };
        let mut signed = signatures.clone();
        signed.retain(|one| one.consent_id == consent.id);
        let mut objected = objections.clone();
        objected.retain(|one| one.consent_id == consent.id);
        let findings = grounds.judge(consent, survivor, &signed, &objected);
        if let Some(finding) = lint::hindering(findings) {
            found.insert(consent.id, finding);
        }
    }
    Ok(found)
}
