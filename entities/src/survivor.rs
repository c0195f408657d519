//! A survivor: one agency's own pseudonym for a person it serves. Holds no identity.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter, QueryOrder};

use crate::ids::{AgencyId, SurvivorAuditId, SurvivorId};
use crate::instant::{Day, Instant};
use crate::name_key::NameKey;
use crate::vocabulary::AgeGroup;

/// An agency's pseudonym for a person. No other agency ever sees it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survivor")]
pub struct Model {
    /// The survivor's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SurvivorId,
    /// The agency whose pseudonym this is.
    #[sea_orm(unique_key = "agency_pseudonym_key")]
    pub agency_id: AgencyId,
    /// The pseudonym.
    pub pseudonym: String,
    /// What pseudonyms are compared by; unique within the agency.
    #[sea_orm(unique_key = "agency_pseudonym_key")]
    pub pseudonym_key: Option<NameKey>,
    /// Zero; of those that looked alike before that was refused, the second is 1, the third is 2.
    #[sea_orm(unique_key = "agency_pseudonym_key")]
    pub lookalike: i32,
    /// How old the person is, as their agency said; see [`age_on`](Model::age_on).
    pub age_group: AgeGroup,
    /// From which day a minor is an adult; none where nobody said. It may be rounded to its month.
    pub minor_until: Option<Day>,
    /// The language the person understands best, BCP 47.
    pub language: Option<String>,
    /// What the audit log calls this person; erasing this row erases the link.
    pub audit_id: SurvivorAuditId,
    /// When it was registered.
    pub created_at: Instant,
    /// When the person was erased. What is left then names nobody: other records still point at its id.
    pub erased_at: Option<Instant>,
    /// The agency whose pseudonym this is.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
    /// The plan for safe contact, sealed.
    #[sea_orm(has_one)]
    pub safe_contact: HasOne<super::safe_contact::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns how old the person is on a day: a minor is an adult from the day on that their agency said.
    #[must_use]
    pub fn age_on(&self, day: Day) -> AgeGroup {
        match self.came_of_age(day) {
            Some(_) => AgeGroup::Adult,
            None => self.age_group,
        }
    }

    /// Returns whether what the law says of minors holds of the person on a day: they are one, or nobody knows.
    #[must_use]
    pub fn is_guarded(&self, day: Day) -> bool {
        self.age_on(day) != AgeGroup::Adult
    }

    /// Returns from which day the person is an adult, where they were a minor and that day has come.
    #[must_use]
    pub fn came_of_age(&self, today: Day) -> Option<Day> {
        let was_minor = self.age_group == AgeGroup::Minor;
        self.minor_until.filter(|day| was_minor && *day <= today)
    }
}

impl Entity {
    /// Returns the survivors of `agency` who are not erased, newest first.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.erased_at.is_null())
            .order_by_desc(COLUMN.created_at)
            .order_by_desc(COLUMN.id)
    }

    /// Returns the survivor `id` of `agency`, unless erased.
    #[must_use]
    pub fn one_of(agency: AgencyId, id: SurvivorId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.erased_at.is_null())
    }

    /// Returns the survivors of `agency` whose pseudonyms look like this one.
    #[must_use]
    pub fn alike(agency: AgencyId, key: &NameKey) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.pseudonym_key.eq(key.clone()))
    }

    /// Returns the survivors of every agency whose pseudonyms looked like another's before that was refused, for the
    /// command line alone.
    #[must_use]
    pub fn lookalikes() -> Select<Self> {
        Self::find()
            .filter(COLUMN.lookalike.gt(0))
            .filter(COLUMN.erased_at.is_null())
            .order_by_asc(COLUMN.agency_id)
            .order_by_asc(COLUMN.created_at)
    }

    /// Returns the survivor `id`, erased or not, whose consent the caller ends.
    #[must_use]
    pub fn consenting(id: SurvivorId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }

    /// Returns the survivor whom the audit log knows by this id, for the command line alone.
    #[must_use]
    pub fn known_as(id: SurvivorAuditId) -> Select<Self> {
        Self::find().filter(COLUMN.audit_id.eq(id))
    }

    /// Removes the survivor `id`, whom the caller's agency serves and nothing points at any more.
    #[must_use]
    pub fn remove(id: SurvivorId) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.id.eq(id))
    }
}
