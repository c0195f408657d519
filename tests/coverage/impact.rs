//! What would stop is what the rows come to, counted once more from scratch.

use std::collections::{BTreeMap, BTreeSet};

use concord::clock;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, MouId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::DataCategory::{Identity, Medical, Needs};
use concord_entities::vocabulary::Purpose::{HousingPlacement, Investigation, ServiceDelivery};
use concord_entities::vocabulary::{Code, Need, ReferralStatus};
use concord_entities::{consent, mou, mou_party, referral};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::map::reached;
use super::random::{Dice, RandomTaskForce, hours, permits};
use crate::mou_life::all_of;
use crate::world::agency::day;
use crate::world::{Database, EVERYTHING, World, on_both};

/// How many task forces are drawn on each database.
const TASK_FORCES: u64 = 12;

const ASK: &str = "query($id: ID!, $d: Date!) { mou(id: $id) { impact(ifLapsesOn: $d) { openReferrals activeConsents \
    needsLeft agenciesLeft byPartner { agency { id } openReferrals activeConsents } } } }";

/// What stands on the MOUs of a task force.
struct Standing {
    consents: Vec<consent::Model>,
    referrals: Vec<referral::Model>,
}

impl Standing {
    async fn made(world: &World, dice: &mut Dice, drawn: &RandomTaskForce, most: usize) -> Self {
        let now = clock::now();
        let like = all_of::<consent::Entity>(world).await.remove(0);
        let like_referral = all_of::<referral::Entity>(world).await.remove(0);
        let mut made = Self {
            consents: Vec::new(),
            referrals: Vec::new(),
        };
        for (mou, parties) in &drawn.mous {
            for _ in 0..dice.below(most) {
                let from = dice.below(parties.len());
                let to = (from + 1 + dice.below(parties.len() - 1)) % parties.len();
                let consent = random_consent(dice, now, &like, [&parties[from], &parties[to]]);
                let status = [
                    ReferralStatus::Draft,
                    ReferralStatus::Requested,
                    ReferralStatus::Accepted,
                    ReferralStatus::OnHold,
                    ReferralStatus::Completed,
                ];
                let until = |dice: &mut Dice| hours(now, [-2, 2_000, 2_000][dice.below(3)]);
                made.referrals.push(referral::Model {
                    id: ReferralId::new(),
                    sender_id: consent.discloser_id,
                    recipient_id: consent.recipient_id,
                    consent_id: consent.id,
                    mou_id: Some(mou.id),
                    status: status[dice.below(5)],
                    expires_at: Some(until(dice)),
                    consent_until: Some(until(dice)),
                    mou_until: Some(until(dice)),
                    halted: dice.one_in(5),
                    ..like_referral.clone()
                });
                made.consents.push(consent);
            }
        }
        let write = &world.service.store.write;
        for row in &made.consents {
            let row = consent::Entity::insert(row.clone().into_active_model());
            row.exec_without_returning(write).await.unwrap();
        }
        for row in &made.referrals {
            let row = referral::Entity::insert(row.clone().into_active_model());
            row.exec_without_returning(write).await.unwrap();
        }
        made
    }
}

fn random_consent(
    dice: &mut Dice,
    now: Instant,
    like: &consent::Model,
    [from, to]: [&mou_party::Model; 2],
) -> consent::Model {
    let purposes = [ServiceDelivery, HousingPlacement, Investigation];
    let categories = [Identity, Needs, Medical];
    let pair = (
        purposes[dice.below(3)],
        std::iter::once(categories[dice.below(3)]).collect(),
    );
    let grants: Grants = std::iter::once(pair).collect();
    let mut consent = consent::Model {
        id: ConsentId::new(),
        discloser_id: from.agency_id,
        recipient_id: to.agency_id,
        grants,
        effective_at: hours(now, -200),
        expires_at: hours(
            now,
            [-4, 24 * 10, 24 * 50][dice.below(3).max(dice.below(2))],
        ),
        signed_at: Some(hours(now, -199)),
        revoked_at: None,
        ..like.clone()
    };
    if dice.one_in(6) {
        consent.revoked_at = Some(hours(now, -5));
    }
    if dice.one_in(6) {
        consent.suspends_at = Some(hours(now, [-5, 24 * 5, 24 * 60][dice.below(3)]));
    }
    consent
}

/// Whether an MOU is one under which these two share at a moment.
fn is_way(
    drawn: &RandomTaskForce,
    one: &(mou::Model, Vec<mou_party::Model>),
    pair: [AgencyId; 2],
    at: Instant,
) -> bool {
    let (mou, parties) = one;
    let two: Vec<_> = parties
        .iter()
        .filter(|party| pair.contains(&party.agency_id))
        .cloned()
        .collect();
    let between = (mou.clone(), two);
    between.1.len() == 2 && reached(drawn, &between, pair[0], at).is_some()
}

/// Counts what would stop for a reader.
fn counted(
    drawn: &RandomTaskForce,
    standing: &Standing,
    (mou, parties): &(mou::Model, Vec<mou_party::Model>),
    reader: AgencyId,
    on: i32,
) -> Value {
    let now = clock::now();
    let today = mou.time_zone.day(now);
    let last = day(on).parse::<concord_entities::instant::Day>().unwrap();
    assert!(last >= today);
    let from = mou.time_zone.end(last);
    let has = |parties: &[mou_party::Model], agency: AgencyId| {
        parties.iter().any(|one| one.agency_id == agency)
    };
    let is_party = has(parties, reader);
    let shown: Vec<_> = drawn
        .mous
        .iter()
        .filter(|(_, parties)| !is_party || has(parties, reader))
        .collect();
    let mut partners: BTreeMap<AgencyId, (i32, i32)> = BTreeMap::new();
    if is_party {
        let others = parties.iter().filter(|one| one.agency_id != reader);
        partners.extend(others.map(|one| (one.agency_id, (0, 0))));
    }
    let involves = |one: AgencyId, other: AgencyId| !is_party || one == reader || other == reader;
    let other_of = |one: AgencyId, other: AgencyId| if one == reader { other } else { one };
    let (mut referrals, mut consents) = (0, 0);
    for row in &standing.referrals {
        let past = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let unanswered = row.status == ReferralStatus::Requested && past(row.expires_at);
        let is_over = row.halted || past(row.consent_until) || past(row.mou_until) || unanswered;
        if row.status.is_open()
            && !is_over
            && row.mou_id == Some(mou.id)
            && involves(row.sender_id, row.recipient_id)
        {
            referrals += 1;
            if let Some(partner) = partners.get_mut(&other_of(row.sender_id, row.recipient_id)) {
                partner.0 += 1;
            }
        }
    }
    let lasts = if is_party { from } else { now };
    for row in &standing.consents {
        let pair = [row.discloser_id, row.recipient_id];
        let stands = row.revoked_at.is_none()
            && row.expires_at > lasts
            && row.suspends_at.is_none_or(|from| from > lasts);
        let of_both = pair.iter().all(|agency| has(parties, *agency));
        let under: BTreeSet<MouId> = shown
            .iter()
            .filter(|one| {
                is_way(drawn, one, pair, from) && !one.0.grants.and(&row.grants).is_empty()
            })
            .map(|one| one.0.id)
            .collect();
        if stands && of_both && involves(pair[0], pair[1]) && under == BTreeSet::from([mou.id]) {
            consents += 1;
            if let Some(partner) = partners.get_mut(&other_of(pair[0], pair[1])) {
                partner.1 += 1;
            }
        }
    }
    let mut needs: [BTreeSet<&str>; 2] = Default::default();
    let mut agencies: [BTreeSet<AgencyId>; 2] = Default::default();
    for one in &shown {
        let place = usize::from(one.0.id != mou.id);
        for party in &one.1 {
            if reached(drawn, one, party.agency_id, from).is_none() {
                continue;
            }
            agencies[place].insert(party.agency_id);
            let promised = party.promises.0.iter().flat_map(|one| one.needs.iter());
            let promised = promised.filter(|need| permits(&one.0.grants, *need));
            needs[place].extend(promised.map(Need::code));
        }
    }
    let needs: Vec<_> = Need::ALL
        .iter()
        .map(|need| need.code())
        .filter(|need| needs[0].contains(need) && !needs[1].contains(need))
        .collect();
    let told = |count: i32| {
        if is_party {
            json!(count)
        } else if count < 5 {
            Value::Null
        } else {
            json!(count / 5 * 5)
        }
    };
    let partners = partners.into_iter().map(|(agency, (referrals, consents))| {
        json!({ "agency": { "id": agency.to_string() }, "openReferrals": referrals, "activeConsents": consents })
    });
    json!({
        "openReferrals": told(referrals), "activeConsents": told(consents), "needsLeft": needs,
        "agenciesLeft": agencies[0].difference(&agencies[1]).count(), "byPartner": partners.collect::<Vec<_>>(),
    })
}

on_both!(an_impact_is_what_the_rows_come_to_counted_from_scratch);
async fn an_impact_is_what_the_rows_come_to_counted_from_scratch(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let mut told = BTreeMap::new();
    for seed in 1..=TASK_FORCES {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let drawn = RandomTaskForce::made(&world, &mut dice).await;
        let standing = Standing::made(&world, &mut dice, &drawn, 30).await;
        for one in drawn.mous.iter().take(4) {
            let coordinator = drawn.agencies[0];
            for reader in [one.1[0].agency_id, one.1[1].agency_id, coordinator] {
                if drawn.absent.contains(&reader) {
                    continue;
                }
                let who = world.caller(reader, "somebody", EVERYTHING);
                // Somewhere it is tomorrow already.
                for on in [1, 30] {
                    let asked = json!({ "id": one.0.id.to_string(), "d": day(on) });
                    let answer = who.asks(ASK, asked).await;
                    let expected = counted(&drawn, &standing, one, reader, on);
                    assert_eq!(
                        answer.data()["mou"]["impact"],
                        expected,
                        "{seed}: {}, {reader}, {on}",
                        one.0.id
                    );
                    for (name, value) in expected.as_object().unwrap() {
                        let says = value.as_i64().is_some_and(|count| count > 0)
                            || value.as_array().is_some_and(|list| !list.is_empty());
                        *told.entry(name.clone()).or_insert(0) += i32::from(says);
                    }
                }
            }
        }
    }
    assert!(
        told.len() == 5 && told.values().all(|times| *times > 5),
        "{told:?}"
    );
}

/// With 200 agencies and 2,000 MOUs. A measurement, of a release build, which nothing runs beside:
/// `MEASURED_PROGRAM=$PWD/target/release/concord cargo test -p concord --test concord coverage::impact -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "a measurement tells what it found")]
async fn how_long_an_impact_in_a_large_task_force_takes() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let mut dice = Dice(7);
    let drawn = RandomTaskForce::of_size(&world, &mut dice, 200, 2_000).await;
    Standing::made(&world, &mut dice, &drawn, 10).await;
    for table in [
        "agency",
        "membership",
        "mou",
        "mou_party",
        "referral",
        "consent",
    ] {
        world.tampers(&format!("VACUUM (ANALYZE) {table}"));
    }
    let is_seen =
        |one: &&(mou::Model, Vec<mou_party::Model>)| !drawn.absent.contains(&one.1[0].agency_id);
    let one = drawn.mous.iter().find(is_seen).unwrap();
    for reader in [drawn.agencies[0], one.1[0].agency_id] {
        let who = world.caller(reader, "somebody", EVERYTHING);
        for _ in 0..8 {
            let begun = std::time::Instant::now();
            let asked = json!({ "id": one.0.id.to_string(), "d": day(1) });
            who.asks(ASK, asked).await.data();
            println!("impact: {:?}", begun.elapsed());
        }
    }
}
