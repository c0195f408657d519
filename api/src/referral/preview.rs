//! A package as its recipient would receive it, shown to its sender.

use concord_entities::instant::Instant;
use concord_entities::mou;
use concord_entities::vocabulary::{ActionBlock, Categories, Purpose, ReferralStatus};

use super::read::{Header, PackageDecision, record_reading};
use super::reader::Reader;
use crate::audit::event::Event;
use crate::sharing::decide::MouFacts;
use crate::sharing::facts::Gathered;
use crate::sharing::{Answer, Ground, Question, Reason, decide};

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
pub(super) fn decide_package(
    header: &Header,
    sent: &Gathered,
    reader: Reader<'_>,
    (purpose, selected): (Purpose, Categories),
    now: Instant,
    events: &mut Vec<Event>,
) -> PackageDecision {
    let ceiling = reader.ceiling(purpose);
    let question = |category| Question {
        reader: header.recipient_id,
        category,
        purpose,
        ceiling: Categories::all(),
    };
    let decided = |category| match decide(&question(category), &sent.facts, now) {
        Answer::Share(_) if !ceiling.has(category) => Answer::Withhold(Reason::TokenTooNarrow),
        Answer::Share(_) => Answer::Share(Ground::Own),
        withheld @ Answer::Withhold(_) => withheld,
    };
    record_reading(header, sent, reader, (purpose, selected), decided, events)
}
