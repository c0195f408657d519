//! What is kept of a person under keys of its own: the one list of what an erasure must reach.

use concord_entities::ids::{
    AgencyId, ConsentId, LegalHoldId, MandateId, ReferralNoteId, SurvivorId,
};
use concord_entities::{consent, legal_hold, mandated_disclosure, referral, referral_note};
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::seal::doomed::DoomedKeys;
use crate::seal::record::RecordKind;
use crate::seal::vault::PackageVersion;

/// The records that an agency keeps of a person whom it serves, by their ids.
#[derive(Clone, Debug)]
pub struct KeptRecords {
    survivor: SurvivorId,
    /// The packages, as they are sealed now.
    pub(super) packages: Vec<PackageVersion>,
    /// The notes on their referrals, whoever wrote them, each with its file. They are sealed with the packages.
    pub(super) notes: Vec<ReferralNoteId>,
    /// The consents, each with its papers.
    pub(super) consents: Vec<ConsentId>,
    /// What had to be disclosed by law.
    pub(super) mandates: Vec<MandateId>,
    /// The legal holds, over or not.
    pub(super) holds: Vec<LegalHoldId>,
}

impl KeptRecords {
    /// Finds them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of(
        database: &impl ConnectionTrait,
        agency: AgencyId,
        survivor: SurvivorId,
    ) -> Result<Self, DbErr> {
        let packages = referral::Entity::of_survivor(agency, survivor);
        let consents = consent::Entity::of_survivor(agency, survivor);
        let mandates = mandated_disclosure::Entity::of_survivor(agency, survivor);
        let holds = legal_hold::Entity::on(agency, survivor);
        let (packages, consents) = (packages.all(database).await?, consents.all(database).await?);
        let referrals = packages.iter().map(|package| package.id);
        let notes = referral_note::Entity::on(referrals).all(database).await?;
        let (mandates, holds) = (mandates.all(database).await?, holds.all(database).await?);
        Ok(Self {
            survivor,
            packages: packages.iter().map(PackageVersion::from).collect(),
            notes: notes.iter().map(|one| one.id).collect(),
            consents: consents.iter().map(|one| one.id).collect(),
            mandates: mandates.iter().map(|one| one.id).collect(),
            holds: holds.iter().map(|one| one.id).collect(),
        })
    }

    /// Returns every key that opens something of them.
    #[must_use]
    pub fn keys(&self) -> [DoomedKeys; 6] {
        let mandates = self.mandates.iter().map(|one| one.0).collect();
        let holds = self.holds.iter().map(|one| one.0).collect();
        [
            DoomedKeys::Packages(self.packages.clone()),
            DoomedKeys::Documents(self.consents.clone()),
            DoomedKeys::Records(RecordKind::SafeContact, vec![self.survivor.0]),
            DoomedKeys::Records(RecordKind::Mandate, mandates),
            DoomedKeys::Records(RecordKind::LegalHold, holds),
            DoomedKeys::Records(RecordKind::Input, self.ids()),
        ]
    }

    /// Returns the ids of all of them, and of the person.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        let packages = self.packages.iter().map(|package| package.referral.0);
        let consents = self.consents.iter().map(|consent| consent.0);
        let mandates = self.mandates.iter().map(|mandate| mandate.0);
        let holds = self.holds.iter().map(|hold| hold.0);
        let notes = self.notes.iter().map(|note| note.0);
        let records = packages.chain(notes).chain(consents);
        let records = records.chain(mandates).chain(holds);
        records.chain([self.survivor.0]).collect()
    }
}
