//! What may follow what in an MOU's life: one table, and what follows from it. Pure.

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, MouAction, MouStatus};
use concord_entities::{mou, mou_party};

use MouAction::{
    Amend, ConfirmReview, Decline, Leave, Offer, Reinstate, Renew, Sign, Suspend, Terminate,
};
use MouRole::{Drafter, Signatory, Suspending, Unsigned};
use MouStatus::{
    Active, Declined, Draft, DueForReview, Expired, Offered, PartiallySigned, Signed, Suspended,
    Terminated,
};

use super::status::{signed, status};
use crate::error::Error;

/// What an agency is to an MOU: one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouRole {
    /// It drafted what nobody else has seen yet.
    Drafter,
    /// A party that has not signed.
    Unsigned,
    /// A party that signed.
    Signatory,
    /// A party that suspended it, and has not taken that back; each that is left, where whoever suspended it has left.
    Suspending,
    /// A party that left.
    Left,
    /// It follows it and is no party: it coordinates the task force.
    Follower,
}

impl MouRole {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Drafter,
        Self::Unsigned,
        Self::Signatory,
        Self::Suspending,
        Self::Left,
        Self::Follower,
    ];

    /// Returns what an agency is to an MOU at `now`.
    #[must_use]
    pub fn of(
        agency: AgencyId,
        mou: &mou::Model,
        parties: &[mou_party::Model],
        now: Instant,
    ) -> Self {
        let own = parties.iter().find(|party| party.agency_id == agency);
        if mou.offered_at.is_none() && mou.drafted_by == agency {
            return Self::Drafter;
        }
        match own {
            None => Self::Follower,
            Some(own) if has_left(own, now) => Self::Left,
            Some(own) if own.suspended_at.is_some() => Self::Suspending,
            Some(_) if suspender_has_left(mou, parties, now) => Self::Suspending,
            Some(own) if own.signed_at.is_some() => Self::Signatory,
            Some(_) => Self::Unsigned,
        }
    }
}

/// Returns whether a party has left at `now`.
#[must_use]
pub fn has_left(party: &mou_party::Model, now: Instant) -> bool {
    is_over(party.leaves_at, now)
}

/// Returns whether a party whose last day ends at this moment, where it leaves, has left at `now`.
#[must_use]
pub fn is_over(leaves_at: Option<Instant>, now: Instant) -> bool {
    leaves_at.is_some_and(|leaves| leaves <= now)
}

/// Returns whether an MOU is suspended by nobody who could take that back: whoever suspended it has left.
#[must_use]
pub fn suspender_has_left(mou: &mou::Model, parties: &[mou_party::Model], now: Instant) -> bool {
    let mut staying = parties.iter().filter(|party| !has_left(party, now));
    mou.suspended_at.is_some() && staying.all(|party| party.suspended_at.is_none())
}

/// What an agency may do with an MOU, and where that may bring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MouTransition {
    /// Where it stands.
    pub from: MouStatus,
    /// Who does it.
    pub role: MouRole,
    /// What is done.
    pub action: MouAction,
    /// Where it may stand then; what the others have said, and its days, say where.
    pub to: &'static [MouStatus],
}

const fn row(
    from: MouStatus,
    role: MouRole,
    action: MouAction,
    to: &'static [MouStatus],
) -> MouTransition {
    MouTransition {
        from,
        role,
        action,
        to,
    }
}

/// Where the last signature may bring an MOU, and one before.
const AFTER_SIGNING: &[MouStatus] = &[PartiallySigned, Signed, Active, DueForReview];

/// Every transition that agencies make. Time makes the others: a first day comes, a review falls due, and a last day passes,
/// be it the one that was agreed (`EXPIRED`) or that of a notice (`TERMINATED`). `SUPERSEDED` is a version as the last party
/// signs the next one. What a [`Follower`](MouRole::Follower) or one that [`Left`](MouRole::Left) may do: nothing but read.
pub const MOU_TRANSITIONS: [MouTransition; 30] = [
    row(Draft, Drafter, Offer, &[Offered, Expired]),
    row(Offered, Unsigned, Sign, AFTER_SIGNING),
    row(Offered, Unsigned, Decline, &[Declined]),
    row(PartiallySigned, Unsigned, Sign, AFTER_SIGNING),
    row(PartiallySigned, Unsigned, Decline, &[Declined]),
    row(PartiallySigned, Signatory, Decline, &[Declined]),
    row(Signed, Signatory, Suspend, &[Suspended]),
    row(Signed, Signatory, Terminate, &[Signed, Terminated]),
    row(Signed, Signatory, Leave, &[Signed]),
    row(Active, Signatory, Suspend, &[Suspended]),
    row(Active, Signatory, Terminate, &[Active, Terminated]),
    row(Active, Signatory, Leave, &[Active]),
    row(Active, Signatory, ConfirmReview, &[Active]),
    row(Active, Signatory, Amend, &[Active]),
    row(Active, Signatory, Renew, &[Active]),
    row(DueForReview, Signatory, Suspend, &[Suspended]),
    row(
        DueForReview,
        Signatory,
        Terminate,
        &[DueForReview, Terminated],
    ),
    row(DueForReview, Signatory, Leave, &[DueForReview]),
    row(
        DueForReview,
        Signatory,
        ConfirmReview,
        &[DueForReview, Active],
    ),
    row(DueForReview, Signatory, Amend, &[DueForReview]),
    row(DueForReview, Signatory, Renew, &[DueForReview]),
    row(Suspended, Signatory, Suspend, &[Suspended]),
    row(Suspended, Signatory, Terminate, &[Suspended, Terminated]),
    row(Suspended, Signatory, Leave, &[Suspended]),
    row(
        Suspended,
        Suspending,
        Reinstate,
        &[Suspended, Signed, Active, DueForReview],
    ),
    row(Suspended, Suspending, Terminate, &[Suspended, Terminated]),
    row(
        Suspended,
        Suspending,
        Leave,
        &[Suspended, Signed, Active, DueForReview],
    ),
    row(Expired, Signatory, Amend, &[Expired]),
    row(Expired, Signatory, Renew, &[Expired]),
    row(Expired, Suspending, Reinstate, &[Expired]),
];

/// An MOU with its parties, as an agency looks at it.
#[derive(Clone, Copy, Debug)]
pub struct SeenMou<'m> {
    /// The MOU.
    pub mou: &'m mou::Model,
    /// Its parties.
    pub parties: &'m [mou_party::Model],
    /// The agency.
    pub agency: AgencyId,
    /// When.
    pub now: Instant,
}

impl<'m> SeenMou<'m> {
    /// Returns where it stands.
    #[must_use]
    pub fn status(&self) -> MouStatus {
        status(self.mou, signed(self.parties), self.now)
    }

    /// Returns the agency's own part.
    #[must_use]
    pub fn own(&self) -> Option<&'m mou_party::Model> {
        let mut parties = self.parties.iter();
        parties.find(|party| party.agency_id == self.agency)
    }

    /// Lists the other parties that have not left.
    pub fn others(&self) -> impl Iterator<Item = &'m mou_party::Model> + use<'m> {
        let (agency, now) = (self.agency, self.now);
        self.parties
            .iter()
            .filter(move |party| party.agency_id != agency && !has_left(party, now))
    }

    /// Returns whether what the parties have said already leaves room for this, beside where the MOU stands.
    fn leaves_room(&self, action: MouAction) -> bool {
        let own = self.own();
        let stays = own.is_some_and(|own| own.leaves_at.is_none());
        let staying = self.others().filter(|party| party.leaves_at.is_none());
        match action {
            Offer | Sign | Decline | Suspend | Reinstate => true,
            Terminate => own.is_some_and(|own| own.ended_at.is_none()),
            // Two go on at least.
            Leave => stays && staying.count() >= 2,
            ConfirmReview => {
                stays && self.mou.review_on.is_some() && self.mou.terminates_on.is_none()
            }
            Amend | Renew => stays && may_be_followed(self.mou),
        }
    }

    /// Returns the error for what the agency may not do now.
    #[must_use]
    pub fn refusal(&self) -> Error {
        Error::NotYours {
            record: "MOU",
            from: self.status().code(),
            allowed: allowed(self).map(Code::code).collect(),
        }
    }

    /// Checks that the agency may do this now.
    ///
    /// # Errors
    /// `INVALID_TRANSITION`, with what it may do.
    pub fn may(&self, action: MouAction) -> Result<(), Error> {
        if allowed(self).any(|one| one == action) {
            return Ok(());
        }
        Err(self.refusal())
    }
}

/// Returns whether a next version may take an MOU's place, as far as its parties have said: it was in force, nobody ended or
/// suspended it.
#[must_use]
pub fn may_be_followed(mou: &mou::Model) -> bool {
    mou.signed_at.is_some() && mou.terminates_on.is_none() && mou.suspended_at.is_none()
}

/// Lists what an agency may do next with an MOU.
pub fn allowed(seen: &SeenMou<'_>) -> impl Iterator<Item = MouAction> {
    let from = seen.status();
    let role = MouRole::of(seen.agency, seen.mou, seen.parties, seen.now);
    let seen = *seen;
    MOU_TRANSITIONS
        .iter()
        .filter(move |row| row.from == from && row.role == role)
        .map(|row| row.action)
        .filter(move |action| seen.leaves_room(*action))
}
