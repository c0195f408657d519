//! Looking at a file's rows beside the task force, and taking them in: each MOU with its parties, drafted and put before them.

use std::collections::{BTreeSet, HashMap, HashSet};

use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::zone::Zone;
use concord_entities::{agency, agency_name, membership, mou, mou_import, mou_party};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::sheet::{RowFault, SheetRow, of_row};
use crate::agency::zone;
use crate::audit::change::{ByOperator, Change};
use crate::audit::event::{Event, MouEvent};
use crate::error::{Faults, Result};
use crate::mou::rules::{self, DraftedTerm};
use crate::store::Store;

/// A register that can be taken in.
#[derive(Clone, Debug)]
pub struct CheckedRegister {
    task_force: TaskForceId,
    zone: Zone,
    rows: Vec<CheckedRow>,
    /// How many of its rows were taken in before, by their reference.
    pub known: usize,
}

/// A row whose parties are known.
#[derive(Clone, Debug)]
struct CheckedRow {
    row: SheetRow,
    parties: Vec<AgencyId>,
}

impl CheckedRegister {
    /// Returns how many MOUs are to be taken in.
    #[must_use]
    pub fn fresh(&self) -> usize {
        self.rows.len()
    }
}

/// The agencies of a task force, by how they are named.
struct KnownAgencies {
    by_name: HashMap<NameKey, BTreeSet<AgencyId>>,
    suspended: HashSet<AgencyId>,
    all: HashSet<AgencyId>,
}

impl KnownAgencies {
    async fn of(store: &Store, task_force: TaskForceId) -> Result<Self> {
        let places = membership::Entity::in_task_force(task_force)
            .filter(membership::Column::LeftAt.is_null())
            .all(&store.read)
            .await?;
        let ids = || places.iter().map(|place| place.agency_id);
        let mut by_name: HashMap<NameKey, BTreeSet<AgencyId>> = HashMap::new();
        for agency in agency::Entity::among(ids()).all(&store.read).await? {
            let key = NameKey::of(&agency.name);
            by_name.entry(key).or_default().insert(agency.id);
        }
        // A register that is kept by hand goes on with the names of before.
        for former in agency_name::Entity::of_any(ids()).all(&store.read).await? {
            let called = by_name.entry(former.name_key).or_default();
            called.insert(former.agency_id);
        }
        let suspended = places.iter().filter(|place| !place.is_active());
        Ok(Self {
            by_name,
            suspended: suspended.map(|place| place.agency_id).collect(),
            all: places.iter().map(|place| place.agency_id).collect(),
        })
    }

    /// Returns the agencies that a row names; what is wrong with them goes to `faults`.
    fn named_by(&self, row: &SheetRow, faults: &mut Faults) -> Vec<AgencyId> {
        let mut named = Vec::new();
        for (index, name) in row.parties.iter().enumerate() {
            match self.find(name) {
                Ok(id) if named.contains(&id) => {
                    faults.add(format!("parties.{index}"), "names an agency twice");
                }
                Ok(id) => named.push(id),
                Err(remedy) => faults.add(format!("parties.{index}"), remedy),
            }
        }
        named
    }

    fn find(&self, name: &str) -> Result<AgencyId, &'static str> {
        let by_id = name.parse().ok().filter(|id| self.all.contains(id));
        let by_name = self.by_name.get(&NameKey::of(name));
        let only = by_name.filter(|named| named.len() == 1);
        let id = match (
            by_id.or(only.and_then(|named| named.first().copied())),
            by_name,
        ) {
            (Some(id), _) => id,
            (None, Some(_)) => {
                return Err("two agencies have this name, or had it: write the agency's id");
            }
            (None, None) => return Err("no agency of the task force has this name or id"),
        };
        if self.suspended.contains(&id) {
            return Err("this agency is suspended in the task force");
        }
        Ok(id)
    }
}

/// Looks at a file's rows beside the task force.
///
/// # Errors
/// `NOT_FOUND`: there is no such task force. `UNAVAILABLE`. Within: all that is wrong with the rows.
pub async fn check(
    store: &Store,
    task_force: TaskForceId,
    rows: Vec<SheetRow>,
) -> Result<Result<CheckedRegister, Vec<RowFault>>> {
    let zone = zone::of_task_force(&store.read, task_force).await?;
    let today = zone.day(store.ping().await?);
    let agencies = KnownAgencies::of(store, task_force).await?;
    let imported = mou_import::Entity::of_task_force(task_force)
        .all(&store.read)
        .await?;
    let imported: HashSet<String> = imported.into_iter().map(|one| one.reference).collect();
    let mut checked = CheckedRegister {
        task_force,
        zone,
        rows: Vec::new(),
        known: 0,
    };
    let mut wrong = Vec::new();
    for row in rows {
        if imported.contains(&row.reference) {
            checked.known = checked.known.saturating_add(1);
            continue;
        }
        let mut faults = Faults::default();
        let parties = agencies.named_by(&row, &mut faults);
        let term = DraftedTerm {
            effective_on: row.effective_on,
            review_on: row.review_on,
            expires_on: Some(row.expires_on),
        };
        for (field, remedy) in term.faults(today) {
            faults.add(field, remedy);
        }
        wrong.extend(of_row(row.number, &faults));
        checked.rows.push(CheckedRow { row, parties });
    }
    Ok(if wrong.is_empty() {
        Ok(checked)
    } else {
        Err(wrong)
    })
}

/// Takes a register in, one MOU after another; `told` is called after each. Returns how many were taken in. Interrupted, it is
/// run again: what was taken in before is left as it is.
///
/// # Errors
/// `UNAVAILABLE`: what was taken in before stays.
pub async fn take_in(
    store: &Store,
    register: CheckedRegister,
    mut told: impl FnMut(),
) -> Result<usize> {
    let mut taken = 0_usize;
    let CheckedRegister {
        task_force,
        zone,
        rows,
        ..
    } = register;
    for row in rows {
        if take_in_one(store, task_force, &zone, row).await? {
            taken = taken.saturating_add(1);
        }
        told();
    }
    Ok(taken)
}

/// Takes one MOU in, unless another command did meanwhile.
async fn take_in_one(
    store: &Store,
    task_force: TaskForceId,
    zone: &Zone,
    CheckedRow { row, parties }: CheckedRow,
) -> Result<bool> {
    let Some(drafter) = parties.first().copied() else {
        return Ok(false);
    };
    let mut change = Change::at_command_line(store, ByOperator::default()).await?;
    change.acts_for(Some(drafter));
    let known = mou_import::Entity::called(task_force, &row.reference)
        .one(&change)
        .await?;
    if known.is_some() {
        change.give_up().await?;
        return Ok(false);
    }
    let now = change.now();
    let reference = row.reference.clone();
    let responsibilities = row.responsibilities.clone();
    let mou = rules::counted_in(offered(row, task_force, drafter, now), zone.clone());
    let mou = mou.into_active_model().insert(&change).await?;
    for agency_id in parties {
        let party = mou_party::Model::unsigned(mou.id, agency_id, responsibilities.clone());
        party.into_active_model().insert(&change).await?;
    }
    let import = mou_import::Model {
        task_force_id: task_force,
        reference,
        mou_id: mou.id,
        imported_at: now,
    };
    import.into_active_model().insert(&change).await?;
    let event = || MouEvent::from(&mou);
    let events = vec![Event::MouDrafted(event()), Event::MouOffered(event())];
    change.commit_all(events).await?;
    Ok(true)
}

/// Returns the MOU that a row says, put before its parties.
fn offered(row: SheetRow, task_force: TaskForceId, drafter: AgencyId, now: Instant) -> mou::Model {
    mou::Model {
        id: MouId::new(),
        version: 1,
        supersedes: None,
        kind: row.kind,
        title: row.title,
        task_force_id: Some(task_force),
        drafted_by: drafter,
        grants: row.grants,
        terms: row.terms,
        effective_on: row.effective_on,
        review_on: row.review_on,
        expires_on: row.expires_on,
        open_ended: false,
        terminates_on: None,
        time_zone: Zone::UTC,
        begins_at: Instant(0),
        ends_at: Instant(0),
        review_at: None,
        offered_at: Some(now),
        signed_at: None,
        suspended_at: None,
        terminated_at: None,
        declined_at: None,
        superseded_at: None,
        reminded_at: None,
        document: None,
        created_at: now,
    }
}
