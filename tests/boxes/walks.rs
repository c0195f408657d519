//! Each list that is answered is walked from an index: the same pages of the database are read whatever the size of the box, also
//! when nothing matches.

use std::time::Duration;

use concord::referral::find::Find;
use concord::referral::listing::{Listing, ReferralBox, ReferralOrder, Wanted};
use concord::referral::read::{self, Depth};
use concord::store::page::PageRequest;
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::referral;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{Need, Needs, ReferralStatus, Urgency};
use sea_orm::DbBackend;

use crate::world::plan::Taken;
use crate::world::{Database, World};

/// How many entries a page has here.
const PAGE: i32 = 50;

/// The pages of the database that one walk along an index may read before its first row: down the index, and aside.
const DOWN: i64 = 8;

/// Fills the inbox of one of the two parties and the outbox of the other, of rows like the one that is there: half of them done,
/// a tenth waiting, the rest in between; with twenty other agencies, on twenty MOUs.
fn fill(world: &World, like: &referral::Model, rows: u64) {
    let id = world.sql_id(&like.id.to_string());
    let other = "md5('agency' || (n / 2) % 20)::uuid";
    world.tampers(&format!(
        "INSERT INTO referral (id, sender_id, recipient_id, survivor_id, consent_id, mou_id, status, needs, urgency, contains, \
         key_version, created_at, sent_at, respond_by, expires_at, updated_at, consent_until, mou_until, halted, provided, assignee) \
         SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN r.sender_id ELSE {other} END, \
         CASE WHEN n % 2 = 0 THEN {other} ELSE r.recipient_id END, r.survivor_id, gen_random_uuid(), md5('mou' || n % 20)::uuid, \
         CASE WHEN n % 4 < 2 THEN 'COMPLETED' WHEN n % 20 < 4 THEN 'REQUESTED' ELSE 'ACCEPTED' END, 3 << (n % 7)::int, \
         CASE WHEN n % 1000 < 2 THEN 'EMERGENCY' ELSE 'ROUTINE' END, r.contains, \
         1, r.created_at - n, r.sent_at - n * 1000, r.respond_by + n, r.expires_at, r.updated_at - n * 1000, r.consent_until, \
         r.mou_until, false, 0, CASE WHEN n % 3 = 0 THEN 'hanna' WHEN n % 3 = 1 THEN 'ilse' END \
         FROM referral r, generate_series(1, {rows}) n WHERE r.id = {id}; ANALYZE referral"
    ));
}

/// Every kind of list that is answered, of what is there and of what is not.
fn lists(like: &referral::Model) -> Vec<(ReferralBox, Option<ReferralOrder>, Wanted)> {
    let nobody = AgencyId(uuid::Uuid::nil());
    let none = Wanted::default;
    let hour = Duration::from_hours(1);
    let mut lists = Vec::new();
    for which in [ReferralBox::Inbox, ReferralBox::Outbox] {
        let other = match which {
            ReferralBox::Inbox => like.sender_id,
            ReferralBox::Outbox => like.recipient_id,
        };
        for order in [
            ReferralOrder::Arrival,
            ReferralOrder::LastChange,
            ReferralOrder::MostUrgent,
        ] {
            lists.push((which, Some(order), none()));
        }
        for statuses in [
            vec![ReferralStatus::Requested],
            vec![ReferralStatus::OnHold, ReferralStatus::Expired],
        ] {
            for order in [None, Some(ReferralOrder::MostUrgent)] {
                let statuses = Some(statuses.clone());
                lists.push((which, order, Wanted { statuses, ..none() }));
            }
            for wanted in [
                Wanted {
                    needs: Some(Needs::only(Need::Housing)),
                    ..none()
                },
                Wanted {
                    needs: Some(Needs::only(Need::Education)),
                    ..none()
                },
                Wanted {
                    urgencies: Some(vec![Urgency::Routine, Urgency::Emergency]),
                    ..none()
                },
                Wanted {
                    counterpart: Some(other),
                    ..none()
                },
                Wanted {
                    counterpart: Some(nobody),
                    ..none()
                },
                Wanted {
                    mou: like.mou_id,
                    ..none()
                },
                Wanted {
                    mou: Some(MouId(uuid::Uuid::nil())),
                    ..none()
                },
            ] {
                let narrowed = Wanted {
                    statuses: Some(statuses.clone()),
                    ..wanted.clone()
                };
                lists.extend([(which, None, narrowed), (which, None, wanted)]);
            }
        }
        for name in ["hanna", "nobody"] {
            if which == ReferralBox::Inbox {
                let assignee = Some(name.to_owned());
                let statuses = Some(vec![ReferralStatus::Accepted]);
                let of_hers = Wanted { assignee, ..none() };
                let narrowed = Wanted {
                    statuses,
                    ..of_hers.clone()
                };
                lists.extend([(which, None, of_hers), (which, None, narrowed)]);
            }
        }
        let overdue = Some(true);
        lists.push((which, None, Wanted { overdue, ..none() }));
        let updated_since = Some(like.updated_at.minus(hour));
        lists.push((
            which,
            None,
            Wanted {
                updated_since,
                ..none()
            },
        ));
        let sent_before = Some(like.sent_at.unwrap().minus(hour * 24 * 365));
        lists.push((
            which,
            None,
            Wanted {
                sent_before,
                ..none()
            },
        ));
        lists.push((
            which,
            None,
            Wanted {
                consent: Some(like.consent_id),
                ..none()
            },
        ));
    }
    lists
}

/// What an agency that ends leaves of one box and of both, of what is there and of what is not.
fn left_behind(like: &referral::Model) -> Vec<(AgencyId, Listing)> {
    let nobody = AgencyId(uuid::Uuid::nil());
    let (sender, recipient) = (like.sender_id, like.recipient_id);
    let others = [None, Some(recipient), Some(sender), Some(nobody)];
    [sender, recipient]
        .into_iter()
        .flat_map(|own| others.map(|other| (own, Listing::left_behind(other, None))))
        .collect()
}

/// What reading one list took, and along how many walks.
fn taken(world: &World, agency: AgencyId, listing: &Listing) -> (Taken, usize) {
    let list = Find {
        listing,
        agency,
        backend: DbBackend::Postgres,
    };
    let page = PageRequest::parse(Some(PAGE), None, None, None).unwrap();
    let statement = read::page_statement(&list, page, &Depth::default());
    let taken = Taken::by(world, &statement);
    let walks = match &listing.found_by {
        concord::referral::listing::FoundBy::Walks(walks) => walks.len() + 2,
        _ => 1,
    };
    (taken, walks)
}

/// Holds every list to what a page may read, in a box of so many rows.
async fn walks_in_a_box_of(rows: u64) {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let store = &world.service.store;
    let like = referral::Entity::sent_to(south.id, told.referral.parse().unwrap())
        .one(&store.read)
        .await
        .unwrap()
        .unwrap();
    // Consents by the thousand are not what is looked at here.
    let fks = "DO $$ DECLARE c text; BEGIN FOR c IN SELECT conname FROM pg_constraint WHERE contype = 'f' AND \
        conrelid = 'referral'::regclass LOOP EXECUTE 'ALTER TABLE referral DROP CONSTRAINT ' || quote_ident(c); END LOOP; END $$";
    world.tampers(fks);
    fill(&world, &like, rows);
    let of_box = lists(&like).into_iter().map(|(which, order, wanted)| {
        let agency = match which {
            ReferralBox::Inbox => south.id,
            ReferralBox::Outbox => north.id,
        };
        (agency, Listing::of(which, order, wanted).unwrap())
    });
    for asked in of_box.chain(left_behind(&like)) {
        let (read, walks) = taken(&world, asked.0, &asked.1);
        let walks = i64::try_from(walks).unwrap();
        let entries = i64::from(PAGE) + 1;
        let most = 4 * (2 * entries + DOWN * walks);
        assert!(
            read.buffers <= most && read.removed <= entries,
            "{rows} rows: {} pages and {} rows, at most {most} pages: {asked:?}",
            read.buffers,
            read.removed
        );
    }
    // The world's log is verified at its end; its made-up rows are nobody's.
    world.tampers("DELETE FROM referral WHERE mou_id IS NOT NULL AND last_action IS NULL");
}

#[tokio::test]
async fn a_list_is_walked_from_an_index_whatever_the_size_of_the_box() {
    for rows in [1_000, 60_000] {
        walks_in_a_box_of(rows).await;
    }
}

#[tokio::test]
#[ignore = "a million rows take minutes to make"]
async fn a_list_is_walked_from_an_index_in_a_box_of_a_million() {
    walks_in_a_box_of(1_000_000).await;
}
