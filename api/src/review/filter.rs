//! What to look for in the audit log.

use async_graphql::{ID, InputObject};
use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::audit_event::reviewed::{self, Along};
use concord_entities::audit_event::{self, SubjectInLeaf};
use concord_entities::ids::{AgencyId, AnyId, ApplicationId, ConsentId, MouId, SurvivorAuditId};
use concord_entities::vocabulary::{AuditOutcome, AuditType, DataCategory, Purpose};
use sea_orm::{ColumnTrait, Condition, DbBackend};

use super::rules::{LONGEST, Period};
use crate::access::token::MAX_NAME;
use crate::audit::{leaf, record_ids};
use crate::error::{Error, Faults, Result};
use crate::jose::claim::is_name;
use crate::lists;
use crate::store::page;
use crate::wire::scalars::DateTime;

/// What to look for in the audit log: all that you name must hold. `agency` within your reach, `subject`, `object` and
/// `consent` are found by an index, whatever the period. With anything else, what is looked through is a period of at most 31 days,
/// the last 31 before `until` where you leave `since` out, and a page may have fewer entries than you ask for, or none, while
/// `hasNextPage` says that there is more to look through: go on after `endCursor`.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "AuditFilter")]
pub struct AuditFilter {
    /// Any of these types: at least one. Within a period of 31 days.
    pub types: Option<Vec<AuditType>>,
    /// What ended like this. Within a period of 31 days.
    pub outcome: Option<AuditOutcome>,
    /// The events in which this agency acted, was told or disclosed. Within a period of 31 days, where it is neither your own nor
    /// of a task force that you coordinate.
    pub agency: Option<ID>,
    /// The events in which this person or program acted, as its agency calls it (`sub`, 1 to 128 characters): of your agency's,
    /// or of that of the one that `agency` names.
    pub subject: Option<String>,
    /// The events in which this application acted. Within a period of 31 days.
    pub application: Option<ID>,
    /// The events about this record: what was done with it, by whom its package was read, who was refused.
    pub object: Option<ID>,
    /// The events that name this record in any way: also in a list of many, or as the consent or MOU on which they stood. Within a
    /// period of 31 days.
    pub named: Option<ID>,
    /// The events about this consent, and what was told under it.
    pub consent: Option<ID>,
    /// The events about this MOU, and what was told under it. Within a period of 31 days.
    pub mou: Option<ID>,
    /// The events about the survivor with this id in the audit log, as `AuditEvent.survivor` gives it. Within a period of 31 days.
    pub survivor: Option<ID>,
    /// What was disclosed for this purpose. Within a period of 31 days.
    pub purpose: Option<Purpose>,
    /// What disclosed this category. Within a period of 31 days.
    pub category: Option<DataCategory>,
    /// The events from this moment on.
    pub since: Option<DateTime>,
    /// The events before this moment.
    pub until: Option<DateTime>,
}

/// A filter taken apart: the indexes by which it finds, and what is looked for among what they find.
#[derive(Clone, Debug)]
pub(crate) struct WantedEvents {
    /// The agency, where one is named.
    pub(super) agency: Option<AgencyId>,
    /// The person or program, as leaves write it.
    pub(super) subject: Option<SubjectInLeaf>,
    /// The index that a record or a consent is found by.
    pub(super) about: Option<Along>,
    /// What else holds, which no index finds; none where everything is found by one.
    pub(super) other: Option<Condition>,
    /// From when and until when.
    pub(super) period: Period,
    /// The longest period within which is looked for what no index finds, in microseconds.
    pub(super) longest: i64,
    /// What the filter is, in few bytes: a cursor of another one is refused.
    pub(super) digest: [u8; 8],
}

impl AuditFilter {
    /// Takes the filter apart for an agency that reads; `place` is the argument that has it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub(crate) fn wanted(&self, reader: AgencyId, place: &str) -> Result<WantedEvents> {
        self.apart(Some(reader), place)
    }

    /// Takes the filter apart for the operator, who reads the whole log.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, also where a person or program is named without the agency that calls it so.
    pub(crate) fn wanted_by_operator(&self) -> Result<WantedEvents> {
        if self.subject.is_some() && self.agency.is_none() {
            return Err(Error::input("subject", "name its agency as well").into());
        }
        self.apart(None, "filter")
    }

    fn apart(&self, reader: Option<AgencyId>, place: &str) -> Result<WantedEvents> {
        let mut faults = Faults::default();
        lists::require_some(&mut faults, format!("{place}.types"), self.types.as_ref());
        faults.none()?;
        let at = |field: &str| format!("{place}.{field}");
        let period = Period {
            since: self.since.map(|since| since.0),
            until: self.until.map(|until| until.0),
        };
        period.check(place)?;
        let about = match (&self.consent, &self.object) {
            (Some(consent), _) => Some(Along::Consent(page::id::<ConsentId>(
                at("consent"),
                consent,
            )?)),
            (None, Some(object)) => Some(Along::Object(
                page::id::<AnyId>(at("object"), object)?.to_string(),
            )),
            (None, None) => None,
        };
        let agency = self.agency.as_ref();
        let agency = agency.map(|agency| page::id(at("agency"), agency));
        let agency: Option<AgencyId> = agency.transpose()?;
        let subject = self.by(&at("subject"))?;
        Ok(WantedEvents {
            // Whose person is not said is the reader's own.
            agency: agency.or(reader.filter(|_| subject.is_some())),
            subject,
            about,
            other: self.other(reader, place)?,
            period,
            longest: LONGEST,
            digest: self.digest(),
        })
    }

    /// Returns who acted, where somebody is asked for.
    fn by(&self, place: &str) -> Result<Option<SubjectInLeaf>> {
        let Some(subject) = &self.subject else {
            return Ok(None);
        };
        if !is_name(subject, MAX_NAME) {
            let expected = "1 to 128 characters, none of them a control character";
            return Err(Error::input(place, expected).into());
        }
        Ok(Some(leaf::subject(subject)?))
    }

    /// Returns what an event must be that no index finds.
    fn other(&self, reader: Option<AgencyId>, place: &str) -> Result<Option<Condition>> {
        use audit_event::Column;
        let at = |field: &str| format!("{place}.{field}");
        let mut only = Condition::all();
        if let Some(types) = &self.types {
            only = only.add(Column::Kind.is_in(types.iter().copied()));
        }
        if let Some(outcome) = self.outcome {
            only = only.add(Column::Outcome.eq(outcome));
        }
        if let Some(application) = &self.application {
            let application: ApplicationId = page::id(at("application"), application)?;
            only = only.add(reviewed::by_program(&application.to_string()));
        }
        // A consent is what is walked along, where both are named.
        for (field, named) in [
            ("named", self.named.as_ref()),
            (
                "object",
                self.object.as_ref().filter(|_| self.consent.is_some()),
            ),
        ] {
            if let Some(named) = named {
                let id = page::id::<AnyId>(at(field), named)?;
                only = only.add(reviewed::names(&id, &record_ids::packed(id.uuid)));
            }
        }
        if let Some(mou) = &self.mou {
            let mou: MouId = page::id(at("mou"), mou)?;
            only = only.add(reviewed::on_mou(&mou.to_string()));
        }
        if let Some(survivor) = &self.survivor {
            let survivor: SurvivorAuditId = page::id(at("survivor"), survivor)?;
            only = only.add(match reader {
                Some(reader) => reviewed::about_survivor(survivor, reader),
                None => reviewed::of_survivor(survivor),
            });
        }
        if let Some(purpose) = self.purpose {
            only = only.add(reviewed::was_for(purpose));
        }
        if let Some(category) = self.category {
            only = only.add(reviewed::released(category));
        }
        Ok((!only.is_empty()).then_some(only))
    }

    fn digest(&self) -> [u8; 8] {
        let all = digest(&SHA256, format!("{self:?}").as_bytes());
        let mut few = [0; 8];
        for (to, from) in few.iter_mut().zip(all.as_ref()) {
            *to = *from;
        }
        few
    }
}

impl WantedEvents {
    /// Returns what an event of the whole log must be.
    pub(super) fn only(&self, backend: DbBackend) -> Condition {
        let about = self.about.as_ref().map(|about| about.holds(backend));
        self.beside_index().add(self.by_or_with()).add_option(about)
    }

    /// Returns who acted and who had a part, as far as that is asked for.
    pub(super) fn by_or_with(&self) -> Condition {
        let by = self.subject.as_ref().zip(self.agency);
        let by = by.map(|(subject, agency)| reviewed::acted(agency, subject));
        Condition::all()
            .add_option(by)
            .add_option(self.agency.map(reviewed::has_part))
    }

    /// Returns what an event must be beside what its index finds.
    pub(super) fn beside_index(&self) -> Condition {
        let Period { since, until } = self.period;
        Condition::all()
            .add(reviewed::recorded_within(since, until))
            .add_option(self.other.clone())
    }
}
