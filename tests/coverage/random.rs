//! Task forces of any kind, made behind the service's back, with the rows to count them once more.

use std::collections::BTreeSet;
use std::time::Duration;

use concord::clock;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::promise::{Promises, StoredPromise};
use concord_entities::vocabulary::DataCategory::{self, Identity};
use concord_entities::vocabulary::{AgencyStatus, Code, MemberRole, Need, Purpose};
use concord_entities::{agency, membership, mou, mou_party, task_force};
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::mou_life::all_of;
use crate::world::World;

pub const LANGUAGES: [&str; 4] = ["en", "es", "es-GT", "vi"];
/// Areas, each with the state that it lies in.
pub const AREAS: [(&str, &str); 6] = [
    ("15003", "US-HI"),
    ("15009", "US-HI"),
    ("48201", "US-TX"),
    ("48453", "US-TX"),
    ("US-HI", "US-HI"),
    ("US-TX", "US-TX"),
];
const NEEDS: [Need; 4] = [
    Need::Housing,
    Need::Legal,
    Need::Education,
    Need::MedicalCare,
];
const ZONES: [&str; 3] = ["UTC", "Pacific/Honolulu", "Pacific/Guam"];
const HOUR: i64 = 3_600_000_000;

/// Chance, the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, number: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % number
    }

    pub fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    /// At least one of these.
    fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        let first = self.below(of.len());
        let picked = of.iter().enumerate();
        let picked = picked.filter(|(place, _)| *place == first || self.one_in(3));
        picked.map(|(_, one)| *one).collect()
    }
}

/// So many hours from now, and a half.
pub fn hours(now: Instant, hours: i64) -> Instant {
    Instant(now.0 + hours * HOUR + HOUR / 2)
}

/// A task force, as its rows have it.
pub struct RandomTaskForce {
    pub id: TaskForceId,
    /// Its agencies; the first one coordinates it.
    pub agencies: Vec<AgencyId>,
    /// Those whose membership is suspended.
    pub suspended: BTreeSet<AgencyId>,
    /// Those that take part nowhere.
    pub absent: BTreeSet<AgencyId>,
    pub mous: Vec<(mou::Model, Vec<mou_party::Model>)>,
}

impl RandomTaskForce {
    pub async fn made(world: &World, dice: &mut Dice) -> Self {
        let agencies = 3 + dice.below(4);
        let mous = 1 + dice.below(12);
        Self::of_size(world, dice, agencies, mous).await
    }

    pub async fn of_size(world: &World, dice: &mut Dice, agencies: usize, mous: usize) -> Self {
        let now = clock::now();
        let mut made = Self {
            id: TaskForceId::new(),
            agencies: (0..agencies).map(|_| AgencyId::new()).collect(),
            suspended: BTreeSet::new(),
            absent: BTreeSet::new(),
            mous: Vec::new(),
        };
        for agency in &made.agencies[1..] {
            if dice.one_in(8) {
                made.suspended.insert(*agency);
            }
            if dice.one_in(8) {
                made.absent.insert(*agency);
            }
        }
        let like = all_of::<mou::Entity>(world).await.remove(0);
        let like_party = all_of::<mou_party::Entity>(world).await.remove(0);
        made.mous = (0..mous)
            .map(|_| {
                let mou = random_mou(dice, now, made.id, &like);
                let parties = made.parties(dice, now, &mou, &like_party);
                (mou, parties)
            })
            .collect();
        made.insert(world).await;
        made
    }

    fn parties(
        &self,
        dice: &mut Dice,
        now: Instant,
        mou: &mou::Model,
        like: &mou_party::Model,
    ) -> Vec<mou_party::Model> {
        let size = 2 + usize::from(dice.one_in(3));
        let mut agencies = self.agencies.clone();
        let mut parties = Vec::new();
        for _ in 0..size {
            let agency_id = agencies.swap_remove(dice.below(agencies.len()));
            let leaving = [-900, -30, 40, 900][dice.below(4)];
            parties.push(mou_party::Model {
                mou_id: mou.id,
                agency_id,
                signed_at: mou.signed_at,
                leaves_at: dice.one_in(5).then(|| hours(now, leaving)),
                promises: Promises((0..dice.below(3)).map(|_| random_promise(dice)).collect()),
                ..like.clone()
            });
        }
        parties
    }

    async fn insert(&self, world: &World) {
        let write = &world.service.store.write;
        let circle = task_force::Model {
            id: self.id,
            ..all_of::<task_force::Entity>(world).await.remove(0)
        };
        let circle = task_force::Entity::insert(circle.into_active_model());
        circle.exec_without_returning(write).await.unwrap();
        let like = all_of::<agency::Entity>(world).await.remove(0);
        let place = all_of::<membership::Entity>(world).await.remove(0);
        for (number, id) in self.agencies.iter().enumerate() {
            let status = if self.absent.contains(id) {
                AgencyStatus::Suspended
            } else {
                AgencyStatus::Active
            };
            let row = agency::Model {
                id: *id,
                name: id.to_string(),
                status,
                ..like.clone()
            };
            let row = agency::Entity::insert(row.into_active_model());
            row.exec_without_returning(write).await.unwrap();
            let role = if number == 0 {
                MemberRole::Coordinator
            } else {
                MemberRole::Member
            };
            let row = membership::Model {
                task_force_id: self.id,
                agency_id: *id,
                role,
                suspended_at: self.suspended.contains(id).then(clock::now),
                name_key: Some(NameKey::of(&id.to_string())),
                ..place.clone()
            };
            let row = membership::Entity::insert(row.into_active_model());
            row.exec_without_returning(write).await.unwrap();
        }
        for some in self.mous.chunks(200) {
            let rows = some.iter().map(|(mou, _)| mou.clone().into_active_model());
            let rows = mou::Entity::insert_many(rows);
            rows.exec_without_returning(write).await.unwrap();
            let rows = some.iter().flat_map(|(_, parties)| parties.clone());
            let rows = mou_party::Entity::insert_many(rows.map(IntoActiveModel::into_active_model));
            rows.exec_without_returning(write).await.unwrap();
        }
    }
}

fn random_mou(
    dice: &mut Dice,
    now: Instant,
    task_force: TaskForceId,
    like: &mou::Model,
) -> mou::Model {
    let zone = ZONES[dice.below(3)].parse().unwrap();
    let ends_at = hours(
        now,
        [-24 * 400, -24 * 100, 24 * 9, 24 * 90, 24 * 200][dice.below(5).max(dice.below(5))],
    );
    let expires_on = ends_at;
    let for_whom = [
        Purpose::ServiceDelivery,
        Purpose::HousingPlacement,
        Purpose::Investigation,
    ];
    let purpose = for_whom[dice.below(3).min(dice.below(3))];
    let mut rarely = |often: usize| {
        let at = [-24 * 380, -24 * 3][dice.below(2)];
        dice.one_in(often).then(|| hours(now, at))
    };
    let mut mou = mou::Model {
        id: MouId::new(),
        task_force_id: Some(task_force),
        grants: granted(purpose),
        begins_at: hours(now, -24 * 500),
        ends_at,
        offered_at: Some(hours(now, -24 * 600)),
        signed_at: Some(hours(now, -24 * 599)),
        suspended_at: rarely(10),
        terminated_at: rarely(10),
        declined_at: None,
        superseded_at: rarely(10),
        terminates_on: None,
        time_zone: zone,
        ..like.clone()
    };
    mou.expires_on = mou
        .time_zone
        .day(expires_on.minus(Duration::from_micros(1)));
    if dice.one_in(8) {
        mou.begins_at = hours(now, 24 * 5);
    }
    if dice.one_in(8) {
        mou.signed_at = None;
    }
    if dice.one_in(4) {
        mou.expires_on = mou.expires_on.plus_days(30);
    }
    mou
}

fn granted(purpose: Purpose) -> Grants {
    [(
        purpose,
        [Identity, DataCategory::Needs].into_iter().collect(),
    )]
    .into_iter()
    .collect()
}

fn random_promise(dice: &mut Dice) -> StoredPromise {
    let areas: Vec<_> = AREAS
        .iter()
        .map(|(area, _)| area.parse().unwrap())
        .collect();
    let languages = dice.some(&LANGUAGES);
    StoredPromise {
        needs: dice.some(&NEEDS).into_iter().collect(),
        languages: languages.into_iter().map(str::to_owned).collect(),
        areas: dice.some(&areas),
        capacity: None,
    }
}

/// Whether these permit a need, said once more.
pub fn permits(grants: &Grants, need: Need) -> bool {
    let own = match need.code() {
        "HOUSING" => "HOUSING_PLACEMENT",
        "MEDICAL_CARE" => "HEALTH_CARE",
        "LEGAL" => "LEGAL_REPRESENTATION",
        _ => "",
    };
    let mut purposes = grants.purposes().iter();
    purposes.any(|purpose| [own, "SERVICE_DELIVERY"].contains(&purpose.code()))
}
