//! What the log is searched by is what its leaves say, and a survivor is found by exactly those who are shown the survivor's id.

use std::collections::BTreeSet;

use concord::audit::event::{Agent, Event, RequestMeta};
use concord::audit::leaf::Leaf;
use concord::audit::record_ids;
use concord::sharing::Ground;
use concord_entities::audit_event::{self, reviewed};
use concord_entities::ids::{
    AgencyId, AnyId, AuditEventId, ConsentId, MandateId, MouId, ReferralId, SurvivorAuditId,
};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, Code, DataCategory, MandateInstrument, Purpose};
use sea_orm::{Condition, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::world::{World, on_both};

const fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + (kind << 32) + number as u128)
}

/// An event of each kind and each who, by number.
fn leaf(number: usize) -> Leaf {
    let agency = |nth: usize| AgencyId(id(1, nth % 3));
    let survivor = SurvivorAuditId(id(2, number / 7 % 3));
    let categories = Categories::only(DataCategory::ALL[number % DataCategory::ALL.len()]);
    let actor = agency(number);
    let event = match number % 4 {
        0 => Event::PackageRead {
            referral: ReferralId(id(3, number % 5)),
            survivor,
            reader: actor,
            discloser: agency(number / 4),
            purpose: Purpose::ALL[number % Purpose::ALL.len()],
            released: categories,
            ground: Some(Ground::Consented {
                consent: ConsentId(id(4, number % 5)),
                consent_version: 1,
                mou: MouId(id(5, number % 5)),
                mou_version: 1,
            }),
        },
        1 => Event::MandatedDisclosureRecorded {
            id: MandateId(id(6, number)),
            survivor,
            discloser: actor,
            recipient: (!number.is_multiple_of(3)).then(|| agency(number / 4)),
            categories,
            instrument: MandateInstrument::Statute,
        },
        2 => Event::SurvivorCorrected(survivor),
        _ => Event::RecordsListed(vec![ReferralId(id(3, number % 5)).to_string()]),
    };
    let agent = Agent {
        agency: Some(actor),
        subject: "somebody".to_owned(),
        client: format!("program-{}", number % 3),
        token: None,
        program: None,
        operator: None,
    };
    let now = Instant(1_790_000_000_000_000);
    let mut leaf = Leaf::new(event, &agent, &RequestMeta::default(), now);
    leaf.id = AuditEventId(id(7, number));
    leaf
}

on_both!(the_log_is_searched_by_what_its_leaves_say);
async fn the_log_is_searched_by_what_its_leaves_say(world: World) {
    let leaves: Vec<Leaf> = (0..420).map(leaf).collect();
    let rows = leaves
        .iter()
        .map(|leaf| leaf.clone().into_record(None).unwrap().row);
    audit_event::Entity::insert_many(rows.map(IntoActiveModel::into_active_model))
        .exec_without_returning(&world.service.store.write)
        .await
        .unwrap();
    let ours: BTreeSet<AuditEventId> = leaves.iter().map(|leaf| leaf.id).collect();
    let same = async |by: Condition, rule: &dyn Fn(&Leaf) -> bool, what: &str| {
        let found = audit_event::Entity::to_verify(ours.iter().copied()).filter(by);
        let found = found.all(&world.service.store.read).await.unwrap();
        let found: BTreeSet<_> = found.iter().map(|row| row.id).collect();
        let meant: BTreeSet<_> = leaves
            .iter()
            .filter(|leaf| rule(leaf))
            .map(|leaf| leaf.id)
            .collect();
        assert_eq!(found, meant, "{what}");
        meant.len()
    };
    let all = Condition::all;
    let mut shown = 0;
    for reader in (0..3).map(|nth| AgencyId(id(1, nth))) {
        for survivor in (0..3).map(|nth| SurvivorAuditId(id(2, nth))) {
            let by = reviewed::about_survivor(survivor, reader);
            let rule = |leaf: &Leaf| leaf.survivor_shown_to(reader) == Some(survivor);
            shown += same(by, &rule, "survivor").await;
        }
        let part =
            |leaf: &Leaf| [leaf.agency, leaf.recipient, leaf.discloser].contains(&Some(reader));
        same(reviewed::has_part(reader), &part, "agency").await;
    }
    assert!(shown > 400, "{shown}");
    for purpose in Purpose::ALL {
        let rule = |leaf: &Leaf| leaf.purpose == Some(*purpose);
        same(
            all().add(reviewed::was_for(*purpose)),
            &rule,
            purpose.code(),
        )
        .await;
    }
    for category in DataCategory::ALL {
        let rule = |leaf: &Leaf| leaf.categories.is_some_and(|some| some.has(*category));
        same(
            all().add(reviewed::released(*category)),
            &rule,
            category.code(),
        )
        .await;
    }
    for client in ["program-0", "program-1", "program", "program_0"] {
        let rule = |leaf: &Leaf| leaf.client == client;
        same(all().add(reviewed::by_program(client)), &rule, client).await;
    }
    for nth in 0..5 {
        let mou = MouId(id(5, nth));
        let rule = |leaf: &Leaf| leaf.mou == Some(mou);
        same(all().add(reviewed::on_mou(&mou.to_string())), &rule, "mou").await;
        let referral = ReferralId(id(3, nth)).to_string();
        let any: AnyId = referral.parse().unwrap();
        let rule = |leaf: &Leaf| {
            leaf.object.as_ref() == Some(&referral) || leaf.objects.contains(&referral)
        };
        same(
            reviewed::names(&any, &record_ids::packed(any.uuid)),
            &rule,
            "named",
        )
        .await;
    }
    // They stand in no tree.
    world.goes_unverified();
}
