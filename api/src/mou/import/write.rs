//! Looking at a file's rows beside the task force, and taking them in: each MOU with its parties, drafted and put before them.

use std::collections::{BTreeSet, HashMap, HashSet};

use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::promise::{Promises, StoredPromise};
use concord_entities::vocabulary::Pack;
use concord_entities::zone::Zone;
use concord_entities::{agency, agency_name, membership, mou, mou_import, mou_party, rule_pack};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::fault::{RowFault, of_row};
use super::sheet::SheetRow;
use crate::agency::zone;
use crate::audit::change::{ByOperator, Change};
use crate::audit::event::{Event, MouEvent};
use crate::consent::lint::RulePacks;
use crate::error::{Faults, Result};
use crate::mou::obligations::packs_of;
use crate::mou::promises;
use crate::mou::rules::{self, packs};
use crate::store::Store;

/// How many ids one statement names at most.
const MOST_AT_ONCE: usize = 500;

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
    parties: Vec<CheckedParty>,
}

/// A party, with all that it takes on.
#[derive(Clone, Debug)]
struct CheckedParty {
    agency: AgencyId,
    responsibilities: String,
    promises: Promises,
}

/// What became of a register.
#[derive(Clone, Debug, Default)]
pub struct TakenIn {
    /// How many MOUs were taken in.
    pub taken: usize,
    /// Rows that were not, since a rule speaks against them that did not when they were looked at.
    pub refused: Vec<RowFault>,
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

    /// Returns the parties that a row names, with what it has them take on and promise; what is wrong with that goes to `faults`.
    fn parties_of(&self, row: &SheetRow, faults: &mut Faults) -> Vec<CheckedParty> {
        let named = self.named_by(row, faults);
        let mut made: HashMap<AgencyId, Vec<StoredPromise>> = HashMap::new();
        for (index, cell) in row.promises.iter().enumerate() {
            let party = self.find(&cell.party).ok().filter(|id| named.contains(id));
            if let Some(id) = party {
                made.entry(id).or_default().push(cell.promise.clone());
            } else {
                let text = "begins with none of the row's `parties`";
                faults.add(format!("promises.{index}"), text);
            }
        }
        let with_own = named.into_iter().zip(&row.responsibilities);
        with_own
            .map(|(agency, own)| {
                let promises = made.remove(&agency).unwrap_or_default();
                CheckedParty {
                    agency,
                    responsibilities: own.clone(),
                    promises: promises::each_once(promises, "promises", faults),
                }
            })
            .collect()
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
    let mut imported: HashSet<String> = imported.into_iter().map(|one| one.reference).collect();
    imported.extend(own_mous(store, task_force, &rows).await?);
    let binding = packs_of(&store.read, agencies.all.iter().copied()).await?;
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
        let parties = agencies.parties_of(&row, &mut faults);
        for (field, remedy) in row.term().faults(today) {
            faults.add(field, remedy);
        }
        wrong.extend(of_row(row.number, &faults));
        let is_partys = |pack: &&rule_pack::Model| {
            let mut parties = parties.iter();
            parties.any(|party| party.agency == pack.agency_id)
        };
        let of_parties = binding.0.iter().filter(is_partys).cloned().collect();
        let bound = RulePacks(of_parties).bound(row.effective_on.max(today));
        wrong.extend(beyond_packs(&row, &bound));
        checked.rows.push(CheckedRow { row, parties });
    }
    Ok(if wrong.is_empty() {
        Ok(checked)
    } else {
        Err(wrong)
    })
}

/// Returns those of the references that are the ids of MOUs which the task force follows: a register that this service wrote
/// comes back to where it is from.
async fn own_mous(
    store: &Store,
    task_force: TaskForceId,
    rows: &[SheetRow],
) -> Result<Vec<String>> {
    let ids = rows.iter().filter_map(|row| row.reference.parse().ok());
    let ids: Vec<MouId> = ids.collect();
    let mut own = Vec::new();
    for some in ids.chunks(MOST_AT_ONCE) {
        let among = mou::Entity::followed_among(task_force, some.iter().copied());
        let found: Vec<MouId> = among.into_tuple().all(&store.read).await?;
        own.extend(found.iter().map(MouId::to_string));
    }
    Ok(own)
}

/// Says what the rule packs that bind its parties have against a row.
fn beyond_packs(row: &SheetRow, bound: &[Pack]) -> Vec<RowFault> {
    let mut faults = Faults::default();
    let permitted = packs::check(&row.grants, row.terms.qsoa, bound, "qsoa", &mut faults);
    let beyond = permitted
        .err()
        .map(|refused| RowFault::of(row.number, &refused));
    of_row(row.number, &faults)
        .into_iter()
        .chain(beyond)
        .collect()
}

/// Takes a register in, one MOU after another; `told` is called after each. Interrupted, it is run again: what was taken in before
/// is left as it is.
///
/// # Errors
/// `UNAVAILABLE`: what was taken in before stays.
pub async fn take_in(
    store: &Store,
    register: CheckedRegister,
    mut told: impl FnMut(),
) -> Result<TakenIn> {
    let mut came = TakenIn::default();
    let CheckedRegister {
        task_force,
        zone,
        rows,
        ..
    } = register;
    for row in rows {
        match take_in_one(store, task_force, &zone, row).await? {
            Ok(true) => came.taken = came.taken.saturating_add(1),
            Ok(false) => {}
            Err(refused) => came.refused.extend(refused),
        }
        told();
    }
    Ok(came)
}

/// Takes one MOU in, unless another command did meanwhile. Within: what speaks against it now.
async fn take_in_one(
    store: &Store,
    task_force: TaskForceId,
    zone: &Zone,
    CheckedRow { row, parties }: CheckedRow,
) -> Result<Result<bool, Vec<RowFault>>> {
    let Some(drafter) = parties.first().map(|party| party.agency) else {
        return Ok(Ok(false));
    };
    let mut change = Change::at_command_line(store, ByOperator::default()).await?;
    change.acts_for(Some(drafter));
    let known = mou_import::Entity::called(task_force, &row.reference)
        .one(&change)
        .await?;
    if known.is_some() {
        change.give_up().await?;
        return Ok(Ok(false));
    }
    let now = change.now();
    let day = row.effective_on.max(zone.day(now));
    let agencies = parties.iter().map(|party| party.agency);
    let bound = packs_of(&change, agencies).await?.bound(day);
    let beyond = beyond_packs(&row, &bound);
    if !beyond.is_empty() {
        change.give_up().await?;
        return Ok(Err(beyond));
    }
    let reference = row.reference.clone();
    let mou = rules::counted_in(offered(row, task_force, drafter, now), zone.clone());
    let mou = mou.into_active_model().insert(&change).await?;
    for party in parties {
        let party = mou_party::Model {
            promises: party.promises,
            ..mou_party::Model::unsigned(mou.id, party.agency, party.responsibilities)
        };
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
    Ok(Ok(true))
}

/// Returns the MOU that a row says, put before its parties.
fn offered(row: SheetRow, task_force: TaskForceId, drafter: AgencyId, now: Instant) -> mou::Model {
    let last_day = row.term().last_day();
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
        open_ended: row.expires_on.is_none(),
        expires_on: last_day,
        terminates_on: None,
        time_zone: Zone::UTC,
        zone_assumed: false,
        zone_from: None,
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
