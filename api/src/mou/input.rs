//! What goes into an MOU.

use std::ops::RangeInclusive;
use std::str::FromStr;

use async_graphql::{ID, InputObject, SimpleObject};
use concord_entities::grants::Grants;
use concord_entities::ids::InvalidIdError;
use concord_entities::mou::{self, Terms};
use concord_entities::vocabulary::{MouKind, MouStatus};

use super::promises::Promise;
use super::register::WantedMous;
use super::rules::PartySignature;
use crate::error::{Faults, Result};
use crate::lists;
use crate::store::page;
use crate::text;
use crate::wire::grants::{self, Grant};
use crate::wire::scalars::{Date, Sha256};

/// Within how many hours a breach is told: up to 30 days.
const BREACH_NOTICE_HOURS: RangeInclusive<i32> = 1..=720;
/// How many days before leaving a party says so.
const TERMINATION_NOTICE_DAYS: RangeInclusive<i32> = 0..=365;

/// An MOU to draft.
#[derive(Clone, Debug, InputObject)]
pub struct MouInput {
    /// What it is for.
    pub kind: MouKind,
    /// Its title: 1 to 200 characters.
    pub title: String,
    /// The task force that follows it.
    pub task_force: Option<ID>,
    /// Its parties: at least two, and your agency among them.
    pub parties: Vec<PartyInput>,
    /// What the parties agree on.
    pub terms: MouTerms,
    /// Its first day in force, where its task force works.
    pub effective_on: Date,
    /// The day on which its review is due, within its term.
    pub review_on: Option<Date>,
    /// Its last day in force. Leave it out where it is open-ended: then `reviewOn` is asked for, and it ends 90 days after that
    /// where its parties do not review it.
    pub expires_on: Option<Date>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// A party of an MOU to draft.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "MouPartyInput")]
pub struct PartyInput {
    /// The agency.
    pub agency: ID,
    /// What it takes on: 1 to 10,000 characters.
    pub responsibilities: String,
    /// What it promises, coded: at most 20 promises. Coverage is counted from these.
    pub promises: Option<Vec<Promise>>,
}

/// What the parties of an MOU agree on.
#[derive(Clone, Debug, SimpleObject, InputObject)]
#[graphql(input_name = "MouTermsInput")]
pub struct MouTerms {
    /// Why the parties work together: 1 to 10,000 characters.
    pub purpose: String,
    /// What may be told between them, for what: a ceiling only, it never authorises identity by itself. None where nothing
    /// is told.
    pub grants: Vec<Grant>,
    /// What each serves with, and how many people: 1 to 10,000 characters.
    pub services: String,
    /// How information is kept confidential: 1 to 10,000 characters.
    pub confidentiality: String,
    /// Within how many hours a breach is told: 1 to 720.
    pub breach_notice_hours: i32,
    /// What training each gives and takes: 1 to 10,000 characters.
    pub training: String,
    /// How conflicts are settled: 1 to 10,000 characters.
    pub conflict_resolution: String,
    /// How many days before leaving a party says so: 0 to 365.
    pub termination_notice_days: i32,
    /// Whether whoever is told of substance-use records agrees to be bound by 42 CFR part 2, as a qualified service organisation
    /// is (42 CFR 2.11). Asked for where `PART2` binds a party and the MOU permits `SUBSTANCE_USE`.
    #[graphql(default)]
    pub qsoa: bool,
}

/// A signature under an MOU.
#[derive(Clone, Debug, InputObject)]
pub struct MouSignatureInput {
    /// Who signs for your agency: 1 to 200 characters.
    pub signatory: String,
    /// The signatory's title: 1 to 200 characters.
    pub title: String,
    /// By what authority they sign, as they declare: 1 to 200 characters, such as a board's resolution.
    pub authority: String,
    /// The SHA-256 of the signed document.
    pub document_sha256: Sha256,
}

/// What to look for among MOUs.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MouFilter {
    /// Any of these states: at least one.
    pub statuses: Option<Vec<MouStatus>>,
    /// Any of these kinds: at least one.
    pub kinds: Option<Vec<MouKind>>,
    /// Those that this agency is a party of.
    pub party: Option<ID>,
    /// Those followed by this task force.
    pub task_force: Option<ID>,
    /// Those whose last day comes before this one, each where it works.
    pub ending_before: Option<Date>,
    /// Those that are before their parties and await this agency's signature.
    pub lacking_signature_of: Option<ID>,
}

impl MouFilter {
    /// Returns what is asked for.
    pub(super) fn read(self) -> Result<WantedMous> {
        let mut faults = Faults::default();
        lists::require_some(&mut faults, "filter.statuses", self.statuses.as_ref());
        lists::require_some(&mut faults, "filter.kinds", self.kinds.as_ref());
        let party = read_id(&mut faults, "filter.party", self.party.as_ref())?;
        let task_force = read_id(&mut faults, "filter.taskForce", self.task_force.as_ref())?;
        let lacking = self.lacking_signature_of.as_ref();
        let lacking_signature_of = read_id(&mut faults, "filter.lackingSignatureOf", lacking)?;
        faults.none()?;
        Ok(WantedMous {
            statuses: self.statuses.map(lists::once),
            kinds: self.kinds.map(lists::once),
            party,
            task_force,
            ending_before: self.ending_before.map(|day| day.0),
            lacking_signature_of,
        })
    }
}

/// Reads an id of a filter, where it names one; what is wrong with it goes to `faults`.
fn read_id<T: FromStr<Err = InvalidIdError>>(
    faults: &mut Faults,
    place: &str,
    id: Option<&ID>,
) -> Result<Option<T>> {
    match id {
        Some(id) => faults.keep(page::id(place, id)),
        None => Ok(None),
    }
}

impl MouTerms {
    /// Returns the terms as they are kept; what is wrong with them goes to `faults`.
    pub(super) fn told(self, faults: &mut Faults) -> Terms {
        let mut count = |field: &str, number: i32, within: RangeInclusive<i32>| {
            let place = format!("mou.terms.{field}");
            let remedy = format!("{} to {}", within.start(), within.end());
            faults.require(within.contains(&number), place, &remedy);
            u32::try_from(number).unwrap_or_default()
        };
        let hours = self.breach_notice_hours;
        let breach_notice_hours = count("breachNoticeHours", hours, BREACH_NOTICE_HOURS);
        let days = self.termination_notice_days;
        let termination_notice_days = count("terminationNoticeDays", days, TERMINATION_NOTICE_DAYS);
        let mut prose = |field: &str, said: &str| {
            text::prose_at(faults, format!("mou.terms.{field}"), said, text::PROSE)
        };
        Terms {
            purpose: prose("purpose", &self.purpose),
            services: prose("services", &self.services),
            confidentiality: prose("confidentiality", &self.confidentiality),
            training: prose("training", &self.training),
            conflict_resolution: prose("conflictResolution", &self.conflict_resolution),
            breach_notice_hours,
            termination_notice_days,
            qsoa: self.qsoa,
        }
    }
}

impl MouSignatureInput {
    /// Returns the signature as it is kept; what is wrong with it goes to `faults`.
    pub(super) fn told(&self, faults: &mut Faults) -> PartySignature {
        let mut line = |field: &str, said: &str| {
            text::line_at(faults, format!("signature.{field}"), said, text::LINE)
        };
        PartySignature {
            signatory: line("signatory", &self.signatory),
            title: line("title", &self.title),
            authority: Some(line("authority", &self.authority)),
            document_sha256: self.document_sha256.as_str().to_owned(),
        }
    }
}

impl MouTerms {
    /// Returns what the parties of an MOU agreed on.
    #[must_use]
    pub fn of(mou: &mou::Model) -> Self {
        Self::told_as(&mou.terms, &mou.grants)
    }

    /// Returns terms and what they permit as they are told.
    pub(super) fn told_as(terms: &Terms, grants: &Grants) -> Self {
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            purpose: terms.purpose.clone(),
            grants: grants::from_grants(grants),
            services: terms.services.clone(),
            confidentiality: terms.confidentiality.clone(),
            breach_notice_hours: count(terms.breach_notice_hours),
            training: terms.training.clone(),
            conflict_resolution: terms.conflict_resolution.clone(),
            termination_notice_days: count(terms.termination_notice_days),
            qsoa: terms.qsoa,
        }
    }
}
