//! What a page of the log reads, by each filter: no more in a large log than in a small one.

use concord_entities::audit_event::Column;
use concord_entities::audit_event::reviewed::{Along, Reviewed, has_part, was_for};
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::Purpose;
use sea_orm::sea_query::Order;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryTrait};
use uuid::Uuid;

use crate::world::plan::Taken;
use crate::world::{Database, World};

const PAGE: u64 = 50;
/// As far as a page looks where no index finds what is asked for.
const EXAMINED: u64 = 1_000;
/// Pages from the top of an index to its leaf, with what a statement reads beside.
const DOWN: i64 = 12;

/// Fills the log with made-up events like one that is there.
pub(super) fn fill(world: &World, agency: &str, kind: &str, rows: u64) {
    world.tampers(&format!(
        "INSERT INTO audit_event (id, recorded_at, agency_id, recipient_id, discloser_id, kind, outcome, leaf, disclosed_under) \
         SELECT (lpad(to_hex((recorded_at / 1000 - n::bigint * 100)), 12, '0') || '7' || substr(md5(n::text || kind), 1, 3) || '8' || \
             substr(md5(n::text), 1, 15))::uuid, recorded_at - n::bigint * 100000, agency_id, recipient_id, discloser_id, kind, outcome, \
             replace(replace(leaf, '\"somebody\"', '\"person ' || n % 100 || '\"'), '\"object\":\"', \
                 '\"object\":\"' || CASE WHEN n % 100 = 0 THEN '' ELSE 'x' END), disclosed_under \
         FROM generate_series(1, {rows}) n, \
             (SELECT * FROM audit_event WHERE agency_id = {agency} AND kind = '{kind}' LIMIT 1) one"
    ));
}

/// Fills it with as much of fifty other agencies', among themselves.
fn fill_with_others(world: &World, kind: &str, rows: u64) {
    let agency = |which: &str| {
        format!("('00000000-0000-7000-8000-' || lpad(to_hex({which} % 50), 12, '0'))::uuid")
    };
    let (actor, told, discloser) = (agency("n"), agency("n / 7"), agency("n / 11"));
    world.tampers(&format!(
        "INSERT INTO audit_event (id, recorded_at, agency_id, recipient_id, discloser_id, kind, outcome, leaf) \
         SELECT (lpad(to_hex((recorded_at / 1000 - n::bigint * 50)), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '9' || \
             substr(md5(n::text), 1, 15))::uuid, recorded_at - n::bigint * 50000, {actor}, {told}, {discloser}, kind, outcome, \
             replace(leaf, '\"object\":\"', '\"object\":\"' || n % 1000) \
         FROM generate_series(1, {rows}) n, (SELECT * FROM audit_event WHERE kind = '{kind}' LIMIT 1) one"
    ));
}

async fn read_in_a_log_of(rows: u64) -> Vec<(String, i64, i64)> {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    south.reads(&ada).await;
    let south_id = world.sql_id(&south.id.to_string());
    let north_id = world.sql_id(&north.id.to_string());
    fill(&world, &south_id, "PACKAGE_READ", rows / 2);
    fill(&world, &north_id, "REFERRAL_SENT", rows / 2);
    fill_with_others(&world, "PACKAGE_READ", rows);
    world.tampers("ANALYZE audit_event");
    let subject = concord::audit::leaf::subject("person 7").unwrap();
    let nobody = concord::audit::leaf::subject("nobody").unwrap();
    let consent: ConsentId = ada.consent.parse().unwrap();
    let absent = "referral_01h2xcejqtf2nbrexx3vqjhp41".to_owned();
    // An agency that did as good as nothing, in a log that is full of others' events.
    let quiet = world.agency("quiet").await;
    let whole = || Condition::all();
    let purpose = || Condition::all().add(was_for(Purpose::Prosecution));
    let asked = [
        ("agency", Along::Agency(south.id), whole()),
        (
            "subject",
            Along::Subject(south.id, subject.clone()),
            whole(),
        ),
        ("nobody", Along::Subject(south.id, nobody), whole()),
        ("object", Along::Object(ada.referral.clone()), whole()),
        ("absent", Along::Object(absent), whole()),
        ("consent", Along::Consent(consent), whole()),
        ("quiet agency", Along::Agency(quiet.id), whole()),
        (
            "purpose that nothing was for",
            Along::Agency(south.id),
            purpose(),
        ),
        (
            "purpose of a quiet agency",
            Along::Agency(quiet.id),
            purpose(),
        ),
        ("purpose in all within reach", Along::Whole, purpose()),
        (
            "partner",
            Along::Whole,
            Condition::all().add(has_part(south.id)),
        ),
        (
            "purpose of one person",
            Along::Subject(south.id, subject),
            purpose(),
        ),
    ];
    let middle = world.tampers(&format!(
        "SELECT id FROM audit_event ORDER BY id OFFSET {rows} LIMIT 1"
    ));
    let middle: Uuid = middle.parse().unwrap();
    let from = [
        ("first", whole()),
        ("deep", whole().add(Column::Id.lt(middle))),
    ];
    let asked = asked
        .iter()
        .flat_map(|asked| from.iter().map(move |from| (asked.clone(), from.clone())));
    let mut taken = Vec::new();
    for ((name, along, only), (place, range)) in asked {
        let name = format!("{name}, {place}");
        let bounded = !only.is_empty();
        let mut reviewed = Reviewed {
            backend: world.service.store.backend,
            reader: world.coordinator,
            along,
            range,
            only,
        }
        .within_reach();
        let (mut pages, mut removed) = (0, 0);
        if bounded {
            let bound = reviewed.bounds(&Order::Desc, EXAMINED);
            let took = Taken::by(&world, &bound);
            pages += took.buffers;
            removed += took.removed;
            let found = world.service.store.read.query_all(&bound).await.unwrap();
            let bounds = found
                .iter()
                .map(|row| row.try_get_by_index::<Uuid>(0).unwrap());
            let bound = bounds.max().map(|bound| Column::Id.gte(bound));
            reviewed.range = reviewed.range.add_option(bound);
        }
        let took = Taken::by(&world, reviewed.page(&Order::Desc, PAGE + 1).as_query());
        pages += took.buffers;
        removed += took.removed;
        if name.contains("quiet") {
            // Nothing of others' events is looked at for its few.
            assert!(
                pages < 200 && removed < 50,
                "{name}: {pages}, {removed}: {}",
                took.plan
            );
        }
        taken.push((name, pages, removed));
    }
    // Its made-up rows are no events.
    world.goes_unverified();
    taken
}

#[tokio::test]
async fn a_page_reads_no_more_in_a_large_log() {
    let (small, large) = (
        read_in_a_log_of(20_000).await,
        read_in_a_log_of(120_000).await,
    );
    for (small, large) in small.iter().zip(&large) {
        let (name, pages, removed) = large;
        let examined = i64::try_from(EXAMINED).unwrap();
        let bounded = name.contains("purpose") || name.starts_with("partner");
        let page = i64::try_from(PAGE).unwrap() + 1;
        // A page of each walk, each entry's row looked up once more; three walks at most.
        let entries = 2 * 3 * if bounded { 2 * examined } else { page };
        assert!(*pages <= 4 * (entries + DOWN), "{name}: {large:?}");
        assert!(*removed <= 3 * examined, "{name}: {large:?}");
        assert!(
            bounded || *pages <= small.1 * 2 + DOWN,
            "{name}: {small:?} {large:?}"
        );
    }
}
