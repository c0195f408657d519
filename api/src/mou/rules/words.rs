//! What a party says of an MOU after it was offered: each for itself, by its own token. Pure.
//!
//! A suspension is a party's own: the MOU is halted while any stands, and only whoever suspended takes it back, or any party once
//! that one has left. A termination
//! takes effect when its notice is over, as a leaving does; at once where all agree, each by the same word, or a breach is named,
//! or the MOU has no notice. What is reviewed is so once all say until when.

use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{MouAction, NoticeKind};
use concord_entities::{mou, mou_party};

use super::signing::ChangedMou;
use super::term::{LONGEST_TERM, last_day_unreviewed};
use super::transitions::{SeenMou, has_left, suspender_has_left};
use crate::error::Error;

/// What a party says of an MOU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartyWord {
    /// It turns it down, for this reason.
    Decline(String),
    /// It halts it, for this reason.
    Suspend(String),
    /// It takes that back.
    Reinstate,
    /// It ends it.
    Terminate(EndReason),
    /// It leaves it to the others.
    Leave(EndReason),
    /// It reviewed it, and the next review is due on this day.
    ConfirmReview(Day),
}

/// Why a party ends an MOU, or leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndReason {
    /// In its own words.
    pub text: String,
    /// Whether the MOU was broken: then at once.
    pub breach: bool,
}

impl PartyWord {
    /// Returns what is done by it.
    #[must_use]
    pub fn action(&self) -> MouAction {
        match self {
            Self::Decline(_) => MouAction::Decline,
            Self::Suspend(_) => MouAction::Suspend,
            Self::Reinstate => MouAction::Reinstate,
            Self::Terminate(_) => MouAction::Terminate,
            Self::Leave(_) => MouAction::Leave,
            Self::ConfirmReview(_) => MouAction::ConfirmReview,
        }
    }

    /// Returns what the other parties are told of it.
    #[must_use]
    pub fn notice(&self) -> NoticeKind {
        match self {
            Self::Decline(_) => NoticeKind::MouDeclined,
            Self::Suspend(_) => NoticeKind::MouSuspended,
            Self::Reinstate => NoticeKind::MouReinstated,
            Self::Terminate(_) => NoticeKind::MouTerminated,
            Self::Leave(_) => NoticeKind::MouLeft,
            Self::ConfirmReview(_) => NoticeKind::MouReviewConfirmed,
        }
    }

    /// Returns whether a program could say it, and take it back, for ever. A suspension, an end and a leaving are never counted.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(self, Self::Reinstate | Self::ConfirmReview(_))
    }

    /// Returns whether a party is on record with this as its last word of the kind.
    fn is_said(&self, seen: &SeenMou<'_>, own: &mou_party::Model) -> bool {
        let mou = seen.mou;
        let ended_for = |why: &str| own.end_reason.as_deref() == Some(why);
        match self {
            Self::Decline(why) => {
                mou.declined_at.is_some() && own.ended_at == mou.declined_at && ended_for(why)
            }
            Self::Suspend(why) => {
                own.suspended_at.is_some() && own.suspension_reason.as_ref() == Some(why)
            }
            Self::Reinstate => {
                let left = suspender_has_left(mou, seen.parties, seen.now);
                own.suspended_at.is_none() && own.reinstated_at.is_some() && !left
            }
            Self::Terminate(why) => {
                own.ended_at.is_some()
                    && mou.declined_at.is_none()
                    && ended_for(&why.text)
                    && own.breach == why.breach
            }
            Self::Leave(why) => {
                own.leaves_at.is_some() && ended_for(&why.text) && own.breach == why.breach
            }
            Self::ConfirmReview(day) => own.reviewed_for == Some(*day),
        }
    }
}

/// How an MOU, or a party's part in it, ends, as it goes on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HowMouEnds {
    /// When the notice is over.
    WithNotice,
    /// At once: all agree, or there is no notice.
    AtOnce,
    /// At once, as a breach was named.
    ForBreach,
}

impl HowMouEnds {
    /// Returns the stable word, as the audit log has it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::WithNotice => "WITH_NOTICE",
            Self::AtOnce => "AT_ONCE",
            Self::ForBreach => "FOR_BREACH",
        }
    }
}

/// What a party's word comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The MOU and the party after it.
    pub changed: ChangedMou,
    /// How something ends, where that is what was said.
    pub how: Option<HowMouEnds>,
    /// Whether something was shared until now, and is no more.
    pub ends_sharing: bool,
}

impl Said {
    /// Returns whether whoever says it has to have seen what would stop: an MOU that ends when a notice is over leaves the time
    /// for it.
    #[must_use]
    pub fn waits_for_impact(&self, word: &PartyWord) -> bool {
        matches!(word, PartyWord::Terminate(_)) && self.how == Some(HowMouEnds::WithNotice)
    }
}

/// Hears what an agency says of an MOU. Returns none where it said so last.
///
/// # Errors
/// `INVALID_TRANSITION`: it may not do that now. `BAD_USER_INPUT`: a day of review that makes no sense.
pub fn hear(
    mou: &mou::Model,
    parties: &[mou_party::Model],
    agency: AgencyId,
    word: &PartyWord,
    now: Instant,
) -> Result<Option<Said>, Error> {
    let seen = SeenMou {
        mou,
        parties,
        agency,
        now,
    };
    let own = seen.own().ok_or_else(|| seen.refusal())?;
    if word.is_said(&seen, own) {
        return Ok(None);
    }
    seen.may(word.action())?;
    let (changed, how) = match word {
        PartyWord::Decline(why) => (declined(&seen, own, why), None),
        PartyWord::Suspend(why) => (suspended(&seen, own, why), None),
        PartyWord::Reinstate => (reinstated(&seen, own), None),
        PartyWord::Terminate(why) => terminated(&seen, own, why),
        PartyWord::Leave(why) => left(&seen, own, why),
        PartyWord::ConfirmReview(day) => (reviewed(&seen, own, *day)?, None),
    };
    let leaves_now = has_left(&changed.party, now);
    let was_in_force = mou.dates().is_in_force(now);
    let ends = leaves_now || !changed.mou.dates().is_in_force(now);
    Ok(Some(Said {
        changed,
        how,
        ends_sharing: was_in_force && ends,
    }))
}

fn declined(seen: &SeenMou<'_>, own: &mou_party::Model, why: &str) -> ChangedMou {
    ChangedMou {
        mou: mou::Model {
            declined_at: Some(seen.now),
            ..seen.mou.clone()
        },
        party: mou_party::Model {
            ended_at: Some(seen.now),
            end_reason: Some(why.to_owned()),
            ..own.clone()
        },
    }
}

fn suspended(seen: &SeenMou<'_>, own: &mou_party::Model, why: &str) -> ChangedMou {
    ChangedMou {
        mou: mou::Model {
            suspended_at: seen.mou.suspended_at.or(Some(seen.now)),
            ..seen.mou.clone()
        },
        party: mou_party::Model {
            suspended_at: Some(seen.now),
            suspension_reason: Some(why.to_owned()),
            reinstated_at: None,
            ..own.clone()
        },
    }
}

/// Returns the MOU without the agency's own suspension: halted while another stands.
fn without_own_suspension(seen: &SeenMou<'_>) -> mou::Model {
    let standing = seen.others().filter_map(|party| party.suspended_at).min();
    mou::Model {
        // Since when it is halted stays, while it is.
        suspended_at: seen.mou.suspended_at.filter(|_| standing.is_some()),
        ..seen.mou.clone()
    }
}

fn reinstated(seen: &SeenMou<'_>, own: &mou_party::Model) -> ChangedMou {
    ChangedMou {
        mou: without_own_suspension(seen),
        party: mou_party::Model {
            suspended_at: None,
            reinstated_at: Some(seen.now),
            ..own.clone()
        },
    }
}

/// Returns the last day of a notice that is given now.
#[must_use]
pub fn notice_ends(mou: &mou::Model, now: Instant) -> Day {
    let days = mou.terms.termination_notice_days;
    let today = mou.time_zone.day(now);
    today.plus_days(i32::try_from(days).unwrap_or(i32::MAX))
}

fn how_it_ends(seen: &SeenMou<'_>, why: &EndReason, nobody_minds: bool) -> HowMouEnds {
    if why.breach {
        HowMouEnds::ForBreach
    } else if nobody_minds || seen.mou.terms.termination_notice_days == 0 {
        HowMouEnds::AtOnce
    } else {
        HowMouEnds::WithNotice
    }
}

fn terminated(
    seen: &SeenMou<'_>,
    own: &mou_party::Model,
    why: &EndReason,
) -> (ChangedMou, Option<HowMouEnds>) {
    let all_agree = seen.others().all(|party| party.ended_at.is_some());
    let how = how_it_ends(seen, why, all_agree);
    let mut mou = seen.mou.clone();
    if how == HowMouEnds::WithNotice {
        let last = notice_ends(seen.mou, seen.now);
        // A notice that is over later than the MOU, or than one that was given before, ends nothing.
        if last < mou.last_day() {
            mou.terminates_on = Some(last);
            mou.ends_at = mou.time_zone.end(last);
        }
    } else {
        mou.terminated_at = Some(seen.now);
    }
    let party = mou_party::Model {
        ended_at: Some(seen.now),
        end_reason: Some(why.text.clone()),
        breach: why.breach,
        ..own.clone()
    };
    (ChangedMou { mou, party }, Some(how))
}

fn left(
    seen: &SeenMou<'_>,
    own: &mou_party::Model,
    why: &EndReason,
) -> (ChangedMou, Option<HowMouEnds>) {
    // With whoever suspended it nothing is shared as it is; and its suspension leaves with it.
    let how = how_it_ends(seen, why, own.suspended_at.is_some());
    let leaves_at = if how == HowMouEnds::WithNotice {
        seen.mou.time_zone.end(notice_ends(seen.mou, seen.now))
    } else {
        seen.now
    };
    let mou = if own.suspended_at.is_some() {
        without_own_suspension(seen)
    } else {
        seen.mou.clone()
    };
    let party = mou_party::Model {
        suspended_at: None,
        leaves_at: Some(leaves_at),
        end_reason: Some(why.text.clone()),
        breach: why.breach,
        ..own.clone()
    };
    (ChangedMou { mou, party }, Some(how))
}

fn reviewed(seen: &SeenMou<'_>, own: &mou_party::Model, day: Day) -> Result<ChangedMou, Error> {
    let mou = seen.mou;
    let today = mou.time_zone.day(seen.now);
    let longest = if mou.open_ended {
        today.plus_days(LONGEST_TERM)
    } else {
        mou.expires_on
    };
    if day < today || mou.review_on.is_some_and(|before| day <= before) || day > longest {
        let text = "after the day on which the review was due and not before today, within the term, and at most ten years from \
                    today";
        return Err(Error::input("reviewOn", text));
    }
    let all_agree = seen.others().all(|party| party.reviewed_for == Some(day));
    let mut mou = mou.clone();
    if all_agree {
        mou.review_on = Some(day);
        mou.review_at = Some(mou.time_zone.start(day));
        if mou.open_ended {
            mou.expires_on = last_day_unreviewed(day);
            mou.ends_at = mou.time_zone.end(mou.last_day());
        }
    }
    let party = mou_party::Model {
        reviewed_for: Some(day),
        ..own.clone()
    };
    Ok(ChangedMou { mou, party })
}
