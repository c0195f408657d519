//! The decision on a package: as its reader receives it, and as its recipient would, shown to its sender.

use concord_entities::ids::{AgencyId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::mou;
use concord_entities::vocabulary::{
    ActionBlock, Categories, Code, DataCategory, Purpose, ReferralStatus,
};

use super::reader::Reader;
use crate::audit::event::Event;
use crate::sharing::decide::MouFacts;
use crate::sharing::facts::Gathered;
use crate::sharing::{Answer, Ground, Question, Reason, decide};

/// Whose package it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackageOf {
    /// The referral.
    pub(super) referral: ReferralId,
    /// The agency that discloses.
    pub(super) sender: AgencyId,
    /// The agency that may be told.
    pub(super) recipient: AgencyId,
}

/// The decision on one package, for one purpose.
#[derive(Clone, Debug)]
pub struct PackageDecision {
    /// The categories that are selected, may be shown and have something in them.
    pub shared: Categories,
    /// Every category that may not be shown, whether or not there is something in it.
    pub withheld: Vec<(DataCategory, Reason)>,
    /// The place of its audit event among the read's events.
    pub event: usize,
}

/// Decides on each category of a package, and adds the event of its reading to `events`.
pub(super) fn decide_package(
    of: &PackageOf,
    gathered: &Gathered,
    reader: Reader<'_>,
    (purpose, selected): (Purpose, Categories),
    now: Instant,
    events: &mut Vec<Event>,
) -> PackageDecision {
    let ceiling = reader.ceiling(purpose);
    let question = |category| Question {
        reader: reader.agency,
        category,
        purpose,
        ceiling,
    };
    let decided = |category| decide(&question(category), &gathered.facts, now);
    record_reading(of, gathered, reader, (purpose, selected), decided, events)
}

/// Gathers what was decided of each category, and adds the event of its reading to `events`.
fn record_reading(
    of: &PackageOf,
    gathered: &Gathered,
    reader: Reader<'_>,
    (purpose, selected): (Purpose, Categories),
    decided: impl Fn(DataCategory) -> Answer,
    events: &mut Vec<Event>,
) -> PackageDecision {
    let mut shared = Categories::EMPTY;
    let mut withheld = Vec::new();
    let mut ground: Option<Ground> = None;
    for category in DataCategory::ALL.iter().copied() {
        match decided(category) {
            Answer::Share(on) => {
                ground = Some(on);
                if selected.has(category) && gathered.contains.has(category) {
                    shared = shared.with(category);
                }
            }
            Answer::Withhold(reason) => withheld.push((category, reason)),
        }
    }
    let event = events.len();
    events.push(Event::PackageRead {
        referral: of.referral,
        survivor: gathered.survivor,
        reader: reader.agency,
        discloser: of.sender,
        purpose,
        released: shared,
        ground,
    });
    PackageDecision {
        shared,
        withheld,
        event,
    }
}

/// Returns the facts of a referral as they are once it is sent: of a draft, as if that were done now, under the MOU that it would
/// be sent under, or without it where something else than a missing MOU keeps it from that.
pub(super) fn as_sent(
    gathered: &Gathered,
    draft: Option<&Result<mou::Model, ActionBlock>>,
) -> Gathered {
    let mut sent = gathered.clone();
    if sent.facts.status != ReferralStatus::Draft {
        return sent;
    }
    sent.facts.status = ReferralStatus::Requested;
    sent.facts.answerable_until = None;
    match draft {
        Some(Ok(mou)) => {
            sent.mou = Some(mou.id);
            sent.facts.parted = false;
            sent.facts.mou = Some(MouFacts {
                id: mou.id,
                version: mou.version,
                binds_both: true,
                grants: mou.grants,
                dates: mou.dates(),
            });
        }
        Some(Err(block)) => sent.facts.parted = *block == ActionBlock::AgencySuspended,
        None => {}
    }
    sent
}

/// Decides on each category of a package as for its recipient's widest token, and shows of that what the sender's own token
/// reaches: what the sender reads is its own, and its reading goes on record as any other.
pub(super) fn preview_package(
    of: &PackageOf,
    sent: &Gathered,
    reader: Reader<'_>,
    (purpose, selected): (Purpose, Categories),
    now: Instant,
    events: &mut Vec<Event>,
) -> PackageDecision {
    let ceiling = reader.ceiling(purpose);
    let question = |category| Question {
        reader: of.recipient,
        category,
        purpose,
        ceiling: Categories::all(),
    };
    let decided = |category| match decide(&question(category), &sent.facts, now) {
        Answer::Share(_) if !ceiling.has(category) => Answer::Withhold(Reason::TokenTooNarrow),
        Answer::Share(_) => Answer::Share(Ground::Own),
        withheld @ Answer::Withhold(_) => withheld,
    };
    record_reading(of, sent, reader, (purpose, selected), decided, events)
}
