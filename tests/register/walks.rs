//! Each list of MOUs is walked from an index, for a coordinator who follows all of them, for an agency that is a party of a few,
//! and for one that follows none.

use concord::mou::find::FindMous;
use concord::mou::register::{MouOrder, MouPlace, MouRegister, WantedMous};
use concord::store::page::PageRequest;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Day;
use concord_entities::mou::{self, Follower};
use concord_entities::vocabulary::{MouKind, MouStatus};
use sea_orm::QueryTrait;

use crate::world::plan::Taken;
use crate::world::{Database, World};

/// How many entries a page has here.
const PAGE: i32 = 50;

/// The pages of the database that one walk along an index may read before its first row: down the index, and aside.
const DOWN: i64 = 8;

/// As what an agency follows MOUs: a walk each.
const WALKS: i64 = 3;

/// Makes so many agencies and MOUs like the one that is there, each between two of them: a tenth in each state but for those in
/// force, and each ending on another day.
fn fill(world: &World, like: &mou::Model, agencies: u32, mous: u32) {
    let id = world.sql_id(&like.id.to_string());
    let day = 86_400_000_000_i64;
    world.tampers(&format!(
        "INSERT INTO agency SELECT (json_populate_record(a, json_build_object('id', md5('agency' || n)::uuid, 'name', \
         'Agency ' || n))).* FROM agency a, generate_series(1, {agencies}) n WHERE a.id = '{drafter}'::uuid; \
         INSERT INTO mou SELECT (json_populate_record(m, json_build_object('id', md5('mou' || n)::uuid, \
         'drafted_by', md5('agency' || 1 + n % {agencies})::uuid, 'ends_at', m.ends_at + n * {day}, \
         'offered_at', CASE WHEN n % 10 > 0 THEN m.offered_at END, 'signed_at', CASE WHEN n % 10 > 2 THEN m.signed_at END, \
         'suspended_at', CASE WHEN n % 10 = 3 THEN m.signed_at END, 'terminated_at', CASE WHEN n % 10 = 4 THEN m.signed_at END, \
         'review_at', CASE WHEN n % 100 = 5 THEN m.begins_at END, \
         'kind', CASE WHEN n % 50 = 0 THEN 'JOINT_SERVICES' ELSE 'REFERRAL' END))).* \
         FROM mou m, generate_series(1, {mous}) n WHERE m.id = {id}; \
         INSERT INTO mou_party (mou_id, agency_id, responsibilities, signed_at) \
         SELECT md5('mou' || n)::uuid, md5('agency' || 1 + (n + k) % {agencies})::uuid, '', \
         CASE WHEN n % 10 > 2 THEN 1 END FROM generate_series(1, {mous}) n, generate_series(0, 1) k",
        drafter = like.drafted_by.0,
    ));
    for table in ["agency", "membership", "mou", "mou_party"] {
        world.tampers(&format!("VACUUM (ANALYZE) {table}"));
    }
}

/// What is asked for, of what is there and of what is not.
fn lists(like: &mou::Model, agency: AgencyId) -> Vec<WantedMous> {
    let none = WantedMous::default;
    let of = |status| WantedMous {
        statuses: Some(vec![status]),
        ..none()
    };
    vec![
        none(),
        of(MouStatus::Active),
        of(MouStatus::Offered),
        of(MouStatus::DueForReview),
        of(MouStatus::Declined),
        WantedMous {
            statuses: Some(vec![MouStatus::Suspended, MouStatus::Expired]),
            kinds: Some(vec![MouKind::JointServices]),
            ..none()
        },
        WantedMous {
            task_force: like.task_force_id,
            ..none()
        },
        WantedMous {
            party: Some(agency),
            ..none()
        },
        WantedMous {
            lacking_signature_of: Some(agency),
            ..none()
        },
        WantedMous {
            ending_before: Some(Day(like.expires_on.0 + 100)),
            ..none()
        },
        WantedMous {
            ending_before: Some(Day(0)),
            ..of(MouStatus::Active)
        },
    ]
}

#[tokio::test]
async fn a_list_of_mous_is_walked_from_an_index() {
    let world = World::on(Database::Postgres).await;
    let (north, _south) = world.agencies("north", "south").await;
    let task_force = world.sql_id(&world.task_force.to_string());
    world.tampers(&format!("UPDATE mou SET task_force_id = {task_force}"));
    let drafted = mou::Entity::followed_as(north.id, Follower::Drafter);
    let like = drafted.one(&world.service.store.read).await;
    let like = like.unwrap().unwrap();
    fill(&world, &like, 200, 2_000);
    let few = world.tampers("SELECT md5('agency7')::uuid");
    let few = AgencyId(few.parse().unwrap());
    let nobody = AgencyId(uuid::Uuid::nil());
    let page: PageRequest<MouPlace> = PageRequest::parse(Some(PAGE), None, None, None).unwrap();
    let entries = i64::from(PAGE) + 1;
    let most = 4 * (2 * entries + DOWN * WALKS);
    for (agency, named) in [
        (world.coordinator, few),
        (few, few),
        (few, nobody),
        (nobody, few),
    ] {
        for order in [MouOrder::Newest, MouOrder::Ending] {
            for wanted in lists(&like, named) {
                let register = MouRegister { order, wanted };
                let list = FindMous::of(&world.service.store, &register, agency).await;
                let list = list.unwrap();
                let statement = list.rows(page.walk()).into_query();
                let taken = Taken::by(&world, &statement);
                assert!(
                    taken.buffers <= most,
                    "{agency}: {} pages, at most {most}: {register:?}\n{:#}",
                    taken.buffers,
                    taken.plan
                );
            }
        }
    }
    world.tampers("DELETE FROM mou_party WHERE signatory IS NULL; DELETE FROM mou_past; DELETE FROM mou WHERE id NOT IN (SELECT mou_id FROM mou_party)");
}
