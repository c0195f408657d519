//! The table as people read it, and the rules permit exactly what it says.

use std::collections::BTreeSet;
use std::fmt::Write;

use concord::mou::rules::transitions::{MOU_TRANSITIONS, MouRole, SeenMou};
use concord::mou::rules::words::{EndReason, PartyWord, hear};
use concord::mou::rules::{PartySignature, allowed, offer, sign, status};
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{Code, MouAction, MouKind, MouStatus};
use concord_entities::zone::Zone;
use concord_entities::{mou, mou_party};

pub const TODAY: Day = Day(20_700);

/// What each may do, a line for each status and role that may do anything.
const MAY: &str = "
    DRAFT Drafter: OFFER
    OFFERED Unsigned: SIGN DECLINE
    PARTIALLY_SIGNED Unsigned: SIGN DECLINE
    PARTIALLY_SIGNED Signatory: DECLINE
    SIGNED Signatory: SUSPEND TERMINATE LEAVE
    ACTIVE Signatory: SUSPEND TERMINATE LEAVE CONFIRM_REVIEW AMEND RENEW
    DUE_FOR_REVIEW Signatory: SUSPEND TERMINATE LEAVE CONFIRM_REVIEW AMEND RENEW
    EXPIRED Signatory: AMEND RENEW
    EXPIRED Suspending: REINSTATE
    SUSPENDED Signatory: SUSPEND TERMINATE LEAVE
    SUSPENDED Suspending: REINSTATE TERMINATE LEAVE
";

#[test]
fn the_table_is_as_written_down() {
    let mut told = String::from("\n");
    for status in MouStatus::ALL.iter().copied() {
        for role in MouRole::ALL {
            let rows = MOU_TRANSITIONS.iter();
            let may: Vec<_> = rows
                .filter(|row| row.from == status && row.role == role)
                .map(|row| row.action.code())
                .collect();
            if !may.is_empty() {
                writeln!(told, "    {status} {role:?}: {}", may.join(" ")).unwrap();
            }
        }
    }
    assert_eq!(told, MAY);
    let keys: BTreeSet<_> = MOU_TRANSITIONS
        .iter()
        .map(|row| {
            (
                row.from.code(),
                format!("{:?}", row.role),
                row.action.code(),
            )
        })
        .collect();
    assert_eq!(keys.len(), MOU_TRANSITIONS.len(), "no row is there twice");
}

/// Three parties and what became of their MOU.
pub struct Scene {
    now: Instant,
    agencies: [AgencyId; 4],
    pub mou: mou::Model,
    pub parties: Vec<mou_party::Model>,
}

impl Scene {
    pub fn draft() -> Self {
        let agencies: [AgencyId; 4] = std::array::from_fn(|_| AgencyId::new());
        let [drafter, ..] = agencies;
        let id = MouId::new();
        let now = Zone::UTC.start(TODAY);
        let mou = mou::Model {
            id,
            version: 1,
            supersedes: None,
            kind: MouKind::Referral,
            title: String::new(),
            task_force_id: None,
            drafted_by: drafter,
            grants: Grants::EMPTY,
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
            effective_on: TODAY.plus_days(-10),
            review_on: Some(TODAY.plus_days(20)),
            expires_on: TODAY.plus_days(300),
            open_ended: false,
            terminates_on: None,
            time_zone: Zone::UTC,
            zone_assumed: false,
            zone_from: None,
            begins_at: Zone::UTC.start(TODAY.plus_days(-10)),
            ends_at: Zone::UTC.end(TODAY.plus_days(300)),
            review_at: Some(Zone::UTC.start(TODAY.plus_days(20))),
            offered_at: None,
            signed_at: None,
            suspended_at: None,
            terminated_at: None,
            declined_at: None,
            superseded_at: None,
            reminded_at: None,
            document: None,
            created_at: now,
        };
        let parties = agencies
            .iter()
            .take(3)
            .map(|agency| mou_party::Model::unsigned(id, *agency, String::new()))
            .collect();
        Self {
            now,
            agencies,
            mou,
            parties,
        }
    }

    /// One that stands there, seen by its first party in this role, where that can be.
    fn at(status: MouStatus, role: MouRole) -> Option<(Self, AgencyId)> {
        let mut scene = Self::draft();
        let [first, _, _, other] = scene.agencies;
        let before = scene.now.minus(std::time::Duration::from_hours(1));
        if status != MouStatus::Draft {
            scene.mou.offered_at = Some(before);
        }
        let signatures = match status {
            MouStatus::Draft | MouStatus::Offered => 0,
            MouStatus::PartiallySigned | MouStatus::Declined => 1,
            _ => 3,
        };
        let unsigned_first = usize::from(role == MouRole::Unsigned);
        for party in scene
            .parties
            .iter_mut()
            .skip(unsigned_first)
            .take(signatures)
        {
            party.signed_at = Some(before);
            party.signatory = Some("A".to_owned());
            party.title = Some("B".to_owned());
            party.document_sha256 = Some("ab".repeat(32));
        }
        if signatures == 3 {
            scene.mou.signed_at = Some(before);
        }
        match status {
            MouStatus::Signed => {
                scene.mou.begins_at = scene.now.plus(std::time::Duration::from_hours(1));
            }
            MouStatus::DueForReview => {
                scene.mou.review_on = Some(TODAY);
                scene.mou.review_at = Some(Zone::UTC.start(TODAY));
            }
            MouStatus::Expired => scene.mou.ends_at = scene.now,
            MouStatus::Superseded => scene.mou.superseded_at = Some(before),
            MouStatus::Terminated => scene.mou.terminated_at = Some(before),
            MouStatus::Declined => scene.mou.declined_at = Some(before),
            MouStatus::Suspended => {
                scene.mou.suspended_at = Some(before);
                scene.parties.last_mut()?.suspended_at = Some(before);
            }
            MouStatus::Draft
            | MouStatus::Offered
            | MouStatus::PartiallySigned
            | MouStatus::Active => {}
        }
        match role {
            MouRole::Suspending => {
                scene.mou.suspended_at = Some(before);
                scene.parties.first_mut()?.suspended_at = Some(before);
                scene.parties.last_mut()?.suspended_at = None;
            }
            MouRole::Left => scene.parties.first_mut()?.leaves_at = Some(before),
            MouRole::Drafter | MouRole::Unsigned | MouRole::Signatory | MouRole::Follower => {}
        }
        let agency = if role == MouRole::Follower {
            other
        } else {
            first
        };
        let seen = scene.seen_by(agency);
        let is_so = seen.status() == status
            && MouRole::of(agency, &scene.mou, &scene.parties, scene.now) == role;
        is_so.then_some((scene, agency))
    }

    fn seen_by(&self, agency: AgencyId) -> SeenMou<'_> {
        SeenMou {
            mou: &self.mou,
            parties: &self.parties,
            agency,
            now: self.now,
        }
    }

    /// Does this; returns where the MOU stands then, or none where that is refused.
    fn does(&self, agency: AgencyId, action: MouAction) -> Option<MouStatus> {
        let why = || EndReason {
            text: "no more".to_owned(),
            breach: false,
        };
        let word = match action {
            MouAction::Offer => {
                let offered = offer(&self.mou, &self.parties, agency, self.now).ok()?;
                let offered = offered.unwrap_or_else(|| self.mou.clone());
                return Some(status(&offered, 0, self.now));
            }
            MouAction::Sign => {
                let signature = PartySignature {
                    signatory: "A".to_owned(),
                    title: "B".to_owned(),
                    authority: Some("C".to_owned()),
                    document_sha256: "ab".repeat(32),
                };
                let signed = sign(&self.mou, &self.parties, agency, signature, self.now);
                let after = signed.ok()?.unwrap();
                let before = self
                    .parties
                    .iter()
                    .filter(|party| party.signed_at.is_some());
                return Some(status(&after.mou, before.count() + 1, self.now));
            }
            // The next version's own way.
            MouAction::Amend | MouAction::Renew => {
                let may = allowed(&self.seen_by(agency)).any(|one| one == action);
                return may.then(|| self.seen_by(agency).status());
            }
            MouAction::Decline => PartyWord::Decline("no".to_owned()),
            MouAction::Suspend => PartyWord::Suspend("a doubt".to_owned()),
            MouAction::Reinstate => PartyWord::Reinstate,
            MouAction::Terminate => PartyWord::Terminate(why()),
            MouAction::Leave => PartyWord::Leave(why()),
            MouAction::ConfirmReview => PartyWord::ConfirmReview(TODAY.plus_days(200)),
        };
        let said = hear(&self.mou, &self.parties, agency, &word, self.now);
        let after = said.ok()?.unwrap().changed.mou;
        let signed = self
            .parties
            .iter()
            .filter(|party| party.signed_at.is_some());
        Some(status(&after, signed.count(), self.now))
    }
}

#[test]
fn the_rules_permit_exactly_what_the_table_says() {
    let mut met = 0;
    for from in MouStatus::ALL.iter().copied() {
        for role in MouRole::ALL {
            let Some((scene, agency)) = Scene::at(from, role) else {
                continue;
            };
            for action in MouAction::ALL.iter().copied() {
                let place = format!("{action} by {role:?} from {from}");
                let shown = allowed(&scene.seen_by(agency)).any(|one| one == action);
                let row = MOU_TRANSITIONS
                    .iter()
                    .find(|row| (row.from, row.role, row.action) == (from, role, action));
                // An offer that is made already, and not seen further, is answered as it stands.
                let repeated = from == MouStatus::Offered && action == MouAction::Offer;
                match (row, scene.does(agency, action)) {
                    (Some(row), Some(to)) => {
                        assert!(shown, "{place} is done and not shown");
                        assert!(row.to.contains(&to), "{place} leads to {to}");
                        met += 1;
                    }
                    (None, Some(_)) => assert!(repeated && !shown, "{place} is done"),
                    (Some(_), None) => panic!("{place} is refused"),
                    (None, None) => assert!(!shown, "{place} is shown and refused"),
                }
            }
        }
    }
    assert_eq!(met, MOU_TRANSITIONS.len());
}

#[test]
fn a_suspension_whose_party_has_left_is_taken_back_by_any_that_stays() {
    let (mut scene, first) = Scene::at(MouStatus::Suspended, MouRole::Signatory).unwrap();
    assert!(scene.does(first, MouAction::Reinstate).is_none());
    let before = scene.now.minus(std::time::Duration::from_hours(1));
    scene.parties.last_mut().unwrap().leaves_at = Some(before);
    // Also where it took one of its own back before.
    for reinstated in [None, Some(before)] {
        scene.parties[0].reinstated_at = reinstated;
        assert_eq!(
            scene.does(first, MouAction::Reinstate),
            Some(MouStatus::Active)
        );
    }
}
